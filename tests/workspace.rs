//! The sandbox on the real kernel, through the real binary: what a command of an agent can and cannot do. What
//! it costs is measured in benches/workspace.rs. Where the kernel grants no Landlock, or no namespaces, the tests that
//! need them say so by name and are skipped.

use chimera::{
    domain::{
        ids::{MissionId, TeamId},
        time::Millis,
    },
    workspace::{
        Workshop, Worktree,
        process::{self, Confinement, Exit, Finished, Limits, ProcessError, Spec},
        sandbox::{self, Network, Profile},
    },
};
use std::{
    fs,
    future::pending,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};

/// Longest wait for a process to begin or to end; shorter than its own sleep. Only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(300);
const EXE: &str = env!("CARGO_BIN_EXE_chimera");

struct Bench {
    dir: tempfile::TempDir,
    shop: Workshop,
    tree: Worktree,
}

impl Bench {
    /// `None`, and said, where the kernel has no walls at all.
    async fn new() -> Option<Self> {
        if let Err(why) = facts() {
            assert!(why.contains("no Landlock"), "the walls could have been built: {why}");
            eprintln!("skipped: no sandbox here: {why}");
            return None;
        }
        // Not under /tmp, so that the private /tmp is tested as well; not under this package, or cargo would look for
        // its workspace.
        let dir = tempfile::tempdir_in("/var/tmp").unwrap();
        let repo = dir.path().join("repo");
        fs::create_dir_all(&repo).unwrap();
        fs::write(repo.join("a.txt"), "a\n").unwrap();
        fs::write(dir.path().join("secret"), "hush").unwrap();
        for args in [
            &["init", "-q", "-b", "main"][..],
            &["add", "-A"],
            &["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "commit", "-q", "-m", "first"],
        ] {
            let argv = [&["git"], args].concat();
            let done = process::run(spec(&argv, &repo, Confinement::Host), pending()).await.unwrap();
            assert!(done.exit.ok(), "{done:?}");
        }
        let shop = Workshop::open(&dir.path().join("data"), &repo).await.unwrap();
        let base = shop.base().await.unwrap().commit;
        let tree = shop.worktree(MissionId(1), TeamId(1), &base).await.unwrap();
        Some(Self { dir, shop, tree })
    }
    fn profile(&self) -> Profile {
        Profile { helper: Some(EXE.into()), ..self.shop.profile(&self.tree) }
    }
    async fn try_run(&self, profile: Profile, argv: &[&str]) -> Result<Finished, ProcessError> {
        process::run(spec(argv, &self.tree.path, Confinement::Sandbox(profile)), pending()).await
    }
    async fn run(&self, argv: &[&str]) -> Finished {
        self.try_run(self.profile(), argv).await.unwrap()
    }
    async fn sh(&self, script: &str) -> Finished {
        self.run(&["bash", "-c", script]).await
    }
    fn outside(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }
}

fn facts() -> &'static Result<Vec<sandbox::Fact>, String> {
    static FACTS: OnceLock<Result<Vec<sandbox::Fact>, String>> = OnceLock::new();
    FACTS.get_or_init(|| sandbox::try_out(Some(EXE.into())).map_err(|error| error.to_string()))
}

/// True, and said, if this machine lacks the property that the word names.
fn lacks(word: &str) -> bool {
    let lacks = facts().as_ref().is_ok_and(|facts| facts.iter().any(|f| f.name.contains(word) && !f.holds));
    if lacks {
        eprintln!("skipped: this kernel grants no namespaces or an old Landlock ({word})");
    }
    lacks
}

fn spec(argv: &[&str], dir: &Path, confinement: Confinement) -> Spec {
    Spec {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        dir: dir.to_owned(),
        env: Vec::new(),
        stdin: Vec::new(),
        limits: Limits { wall: Millis::mins(5), ..Limits::default() },
        confinement,
    }
}

fn said(done: &Finished) -> String {
    format!("{:?} {}", done.exit, String::from_utf8_lossy(&done.merged))
}

fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

#[tokio::test]
async fn the_deny_corpus_is_refused_by_the_kernel() {
    let Some(b) = Bench::new().await else { return };
    symlink(b.dir.path(), b.tree.path.join("out")).unwrap();
    let (evil, secret) = (b.outside("evil"), b.outside("secret"));
    let git = b.tree.path.parent().unwrap().join(".git").display().to_string();
    let target = b.outside("repo/.git");
    let writes = [
        format!("cp a.txt {evil}"),
        format!("echo x > {evil}"),
        format!("cat a.txt | tee {evil}"),
        format!("{{ echo x; }} >> {evil}"),
        format!("cat <(echo x) > {evil}"),
        format!("A=1 B=2 cp a.txt {evil}"),
        "echo x > out/evil".to_owned(),
        format!("ln {secret} hard && echo x > hard"),
        format!("ln a.txt {evil}"),
        format!("ln -s ../../.. up; echo x > {evil}; echo x > up/evil"),
        format!("mv a.txt {evil}"),
        format!("mkdir {evil}"),
        format!("truncate -s 0 {secret}"),
        format!("rm {secret}"),
        format!("perl -e 'open(F,q(>),q({evil})) or exit 1; print F 1'"),
        format!("bash -c 'exec 3<>{evil}'"),
        format!("echo x > {git}/hooks"),
        "git config core.hooksPath /x".to_owned(),
        "git -c core.hooksPath=. commit --allow-empty -m x".to_owned(),
        format!("echo x >> {git}/config"),
        format!("echo x > {target}/hooks/post-commit"),
        format!("git --git-dir={target} update-ref refs/heads/evil HEAD"),
        format!("mkdir -p {target}/hooks/evil"),
        format!("mount --bind . {}", b.outside("data")),
        "unshare -Urm true".to_owned(),
        "chroot / true".to_owned(),
    ];
    for script in writes {
        let done = b.sh(&script).await;
        assert!(!done.exit.ok(), "{script}: {}", said(&done));
        assert!(!Path::new(&evil).exists(), "{script} wrote");
        assert_eq!(fs::read_to_string(&secret).unwrap(), "hush", "{script}");
    }
    assert!(!Path::new(&target).join("refs/heads/evil").exists());
    let parent = std::process::id();
    let reads = [
        format!("cat {secret}"),
        format!("ls {}", b.dir.path().display()),
        "cat out/secret".to_owned(),
        format!("cat /proc/{parent}/environ"),
        format!("head -c 1 /proc/{parent}/mem"),
        format!("ls /proc/{parent}/cwd/"),
        format!("kill -0 {parent}"),
        "ls ~/.ssh".to_owned(),
        "cat /etc/shadow".to_owned(),
    ];
    // The director's home, where this process has one of its own.
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.parent().is_some());
    let home = home.map(|home| format!("ls '{}'", home.display()));
    for script in reads.into_iter().chain(home) {
        let done = b.sh(&script).await;
        let old = script.starts_with("kill") && lacks("signals");
        assert!(!done.exit.ok() || old, "{script}: {}", said(&done));
    }
}

#[tokio::test]
async fn a_planted_repository_stays_the_commands_own_and_git_can_be_read() {
    let Some(b) = Bench::new().await else { return };
    assert_eq!(
        b.sh("git log --format=%s && git blame a.txt >/dev/null && git status --short").await.stdout,
        b"first\n"
    );
    let script = "git init -q sub && printf '#!/bin/sh\\ntouch ran\\n' > sub/.git/hooks/post-checkout && chmod +x sub/.git/hooks/*; echo x > mine";
    assert!(b.sh(script).await.exit.ok());
    let commit = b.shop.snapshot(&b.tree, 1, "one").await.unwrap().unwrap();
    let stat = b.shop.stat(&b.tree.base, &commit).await.unwrap();
    assert_eq!(stat.files, ["mine"]);
    assert_eq!(b.shop.planted(&b.tree).await.unwrap(), ["sub"]);
}

#[tokio::test]
async fn the_network_is_its_own() {
    let Some(b) = Bench::new().await else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    for network in [Network::None, Network::Loopback] {
        let done = b.try_run(Profile { network, ..b.profile() }, &["bash", "-c", &connect]).await.unwrap();
        assert!(!done.exit.ok(), "{network:?} reached the host: {}", said(&done));
    }
    let host = Profile { network: Network::All, ..b.profile() };
    assert!(
        b.try_run(host, &["bash", "-c", &connect]).await.unwrap().exit.ok(),
        "the director's decision opens it"
    );
    let none = Profile { network: Network::None, ..b.profile() };
    let done = b.try_run(none, &["bash", "-c", "exec 3<>/dev/udp/127.0.0.1/53"]).await.unwrap();
    assert!(said(&done).contains("not permitted"), "{}", said(&done));
    for family in ["AF_INET, SOCK_RAW, 1", "17, SOCK_RAW, 0", "40, SOCK_STREAM, 0", "16, SOCK_RAW, 15"] {
        let script = format!("use Socket; socket(S, {family}) ? exit 0 : exit 1");
        assert_eq!(b.run(&["perl", "-e", &script]).await.exit, Exit::Code(1), "socket({family})");
    }
}

#[tokio::test]
async fn a_preview_listens_on_its_one_port_and_reaches_nobody() {
    let Some(b) = Bench::new().await else { return };
    let host = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = host.local_addr().unwrap().port();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = async |script: String| {
        let profile = Profile { network: Network::Listen(port), ..b.profile() };
        b.try_run(profile, &["perl", "-e", &script]).await
    };
    let listen = |port: u16| {
        format!(
            "use IO::Socket::INET; IO::Socket::INET->new(Listen=>1, LocalAddr=>'127.0.0.1:{port}') or die $!"
        )
    };
    let done = match run(listen(port)).await {
        Err(ProcessError::Sandbox(why)) if why.contains("one port") => {
            eprintln!("skipped: {why}");
            return;
        }
        done => done.unwrap(),
    };
    assert!(done.exit.ok(), "{}", said(&done));
    for denied in [
        listen(0),
        format!("use IO::Socket::INET; IO::Socket::INET->new(PeerAddr=>'127.0.0.1:{other}') or die $!"),
        "use Socket; socket(S, AF_INET, SOCK_DGRAM, 0) or die $!".to_owned(),
    ] {
        let done = run(denied.clone()).await.unwrap();
        assert!(!done.exit.ok(), "{denied}");
        let words = said(&done);
        assert!(words.contains("denied") || words.contains("not permitted"), "{denied}: {words}");
    }
}

#[tokio::test]
async fn tests_may_serve_and_call_127_0_0_1() {
    if lacks("127.0.0.1") {
        return;
    }
    let Some(b) = Bench::new().await else { return };
    let script = "use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen=>1, LocalAddr=>'127.0.0.1') or die $!; \
        my $c = IO::Socket::INET->new(PeerAddr=>'127.0.0.1', PeerPort=>$s->sockport) or die $!; print 'served'";
    let done = b.run(&["perl", "-e", script]).await;
    assert_eq!(done.stdout, b"served", "{}", said(&done));
}

#[tokio::test]
async fn temporary_files_are_private_wherever_they_are_put() {
    if lacks("/dev/shm") {
        return;
    }
    let Some(b) = Bench::new().await else { return };
    let name = format!("chimera-test-{}", std::process::id());
    let done = b
        .sh(&format!("echo x > /tmp/{name} && echo y > $TMPDIR/t && echo z > ~/h && mktemp && ls /tmp"))
        .await;
    assert!(done.exit.ok(), "{}", said(&done));
    assert!(!Path::new("/tmp").join(&name).exists());
    assert!(b.profile().temp.join(&name).exists());
}

#[tokio::test]
async fn no_secret_reaches_a_command_and_limits_hold() {
    let Some(b) = Bench::new().await else { return };
    let done = b.sh("env; ulimit -c; ulimit -n").await;
    let text = said(&done);
    for line in text.lines() {
        let name = line.split('=').next().unwrap_or_default();
        assert!(!["_KEY", "_TOKEN", "SECRET", "SSH_AUTH"].iter().any(|word| name.contains(word)), "{name}");
    }
    assert!(text.contains(&format!("HOME={}", b.profile().home.display())), "{text}");
    let mut spec = spec(
        &["bash", "-c", "head -c 2000000 /dev/zero > big"],
        &b.tree.path,
        Confinement::Sandbox(b.profile()),
    );
    spec.limits.file_size = 1_000_000;
    let done = process::run(spec.clone(), pending()).await.unwrap();
    assert!(
        !done.exit.ok() && fs::metadata(b.tree.path.join("big")).unwrap().len() == 1_000_000,
        "{}",
        said(&done)
    );
    spec.argv = ["perl", "-e", "my $x = 'x' x 400_000_000; print length $x"].map(str::to_owned).to_vec();
    spec.limits.memory = 200_000_000;
    assert!(!process::run(spec, pending()).await.unwrap().exit.ok());
}

#[tokio::test]
async fn a_command_that_leaves_its_group_still_ends() {
    let Some(b) = Bench::new().await else { return };
    let done = b.sh("setsid sleep 600 >/dev/null 2>&1 & echo $!; sleep 0.1").await;
    assert!(done.exit.ok(), "{}", said(&done));
    let pid = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    wait_until_gone(&pid).await;
}

#[tokio::test]
async fn a_missing_program_and_broken_walls_are_told_apart() {
    let Some(b) = Bench::new().await else { return };
    let done = b.run(&["no-such-program-here"]).await;
    assert_eq!(done.exit, Exit::Code(127));
    assert!(said(&done).contains("no-such-program-here"));
    let done = b.sh("echo 'chimera sandbox: fake' >&2; exit 1").await;
    assert_eq!(done.exit, Exit::Code(1), "a command cannot pretend that the walls failed");
}

#[tokio::test]
async fn build_tools_work_behind_the_walls() {
    if lacks("127.0.0.1") || lacks("/dev/shm") {
        return;
    }
    let Some(b) = Bench::new().await else { return };
    let mut tried = Vec::new();
    let jobs: &[(&str, &str, &str)] = &[
        (
            "cargo",
            "mkdir -p c/src c/tests && printf '[package]\\nname=\"c\"\\nversion=\"0.1.0\"\\nedition=\"2021\"\\n' > c/Cargo.toml && \
             echo 'pub fn one() -> u8 { 1 }' > c/src/lib.rs && \
             echo '#[test] fn serves() { let l = std::net::TcpListener::bind(\"127.0.0.1:0\").unwrap(); std::net::TcpStream::connect(l.local_addr().unwrap()).unwrap(); assert_eq!(c::one(), 1); }' > c/tests/t.rs && \
             cd c && cargo test --offline 2>&1",
            "test serves ... ok",
        ),
        (
            "npm",
            "mkdir n && cd n && echo '{\"name\":\"n\",\"scripts\":{\"test\":\"node -e \\\"console.log(6*7)\\\"\"}}' > package.json && npm test 2>&1",
            "42",
        ),
        (
            "python3",
            "printf 'import unittest, multiprocessing\\nclass T(unittest.TestCase):\\n  def test(self): self.assertEqual(multiprocessing.Pool(2).map(abs, [-1]), [1])\\n' > test_x.py && python3 -m unittest 2>&1",
            "OK",
        ),
        (
            "go",
            "mkdir g && cd g && printf 'module g\\n' > go.mod && printf 'package g\\nimport \"testing\"\\nfunc TestX(t *testing.T) {}\\n' > g_test.go && go test ./... 2>&1",
            "ok",
        ),
        ("make", "printf 'all:\\n\\t@echo made\\n' > Makefile && make", "made"),
        (
            "java",
            "printf 'class A { public static void main(String[] a) { System.out.println(\"jvm\"); } }' > A.java && java A.java",
            "jvm",
        ),
    ];
    for (tool, script, expected) in jobs {
        if !has(tool) {
            eprintln!("skipped: {tool} is not installed");
            continue;
        }
        let done = b.sh(script).await;
        assert!(done.exit.ok() && said(&done).contains(expected), "{tool}: {}", said(&done));
        tried.push(*tool);
    }
    assert!(tried.contains(&"cargo"), "{tried:?}");
}

#[test]
fn every_vital_wall_is_tried_and_holds() {
    let facts = match facts() {
        Ok(facts) => facts,
        Err(why) => return eprintln!("skipped: no sandbox here: {why}"),
    };
    assert!(facts.iter().filter(|fact| fact.vital).count() >= 6);
    for fact in facts {
        assert!(fact.holds || !fact.vital, "{}: {}", fact.name, fact.detail);
        eprintln!("{} {}: {}", if fact.holds { "holds" } else { "LACKS" }, fact.name, fact.detail);
    }
    assert!(
        sandbox::try_out(Some("/bin/true".into())).is_err(),
        "a binary that is not chimera gives no answer"
    );
}

/// A kernel that grants no namespaces is played by one that has used them up.
#[tokio::test]
async fn without_namespaces_the_other_walls_hold_and_sockets_are_refused() {
    if !has("unshare") {
        eprintln!("skipped: unshare is not installed");
        return;
    }
    let Some(b) = Bench::new().await else { return };
    let order = serde_json::json!({
        "profile": b.profile(), "toolchains": [], "hidden": [], "limits": Limits::default(), "parent": std::process::id(), "probe": true,
    });
    let used_up = ["user", "mnt", "net"]
        .map(|kind| format!("echo 0 > /proc/sys/user/max_{kind}_namespaces"))
        .join(" && ");
    let script = format!("{used_up} && exec \"$@\"");
    let argv =
        ["unshare", "-Ur", "sh", "-c", &script, "sh", EXE, sandbox::HELPER_ARG, &order.to_string(), "1"];
    let done = process::run(spec(&argv, &b.tree.path, Confinement::Host), pending()).await.unwrap();
    if said(&done).contains("unshare") {
        eprintln!("skipped: {}", said(&done));
        return;
    }
    let facts: Vec<sandbox::Fact> =
        serde_json::from_slice(&done.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&done)));
    for fact in &facts {
        assert!(fact.holds || !fact.vital, "{}: {}", fact.name, fact.detail);
    }
    let weak: Vec<_> = facts.iter().filter(|fact| !fact.holds).map(|fact| fact.name.as_str()).collect();
    assert!(weak.iter().any(|name| name.contains("127.0.0.1")), "{weak:?}");
}

/// Plays chimera in a process of its own, which is then killed with no chance to tidy up.
#[tokio::test]
async fn a_confined_command_dies_with_chimera_and_orphans_are_swept() {
    const ROLE: &str = "CHIMERA_TEST_ROLE_DIR";
    let script = "echo $$ > own; setsid sh -c 'echo $$ > orphan.new; mv orphan.new orphan; exec sleep 600' & exec sleep 600";
    let Some(b) = Bench::new().await else { return };
    if let Ok(dir) = std::env::var(ROLE) {
        let profile = Profile { writable: vec![dir.clone().into()], ..b.profile() };
        let spec = spec(&["sh", "-c", script], Path::new(&dir), Confinement::Sandbox(profile));
        process::run(spec, pending()).await.unwrap();
        return;
    }
    let dir = b.dir.path();
    let name = "workspace::a_confined_command_dies_with_chimera_and_orphans_are_swept";
    #[expect(clippy::disallowed_methods, reason = "another process must be started to be killed")]
    let mut player = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(ROLE, dir)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let limit = Instant::now();
    while !dir.join("orphan").exists() {
        assert!(limit.elapsed() < PATIENCE, "the command never began");
        tokio::task::yield_now().await;
    }
    let (own, orphan) =
        (fs::read_to_string(dir.join("own")).unwrap(), fs::read_to_string(dir.join("orphan")).unwrap());
    player.kill().unwrap();
    player.wait().unwrap();
    wait_until_gone(&own).await;
    process::sweep_orphans();
    wait_until_gone(&orphan).await;
}

async fn wait_until_gone(pid: &str) {
    let pid = pid.trim();
    let limit = Instant::now();
    while fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(limit.elapsed() < PATIENCE, "{pid} still runs");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_leash_bounds_without_walls() {
    let Some(b) = Bench::new().await else { return };
    let confinement = Confinement::Leash { helper: Some(EXE.into()) };
    let script = format!("cat {} && ulimit -c", b.outside("secret"));
    let done =
        process::run(spec(&["bash", "-c", &script], &b.tree.path, confinement), pending()).await.unwrap();
    assert_eq!(done.stdout, b"hush0\n", "{}", said(&done));
}
