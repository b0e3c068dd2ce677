//! Whether it helped, on a clock that only moves when everything waits.

use super::*;
use std::future::pending;

fn truths(list: &[Option<bool>]) -> Vec<Option<Value>> {
    list.iter().map(|truth| truth.map(Value::Truth)).collect()
}

/// The verdict, and seconds until it.
async fn judged(all: &[&str], world: World) -> (Verdict, u64) {
    let mut plan = plan(vec![step("one", "true")]);
    plan.verify.all = words(all);
    let yard = Yard::new();
    let pace = SteadyPace::begin();
    let verdict =
        verify(&plan, (&ground(yard.dir.path(), &world, &|_| {}), &pace), &Memory::NONE, pending()).await;
    (verdict, pace.now().0 / 1_000)
}

#[tokio::test(start_paused = true)]
async fn c12_helped_is_said_once_everything_is_true_within_the_window() {
    let world = World::default().with("signal_cleared", &truths(&[Some(false), None, Some(true)]));
    assert_eq!(judged(&["signal_cleared()"], world).await, (Verdict::Helped, 30 + 20));
    // Not before the wait is over, even if it is true at once.
    assert_eq!(
        judged(&["signal_cleared()"], World::default().says("signal_cleared", true)).await,
        (Verdict::Helped, 30)
    );
    // Both at the same check, not each at some time.
    let world = World::default()
        .with("signal_cleared", &truths(&[Some(true), Some(false), Some(true)]))
        .with("up(\"a\")", &truths(&[Some(false), Some(true), Some(true)]));
    assert_eq!(judged(&["signal_cleared()", "up(a)"], world).await, (Verdict::Helped, 50));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_become_true_did_not_help_and_what_is_not_known_is_not_known() {
    let (verdict, seconds) =
        judged(&["signal_cleared()", "up(a)"], World::default().says("signal_cleared", false)).await;
    assert_eq!((verdict, seconds), (Verdict::NotHelped(vec!["signal_cleared() does not hold".into()]), 330));
    let (verdict, seconds) =
        judged(&["signal_cleared()", "up(a)"], World::default().says("signal_cleared", true)).await;
    assert_eq!(verdict, Verdict::Unknown(vec!["up(a) cannot be told: up(\"a\") is not known".into()]));
    assert_eq!(seconds, 330);
    assert!(matches!(judged(&[], World::default()).await.0, Verdict::Unknown(_)));
    assert!(matches!(judged(&["up("], World::default()).await.0, Verdict::Unknown(_)));
}

#[tokio::test(start_paused = true)]
async fn a_condition_for_three_checks_holds_at_three_checks_in_a_row() {
    let ok = |words: &[&str]| words.iter().map(|word| Some(Value::Text((*word).into()))).collect::<Vec<_>>();
    let world = World::default().with("health(\"web\")", &ok(&["ok", "ok", "failing", "ok"]));
    let (verdict, seconds) = judged(&["health(\"web\") == ok for 3 checks"], world).await;
    assert_eq!((verdict, seconds), (Verdict::Helped, 30 + 50));
    let mut gap = ok(&["ok", "ok"]);
    gap.extend([None, Some(Value::Text("ok".into()))]);
    let world = World::default().with("health(\"web\")", &gap);
    assert_eq!(judged(&["health(\"web\") == ok for 3 checks"], world).await, (Verdict::Helped, 80));
}

#[tokio::test(start_paused = true)]
async fn c12_what_dies_while_it_is_looked_at_did_not_help_and_nobody_waits_for_the_end_of_the_window() {
    let ok = |words: &[&str]| words.iter().map(|word| Some(Value::Text((*word).into()))).collect::<Vec<_>>();
    let waits = || World::default().says("signal_cleared", false);
    let runs = "process_running(\"/x.pid\")";
    // It came up, ran for two looks, and is gone for two.
    let dies = waits().with(runs, &truths(&[Some(false), Some(true), Some(true), Some(false)]));
    let all = ["process_running(\"/x.pid\") for 3 checks", "signal_cleared()"];
    let (verdict, seconds) = judged(&all, dies).await;
    let Verdict::NotHelped(why) = verdict else { panic!("{verdict:?}") };
    assert_eq!(why, ["process_running(\"/x.pid\") for 3 checks does not hold; it did before"]);
    assert_eq!(seconds, 30 + 40);
    // A hiccup, and what never came up, are waited for.
    let hiccup = waits().with(runs, &truths(&[Some(true), Some(false), Some(true), None, Some(true)]));
    assert_eq!(judged(&all, hiccup).await.1, 330);
    assert_eq!(judged(&all, waits().says(runs, false)).await.1, 330);
    // Health has to have been there in full before its end proves anything.
    let all = ["health(\"web\") == ok for 2 checks", "signal_cleared()"];
    let warming = waits().with("health(\"web\")", &ok(&["ok", "failing"]));
    assert_eq!(judged(&all, warming).await.1, 330);
    let ill = waits().with("health(\"web\")", &ok(&["ok", "ok", "failing"]));
    let (verdict, seconds) = judged(&all, ill).await;
    let why =
        "health(\"web\") == ok for 2 checks does not hold: health(\"web\") is \"failing\"; it did before";
    assert_eq!((verdict, seconds), (Verdict::NotHelped(vec![why.into()]), 30 + 30));
}

#[tokio::test(start_paused = true)]
async fn c12_what_was_seen_alive_before_a_crash_is_known_after_it() {
    let runs = "process_running(\"/x.pid\")";
    let mut plan = plan(vec![step("one", "true")]);
    plan.verify.all = words(&[runs, "signal_cleared()"]);
    let yard = Yard::new();
    let world =
        World::default().says("signal_cleared", false).with(runs, &truths(&[Some(true), Some(false)]));
    let kept = std::sync::Mutex::new(Vec::new());
    let keep = |condition: &str| kept.lock().unwrap().push(condition.to_owned());
    let there = ground(yard.dir.path(), &world, &|_| {});
    let memory = Memory { held: &[], keep: &keep };
    let verdict = verify(&plan, (&there, &SteadyPace::begin()), &memory, pending()).await;
    assert!(matches!(verdict, Verdict::NotHelped(_)), "{verdict:?}");
    let kept = kept.into_inner().unwrap();
    assert_eq!(kept, [runs], "once, and only what can end");
    // Begun anew with what was kept, it need not be seen alive again.
    let world = World::default().says("signal_cleared", false).says(runs, false);
    let there = ground(yard.dir.path(), &world, &|_| {});
    let pace = SteadyPace::begin();
    let memory = Memory { held: &kept, keep: &|_| panic!("it is kept already") };
    let verdict = verify(&plan, (&there, &pace), &memory, pending()).await;
    assert!(matches!(verdict, Verdict::NotHelped(_)), "{verdict:?}");
    assert_eq!(pace.now().0 / 1_000, 30 + 110, "it is given time to come up again");
}

/// Never answers.
struct Mute;

impl Looking for Mute {
    fn look<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Option<Value>> {
        pending().boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_world_that_does_not_answer_holds_nothing_up() {
    let yard = Yard::new();
    let there = ground(yard.dir.path(), &Mute, &|_| {});
    let plan = plan(vec![step("one", "touch ran")]);
    let broken = carry_out(&plan, &there, pending()).await.unwrap_err();
    assert!(broken.to_string().contains("is not known") && !yard.path("ran").exists());
    let verdict = verify(&plan, (&there, &SteadyPace::begin()), &Memory::NONE, pending()).await;
    assert!(matches!(verdict, Verdict::Unknown(_)), "{verdict:?}");
    let verdict = verify(&plan, (&there, &SteadyPace::begin()), &Memory::NONE, ready(())).await;
    assert_eq!(verdict, Verdict::Unknown(vec!["stopped before it could be told".into()]));
}
