//! Looks at everything at once, within one time for all of it: each look has its deadline, and one that is not back by
//! then is a gap. A cluster alone has longer, where the service runs in one. Nothing here decides.

use super::{
    facts::{
        clock, code, config, container, directory, disk, health, kernel, kubernetes, memory, past, paths,
        port, process, reach, readings, stores, texts, unit,
    },
    findings::{Findings, Found},
    scene::{Means, Scene},
};
use crate::domain::time::Millis;
use std::future::Future;
use tokio::time::{Instant, timeout_at};

/// Kept back of the budget for putting the findings together.
const RESERVE: Millis = Millis(100);

/// Looks.
pub async fn gather(scene: &Scene, means: &Means) -> Findings {
    let wall = Millis(means.budget.0.saturating_sub(RESERVE.0));
    let until = Instant::now() + wall.to_std();
    let within = Within { until };
    let far = Within { until: Instant::now() + means.far.to_std() };
    let programs = async {
        tokio::join!(
            within.look("systemd", unit::look(scene, means, wall)),
            within.look("the container engine", container::look(scene, means, wall)),
            far.look("the cluster", kubernetes::look(scene, means)),
            within.look("the kernel's log", kernel::look(scene, means, wall)),
            within.look("the time service", clock::look(means, wall)),
            within.look("the check of the configuration", config::look(scene, means, wall)),
        )
    };
    let host = async {
        tokio::join!(
            within.look("the disks", disk::look(scene)),
            within.look("the directory", directory::look(scene)),
            within.look("the processes", process::look(scene, means)),
            within.look("the port", port::look(scene, means)),
            within.look("named paths", paths::look(scene)),
            within.look("the services below", reach::look(scene, wall)),
            within.look("the health address", health::look(scene, wall)),
        )
    };
    let git = timeout_at(until, code::look(scene, means, wall));
    let (programs, host, git) = tokio::join!(programs, host, git);
    let (units, containers, pods, kernel, clock, config) = programs;
    let (disks, outgrown, processes, port, paths, below, health) = host;

    let mut findings = Findings::default();
    // What is asked of the world comes before what text says, so that it has the smaller numbers and the room.
    let looked =
        [readings::read(scene), stores::read(scene), health, below, units, containers, pods, processes, port];
    let looked = looked.into_iter().chain([
        disks,
        outgrown,
        // The memory and the processor of this host are not those of pods.
        if kubernetes::runs(scene) { Found::default() } else { memory::look(means) },
        kernel,
        clock,
        config,
        past::read(scene),
    ]);
    for found in looked.chain([texts::read(scene), paths]) {
        findings.add(found, scene.now);
    }
    let seen = git.unwrap_or_else(|_| code::Seen {
        gaps: vec!["git did not answer in time".into()],
        ..Default::default()
    });
    let (found, culprit) = code::read(scene, &seen, &findings.facts);
    findings.add(found, scene.now);
    findings.culprit = culprit;
    findings.frames = if seen.history.frames.is_empty() { traced(scene) } else { seen.history.frames };
    findings
}

/// Frames as the trace names them.
fn traced(scene: &Scene) -> Vec<crate::domain::signal::Frame> {
    scene
        .telling()
        .find(|signal| !signal.frames.is_empty())
        .map_or_else(Vec::new, |signal| signal.frames.clone())
}

struct Within {
    until: Instant,
}

impl Within {
    async fn look(&self, what: &str, look: impl Future<Output = Found>) -> Found {
        timeout_at(self.until, look)
            .await
            .unwrap_or_else(|_| Found::gap(format!("{what} did not answer in time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::time::Timestamp, monitor::investigate::vocabulary};

    #[tokio::test]
    async fn everything_is_looked_at_and_every_fact_has_a_name_that_rules_know() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut scene = Scene { now: Timestamp(1_700_000_000_000), ..Scene::default() };
        scene.service.variables.insert("port".into(), port.to_string());
        scene.service.variables.insert("process".into(), "nothing of that name".into());
        let means = Means { programs: Vec::new(), ..Means::host() };
        let findings = gather(&scene, &means).await;
        for name in ["disk.used_pct", "memory.available_pct", "port.listening", "process.running"] {
            assert!(findings.facts.get(name).is_some(), "{name} {findings:?}");
        }
        assert!(findings.facts.iter().all(|(name, _)| vocabulary::entry(name).is_some()));
        let numbers: Vec<u16> = findings.clues.iter().map(|clue| clue.id).collect();
        assert_eq!(numbers, (1..=u16::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_does_not_answer_in_time_is_a_gap() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("check");
        std::fs::write(&program, "#!/bin/sh\nexec sleep 600\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut scene = Scene::default();
        scene.service.variables.insert("config_check".into(), program.display().to_string());
        let means = Means { budget: Millis(400), programs: Vec::new(), ..Means::host() };
        let findings = gather(&scene, &means).await;
        assert!(findings.gaps.iter().any(|gap| gap.contains("configuration")), "{:?}", findings.gaps);
        assert!(
            findings.facts.get("disk.used_pct").is_some(),
            "one that hangs takes nothing from the others"
        );
    }
}
