//! Shipped runbooks on a real process and a real directory.

use super::*;
use crate::domain::{binding, runbook::Runbook, service::Service};
use std::{
    fs,
    future::pending,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    time::{Duration, SystemTime},
};

/// Steps of a shipped file; what else it says does not matter here.
fn steps(text: &str) -> Vec<RunStep> {
    let file: toml_edit::DocumentMut = text.parse().unwrap();
    let argv = |table: &toml_edit::Table, key: &str| -> Option<Vec<String>> {
        Some(table.get(key)?.as_array()?.iter().map(|word| word.as_str().unwrap().to_owned()).collect())
    };
    let exits = |table: &toml_edit::Table| -> Vec<i32> {
        let list = table["expect"]["exit"].as_array().unwrap();
        list.iter().map(|code| i32::try_from(code.as_integer().unwrap()).unwrap()).collect()
    };
    let tables = file["step"].as_array_of_tables().unwrap().iter();
    let read = |table: &toml_edit::Table| RunStep {
        id: table["id"].as_str().unwrap().into(),
        run: argv(table, "run").unwrap(),
        dry_run: argv(table, "dry_run"),
        expect_exit: exits(table),
        undo: argv(table, "undo"),
    };
    tables.map(read).collect()
}

/// A plan of shipped steps, filled in for a service.
fn filled(text: &str, variables: &[(&str, String)]) -> RunPlan {
    let plain = plan(steps(text));
    let book = Runbook {
        id: "try".into(),
        version: 1,
        summary: plain.summary,
        tier: 1,
        reversible: true,
        idempotent: true,
        owner: "ops".into(),
        matches: crate::domain::runbook::RunbookMatch {
            kinds: words(&["*"]),
            services: words(&["*"]),
            min_severity: crate::domain::incident::Severity::P4,
            requires_grade: crate::domain::incident::Grade::A,
        },
        variables: BTreeMap::new(),
        prechecks: plain.prechecks,
        limits: plain.limits,
        steps: plain.steps,
        verify: plain.verify,
        autonomy: plain.autonomy,
        own: false,
    };
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let service = Service { name: "web".into(), env: "test".into(), variables, ..Service::default() };
    binding::bind(&book, &service, &BTreeMap::new(), "service web").unwrap()
}

const RESTART: &str = include_str!("../../../../assets/runbooks/restart-process.toml");
const CLEAR: &str = include_str!("../../../../assets/runbooks/clear-cache-directory.toml");
const CLEAN: &str = include_str!("../../../../assets/runbooks/clean-logs.toml");

/// Ends whatever the pid file names, so that no test leaves a process behind.
struct Ends(PathBuf);

impl Drop for Ends {
    fn drop(&mut self) {
        let pid = fs::read_to_string(&self.0).ok().and_then(|pid| pid.trim().parse().ok());
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// A service that is a script which waits: started by a program, known by its pid file. `how` is what it does first.
fn service(yard: &Yard, how: &str) -> (Vec<(&'static str, String)>, Ends) {
    let (start, worker, pid) = (yard.path("start"), yard.path("worker-under-test"), yard.path("pid"));
    fs::write(&worker, format!("#!/bin/sh\n{how}\nwhile :; do sleep 0.1; done\n")).unwrap();
    let run = format!(
        "#!/bin/sh\n'{}' >/dev/null 2>&1 </dev/null &\necho $! > '{1}.new'\nmv '{1}.new' '{1}'\n",
        worker.display(),
        pid.display()
    );
    fs::write(&start, run).unwrap();
    for file in [&start, &worker] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let variables = vec![
        ("pid_file", pid.display().to_string()),
        ("start", start.display().to_string()),
        ("process", "worker-under-test".to_owned()),
    ];
    (variables, Ends(pid))
}

async fn restart(yard: &Yard, variables: &[(&str, String)]) -> Result<Done, Broken> {
    let world = World::default().says("firing(\"x\")", true);
    carry_out(&filled(RESTART, variables), &ground(yard.dir.path(), &world, &|_| {}), pending()).await
}

#[tokio::test]
async fn c6_a_real_process_is_restarted_by_its_pid_file() {
    let yard = Yard::new();
    let (variables, _ends) = service(&yard, "");
    // It does not run yet, and there is no pid file: that is no reason not to start it.
    restart(&yard, &variables).await.unwrap();
    let first = yard.read("pid");
    assert!(runs(&first), "it outlives the step that started it");
    restart(&yard, &variables).await.unwrap();
    let second = yard.read("pid");
    assert!(gone(&first) && runs(&second) && first != second);
    let environ = fs::read(format!("/proc/{}/environ", second.trim())).unwrap();
    assert!(
        !String::from_utf8_lossy(&environ).contains("CHIMERA_RUN"),
        "a sweep would take it for a child left behind"
    );
}

#[tokio::test]
async fn a_number_in_an_old_pid_file_ends_nobody_else() {
    let yard = Yard::new();
    let (variables, _ends) = service(&yard, "");
    let (other, _others_end) = {
        let other = Yard::new();
        let (variables, ends) = service(&other, "");
        restart(&other, &variables).await.unwrap();
        ((other.read("pid"), other), ends)
    };
    fs::write(yard.path("pid"), &other.0).unwrap();
    let mut variables = variables;
    variables[2].1 = "another-program".into();
    restart(&yard, &variables).await.unwrap();
    assert!(runs(&other.0), "its command line does not hold the name");
    assert!(runs(&yard.read("pid")));
}

#[tokio::test]
async fn a_service_that_is_deaf_is_ended_all_the_same() {
    let yard = Yard::new();
    let ready = yard.path("ready");
    let (variables, _ends) = service(&yard, &format!("trap '' TERM; touch '{}'", ready.display()));
    restart(&yard, &variables).await.unwrap();
    while !ready.exists() {
        tokio::task::yield_now().await;
    }
    let deaf = yard.read("pid");
    let mut plan = filled(RESTART, &variables);
    // The shipped patience is ten seconds.
    plan.steps[1].run[1] = "0.3".into();
    let world = World::default().says("firing(\"x\")", true);
    let done = carry_out(&plan, &ground(yard.dir.path(), &world, &|_| {}), pending()).await.unwrap();
    assert_eq!(done.steps[1].exit, 124, "{done:?}");
    assert!(gone(&deaf) && runs(&yard.read("pid")));
}

/// A file that was written long ago.
fn old(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "old").unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

#[tokio::test]
async fn c6_a_real_directory_is_cleared_of_old_files_and_of_nothing_else() {
    let yard = Yard::new();
    let cache = yard.path("cache");
    for name in ["cache/a", "cache/deep/er/b", "cache/-rf", "cache/with space\nand line", "elsewhere/kept"] {
        old(&yard.path(name));
    }
    fs::write(cache.join("new"), "new").unwrap();
    std::os::unix::fs::symlink(yard.path("elsewhere"), cache.join("link")).unwrap();
    let plan = filled(CLEAR, &[("cache_dir", cache.display().to_string())]);
    let world = World::default().says("firing(\"x\")", true);
    let there = ground(yard.dir.path(), &world, &|_| {});

    let tried = dry_run(&plan, &there, pending()).await;
    assert!(
        matches!(&tried[0].outcome, Rehearsal::Well(list) if list.contains("deep/er/b") && !list.contains("new"))
    );
    assert!(cache.join("a").exists(), "a dry run deletes nothing");

    carry_out(&plan, &there, pending()).await.unwrap();
    for gone in ["a", "deep/er/b", "-rf", "with space\nand line"] {
        assert!(!cache.join(gone).exists(), "{gone:?}");
    }
    assert!(
        cache.join("new").exists() && cache.join("deep/er").exists() && yard.path("elsewhere/kept").exists()
    );

    // A link in the place of the directory is not followed.
    old(&cache.join("a"));
    std::os::unix::fs::symlink(&cache, yard.path("cache-link")).unwrap();
    let plan = filled(CLEAR, &[("cache_dir", yard.path("cache-link").display().to_string())]);
    carry_out(&plan, &there, pending()).await.unwrap();
    assert!(cache.join("a").exists());
}

#[tokio::test]
async fn rotated_logs_go_and_the_one_that_is_written_to_stays() {
    let yard = Yard::new();
    for name in ["log/app.log", "log/app.log.1", "log/app.log.2.gz", "log/notes.txt"] {
        old(&yard.path(name));
    }
    let plan = filled(CLEAN, &[("log_dir", yard.path("log").display().to_string())]);
    let world = World::default().says("firing(\"x\")", true);
    carry_out(&plan, &ground(yard.dir.path(), &world, &|_| {}), pending()).await.unwrap();
    let mut left: Vec<_> =
        fs::read_dir(yard.path("log")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["app.log", "notes.txt"]);
}
