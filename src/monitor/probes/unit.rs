//! Whether a systemd unit runs, how often it was started again, and whether the kernel ended it for want of memory.
//! Asks `systemctl show` and changes nothing.

use super::{
    eyes::Eyes,
    found::{fails, holds, with},
    past::Past,
    process::restarts,
    program, reach,
};
use crate::domain::{
    probe::ProbeSpec,
    signal::{Reading, kind},
};
use std::collections::BTreeMap;

/// What is asked for.
const PROPERTIES: &str = "--property=LoadState,ActiveState,SubState,Result,NRestarts,ExecMainStatus";
/// Lines of an answer that are read.
const LINES_MOST: usize = 64;

/// Looks once.
///
/// # Errors
/// There is no systemd here, or it does not answer.
pub(super) async fn look(
    spec: &ProbeSpec,
    name: &str,
    eyes: &Eyes,
    past: &mut Past,
) -> Result<Vec<Reading>, String> {
    let argv = ["systemctl", "show", "--no-pager", PROPERTIES, "--", name];
    let answer = program::ask(&argv, reach::share(spec.timeout), eyes).await?;
    if !answer.ok {
        return Err(format!("systemctl: {}", answer.words));
    }
    let said: BTreeMap<&str, &str> =
        answer.text.lines().take(LINES_MOST).filter_map(|line| line.split_once('=')).collect();
    let of = |key: &str| said.get(key).copied().unwrap_or_default();
    let (load, active, sub, result) = (of("LoadState"), of("ActiveState"), of("SubState"), of("Result"));
    if active.is_empty() {
        return Err("systemctl says nothing about the unit".to_owned());
    }
    let runs = matches!(active, "active" | "reloading" | "refreshing")
        || (active == "activating" && sub != "auto-restart");
    let words = match (load, result) {
        ("not-found", _) => "systemd knows no such unit".to_owned(),
        (_, "" | "success") => format!("{active} ({sub})"),
        (_, result) => format!("{active} ({sub}), result {result}, exit status {}", of("ExecMainStatus")),
    };
    let labels = [("unit", name), ("state", active), ("result", result)];
    let running = with(holds("running", kind::PROCESS_DOWN, spec.severity, reach::clean(&words)), &labels);
    let mut readings = vec![Reading::Check(if runs { running } else { fails(running) })];
    let killed = result == "oom-kill";
    let words =
        if killed { "the kernel ended it for want of memory" } else { "has the memory that it wants" };
    let oom = with(holds("memory", kind::PROCESS_OOM, spec.severity, words.to_owned()), &[("unit", name)]);
    readings.push(Reading::Check(if killed { fails(oom) } else { oom }));
    let now = (eyes.now)();
    if let Some(times) = of("NRestarts").parse().ok().and_then(|total| past.restarts.total(total, now)) {
        readings.push(Reading::Check(restarts((times, &past.restarts.span(now)), spec, name)));
    }
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{incident::Severity, probe::Source, signal::Check, time::Millis},
        monitor::probes::stage::Programs,
    };

    fn spec() -> ProbeSpec {
        ProbeSpec {
            id: "unit".into(),
            service: "api".into(),
            env: "production".into(),
            every: Millis::secs(1),
            timeout: Millis::secs(30),
            heartbeat: Millis::secs(3),
            quiet_most: None,
            severity: Severity::P1,
            source: Source::Unit { name: "api.service".into(), restarts_most: 3 },
        }
    }

    fn state(active: &str, sub: &str, result: &str, restarts: u32) -> String {
        format!(
            "LoadState=loaded\nActiveState={active}\nSubState={sub}\nResult={result}\nNRestarts={restarts}\nExecMainStatus=9\n"
        )
    }

    async fn looked(programs: &Programs, past: &mut Past) -> Vec<Check> {
        let found = look(&spec(), "api.service", &programs.eyes(), past).await.unwrap();
        let checks = found.into_iter().map(|reading| match reading {
            Reading::Check(check) => check,
            other => panic!("{other:?}"),
        });
        checks.collect()
    }

    #[tokio::test]
    async fn c2_a_unit_is_well_while_it_is_active_and_its_end_is_told_with_the_reason() {
        let programs = Programs::new();
        let mut past = Past::default();
        for (active, sub, result, ok) in [
            ("active", "running", "success", [true, true]),
            ("activating", "start", "success", [true, true]),
            ("activating", "auto-restart", "exit-code", [false, true]),
            ("inactive", "dead", "success", [false, true]),
            ("failed", "failed", "oom-kill", [false, false]),
        ] {
            programs.say("systemctl", &state(active, sub, result, 0));
            let found = looked(&programs, &mut past).await;
            assert_eq!([found[0].ok, found[1].ok], ok, "{active} {sub} {result}: {found:?}");
            assert_eq!([found[0].kind, found[1].kind], [kind::PROCESS_DOWN, kind::PROCESS_OOM]);
            assert!(found[0].words.contains(active) && found[0].labels["unit"] == "api.service", "{found:?}");
        }
        assert_eq!(
            programs.asked("systemctl").lines().last(),
            Some(format!("show --no-pager {PROPERTIES} -- api.service").as_str())
        );
    }

    #[tokio::test]
    async fn c2_a_unit_that_systemd_starts_again_and_again_flaps() {
        let programs = Programs::new();
        let mut past = Past::default();
        let mut flaps = Vec::new();
        for total in [4, 5, 7] {
            programs.say("systemctl", &state("active", "running", "success", total));
            flaps.push(looked(&programs, &mut past).await.get(2).map(|check| (check.kind, check.ok)));
        }
        assert_eq!(
            flaps,
            [None, Some((kind::PROCESS_FLAPPING, true)), Some((kind::PROCESS_FLAPPING, false))]
        );
    }

    #[tokio::test]
    async fn c2_a_machine_without_systemd_is_blind_not_down() {
        let programs = Programs::new();
        let eyes = programs.eyes();
        programs.fail("systemctl", "System has not been booted with systemd as init system", 1);
        let why = look(&spec(), "api.service", &eyes, &mut Past::default()).await.unwrap_err();
        assert!(why.contains("not been booted with systemd"), "{why}");
        programs.say("systemctl", "");
        assert!(look(&spec(), "api.service", &eyes, &mut Past::default()).await.is_err());
        programs
            .say("systemctl", "LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\n");
        let found = looked(&programs, &mut Past::default()).await;
        assert!(!found[0].ok && found[0].words.contains("no such unit"), "{found:?}");
    }
}
