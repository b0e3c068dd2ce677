//! Matrix and properties of the gate.

use super::{super::proposal::*, *};
use crate::domain::{
    candidate::DiffStat,
    money::Money,
    time::{Millis, Timestamp},
};
use proptest::prelude::*;

fn stat(files: &[&str]) -> DiffStat {
    let files = files.iter().map(|f| (*f).to_owned()).collect();
    DiffStat { files, additions: 10, deletions: 2, manifests: vec![] }
}

fn policy(level: u8) -> Policy {
    Policy { level, ..Policy::default() }
}

fn grounds() -> Grounds {
    Grounds { tests: Tests::Green, grade: None, confidence: Some(99), tainted: false, composed: false }
}

/// One question to the gate; each test changes what it is about.
#[derive(Debug)]
struct Case {
    stat: DiffStat,
    target: Target,
    grounds: Grounds,
    policy: Policy,
    halted: Option<&'static str>,
    approver: Approver,
    given: Given,
    world: Surroundings,
}

fn calm(level: u8) -> Case {
    Case {
        stat: stat(&["src/cart.rs"]),
        target: Target::Branch,
        grounds: grounds(),
        policy: policy(level),
        halted: None,
        approver: Approver::Person,
        given: Given::Nothing,
        world: Surroundings::default(),
    }
}

impl Case {
    fn rule(&self) -> Ruling {
        let action = Action::Patch { stat: &self.stat, target: self.target };
        self.rule_on(action)
    }
    fn rule_on(&self, action: Action<'_>) -> Ruling {
        let proposal = Proposal { action, plan: Digest::of(b"plan"), grounds: self.grounds.clone() };
        let standing = Standing {
            at: Timestamp(1),
            policy: &self.policy,
            halted: self.halted,
            approver: self.approver,
            given: self.given,
            grant: None,
            surroundings: self.world.clone(),
        };
        gate(&proposal, &standing)
    }
}

fn rank(outcome: &RulingOutcome) -> &'static str {
    match outcome {
        RulingOutcome::Auto => "auto",
        RulingOutcome::After(_) => "after",
        RulingOutcome::Ask { .. } => "ask",
        RulingOutcome::Hold { .. } => "hold",
        RulingOutcome::Deny => "deny",
    }
}

#[test]
fn level_by_tier() {
    let argv = vec!["systemctl".to_owned()];
    // level, then what is ruled on a staging patch, a small patch, a big patch, a command and money.
    for (level, staging, small, big, command, money) in [
        (0, "ask", "ask", "ask", "ask", "ask"),
        (1, "ask", "ask", "ask", "ask", "ask"),
        (2, "auto", "after", "ask", "ask", "ask"),
        (3, "auto", "after", "after", "ask", "ask"),
        (9, "ask", "ask", "ask", "ask", "ask"),
    ] {
        let mut case = calm(level);
        assert_eq!(rank(&case.rule_on(Action::Command { argv: &argv }).outcome), command, "level {level}");
        assert_eq!(
            rank(&case.rule_on(Action::Money { amount: Money::usd(1) }).outcome),
            money,
            "level {level}"
        );
        assert_eq!(rank(&case.rule().outcome), small, "level {level}");
        case.target = Target::Staging;
        assert_eq!((rank(&case.rule().outcome), case.rule().tier), (staging, 1), "level {level}");
        case.target = Target::Production;
        case.stat.additions = 500;
        assert_eq!((rank(&case.rule().outcome), case.rule().tier), (big, 3), "level {level}");
    }
}

#[test]
fn a_grant_answers_for_a_command_alone_and_loosens_nothing_else() {
    use crate::domain::{
        grant::{Grant, Pattern, Reach, Terms},
        ids::{GrantId, MissionId},
    };
    let argv = vec!["npm".to_owned(), "ci".to_owned()];
    let lasts = Millis::hours(1);
    let terms = Terms { pattern: Pattern::Exact(argv.clone()), reach: Reach::Mission, uses: 2, lasts };
    let grant = Grant {
        id: GrantId(4),
        terms,
        mission: MissionId(1),
        repo: "/repo".into(),
        by: "ada".into(),
        given: Timestamp(0),
        until: Timestamp(3_600_000),
        used: 0,
    };
    let rule = |argv: &[String], (halted, tainted): (Option<&str>, bool), grant: &Grant| {
        let policy = policy(1);
        let standing = Standing {
            at: Timestamp(1),
            policy: &policy,
            halted,
            approver: Approver::Policy,
            given: Given::Nothing,
            grant: Some(grant),
            surroundings: Surroundings::default(),
        };
        let grounds = Grounds { tainted, ..grounds() };
        gate(&Proposal { action: Action::Command { argv }, plan: Digest::of(b"plan"), grounds }, &standing)
    };
    let ruling = rule(&argv, (None, false), &grant);
    assert_eq!(ruling.outcome, RulingOutcome::Auto);
    let said = explain(&ruling).join("; ");
    assert!(said.contains("granted: granted by ada until 01:00 UTC, 1 of 2 left after this (G-4)"), "{said}");
    assert_eq!(rank(&rule(&argv, (Some("paused"), false), &grant).outcome), "hold");
    assert_eq!(rank(&rule(&argv, (None, true), &grant).outcome), "ask", "what logs say is asked about");
    let spent = rule(&argv, (None, false), &Grant { used: 2, ..grant.clone() });
    assert_eq!(rank(&spent.outcome), "ask");
    assert!(explain(&spent).join("; ").contains("no-grant: G-4 is used up"));
    assert_eq!(rank(&rule(&["npm".to_owned()], (None, false), &grant).outcome), "ask");
}

/// A change to a calm case, the rule that must then fire, and what the ruling must at least be at every level.
type Row = (&'static str, fn(&mut Case), RulingOutcome);

fn hold() -> RulingOutcome {
    RulingOutcome::Hold { reason: String::new() }
}

fn rows() -> Vec<Row> {
    use RulingOutcome::{Auto, Deny};
    vec![
        ("halted", |c| c.halted = Some("paused: lunch"), hold()),
        ("protected-path", |c| c.stat = stat(&["src/billing/a.rs"]), Deny),
        ("protected-path", |c| c.stat = stat(&["src/a.rs", "app/MIGRATIONS/1.rb"]), Deny),
        ("git-dir", |c| c.stat = stat(&["vendor/.git/hooks/pre-commit"]), Deny),
        ("outside-repository", |c| c.stat = stat(&["../x"]), Deny),
        ("empty-patch", |c| c.stat = stat(&[]), Deny),
        ("bad-glob", |c| c.policy.protected.deny.push("a{".into()), Deny),
        ("approval-only-path", |c| c.stat = stat(&["Cargo.toml"]), ASK),
        ("dependencies", |c| c.stat.manifests.push("Cargo.toml".into()), ASK),
        ("busy", |c| c.world.busy = Some("M-2".into()), hold()),
        ("budget", |c| c.world.money = Some((Money::usd(6), Money::usd(5))), hold()),
        ("budget-soft", |c| c.world.money = Some((Money::cents(450), Money::usd(5))), ASK),
        ("rollbacks", |c| c.world.rollbacks = 3, Deny),
        ("blast-radius", |c| c.world.instances = Some(Instances { all: 4, well: 2 }), ASK),
        ("blast-targets", |c| c.world.breadth = Some(Breadth { touched: 2, of: 19 }), ASK),
        ("unrest", |c| c.world.unrest = Some("flapping".into()), ASK),
        ("grade", |c| c.grounds.grade = Some(Grade::B), ASK),
        ("confidence", |c| c.grounds.confidence = Some(95), ASK),
        ("taint", |c| c.grounds.tainted = true, ASK),
        ("tests-red", |c| c.grounds.tests = Tests::Red("cargo test".into()), ASK),
        ("tests-missing", |c| c.grounds.tests = Tests::Missing, ASK),
        ("many-files", |c| c.stat = stat(&["a", "b", "c", "d", "e", "f"]), Auto),
        ("many-lines", |c| c.stat.deletions = 199, Auto),
        ("mass-severity", |c| (c.world.severity, c.world.affected) = (Some(Severity::P0), 101), ASK),
    ]
}

#[test]
fn every_rule_fires_at_every_level_and_target() {
    for level in [1, 2, 3] {
        for target in [Target::Branch, Target::Staging, Target::Production] {
            for (rule, change, least) in rows() {
                let mut case = calm(level);
                case.target = target;
                let before = case.rule();
                assert!(before.reasons.iter().all(|r| r.rule != rule), "{rule} fires on a calm case");
                change(&mut case);
                let after = case.rule();
                assert!(
                    after.reasons.iter().any(|r| r.rule == rule),
                    "{rule} does not fire at level {level}"
                );
                assert!(after.outcome >= least, "{rule} at level {level}, {target:?}: {:?}", after.outcome);
                assert!(after.outcome >= before.outcome, "{rule} loosens at level {level}");
                assert!(explain(&after).iter().any(|line| line.starts_with(rule)), "{rule} is not explained");
            }
        }
    }
}

#[test]
fn deployments_wait_for_counters_and_hours_but_branches_do_not() {
    for level in [1, 2, 3] {
        for (target, outcome) in [(Target::Staging, "hold"), (Target::Production, "hold")] {
            let mut case = calm(level);
            case.target = target;
            case.world.deployments = 10;
            assert_eq!(rank(&case.rule().outcome), outcome);
            case.world.deployments = 9;
            assert_ne!(rank(&case.rule().outcome), outcome);
            case.world.closed = Some("outside of business hours".into());
            assert_eq!(rank(&case.rule().outcome), outcome);
            case.world.severity = Some(Severity::P1);
            assert_ne!(rank(&case.rule().outcome), outcome, "what is urgent does not wait for the morning");
        }
    }
    let mut case = calm(2);
    (case.world.deployments, case.world.closed) = (10, Some("night".into()));
    assert_eq!(rank(&case.rule().outcome), "ask", "at level 2 nobody watches a veto window at night");
}

#[test]
fn e1_two_people_are_asked_where_the_director_said_so_and_nowhere_else() {
    let asks = |words: &[&str], target, given| {
        let mut case = calm(1);
        (case.target, case.given) = (target, given);
        case.policy.two_persons = words.iter().map(|word| (*word).to_owned()).collect();
        case.rule()
    };
    let one = RulingOutcome::Ask { approvals: 1 };
    let two = RulingOutcome::Ask { approvals: 2 };
    for (words, target, outcome) in [
        (vec![], Target::Production, &one),
        (vec!["production"], Target::Production, &two),
        (vec!["Production"], Target::Production, &two),
        (vec!["production"], Target::Staging, &one),
        (vec!["staging", "production"], Target::Staging, &two),
        (vec!["tier-3"], Target::Branch, &two),
        (vec!["tier-1"], Target::Branch, &one),
    ] {
        let ruling = asks(&words, target, Given::Nothing);
        assert_eq!(&ruling.outcome, outcome, "{words:?} {target:?}: {:?}", ruling.reasons);
    }
    assert_eq!(asks(&["tier-3"], Target::Branch, Given::Approved(1)).outcome, two);
    assert_eq!(asks(&["tier-3"], Target::Branch, Given::Approved(2)).outcome, RulingOutcome::Auto);
    // What nobody is asked about is nobody's to share.
    let mut case = calm(3);
    case.policy.two_persons = vec!["production".into()];
    assert!(matches!(case.rule().outcome, RulingOutcome::After(_)), "{:?}", case.rule());
}

#[test]
fn urgent_or_widespread_asks_at_level_two_and_shortens_the_window_at_three() {
    let mut case = calm(2);
    case.world.affected = AFFECTED_MANY;
    assert!(case.rule().reasons.iter().any(|r| r.rule == "severity"));
    let mut case = calm(3);
    case.world.severity = Some(Severity::P0);
    assert_eq!(case.rule().outcome, RulingOutcome::After(Millis::mins(1)));
    case.world.severity = None;
    assert_eq!(case.rule().outcome, RulingOutcome::After(Millis::mins(5)));
}

#[test]
fn red_checks_are_overridden_by_people_on_branches_only_and_missing_ones_anywhere() {
    for (tests, brought) in [(Tests::Missing, "auto"), (Tests::Red("cargo test".into()), "deny")] {
        for (approver, target, outcome) in [
            (Approver::Person, Target::Branch, "auto"),
            (Approver::Policy, Target::Branch, "deny"),
            (Approver::Policy, Target::Production, "deny"),
            (Approver::Person, Target::Staging, brought),
            (Approver::Person, Target::Production, brought),
        ] {
            let mut case = calm(1);
            (case.grounds.tests, case.approver, case.target) = (tests.clone(), approver, target);
            case.given = Given::Approved(1);
            assert_eq!(rank(&case.rule().outcome), outcome, "{approver:?} {target:?} {tests:?}");
        }
    }
}

#[test]
fn approvals_and_waiting_satisfy_only_what_they_answer() {
    let mut case = calm(3);
    case.given = Given::Waited(Millis(300_000 - 1));
    assert_eq!(rank(&case.rule().outcome), "after");
    case.given = Given::Waited(Millis::mins(5));
    assert_eq!(rank(&case.rule().outcome), "auto");
    case.grounds.tainted = true;
    assert_eq!(rank(&case.rule().outcome), "ask", "waiting is no approval");
    case.given = Given::Approved(0);
    assert_eq!(rank(&case.rule().outcome), "ask");
    case.given = Given::Approved(1);
    assert_eq!(rank(&case.rule().outcome), "auto");
    case.halted = Some("stopped");
    assert_eq!(rank(&case.rule().outcome), "hold", "no approval lifts a stop");
}

#[test]
fn the_ruling_names_plan_and_policy() {
    let (one, two) = (calm(1).rule(), calm(2).rule());
    assert_eq!(one.plan, Digest::of(b"plan"));
    assert_ne!(one.policy, two.policy);
    assert_eq!(one, calm(1).rule());
}

fn any_case() -> impl Strategy<Value = Case> {
    let changes = proptest::collection::vec(0..rows().len(), 0..6);
    (1..=3_u8, 0..3_u8, 0..4_u8, any::<bool>(), changes).prop_map(
        |(level, target, given, person, changes)| {
            let mut case = calm(level);
            case.target = [Target::Branch, Target::Staging, Target::Production][usize::from(target)];
            case.given =
                [Given::Nothing, Given::Waited(Millis::mins(5)), Given::Approved(1), Given::Approved(2)]
                    [usize::from(given)];
            case.approver = if person { Approver::Person } else { Approver::Policy };
            for change in changes {
                (rows()[change].1)(&mut case);
            }
            case
        },
    )
}

fn same_or_stricter(loose: &RulingOutcome, strict: &RulingOutcome) -> bool {
    // Reasons of holds differ in words only.
    rank(loose) == rank(strict) || loose <= strict
}

proptest! {
    #[test]
    fn no_further_reason_ever_loosens(case in any_case(), row in 0..23_usize) {
        let mut more = case;
        let before = more.rule();
        let (rule, change, _) = rows()[row];
        // A replaced list of files is another patch, not a further reason; severity shortens a window by design.
        let replaces = ["protected-path", "git-dir", "outside-repository", "empty-patch", "approval-only-path", "many-files", "mass-severity", "tests-red", "tests-missing", "budget", "budget-soft"];
        prop_assume!(!replaces.contains(&rule));
        change(&mut more);
        let after = more.rule();
        prop_assert!(same_or_stricter(&before.outcome, &after.outcome), "{rule}: {:?} then {:?}", before.outcome, after.outcome);
    }

    #[test]
    fn tainted_or_doubtful_never_rules_auto_without_a_person(case in any_case(), confidence in 0..=95_u8) {
        let mut doubtful = case;
        doubtful.given = Given::Waited(Millis::mins(5));
        doubtful.grounds.confidence = Some(confidence);
        prop_assert!(doubtful.rule().outcome >= ASK);
        doubtful.grounds.confidence = None;
        doubtful.grounds.tainted = true;
        prop_assert!(doubtful.rule().outcome >= ASK);
    }
}

#[test]
fn what_was_put_together_by_hand_lands_only_green() {
    let mut case = calm(1);
    case.given = Given::Approved(1);
    for (tests, composed, wanted) in [
        (Tests::Red("cargo test".into()), false, RulingOutcome::Auto),
        (Tests::Red("cargo test".into()), true, RulingOutcome::Deny),
        (Tests::Green, true, RulingOutcome::Auto),
        (Tests::Missing, true, RulingOutcome::Auto),
    ] {
        case.grounds = Grounds { tests, composed, ..grounds() };
        assert_eq!(case.rule().outcome, wanted, "{:?}", case.grounds);
    }
}
