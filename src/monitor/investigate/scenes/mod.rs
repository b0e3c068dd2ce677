//! Frozen scenes: what was so once, and what a verdict on it has to be. Every rule has one, with its near misses and with
//! hosts on which nothing is wrong. The texts are data beside this file; here they are read and judged.

mod injected;
mod own;
mod read;
mod shipped;

use super::{
    rules::{Cure, Rules, judge},
    scene::Earlier,
};
use crate::domain::{
    incident::{AttemptOutcome, Remedy},
    time::Millis,
};
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
                let there =
                    known.iter().any(|runbook| runbook.id == *id) || id == crate::domain::runbook::ROLLBACK;
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

fn named(name: &str) -> Frozen {
    frozen().into_iter().find(|frozen| frozen.name == name).unwrap()
}

#[test]
fn what_did_not_help_before_is_not_offered_again_by_itself() {
    let (rules, runbooks) = (Rules::built_in().unwrap(), runbooks());
    let (mut scene, findings) = named("a unit that failed once").seen();
    let plain = judge(&scene, &findings, &rules, &runbooks);
    let earlier = |outcome: AttemptOutcome| Earlier {
        fingerprint: scene.signals[0].fingerprint.clone(),
        cause: "it did not run".into(),
        remedy: plain.remedy.clone(),
        outcome: Some(outcome),
        at: scene.first_seen - Millis::hours(3),
    };
    let (helped, not) =
        (earlier(AttemptOutcome::Helped), earlier(AttemptOutcome::Ineffective("it fails on".into())));
    scene.earlier = vec![helped.clone(), not.clone()];
    assert_eq!(judge(&scene, &findings, &rules, &runbooks), plain, "it helped the last time");
    scene.earlier = vec![not, helped];
    let again = judge(&scene, &findings, &rules, &runbooks);
    assert_eq!(read::said(&again), "unit-down B nothing");
    assert!(again.gaps.iter().any(|gap| gap.contains("did not help")), "{:?}", again.gaps);
}

#[test]
fn two_rules_that_say_otherwise_lower_the_grade_and_are_said() {
    let rule = |id: &str, specific: u8, remedy: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nkinds = [\"process.down\"]\nspecific = {specific}\ncause = \"x\"\nobject = \"y\"\n\
             remedy = {remedy}\nwhen = [{{ sort = \"process\", now = true, ask = \"unit.failed\" }}]\n\
             second = [{{ sort = \"check\", ask = \"check.failing > 0\" }}]\n"
        )
    };
    let (scene, findings) = named("a unit that failed once").seen();
    let verdict = |second: u8| {
        let text = format!(
            "pack = \"own\"\n{}{}",
            rule("rule-a", 99, "\"nothing\""),
            rule("rule-b", second, "{ code = \"z\" }")
        );
        let rules = Rules::with(&[("own.toml".into(), text)]).unwrap();
        let diagnosis = judge(&scene, &findings, &rules, &runbooks());
        (read::said(&diagnosis), diagnosis.gaps.join("; "))
    };
    let (said, gaps) = verdict(99);
    assert!(
        said == "rule-a B nothing" && gaps.contains("rule-b fits as well and says otherwise"),
        "{said} {gaps}"
    );
    let (said, gaps) = verdict(98);
    assert!(said == "rule-a A nothing" && gaps.contains("also fits: rule-b"), "{said} {gaps}");
}

#[test]
fn what_ended_after_a_release_is_begun_again_and_the_release_taken_back_where_that_does_not_help() {
    let (rules, frozen) = (Rules::built_in().unwrap(), named("the process ends minutes after a release"));
    let (mut scene, findings) = frozen.seen();
    let runbooks = runbooks();
    let mut done = Vec::new();
    for _ in 0..3 {
        let Remedy::Runbook(plan) = judge(&scene, &findings, &rules, &runbooks).remedy else { panic!() };
        done.push(plan.runbook.clone());
        scene.tried.push(Remedy::Runbook(plan));
    }
    assert_eq!(done, ["restart-process", "restart-unit", "rollback-last-release"]);
}

#[test]
fn a_release_is_taken_back_to_what_was_said_to_be_in_place_before() {
    let (rules, frozen) = (Rules::built_in().unwrap(), named("errors since a release"));
    let (mut scene, findings) = frozen.seen();
    let remedy = judge(&scene, &findings, &rules, &[]).remedy;
    let Remedy::Runbook(plan) = remedy else { panic!("{remedy:?}") };
    assert_eq!(plan.steps[0].run, ["/opt/web/release", "v1"]);
    assert_eq!(plan.steps[0].undo.as_deref().unwrap(), ["/opt/web/release", "v2"]);
    assert_eq!((plan.tier, plan.target.as_str()), (2, "service web"));
    scene.releases[1].said = "v1; reboot".into();
    let refused = judge(&scene, &findings, &rules, &[]);
    assert_eq!(refused.remedy, Remedy::Nothing);
    assert!(refused.gaps.iter().any(|gap| gap.contains("is not offered")), "{:?}", refused.gaps);
}
