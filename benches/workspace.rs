//! What the walls cost: one command behind them against the same command without.

use crate::harness::{pair, row, timed, times};
use chimera::{
    domain::{
        ids::{MissionId, TeamId},
        time::Millis,
    },
    workspace::{
        Workshop,
        process::{self, Confinement, Limits, Spec},
        sandbox::{self, Profile},
    },
};
use std::{fs, future::pending, path::Path, process::Stdio};

/// Commands of one run.
const COMMANDS: u32 = 20;

fn spec(argv: &[&str], dir: &Path, confinement: Confinement) -> Spec {
    Spec {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        dir: dir.to_owned(),
        env: Vec::new(),
        stdin: Vec::new(),
        limits: Limits { wall: Millis::mins(1), ..Limits::default() },
        confinement,
    }
}

/// A repository with a commit and one worktree of a team; the profile is the one that agents' commands have.
async fn worktree(dir: &Path) -> (std::path::PathBuf, Profile) {
    let repo = dir.join("repo");
    fs::create_dir_all(&repo).unwrap();
    fs::write(repo.join("a.txt"), "a\n").unwrap();
    for args in [
        &["init", "-q", "-b", "main"][..],
        &["add", "-A"],
        &["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "commit", "-q", "-m", "first"],
    ] {
        let argv = [&["git"], args].concat();
        assert!(process::run(spec(&argv, &repo, Confinement::Host), pending()).await.unwrap().exit.ok());
    }
    let shop = Workshop::open(&dir.join("data"), &repo).await.unwrap();
    let base = shop.base().await.unwrap().commit;
    let tree = shop.worktree(MissionId(1), TeamId(1), &base).await.unwrap();
    let profile = Profile { helper: Some(env!("CARGO_BIN_EXE_chimera").into()), ..shop.profile(&tree) };
    (tree.path, profile)
}

pub fn measure() {
    if let Err(why) = sandbox::try_out(Some(env!("CARGO_BIN_EXE_chimera").into())) {
        return row(&format!("no walls on this machine: {why}"), "", "", 0.0, "");
    }
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (tree, profile) = runtime.block_on(worktree(dir.path()));
    let run = |confinement: &Confinement| {
        timed(|| {
            let spec = spec(&["true"], &tree, confinement.clone());
            assert!(runtime.block_on(process::run(spec, pending())).unwrap().exit.ok());
        })
    };
    let all = |confinement: Confinement| {
        move || (0..COMMANDS).map(|_| run(&confinement)).sum::<std::time::Duration>() / COMMANDS
    };
    #[expect(clippy::disallowed_methods, reason = "the floor is a process without any of this")]
    let bare = || {
        timed(|| {
            for _ in 0..COMMANDS {
                let mut plain = std::process::Command::new("true");
                assert!(plain.stdin(Stdio::null()).current_dir(&tree).status().unwrap().success());
            }
        }) / COMMANDS
    };
    times("a command on the host", &pair(all(Confinement::Host), bare), "(floor: spawn and wait)");
    let walls = pair(all(Confinement::Sandbox(profile)), all(Confinement::Host));
    times("a command behind the walls", &walls, "<= 10 ms more than the floor (on the host)");
}
