//! Prechecks, dry runs, steps, taking back, stopping, and going on after a crash.

use super::*;
use std::future::pending;
use tokio::sync::Notify;

async fn carry(plan: &RunPlan, world: &World, yard: &Yard) -> Result<Done, Broken> {
    let tell = |line: &str| yard.told.lock().unwrap().push(line.to_owned());
    carry_out(plan, &ground(yard.dir.path(), world, &tell), pending()).await
}

#[tokio::test]
async fn c12_a_plan_is_carried_out_step_by_step_and_told() {
    let yard = Yard::new();
    let steps = vec![
        step("one", "echo first | tee log"),
        RunStep { expect_exit: vec![0, 3], ..step("two", "echo second >> log; exit 3") },
    ];
    let done = carry(&plan(steps), &World::default().says("firing(\"x\")", true), &yard).await.unwrap();
    assert_eq!(yard.read("log"), "first\nsecond\n");
    let seen: Vec<_> =
        done.steps.iter().map(|step| (step.id.as_str(), step.exit, step.said.trim())).collect();
    assert_eq!(seen, [("one", 0, "first"), ("two", 3, "")]);
    let told = yard.told();
    assert_eq!(told[0], "precheck broken holds");
    assert_eq!(told[1], "step one: sh -c echo first | tee log");
    assert!(told[2].starts_with("step one: done in 00:0") && told[2].ends_with("exit status 0"), "{told:?}");
    assert!(told[4].ends_with("exit status 3"), "{told:?}");
}

#[tokio::test]
async fn nothing_is_done_unless_every_precheck_is_true_now() {
    for (world, why) in [
        (World::default().says("firing(\"x\")", false), "firing(\"x\") does not hold"),
        (World::default(), "firing(\"x\") cannot be told: firing(\"x\") is not known"),
        (World::default().with("firing(\"x\")", &[Some(Value::Number(1.0))]), "neither yes nor no"),
    ] {
        let yard = Yard::new();
        let broken = carry(&plan(vec![step("one", "touch ran")]), &world, &yard).await.unwrap_err();
        assert!(broken.to_string().contains(why), "{broken}");
        assert!(broken.to_string().starts_with("nothing was done: precheck broken"), "{broken}");
        assert!(!broken.left_something() && !yard.path("ran").exists());
    }
    let yard = Yard::new();
    let mut unreadable = plan(vec![step("one", "touch ran")]);
    unreadable.prechecks[0].expr = "firing(".into();
    let broken = carry(&unreadable, &World::default(), &yard).await.unwrap_err();
    assert!(
        broken.to_string().contains("it cannot be read: column 8") && !yard.path("ran").exists(),
        "{broken}"
    );
}

#[tokio::test]
async fn everything_is_tried_out_before_the_first_step() {
    let yard = Yard::new();
    let world = World::default().says("firing(\"x\")", true);
    let dry = |step: RunStep, script: &str| RunStep { dry_run: Some(sh(script)), ..step };
    let mut steps = vec![
        dry(step("one", "touch ran"), "true"),
        dry(step("two", "true"), "echo 'no such unit' >&2; exit 4"),
    ];
    let broken = carry(&plan(steps.clone()), &world, &yard).await.unwrap_err();
    assert_eq!(
        broken.to_string(),
        "nothing was done: the dry run of step two failed: exit status 4: no such unit"
    );
    assert!(!yard.path("ran").exists());
    steps[1].expect_exit = vec![0, 4];
    carry(&plan(steps.clone()), &world, &yard).await.unwrap();
    assert!(yard.path("ran").exists());

    // By itself it tries every step, and does none.
    let yard = Yard::new();
    steps[1].expect_exit = vec![0];
    steps.push(step("three", "touch ran"));
    let tried = dry_run(&plan(steps), &ground(yard.dir.path(), &world, &|_| {}), pending()).await;
    let outcomes: Vec<_> = tried.iter().map(|step| &step.outcome).collect();
    assert_eq!(outcomes[0], &Rehearsal::Well(String::new()));
    assert!(matches!(outcomes[1], Rehearsal::Unexpected(why) if why.contains("exit status 4")));
    assert_eq!((outcomes[2], tried[2].run[2].as_str()), (&Rehearsal::Unsupported, "touch ran"));
    assert!(!yard.path("ran").exists());
}

#[tokio::test]
async fn what_fails_is_taken_back_from_the_last_done_step_to_the_first() {
    let yard = Yard::new();
    let world = World::default().says("firing(\"x\")", true);
    let steps = || {
        vec![
            undoable("one", "echo +1 >> log", "echo -1 >> log"),
            undoable("two", "echo +2 >> log", "echo -2 >> log; exit 1"),
            step("three", "echo +3 >> log"),
            undoable("four", "echo 'disk is full'; exit 7", "echo -4 >> log"),
            step("five", "echo +5 >> log"),
        ]
    };
    let broken = carry(&plan(steps()), &world, &yard).await.unwrap_err();
    assert_eq!(yard.read("log"), "+1\n+2\n+3\n-2\n-1\n");
    assert_eq!(
        broken.to_string(),
        "step four failed: exit status 7: disk is full; two could not be taken back: exit status 1; one was taken back"
    );
    let Broken::Step { done, .. } = &broken else { panic!("{broken}") };
    assert_eq!(done.len(), 3);
    assert!(broken.left_something());

    let yard = Yard::new();
    let broken = carry(&RunPlan { reversible: false, ..plan(steps()) }, &world, &yard).await.unwrap_err();
    assert_eq!(yard.read("log"), "+1\n+2\n+3\n");
    assert!(matches!(broken, Broken::Step { undone, .. } if undone.is_empty()));

    // And where it did not help.
    let yard = Yard::new();
    let undone = take_back(
        &plan(steps()),
        &words(&["one", "two"]),
        &ground(yard.dir.path(), &world, &|_| {}),
        pending(),
    )
    .await;
    let ids: Vec<_> = undone.into_iter().map(|step| (step.id, step.failed.is_none())).collect();
    assert_eq!(
        (ids, yard.read("log")),
        (vec![("two".into(), false), ("one".into(), true)], "-2\n-1\n".into())
    );
}

#[tokio::test]
async fn a_program_that_is_not_there_fails_its_step() {
    let yard = Yard::new();
    let world = World::default().says("firing(\"x\")", true);
    let missing = RunStep { run: words(&["no-such-program-here"]), ..step("one", "") };
    let broken = carry(&plan(vec![missing]), &world, &yard).await.unwrap_err();
    assert!(
        broken.to_string().starts_with("step one failed: cannot start \"no-such-program-here\""),
        "{broken}"
    );
}

#[tokio::test]
async fn all_steps_share_one_time_and_a_late_one_ends_with_its_group() {
    let yard = Yard::new();
    let world = World::default().says("firing(\"x\")", true);
    let steps = vec![
        undoable("one", "true", "touch undone"),
        step("two", "sleep 600 & echo $! > pid.new; mv pid.new pid; sleep 600 & wait"),
        step("three", "touch ran"),
    ];
    let mut plan = plan(steps);
    plan.limits.timeout = Millis(700);
    let broken = carry(&plan, &world, &yard).await.unwrap_err();
    assert!(broken.to_string().contains("step two failed: it was not over within"), "{broken}");
    assert!(!yard.read("pid").is_empty() && gone(&yard.read("pid")));
    assert!(yard.path("undone").exists() && !yard.path("ran").exists());
}

#[tokio::test]
async fn a_flood_of_words_is_bounded_and_cleaned() {
    let yard = Yard::new();
    let world = World::default().says("firing(\"x\")", true);
    let flood =
        "i=0; while [ $i -lt 5000 ]; do echo 0123456789; i=$((i+1)); done; printf '\\033]0;x\\007last\\n'";
    let done = carry(&plan(vec![step("one", flood)]), &world, &yard).await.unwrap();
    let said = &done.steps[0].said;
    assert!(
        said.len() <= SAID_MOST + 200 && said.trim_end().ends_with("last") && !said.contains('\u{1b}'),
        "{said}"
    );
}

#[tokio::test]
async fn commands_get_no_input_and_no_secrets_but_what_is_let_through() {
    let yard = Yard::new();
    let world = World::default().says("firing(\"x\")", true);
    let env = [("REDISCLI_AUTH".to_owned(), "let through".to_owned())];
    let there = Ground { env: &env, ..ground(yard.dir.path(), &world, &|_| {}) };
    let script = "cat; test -n \"$PATH\"; env | cut -d= -f1 | sort > names; echo \"$REDISCLI_AUTH\"";
    let done = carry_out(&plan(vec![step("one", script)]), &there, pending()).await.unwrap();
    assert_eq!(done.steps[0].said.trim(), "let through");
    let names = yard.read("names");
    assert!(!names.lines().any(|name| name.contains("CARGO_PKG") || name.contains("TOKEN")), "{names}");
}

#[tokio::test]
async fn a_stop_ends_even_a_deaf_step_and_nothing_new_begins() {
    let yard = Yard::new();
    let world = World::default().says("firing(\"x\")", true);
    let deaf = "trap '' TERM; echo $$ > pid.new; mv pid.new pid; while :; do sleep 0.05; done";
    let steps = vec![undoable("one", "true", "touch undone"), step("two", deaf), step("three", "touch ran")];
    let stop = Notify::new();
    let plan = plan(steps);
    let there = ground(yard.dir.path(), &world, &|_| {});
    let deaf_runs = async {
        while !yard.path("pid").exists() {
            tokio::task::yield_now().await;
        }
        stop.notify_one();
    };
    let both = async { tokio::join!(carry_out(&plan, &there, stop.notified()), deaf_runs).0 };
    // What the kill switch promises.
    let broken = tokio::time::timeout(Millis::secs(10).to_std(), both).await.expect("in time").unwrap_err();
    let Broken::Stopped { step: under_way, done } = &broken else { panic!("{broken}") };
    assert_eq!((under_way.as_deref(), done.len()), (Some("two"), 1));
    assert!(broken.left_something() && gone(&yard.read("pid")));
    assert!(!yard.path("undone").exists() && !yard.path("ran").exists());

    // Stopped before it begins, not even the dry run runs.
    let yard = Yard::new();
    let dry = RunStep { dry_run: Some(sh("touch tried")), ..step("one", "touch ran") };
    let plan = super::plan(vec![dry]);
    let broken = carry_out(&plan, &ground(yard.dir.path(), &world, &|_| {}), ready(())).await.unwrap_err();
    assert!(!broken.left_something() && !yard.path("tried").exists() && !yard.path("ran").exists());
    let tried = dry_run(&plan, &ground(yard.dir.path(), &world, &|_| {}), ready(())).await;
    assert!(tried.is_empty() && !yard.path("tried").exists());
}

/// A clock that moves by what is slept.
#[derive(Default)]
struct Counted(std::sync::atomic::AtomicU64);

impl Pace for Counted {
    fn now(&self) -> Millis {
        Millis(self.0.load(std::sync::atomic::Ordering::Relaxed))
    }
    fn sleep(&self, span: Millis) -> BoxFuture<'_, ()> {
        self.0.fetch_add(span.0, std::sync::atomic::Ordering::Relaxed);
        ready(()).boxed()
    }
}

/// Goes on with a plan of two steps, each of which adds its name to the log: what came of it, the log, and seconds until it.
async fn go_on(
    idempotent: bool,
    progress: (&[&str], Option<&str>),
    world: World,
) -> (Result<Resumed, Broken>, String, u64) {
    let yard = Yard::new();
    let plan =
        RunPlan { idempotent, ..plan(vec![step("one", "echo one >> log"), step("two", "echo two >> log")]) };
    let progress = Progress { done: words(progress.0), begun: progress.1.map(str::to_owned) };
    let pace = Counted::default();
    let there = ground(yard.dir.path(), &world, &|_| {});
    let resumed = resume(&plan, &progress, (&there, &pace), pending()).await;
    (resumed, yard.read("log"), pace.now().0 / 1_000)
}

#[tokio::test]
async fn after_a_crash_what_had_begun_is_only_asked_about() {
    let world = |cleared: bool| World::default().says("firing(\"x\")", true).says("signal_cleared", cleared);
    // Nothing had begun: it is carried out as if nothing had happened.
    let (resumed, log, _) = go_on(false, (&[], None), world(false)).await;
    assert!(matches!(resumed, Ok(Resumed::Done(done)) if done.steps.len() == 2));
    assert_eq!(log, "one\ntwo\n");
    // Everything was done: only whether it helped is open.
    let (resumed, log, _) = go_on(false, (&["one", "two"], None), world(false)).await;
    assert_eq!((resumed, log.as_str()), (Ok(Resumed::Already), ""));
    for idempotent in [false, true] {
        // In the middle: asked, and not repeated, even where twice would do no harm: a service that two steps start is two.
        let (resumed, log, seconds) = go_on(idempotent, (&["one"], Some("two")), world(true)).await;
        assert_eq!((resumed, log.as_str(), seconds), (Ok(Resumed::Already), "", 0));
        let (resumed, log, seconds) = go_on(idempotent, (&["one"], Some("two")), world(false)).await;
        assert_eq!((log.as_str(), seconds), ("", 300), "for as long as patience lasts");
        let Ok(Resumed::Unclear(why)) = resumed else { panic!("{resumed:?}") };
        assert_eq!(why, ["step two had begun, and is not done twice", "signal_cleared() does not hold"]);
    }
    // A world that does not answer is no reason to do it twice.
    let (resumed, log, _) = go_on(false, (&["one"], None), World::default()).await;
    assert!(
        matches!(resumed, Ok(Resumed::Unclear(why)) if why.len() == 1 && why[0].contains("cannot be told"))
    );
    assert_eq!(log, "");
}

#[tokio::test]
async fn c12_after_a_crash_a_service_that_is_slow_to_come_up_is_not_started_twice() {
    // What the step started before the crash is there only a while after it.
    let slow = [false, false, false, true].map(|up| Some(Value::Truth(up)));
    let world = World::default().says("firing(\"x\")", true).with("signal_cleared", &slow);
    let (resumed, log, seconds) = go_on(true, (&[], Some("one")), world).await;
    assert_eq!((resumed, log.as_str(), seconds), (Ok(Resumed::Already), "", 15));
}
