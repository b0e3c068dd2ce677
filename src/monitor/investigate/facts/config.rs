//! Asks the service's own checker whether its configuration is well: the program that the director named as the service's
//! `config_check`, never through a shell.

use crate::{
    domain::{incident::ClueSort, text, time::Millis},
    monitor::investigate::{
        asking::{self, Answer},
        findings::{Found, Piece},
        scene::{Means, Scene},
    },
};

/// Bytes of the answer.
const ANSWER_MOST: usize = 32 * 1024;

/// Looks.
pub async fn look(scene: &Scene, means: &Means, wall: Millis) -> Found {
    let Some(program) = scene.service.variables.get("config_check") else { return Found::default() };
    match asking::ask(vec![program.clone()], means, (wall, ANSWER_MOST)).await {
        Ok(answer) => read(&answer),
        Err(why) => Found::gap(why),
    }
}

/// Reads the checker's exit code; what it says is quoted for people.
#[must_use]
pub fn read(answer: &Answer) -> Found {
    let Some(code) = answer.code else {
        return Found::gap("the check of the configuration did not end in time");
    };
    if code == 0 {
        let piece = Piece::now(ClueSort::Config, "its own check finds the configuration well");
        return Found::one(piece.truth("config.valid", true));
    }
    let err = String::from_utf8_lossy(&answer.err);
    let said = if err.trim().is_empty() { answer.text() } else { err.into_owned() };
    let first: String =
        text::clean_line(said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing"), 160)
            .into();
    let piece =
        Piece::now(ClueSort::Config, format!("its own check refuses the configuration (exit code {code})"));
    Found::one(piece.truth("config.valid", false).name("config.complaint", &first).detail(said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    #[tokio::test]
    async fn the_exit_code_decides_and_a_missing_checker_is_a_gap() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let checker = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
            let mut scene = Scene::default();
            scene.service.variables.insert("config_check".into(), path.display().to_string());
            scene
        };
        let (means, wall) = (Means::host(), Millis::secs(2));
        let well = look(&checker("well", "#!/bin/sh\nexit 0\n"), &means, wall).await;
        assert!(well.pieces[0].facts.contains(&("config.valid".into(), Value::Truth(true))), "{well:?}");
        let bad = look(&checker("bad", "#!/bin/sh\necho 'line 3: what?' >&2\nexit 1\n"), &means, wall).await;
        assert!(bad.pieces[0].facts.contains(&("config.valid".into(), Value::Truth(false))), "{bad:?}");
        assert!(bad.pieces[0].detail.contains("line 3"), "{bad:?}");
        let mut scene = Scene::default();
        assert!(look(&scene, &means, wall).await.pieces.is_empty());
        scene.service.variables.insert("config_check".into(), "/no/such/program".into());
        assert_eq!(look(&scene, &means, wall).await.gaps.len(), 1);
    }
}
