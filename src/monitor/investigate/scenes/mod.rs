//! Frozen scenes: what was so once, and what a verdict on it has to be. Every rule has one, with its near misses and with
//! hosts on which nothing is wrong. The texts are data beside this file; here they are read and judged.

mod injected;
mod read;

use super::rules::{Cure, Rules, judge};
use read::{Frozen, runbooks};
use std::collections::BTreeSet;

/// All files.
const FILES: [(&str, &str); 6] = [
    ("host.toml", include_str!("host.toml")),
    ("web.toml", include_str!("web.toml")),
    ("stores.toml", include_str!("stores.toml")),
    ("containers.toml", include_str!("containers.toml")),
    ("code.toml", include_str!("code.toml")),
    ("healthy.toml", include_str!("healthy.toml")),
];

fn frozen() -> Vec<Frozen> {
    FILES.iter().flat_map(|(name, text)| read::scenes(name, text)).collect()
}

#[test]
fn c3_every_frozen_scene_gets_its_verdict() {
    let (rules, runbooks, scenes) = (Rules::built_in().unwrap(), runbooks(), frozen());
    assert!(scenes.len() >= 60, "{}", scenes.len());
    let mut wrong = Vec::new();
    for frozen in &scenes {
        let (scene, findings) = frozen.seen();
        let diagnosis = judge(&scene, &findings, &rules, &runbooks);
        let said = read::said(&diagnosis);
        if said != frozen.expect {
            wrong.push(format!(
                "{}: {said}\n    wanted {}\n    {:?}",
                frozen.name, frozen.expect, diagnosis.gaps
            ));
        }
        assert_eq!(judge(&scene, &findings, &rules, &runbooks), diagnosis, "{}", frozen.name);
        assert!(diagnosis.carried_by.iter().all(|id| diagnosis.clues.iter().any(|clue| clue.id == *id)));
    }
    assert!(wrong.is_empty(), "{} of {} scenes:\n{}", wrong.len(), scenes.len(), wrong.join("\n"));
}

#[test]
fn every_rule_decides_a_scene() {
    let rules = Rules::built_in().unwrap();
    let decided: BTreeSet<String> = frozen().iter().filter_map(|frozen| frozen.rule()).collect();
    let idle: Vec<_> = rules.all().iter().map(|rule| &rule.id).filter(|id| !decided.contains(*id)).collect();
    assert!(idle.is_empty(), "no scene shows these: {idle:?}");
}

#[test]
fn every_remedy_names_a_runbook_that_is_there() {
    let known = runbooks();
    for rule in Rules::built_in().unwrap().all() {
        if let Cure::Runbook { ids, .. } = &rule.cure {
            for id in ids {
                let there = known.iter().any(|runbook| runbook.id == *id) || id == super::rules::rollback::ID;
                assert!(there, "{} names {id}", rule.id);
            }
        }
    }
}

#[test]
fn only_what_is_so_now_carries_grade_a() {
    let (rules, runbooks) = (Rules::built_in().unwrap(), runbooks());
    for frozen in frozen() {
        let (scene, mut findings) = frozen.seen();
        let stale = read::aged(&mut findings);
        let diagnosis = judge(&scene, &stale, &rules, &runbooks);
        assert_ne!(read::said(&diagnosis).split(' ').nth(1), Some("A"), "{}", frozen.name);
    }
}
