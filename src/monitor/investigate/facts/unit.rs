//! The service's systemd unit as systemd shows it.

use crate::{
    domain::{incident::ClueSort, text, time::Millis},
    monitor::investigate::{
        asking,
        findings::{Found, Piece},
        scene::{Means, Scene},
    },
};

/// Bytes of the answer.
const ANSWER_MOST: usize = 16 * 1024;
/// What is asked for.
const PROPERTIES: &str = "LoadState,ActiveState,SubState,Result,NRestarts,ExecMainStatus,UnitFileState";

/// Looks.
pub async fn look(scene: &Scene, means: &Means, wall: Millis) -> Found {
    let Some(unit) = scene.service.variables.get("unit") else { return Found::default() };
    if !means.may("systemctl") {
        return Found::gap("systemctl may not be asked");
    }
    let argv = ["systemctl", "show", "--no-pager", "-p", PROPERTIES, "--", unit.as_str()];
    match asking::ask(argv.map(str::to_owned).to_vec(), means, (wall, ANSWER_MOST)).await {
        Ok(answer) if answer.code == Some(0) => read(unit, &answer.text()),
        Ok(answer) => Found::gap(format!("systemctl could not tell about {unit}: {}", answer.why())),
        Err(why) => Found::gap(why),
    }
}

/// Reads `systemctl show`.
#[must_use]
pub fn read(unit: &str, said: &str) -> Found {
    let field = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let Some(load) = field("LoadState") else {
        return Found::gap(format!("systemctl said nothing of {unit}"));
    };
    let (active, sub) = (field("ActiveState").unwrap_or_default(), field("SubState").unwrap_or_default());
    let result = field("Result").unwrap_or_default();
    let restarts = field("NRestarts").and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    let shown = |word: &str| text::clean_line(word, 32);
    let words = format!(
        "unit {unit} is {} ({}), result {}, restarted {}",
        shown(active),
        shown(sub),
        shown(result),
        text::count(restarts, "time")
    );
    let failed = active == "failed" || sub == "failed";
    let piece = Piece::now(ClueSort::Process, words)
        .name("unit.name", unit)
        .name("unit.result", result)
        .truth("unit.loaded", load == "loaded")
        .truth("unit.masked", load == "masked")
        .truth("unit.active", active == "active")
        .truth("unit.failed", failed)
        .truth("unit.restarting", active == "activating" && sub == "auto-restart")
        .truth("unit.oom_killed", result == "oom-kill")
        .number("unit.restarts", f64::from(restarts));
    Found::one(match field("ExecMainStatus").and_then(|code| code.parse::<i32>().ok()) {
        // Before the first end of a main process this is 0 and means nothing.
        Some(code) if failed || restarts > 0 => piece.number("unit.exit_code", f64::from(code)),
        _ => piece,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    #[test]
    fn a_failed_unit_and_a_missing_one_are_told_apart() {
        let said = "Result=oom-kill\nNRestarts=4\nExecMainStatus=9\nLoadState=loaded\nActiveState=failed\nSubState=failed\n";
        let facts = read("web.service", said).pieces.remove(0).facts;
        for (name, value) in [
            ("unit.failed", Value::Truth(true)),
            ("unit.oom_killed", Value::Truth(true)),
            ("unit.loaded", Value::Truth(true)),
            ("unit.restarts", Value::Number(4.0)),
            ("unit.exit_code", Value::Number(9.0)),
        ] {
            assert!(facts.contains(&(name.into(), value.clone())), "{name} {facts:?}");
        }
        let gone = "Result=success\nNRestarts=0\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n";
        let facts = read("web.service", gone).pieces.remove(0).facts;
        assert!(facts.contains(&("unit.loaded".into(), Value::Truth(false))));
        assert!(facts.contains(&("unit.active".into(), Value::Truth(false))));
        assert_eq!(read("web.service", "").gaps.len(), 1);
    }
}
