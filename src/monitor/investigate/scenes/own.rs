//! Runbooks of the director's own in the frozen scenes: what no rule names is offered by what it is meant for, where nothing
//! better is known.

use super::{
    frozen, named,
    read::{runbooks, said},
};
use crate::{
    domain::{
        incident::{Diagnosis, Grade, Remedy, Severity},
        runbook::{Runbook, RunbookMatch, VariableKind},
    },
    monitor::investigate::{
        Scene,
        rules::{Cure, Rules, judge},
    },
};

/// One of the director's own for this kind and service, that anything founded this well may use.
fn own(id: &str, (kind, service): (&str, &str), requires_grade: Grade) -> Runbook {
    let shape = runbooks().into_iter().find(|book| book.id == "restart-process").unwrap();
    let mut mine = Runbook { id: id.into(), variables: [].into(), own: true, ..shape };
    mine.matches = RunbookMatch {
        kinds: vec![kind.into()],
        services: vec![service.into()],
        min_severity: Severity::P4,
        requires_grade,
    };
    mine.steps[0].run = vec!["/opt/web/mend".into()];
    mine
}

fn judged(name: &str, own: &[Runbook], change: impl FnOnce(&mut Scene)) -> Diagnosis {
    let (mut scene, findings) = named(name).seen();
    change(&mut scene);
    let mut all = runbooks();
    all.extend(own.iter().cloned());
    judge(&scene, &findings, &Rules::built_in().unwrap(), &all)
}

fn remedy(name: &str, own: &[Runbook]) -> String {
    match judged(name, own, |_| ()).remedy {
        Remedy::Runbook(plan) => plan.runbook,
        other => other.word().to_owned(),
    }
}

const NOTHING: &str = "a proxy answers 502 and its upstream is down";
const RESTARTED: &str = "a unit that failed once";
const UNKNOWN: &str = "errors, and the last release was days ago";

#[test]
fn c12_an_own_runbook_is_the_remedy_where_nothing_else_is() {
    let rules = Rules::built_in().unwrap();
    let any = own("mend-anything", ("*", "*"), Grade::C);
    for frozen in frozen() {
        let (scene, findings) = frozen.seen();
        let plain = judge(&scene, &findings, &rules, &runbooks());
        let mut all = runbooks();
        all.push(any.clone());
        let with = judge(&scene, &findings, &rules, &all);
        let rule = rules.all().iter().find(|rule| Some(&rule.id) == plain.rule.as_ref());
        let others = rule.is_some_and(|rule| {
            rule.passing
                || matches!(rule.cure, Cure::Revert | Cure::Code(_))
                || plain.remedy != Remedy::Nothing
        });
        if plain.healthy || others {
            assert_eq!(with, plain, "{}", frozen.name);
        } else {
            assert!(
                matches!(&with.remedy, Remedy::Runbook(plan) if plan.runbook == "mend-anything"),
                "{}: {:?}",
                frozen.name,
                with.remedy
            );
            assert_eq!((with.grade, &with.cause), (plain.grade, &plain.cause), "{}", frozen.name);
        }
    }
}

#[test]
fn c12_what_the_director_wrote_for_this_very_service_comes_before_what_is_shipped() {
    let (near, far) = (own("z-near", ("process.*", "web"), Grade::A), own("a-far", ("*", "we*"), Grade::A));
    assert_eq!(remedy(RESTARTED, &[]), "restart-unit");
    assert_eq!(remedy(RESTARTED, &[far.clone(), near.clone()]), "z-near");
    assert_eq!(remedy(RESTARTED, std::slice::from_ref(&far)), "restart-unit", "a pattern comes after it");
    let shipped = Runbook { own: false, ..near.clone() };
    assert_eq!(remedy(RESTARTED, &[shipped]), "restart-unit", "what is shipped is offered by rules alone");
    let other = own("b-far", ("*", "w*"), Grade::A);
    assert_eq!(remedy(NOTHING, &[other.clone(), far.clone(), near.clone()]), "a-far", "the longer pattern");
    assert_eq!(remedy(NOTHING, &[other, own("a-other", ("*", "db"), Grade::A)]), "b-far");
    // What was done in vain is not done again, and what comes after it is.
    let mut done = Vec::new();
    for _ in 0..3 {
        let tried = done.clone();
        let found = judged(RESTARTED, &[far.clone(), near.clone()], |scene| scene.tried = tried);
        done.push(found.remedy);
    }
    let words: Vec<String> = done.iter().map(Remedy::words).collect();
    assert_eq!(words, ["z-near", "restart-unit", "a-far"].map(|id| format!("{id} on service web")));
}

#[test]
fn c12_why_an_own_runbook_is_not_offered_is_a_gap() {
    let asks = |change: fn(&mut Runbook)| {
        let mut mine = own("mine", ("http.*", "web"), Grade::B);
        change(&mut mine);
        mine
    };
    let why = |name: &str, mine: Runbook| {
        let found = judged(name, &[mine], |_| ());
        assert_eq!(found.remedy, Remedy::Nothing, "{}", said(&found));
        found
            .gaps
            .into_iter()
            .find(|gap| gap.starts_with("runbook mine is not offered: "))
            .unwrap_or_default()
    };
    assert!(why(UNKNOWN, asks(|_| ())).ends_with("it wants grade B, this is C"));
    assert!(
        why(NOTHING, asks(|mine| mine.matches.min_severity = Severity::P0))
            .ends_with("meant for P0 or worse")
    );
    let pid = asks(|mine| mine.variables = [("pid".to_owned(), VariableKind::Number)].into());
    assert!(why(NOTHING, Runbook { steps: with(&pid, "${pid}"), ..pid }).contains("pid"));
    for (kind, service) in [("disk.*", "web"), ("http.*", "db")] {
        assert_eq!(
            why(NOTHING, own("mine", (kind, service), Grade::B)),
            "",
            "it is meant for something else"
        );
    }
    let vain = judged(NOTHING, &[asks(|_| ())], |_| ()).remedy;
    let again = judged(NOTHING, &[asks(|_| ())], |scene| scene.tried.push(vain));
    assert_eq!(again.remedy, Remedy::Nothing);
    assert!(again.gaps.iter().any(|gap| gap.ends_with("it was done, and did not help")), "{:?}", again.gaps);
}

fn with(mine: &Runbook, word: &str) -> Vec<crate::domain::runbook::RunStep> {
    let mut steps = mine.steps.clone();
    steps[0].run.push(word.into());
    steps
}
