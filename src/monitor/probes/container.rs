//! Whether a container runs and is healthy, how often it was started again, and whether it was ended for want of
//! memory. Asks `docker inspect` or `podman inspect` and changes nothing.

use super::{
    eyes::Eyes,
    found::{fails, holds, with},
    past::Past,
    process::restarts,
    program, reach,
};
use crate::domain::{
    probe::ProbeSpec,
    signal::{Check, Reading, kind},
};
use serde::Deserialize;

/// What is told of a container; both programs write it so.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    state: State,
    #[serde(default)]
    restart_count: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct State {
    status: String,
    running: bool,
    paused: bool,
    restarting: bool,
    #[serde(rename = "OOMKilled")]
    oom_killed: bool,
    exit_code: i64,
    error: String,
    /// Older versions of podman have another name for it.
    #[serde(alias = "Healthcheck")]
    health: Option<Health>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Health {
    status: String,
    failing_streak: u64,
    log: Option<Vec<Tried>>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Tried {
    output: String,
}

/// Looks once.
///
/// # Errors
/// The program is not there or does not reach its engine.
pub(super) async fn look(
    spec: &ProbeSpec,
    (program, name): (&str, &str),
    eyes: &Eyes,
    past: &mut Past,
) -> Result<Vec<Reading>, String> {
    if name.is_empty() || name.starts_with('-') {
        return Err("that is no name of a container".to_owned());
    }
    let argv = [program, "inspect", "--type", "container", name];
    let answer = program::ask(&argv, reach::share(spec.timeout), eyes).await?;
    let check = |title: &str, kind: &'static str, words: String| -> Check {
        with(holds(title, kind, spec.severity, reach::clean(&words)), &[("container", name)])
    };
    if !answer.ok {
        let gone = answer.words.to_ascii_lowercase().contains("no such");
        let missing = fails(check("running", kind::PROCESS_DOWN, "there is no such container".to_owned()));
        return if gone {
            Ok(vec![Reading::Check(missing)])
        } else {
            Err(format!("{program}: {}", answer.words))
        };
    }
    let inspected: Vec<Inspected> = serde_json::from_str(&answer.text)
        .map_err(|error| reach::clean(&format!("{program} answers in a way that cannot be read: {error}")))?;
    let Some(Inspected { state, restart_count }) = inspected.into_iter().next() else {
        return Err(format!("{program} says nothing about the container"));
    };
    let running = check("running", kind::PROCESS_DOWN, state.words());
    let runs = state.running && !state.paused && !state.restarting;
    let mut readings = vec![Reading::Check(if runs { running } else { fails(running) })];
    let words = if state.oom_killed {
        "the kernel ended it for want of memory"
    } else {
        "has the memory that it wants"
    };
    let oom = check("memory", kind::PROCESS_OOM, words.to_owned());
    readings.push(Reading::Check(if state.oom_killed { fails(oom) } else { oom }));
    // While it does not run, or has just begun, its health says nothing.
    if let Some(health) =
        state.health.as_ref().filter(|health| runs && matches!(&*health.status, "healthy" | "unhealthy"))
    {
        let found = check("health", kind::PROCESS_DOWN, health.words());
        readings.push(Reading::Check(if health.status == "healthy" { found } else { fails(found) }));
    }
    let now = (eyes.now)();
    if let Some(times) = restart_count.and_then(|total| past.restarts.total(total, now)) {
        readings.push(Reading::Check(restarts((times, &past.restarts.span(now)), spec, name)));
    }
    Ok(readings)
}

impl State {
    fn words(&self) -> String {
        match (&*self.status, &*self.error) {
            (status, _) if self.running && !self.restarting => status.to_owned(),
            (status, "") => format!("{status}, exit code {}", self.exit_code),
            (status, error) => format!("{status}, exit code {}: {error}", self.exit_code),
        }
    }
}

impl Health {
    fn words(&self) -> String {
        let last = self
            .log
            .as_ref()
            .and_then(|log| log.last())
            .map(|tried| tried.output.trim())
            .filter(|said| !said.is_empty());
        match last.filter(|_| self.status != "healthy") {
            Some(said) => format!("{}, {} checks failed in a row: {said}", self.status, self.failing_streak),
            None => self.status.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{incident::Severity, probe::Source, time::Millis},
        monitor::probes::stage::Programs,
    };

    async fn looked(programs: &Programs, program: &str, past: &mut Past) -> Result<Vec<Check>, String> {
        let spec = ProbeSpec {
            id: "web".into(),
            service: "api".into(),
            env: "production".into(),
            every: Millis::secs(1),
            timeout: Millis::secs(30),
            heartbeat: Millis::secs(3),
            quiet_most: None,
            severity: Severity::P1,
            source: Source::Container { name: "web".into(), program: program.into(), restarts_most: 3 },
        };
        let found = look(&spec, (program, "web"), &programs.eyes(), past).await?;
        let checks = found.into_iter().map(|reading| match reading {
            Reading::Check(check) => check,
            other => panic!("{other:?}"),
        });
        Ok(checks.collect())
    }

    fn inspected(state: &str, restarts: u32) -> String {
        format!(
            "[{{\"Id\": \"1f\", \"State\": {{{state}}}, \"RestartCount\": {restarts}, \"Name\": \"/web\"}}]"
        )
    }

    #[tokio::test]
    async fn c2_a_container_is_judged_by_its_state_and_its_health() {
        let programs = Programs::new();
        for program in ["docker", "podman"] {
            let mut past = Past::default();
            for (state, found) in [
                (r#""Status": "running", "Running": true"#, vec![("running", true), ("memory", true)]),
                (
                    r#""Status": "paused", "Running": true, "Paused": true"#,
                    vec![("running", false), ("memory", true)],
                ),
                (
                    r#""Status": "restarting", "Running": true, "Restarting": true"#,
                    vec![("running", false), ("memory", true)],
                ),
                (
                    r#""Status": "exited", "Running": false, "OOMKilled": true, "ExitCode": 137"#,
                    vec![("running", false), ("memory", false)],
                ),
                (
                    r#""Status": "running", "Running": true, "Health": {"Status": "unhealthy", "FailingStreak": 4, "Log": [{"Output": "no route\n"}]}"#,
                    vec![("running", true), ("memory", true), ("health", false)],
                ),
                (
                    r#""Status": "running", "Running": true, "Healthcheck": {"Status": "healthy", "Log": null}"#,
                    vec![("running", true), ("memory", true), ("health", true)],
                ),
                (
                    r#""Status": "running", "Running": true, "Health": {"Status": "starting"}"#,
                    vec![("running", true), ("memory", true)],
                ),
            ] {
                programs.say(program, &inspected(state, 0));
                let checks = looked(&programs, program, &mut past).await.unwrap();
                let named: Vec<_> = checks.iter().map(|check| (&*check.name, check.ok)).collect();
                assert_eq!(named[..found.len()], found, "{state}: {checks:?}");
                assert!(checks.iter().all(|check| check.labels.values().any(|value| value == "web")));
            }
            assert!(programs.asked(program).lines().all(|asked| asked == "inspect --type container web"));
        }
    }

    #[tokio::test]
    async fn c2_a_container_that_is_started_again_and_again_flaps() {
        let programs = Programs::new();
        let mut past = Past::default();
        let mut flaps = Vec::new();
        for restarts in [10, 12, 13] {
            programs.say("docker", &inspected(r#""Status": "running", "Running": true"#, restarts));
            let checks = looked(&programs, "docker", &mut past).await.unwrap();
            flaps.push(checks.get(2).map(|check| (check.kind, check.ok)));
        }
        assert_eq!(
            flaps,
            [None, Some((kind::PROCESS_FLAPPING, true)), Some((kind::PROCESS_FLAPPING, false))]
        );
    }

    #[tokio::test]
    async fn c2_a_container_that_is_gone_is_down_and_an_engine_that_is_gone_makes_blind() {
        let programs = Programs::new();
        let mut past = Past::default();
        programs.fail("docker", "Error: No such container: web", 1);
        let checks = looked(&programs, "docker", &mut past).await.unwrap();
        assert!(!checks[0].ok && checks[0].kind == kind::PROCESS_DOWN, "{checks:?}");
        programs.fail("docker", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", 1);
        let why = looked(&programs, "docker", &mut past).await.unwrap_err();
        assert!(why.contains("Cannot connect to the Docker daemon"), "{why}");
        for odd in ["", "[]", "{}", "[{\"State\": 3}]", "null"] {
            programs.say("docker", odd);
            assert!(looked(&programs, "docker", &mut past).await.is_err(), "{odd}");
        }
    }
}
