//! Landings in a real repository: clean, moved, conflicting, protected, racing, after a crash, undone.

use super::*;
use crate::{
    domain::{
        candidate::{CheckKind, CheckOutcome, CheckResult, CheckRun},
        digest::Digest,
        ids::Revision,
        money::{Cost, Money, Usage},
        time::Millis,
    },
    operations::message,
    workspace::fixture::Shop,
};
use futures::future::FutureExt;
use std::{fs, sync::Mutex};

const MISSION: MissionId = MissionId(1);
const MARK: &str = "M-1/land/1@7";

fn free(_: &DiffStat) -> Vec<String> {
    Vec::new()
}

fn evidence(outcome: CheckOutcome) -> Evidence {
    let run = |outcome| CheckRun {
        outcome,
        passed: None,
        failed: None,
        elapsed: Millis(1),
        output: Digest::of(b""),
        tail: String::new(),
    };
    Evidence {
        revision: Revision(1),
        checks: vec![CheckResult {
            kind: CheckKind::Test,
            command: "make test".into(),
            before: Some(run(CheckOutcome::Passed)),
            after: run(outcome),
        }],
        new_passing: Vec::new(),
        reproduces: false,
        stat: DiffStat::default(),
        cost: Cost::Known(Money::ZERO),
        usage: Usage::default(),
        elapsed: Millis(1),
    }
}

/// What a landing starts from: a base, and a candidate that makes the first line of `a.txt` loud.
struct Stage {
    shop: Shop,
    base: CommitId,
    candidate: CommitId,
}

impl Stage {
    async fn set() -> Self {
        let shop = Shop::new().await;
        let (base, tree) = (shop.head().await, shop.tree(1).await);
        fs::write(tree.path.join("a.txt"), "ONE\ntwo\nthree\n").unwrap();
        let candidate = shop.shop.snapshot(&tree, 1, "turn").await.unwrap().unwrap();
        Self { shop, base, candidate }
    }

    fn landing<'a>(&'a self, target: &'a Target, message: &'a str) -> Landing<'a> {
        Landing {
            workshop: &self.shop.shop,
            mission: MISSION,
            mark: MARK,
            base: &self.base,
            candidate: &self.candidate,
            target,
            message,
            guard: &free,
            recheck: None,
            known: None,
        }
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.shop.repo().join(path)).unwrap()
    }
}

fn message() -> String {
    message::restored("M-1", "abc", MARK)
}

fn done(landed: Landed) -> (CommitId, String) {
    match landed {
        Landed::Done(commit, branch) => (commit, branch),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn on_the_same_tip_nothing_is_run_again_and_a_crash_afterwards_finds_it() {
    let stage = Stage::set().await;
    let text = message();
    let recheck = |_: CommitId| -> BoxFuture<'_, _> { async { Err("must not run".to_owned()) }.boxed() };
    let landing = Landing { recheck: Some(&recheck), ..stage.landing(&Target::Current, &text) };
    assert!(landing.find().await.unwrap().is_none());
    let (commit, branch) = done(landing.land().await.unwrap());
    assert_eq!((branch.as_str(), commit.clone()), ("main", stage.shop.head().await));
    assert_eq!(stage.read("a.txt"), "ONE\ntwo\nthree\n");
    assert_eq!(stage.shop.git(&["rev-list", "--count", "HEAD"]).await, "2");
    let found = done(landing.find().await.unwrap().unwrap());
    assert_eq!(found, (commit, "main".to_owned()));
    let other = Landing { mark: "M-1/land/1@8", ..stage.landing(&Target::Current, &text) };
    assert!(other.find().await.unwrap().is_none(), "the same number in another data directory");
    assert!(matches!(other.land().await, Err(LandError::Nothing(_))), "what is there lands no second time");
}

#[tokio::test]
async fn c4_a_moved_tip_runs_the_checks_on_the_merged_result() {
    let stage = Stage::set().await;
    let moved = stage.shop.commit("src/b.txt", "moved\n").await;
    let text = message();
    let seen = Mutex::new(Vec::new());
    let red = |commit: CommitId| -> BoxFuture<'_, _> {
        seen.lock().unwrap().push(commit);
        async { Ok(evidence(CheckOutcome::Failed)) }.boxed()
    };
    let landing = Landing { recheck: Some(&red), ..stage.landing(&Target::Current, &text) };
    assert!(matches!(landing.land().await.unwrap(), Landed::Red(found) if !found.passed()));
    assert_eq!(stage.shop.head().await, moved, "red checks move nothing");
    let green = |commit: CommitId| -> BoxFuture<'_, _> {
        seen.lock().unwrap().push(commit);
        async { Ok(evidence(CheckOutcome::Passed)) }.boxed()
    };
    let landing = Landing { recheck: Some(&green), ..stage.landing(&Target::Current, &text) };
    let (commit, _) = done(landing.land().await.unwrap());
    assert_eq!(seen.lock().unwrap().last(), Some(&commit), "what was checked is what landed");
    assert_eq!(
        (stage.read("a.txt").as_str(), stage.read("src/b.txt").as_str()),
        ("ONE\ntwo\nthree\n", "moved\n")
    );
    let broken = |_: CommitId| -> BoxFuture<'_, _> { async { Err("no sandbox".to_owned()) }.boxed() };
    stage.shop.git(&["reset", "-q", "--hard", &moved.0]).await;
    let landing = Landing { recheck: Some(&broken), ..stage.landing(&Target::Current, &text) };
    assert!(matches!(landing.land().await, Err(LandError::Recheck(why)) if why == "no sandbox"));
    assert_eq!(stage.shop.head().await, moved);
}

#[tokio::test]
async fn checks_that_a_person_saw_red_and_approved_do_not_bounce_again_but_new_red_ones_do() {
    let stage = Stage::set().await;
    let moved = stage.shop.commit("src/b.txt", "moved\n").await;
    let text = message();
    let known = evidence(CheckOutcome::Failed);
    let found = Mutex::new(known.clone());
    found.lock().unwrap().checks[0].command = "make lint-like-test".into();
    let recheck = |_: CommitId| -> BoxFuture<'_, _> {
        let found = found.lock().unwrap().clone();
        async { Ok(found) }.boxed()
    };
    let landing =
        Landing { recheck: Some(&recheck), known: Some(&known), ..stage.landing(&Target::Current, &text) };
    assert!(matches!(landing.land().await.unwrap(), Landed::Red(_)), "nobody saw this one");
    assert_eq!(stage.shop.head().await, moved);
    *found.lock().unwrap() = known.clone();
    done(landing.land().await.unwrap());
    assert_eq!(stage.read("a.txt"), "ONE\ntwo\nthree\n");
}

#[tokio::test]
async fn a_conflict_shows_both_sides_and_protected_paths_stop_the_very_diff_that_would_land() {
    let stage = Stage::set().await;
    let text = message();
    let guard = |stat: &DiffStat| stat.files.clone();
    let landing = Landing { guard: &guard, ..stage.landing(&Target::Current, &text) };
    assert!(matches!(landing.land().await, Err(LandError::Protected(what)) if what == "a.txt"));
    assert_eq!(stage.shop.head().await, stage.base);
    let moved = stage.shop.commit("a.txt", "uno\ntwo\nthree\n").await;
    let Landed::Conflict(files, detail) = stage.landing(&Target::Current, &text).land().await.unwrap() else {
        panic!()
    };
    let detail = String::from_utf8(detail).unwrap();
    assert!(files == ["a.txt"] && detail.contains("ONE") && detail.contains("uno"), "{detail}");
    assert_eq!(stage.shop.head().await, moved);
}

#[tokio::test]
async fn a_branch_that_moves_during_the_checks_is_followed_a_few_times() {
    let stage = Stage::set().await;
    stage.shop.commit("src/b.txt", "0\n").await;
    let text = message();
    for (moves, lands) in [(1, true), (FOLLOW_MOST, false)] {
        let runs = Mutex::new(0);
        let recheck = |_: CommitId| -> BoxFuture<'_, _> {
            async {
                let run = {
                    let mut runs = runs.lock().unwrap();
                    *runs += 1;
                    *runs
                };
                if run <= moves {
                    stage.shop.commit("src/b.txt", &format!("{lands} {run}\n")).await;
                }
                Ok(evidence(CheckOutcome::Passed))
            }
            .boxed()
        };
        let before = stage.shop.head().await;
        let landing = Landing { recheck: Some(&recheck), ..stage.landing(&Target::Current, &text) };
        let landed = landing.land().await;
        if lands {
            done(landed.unwrap());
            assert_eq!(*runs.lock().unwrap(), moves + 1, "each new tip is checked");
            assert!(stage.read("src/b.txt").contains("true 1"), "nothing of the others is lost");
            stage.shop.git(&["revert", "--no-edit", "HEAD"]).await;
        } else {
            assert!(matches!(landed, Err(LandError::Moving(branch)) if branch == "main"));
            assert_ne!(stage.shop.head().await, before);
            assert_eq!(stage.read("a.txt"), "one\ntwo\nthree\n");
        }
    }
}

#[tokio::test]
async fn own_branches_get_free_names_and_a_detached_head_gets_one_too() {
    let stage = Stage::set().await;
    let text = message();
    stage.shop.git(&["branch", "agent/fix-M-1"]).await;
    let (commit, branch) = done(stage.landing(&Target::Own, &text).land().await.unwrap());
    assert_eq!(branch, "agent/fix-M-1-2");
    assert_eq!(
        (stage.shop.head().await, stage.read("a.txt").as_str()),
        (stage.base.clone(), "one\ntwo\nthree\n")
    );
    let found = done(stage.landing(&Target::Own, &text).find().await.unwrap().unwrap());
    assert_eq!(found, (commit, branch));
    stage.shop.git(&["checkout", "-q", "--detach"]).await;
    let (_, branch) = done(stage.landing(&Target::Current, &text).land().await.unwrap());
    assert_eq!(branch, "agent/fix-M-1-3");
    assert_eq!(stage.shop.head().await, stage.base, "a detached head is not moved");
    let gone = Target::Named("gone".into());
    assert!(matches!(stage.landing(&gone, &text).land().await, Err(LandError::Gone(name)) if name == "gone"));
}

#[tokio::test]
async fn a_landed_commit_is_undone_and_the_undoing_is_undone() {
    let stage = Stage::set().await;
    let text = message();
    let (landed, branch) = done(stage.landing(&Target::Current, &text).land().await.unwrap());
    stage.shop.commit("src/b.txt", "later\n").await;
    let target = Target::Named(branch);
    let parent = stage.shop.shop.parent_of(&landed).await.unwrap();
    let undo = Landing { base: &landed, candidate: &parent, mark: "undo", ..stage.landing(&target, &text) };
    let (undone, _) = done(undo.land().await.unwrap());
    assert_eq!(
        (stage.read("a.txt").as_str(), stage.read("src/b.txt").as_str()),
        ("one\ntwo\nthree\n", "later\n")
    );
    let parent = stage.shop.shop.parent_of(&undone).await.unwrap();
    let redo = Landing { base: &undone, candidate: &parent, mark: "redo", ..stage.landing(&target, &text) };
    done(redo.land().await.unwrap());
    assert_eq!(stage.read("a.txt"), "ONE\ntwo\nthree\n");
    assert_eq!(stage.shop.git(&["rev-list", "--count", "HEAD"]).await, "5");
}

#[tokio::test]
async fn local_changes_in_the_way_are_named_and_nothing_lands() {
    let stage = Stage::set().await;
    let text = message();
    fs::write(stage.shop.repo().join("a.txt"), "mine\n").unwrap();
    let refused = stage.landing(&Target::Current, &text).land().await.unwrap_err().to_string();
    assert!(refused.contains("a.txt"), "{refused}");
    assert_eq!((stage.shop.head().await, stage.read("a.txt").as_str()), (stage.base.clone(), "mine\n"));
}
