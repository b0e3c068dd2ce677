//! An agent's bench on the real kernel: tools and checks through the real workshop and the real sandbox.

use chimera::{
    agents::{
        bench::Bench,
        context,
        evidence::{Baselines, CheckJob, check},
        hands::Hands,
        office::Office,
        tools::{Registry, Workplace},
    },
    domain::{
        candidate::{CheckKind, CheckOutcome, CommitId},
        digest::Digest,
        feed::FeedItem,
        ids::{CallId, MissionId, TeamId},
        money::{Cost, Usage},
        request::{Decision, Subject},
        team::ModelRef,
        time::Millis,
    },
    providers::wire::{Purse, Withheld},
    workspace::{
        Workshop,
        process::{self, Confinement, Limits, Spec},
        sandbox,
    },
};
use futures::future::{BoxFuture, FutureExt as _};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    future::pending,
    io,
    path::Path,
    sync::{Arc, Mutex},
};

/// A house that keeps blobs and denies everything.
#[derive(Default)]
struct House(Mutex<BTreeMap<Digest, Vec<u8>>>);

impl Purse for House {
    fn reserve<'a>(&'a self, _: &'a ModelRef, _: Cost) -> BoxFuture<'a, Result<CallId, Withheld>> {
        async { Err(Withheld::Capped { why: "no money here".to_owned(), enough: None }) }.boxed()
    }
    fn settle(&self, _: CallId, _: Usage, _: Cost) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}

impl Office for House {
    fn purse(&self) -> &dyn Purse {
        self
    }
    fn feed(&self, _: FeedItem) {}
    fn ask(&self, subject: Subject) -> BoxFuture<'_, Decision> {
        panic!("nothing has to be asked behind walls: {subject:?}")
    }
    fn turn_finished(&self, _: u32, _: Digest, _: Option<CommitId>) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
    fn keep(&self, bytes: &[u8]) -> io::Result<Digest> {
        self.0.lock().unwrap().insert(Digest::of(bytes), bytes.to_vec());
        Ok(Digest::of(bytes))
    }
    fn fetch(&self, content: Digest) -> io::Result<Vec<u8>> {
        self.0.lock().unwrap().get(&content).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn stopped(&self) -> BoxFuture<'_, ()> {
        pending().boxed()
    }
    fn said(&self) -> Vec<String> {
        Vec::new()
    }
}

async fn workshop(dir: &Path) -> Arc<Workshop> {
    let repo = dir.join("repo");
    fs::create_dir_all(repo.join("tests")).unwrap();
    fs::write(repo.join("cart"), "sum / n\n").unwrap();
    fs::write(repo.join("tests/run.sh"), "for t in tests/*.case; do sh $t || exit 1; done\n").unwrap();
    fs::write(repo.join("tests/old.case"), "test -f cart\n").unwrap();
    for args in [
        &["init", "-q", "-b", "main"][..],
        &["add", "-A"],
        &[
            "-c",
            "user.name=Ann",
            "-c",
            "user.email=ann@example.org",
            "-c",
            "commit.gpgsign=false",
            "commit",
            "-q",
            "-m",
            "first words",
        ],
    ] {
        let argv = std::iter::once("git").chain(args.iter().copied()).map(str::to_owned).collect();
        let spec = Spec {
            argv,
            dir: repo.clone(),
            env: Vec::new(),
            stdin: Vec::new(),
            limits: Limits::default(),
            confinement: Confinement::Host,
        };
        assert!(process::run(spec, pending()).await.unwrap().exit.ok());
    }
    Arc::new(Workshop::open(&dir.join("data"), &repo).await.unwrap())
}

#[tokio::test]
async fn an_agent_works_behind_real_walls_and_its_work_is_checked_there() {
    if let Err(why) = sandbox::try_out(Some(env!("CARGO_BIN_EXE_chimera").into())) {
        return eprintln!("SKIPPED an agent behind real walls: no sandbox here: {why}");
    }
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let shop = workshop(dir.path()).await;
    let base = shop.base().await.unwrap().commit;
    let helper = || env!("CARGO_BIN_EXE_chimera").into();
    let tree = shop.worktree(MissionId(1), TeamId(1), &base).await.unwrap();
    let hands = Hands::new(Arc::clone(&shop), tree).with_helper(helper());
    let house = House::default();
    let at = Workplace {
        bench: &hands,
        office: &house,
        team: TeamId(1),
        protected: &|_| None,
        approval_only: &|_| None,
        test_command: Some("sh tests/run.sh"),
        reach: chimera::agents::tools::http_get::Reach::NOWHERE,
    };
    let tools = Registry::worker(&at);
    let call = |name: &'static str, input: Value| tools.call(&at, name, input);

    let outside = dir.path().join("outside");
    let escape = call("run", json!({"command": format!("echo x > {}", outside.display())})).await;
    assert!(!escape.ok && !outside.exists(), "{}", escape.text);
    let log = call("git", json!({"look": "log"})).await;
    assert!(log.ok && log.text.contains("first words"), "{}", log.text);
    let blame = call("git", json!({"look": "blame", "path": "cart"})).await;
    assert!(blame.ok && blame.text.ends_with("sum / n"), "{}", blame.text);
    assert_eq!(context::survey(&hands, &[]).await.unwrap().files, 3);
    assert!(call("edit", json!({"path": "cart", "old": "sum", "new": "guard; sum"})).await.ok);
    assert!(call("write", json!({"path": "tests/empty.case", "content": "grep -q guard cart\n"})).await.ok);
    let tests = call("tests", json!({})).await;
    assert!(tests.ok, "{}", tests.text);
    assert!(call("git", json!({"look": "diff"})).await.text.contains("+guard; sum"));

    let commit = hands.snapshot(1, "turn 1").await.unwrap().unwrap();
    let scratch = shop.scratch("baseline", &base).await.unwrap();
    let baseline = Hands::new(Arc::clone(&shop), scratch).with_helper(helper());
    let checks = [(CheckKind::Test, "sh tests/run.sh".to_owned()), (CheckKind::Build, "exit 3".to_owned())];
    let baselines = Baselines::default();
    let job = CheckJob {
        office: &house,
        team: TeamId(1),
        base: &baseline,
        candidate: &hands,
        baselines: &baselines,
        from: &base,
        to: &commit,
        checks: &checks,
        wall: Millis::secs(60),
    };
    let found = check(job).await.unwrap();
    assert_eq!(found.checks[0].after.outcome, CheckOutcome::Passed);
    assert_eq!(found.checks[1].after.outcome, CheckOutcome::Failed);
    assert!(found.reproduces);
    assert_eq!(found.stat.files, ["cart", "tests/empty.case"]);
}
