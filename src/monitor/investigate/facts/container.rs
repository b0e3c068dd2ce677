//! The service's container as its engine shows it.

use crate::{
    domain::{incident::ClueSort, text, time::Millis},
    monitor::investigate::{
        asking::{self, Answer},
        findings::{Found, Piece},
        scene::{Means, Scene},
    },
};
use serde_json::Value as Json;

/// Bytes of the answer.
const ANSWER_MOST: usize = 512 * 1024;

/// Looks.
pub async fn look(scene: &Scene, means: &Means, wall: Millis) -> Found {
    let variables = &scene.service.variables;
    let Some(name) = variables.get("container") else { return Found::default() };
    let podman = variables.get("container_program").is_some_and(|program| program == "podman");
    let program = if podman { "podman" } else { "docker" };
    if !means.may(program) {
        return Found::gap(format!("{program} may not be asked"));
    }
    let argv = [program, "container", "inspect", "--", name.as_str()].map(str::to_owned).to_vec();
    match asking::ask(argv, means, (wall, ANSWER_MOST)).await {
        Ok(answer) => read(name, &answer),
        Err(why) => Found::gap(why),
    }
}

/// Reads `docker container inspect`.
#[must_use]
pub fn read(name: &str, answer: &Answer) -> Found {
    if answer.code != Some(0) {
        let said = String::from_utf8_lossy(&answer.err).to_ascii_lowercase();
        if said.contains("no such container") || said.contains("no such object") {
            let piece = Piece::now(ClueSort::Process, format!("there is no container {name}"));
            return Found::one(
                piece
                    .name("container.name", name)
                    .truth("container.known", false)
                    .truth("container.running", false),
            );
        }
        return Found::gap(format!("container {name} could not be looked at: {}", answer.why()));
    }
    let all: Option<Json> = serde_json::from_slice(&answer.out).ok();
    let Some(state) = all.as_ref().and_then(|all| all.get(0)).filter(|one| one.get("State").is_some()) else {
        return Found::gap(format!("what the engine says of container {name} cannot be read"));
    };
    let at = |path: &str| state.pointer(path);
    let is = |path: &str| at(path).and_then(Json::as_bool).unwrap_or(false);
    let word = |path: &str| text::clean_line(at(path).and_then(Json::as_str).unwrap_or_default(), 40);
    let number = |path: &str| at(path).and_then(Json::as_f64).unwrap_or(0.0);
    let status = word("/State/Status");
    let complaint = word("/State/Error").to_ascii_lowercase();
    let words = format!(
        "container {name} is {status}, exit code {}, restarted {}×",
        number("/State/ExitCode"),
        number("/RestartCount")
    );
    let health = word("/State/Health/Status");
    let mut piece = Piece::now(ClueSort::Process, words)
        .name("container.name", name)
        .name("container.status", &status)
        .truth("container.known", true)
        .truth("container.running", is("/State/Running") && !is("/State/Paused") && !is("/State/Restarting"))
        .truth("container.restarting", is("/State/Restarting"))
        .truth("container.oom_killed", is("/State/OOMKilled"))
        .truth(
            "container.image_missing",
            complaint.contains("no such image") || complaint.contains("pull access denied"),
        )
        .number("container.restarts", number("/RestartCount"))
        .number("container.exit_code", number("/State/ExitCode"));
    if !health.is_empty() && *health != *"none" {
        piece = piece.truth("container.unhealthy", *health == *"unhealthy");
    }
    Found::one(piece)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    fn said(code: i32, out: &str, err: &str) -> Answer {
        Answer { code: Some(code), out: out.into(), err: err.into(), whole: true }
    }

    #[test]
    fn the_state_of_a_container_is_read() {
        let out = r#"[{"State":{"Status":"exited","Running":false,"Paused":false,"Restarting":false,"OOMKilled":true,
            "ExitCode":137,"Error":"","Health":{"Status":"unhealthy"}},"RestartCount":5}]"#;
        let facts = read("web", &said(0, out, "")).pieces.remove(0).facts;
        for (name, value) in [
            ("container.oom_killed", Value::Truth(true)),
            ("container.running", Value::Truth(false)),
            ("container.unhealthy", Value::Truth(true)),
            ("container.exit_code", Value::Number(137.0)),
            ("container.restarts", Value::Number(5.0)),
        ] {
            assert!(facts.contains(&(name.into(), value.clone())), "{name} {facts:?}");
        }
    }

    #[test]
    fn a_missing_container_is_a_fact_and_a_dead_engine_a_gap() {
        let gone = read("web", &said(1, "[]", "Error response from daemon: No such container: web"));
        assert!(gone.pieces[0].facts.contains(&("container.known".into(), Value::Truth(false))));
        let dead = read("web", &said(1, "", "Cannot connect to the Docker daemon"));
        assert!(dead.pieces.is_empty() && dead.gaps[0].contains("Cannot connect"), "{dead:?}");
        assert_eq!(read("web", &said(0, "[]", "")).gaps.len(), 1);
        assert_eq!(read("web", &said(0, "{nonsense", "")).gaps.len(), 1);
    }
}
