//! A feature over the socket, from its submission to the staging environment: a real little service, a real deployment, and
//! a daemon that is killed on the way.

use super::client::{Daemon, daemon};
use crate::house::stage::{PATIENCE, Stage, finish, judge, plan, turn};
use chimera::providers::rehearsal::script::Turn;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Instant,
};

/// Serves the answer that lies in its directory, at a port that it says.
const SERVE: &str = r#"
use IO::Socket::INET;
my ($port) = @ARGV;
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:$port", ReuseAddr => 1) or die $!;
$| = 1;
print $server->sockport, "\n";
while (my $client = $server->accept) {
    while (my $line = <$client>) { last if $line =~ /^\r?$/ }
    open my $answer, "<", "answer.txt";
    my $body = "It is " . join("", <$answer>);
    print $client "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: " . length($body) . "\r\nconnection: close\r\n\r\n$body";
    close $client;
}
"#;

/// Asks as a user would, and gives what it was told to the test.
const E2E: &str = r#"#!/bin/sh
said=$(perl -MIO::Socket::INET -e '
    my ($at) = $ARGV[0] =~ m{//([^/]+)};
    my $to = IO::Socket::INET->new(PeerAddr => $at) or die "nobody answers at $at\n";
    print $to "GET / HTTP/1.0\r\n\r\n";
    print while <$to>;
' "$TARGET_URL") || exit 1
export said
sh "$TEST_PATH"
"#;

const SHOWS_NOTHING: &str = "exit 0\n";
const SHOWS: &str = "case \"$said\" in *42*) echo right ;; *) echo \"wrong: $said\"; exit 1 ;; esac\n";

/// A service that goes on until it is dropped.
struct Service(Child, u16);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test starts the service that is looked at")]
fn service(script: &Path, dir: &Path) -> Service {
    let mut command = Command::new("perl");
    command.arg(script).arg("0").current_dir(dir).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let (tell, told) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut line = String::new();
        let _ = said.read_line(&mut line);
        let _ = tell.send(line.trim().parse());
    });
    let port = told.recv_timeout(PATIENCE).unwrap().unwrap();
    Service(child, port)
}

/// The writer first writes a test that shows nothing, then one that does, then the code.
fn script() -> Vec<Turn> {
    let says = |said: &str, path: &str, content: &str| Turn {
        model: Some("claude".into()),
        said: Some(said.into()),
        ..turn("Working.", &[("write", json!({"path": path, "content": content}))])
    };
    vec![
        plan(),
        judge("gemini", [95, 90]),
        says("Write the end-to-end test of this first", "tests/e2e/answer.sh", SHOWS_NOTHING),
        says("This test does not stand", "tests/e2e/answer.sh", SHOWS),
        says("stands in your worktree and fails", "answer.txt", "42\n"),
        Turn { model: Some("claude".into()), ..turn("Done.", &[("finish", finish("The answer is 42"))]) },
    ]
}

/// The repository with its service, what runs now and what is staged.
struct Place {
    stage: Stage,
    target: Service,
    staging: Service,
}

fn place(deploy: &str) -> Place {
    let stage = Stage::new(script());
    stage.write("serve.pl", SERVE);
    stage.write("e2e.sh", E2E);
    stage.write("deploy.sh", deploy);
    stage.commit("A service");
    let run = |name: &str| {
        let dir = stage.path(name);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("answer.txt"), "41\n").unwrap();
        service(&stage.repo().join("serve.pl"), &dir)
    };
    let (target, staging) = (run("target"), run("staging"));
    let there = stage.path("staging");
    stage.settings(&format!(
        "[feature]\ntest = [\"sh\", \"e2e.sh\"]\ndeploy = [\"sh\", \"deploy.sh\", {:?}]\n\
         [preview]\ncommand = [\"perl\", \"serve.pl\", \"{{port}}\"]\n[brief]\nchecks = [\"sh test.sh\"]\n",
        there.display().to_string()
    ));
    Place { stage, target, staging }
}

impl Place {
    fn task(&self) -> Value {
        json!({
            "feature": "The answer must be 42", "target_url": format!("http://127.0.0.1:{}", self.target.1),
            "staging_url": format!("http://127.0.0.1:{}/", self.staging.1), "priority": 7,
            "teams": ["Team Anthropic"], "approve": "best",
        })
    }

    fn ended(&self, daemon: &Daemon) -> Value {
        daemon.events(0, false).until("mission.ended");
        daemon.get("/api/tasks/M-1").is(200).json()
    }
}

/// Where nothing holds a command, each one is asked for: then a feature cannot go on by itself.
fn walls(stage: &Stage) -> bool {
    let said = stage.run(&["doctor"]).all();
    let none = said.contains("no Landlock") || said.contains("one port");
    if none {
        eprintln!("skipped: no walls for a service here");
    }
    !none
}

#[test]
fn d2_a_feature_is_tested_built_reviewed_staged_and_validated_on_a_real_service() {
    let place =
        place("cp answer.txt \"$1/answer.txt\" && echo \"$CHIMERA_COMMIT $STAGING_URL\" > \"$1/deployed\"\n");
    if !walls(&place.stage) {
        return;
    }
    let daemon = daemon(&place.stage);
    let taken = daemon.post_once("/api/tasks", "the-task", &place.task()).is(201);
    assert_eq!(taken.headers["location"], "/api/tasks/M-1");
    assert_eq!(taken.json()["task_id"], "M-1");
    let task = place.ended(&daemon);
    assert_eq!((task["status"].as_str(), task["reason"].as_str()), (Some("completed"), None), "{task}");
    assert_eq!(
        (task["phase"].as_str(), task["progress"].as_str()),
        (Some("complete"), Some("7/7 phases complete"))
    );
    let head = place.stage.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let staged = place.task()["staging_url"].clone();
    let result = json!({
        "test_path": "tests/e2e/answer.sh", "code_pr_id": format!("{head}@main"), "review_decision": "approved",
        "deployment_url": staged, "validation_status": "passed",
    });
    assert_eq!(task["result"], result);
    let deployed = fs::read_to_string(place.stage.path("staging").join("deployed")).unwrap();
    assert_eq!(deployed.trim(), format!("{head} {}", staged.as_str().unwrap()));
    assert_eq!(place.stage.read("tests/e2e/answer.sh"), SHOWS, "the test landed with the code");
    let health = daemon.get("/health").is(200).json();
    assert_eq!((health["tasks_completed"].as_u64(), health["tasks_failed"].as_u64()), (Some(1), Some(0)));
    let metrics = daemon.get("/metrics").is(200).text;
    for line in ["chimera_pool_size 5", "chimera_pool_active 0", "chimera_missions_success_ratio 1"] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    daemon.ends();
    // The test that showed nothing was seen to, and refused.
    let retried = place.stage.facts("mission.retried");
    assert_eq!(retried.len(), 1);
    assert!(retried[0].to_string().contains("passes on what is there"), "{retried:?}");
    let shown = place.stage.run(&["show", "M-1"]).exits(0).stdout;
    assert!(shown.contains("7/7 phases complete"), "{shown}");
    place.stage.verify();
}

#[test]
fn d2_a_daemon_that_is_killed_by_its_own_deployment_asks_the_world_and_deploys_no_second_time() {
    // The deployment is whole when the daemon dies of it.
    let place = place("echo once >> \"$1/deployed\"; cp answer.txt \"$1/answer.txt\"; kill -9 $PPID\n");
    if !walls(&place.stage) {
        return;
    }
    let first = daemon(&place.stage);
    first.post_once("/api/tasks", "the-task", &place.task()).is(201);
    // The stream ends where the daemon does.
    first.events(0, false).for_each(drop);
    first.running.end();
    let second = daemon(&place.stage);
    second.post_once("/api/tasks", "the-task", &place.task()).is(201);
    let task = place.ended(&second);
    assert_eq!((task["status"].as_str(), task["reason"].as_str()), (Some("completed"), None), "{task}");
    let deployed = fs::read_to_string(place.stage.path("staging").join("deployed")).unwrap();
    assert_eq!(deployed, "once\n");
    assert_eq!(second.get("/api/tasks").is(200).json()["items"].as_array().unwrap().len(), 1);
    second.ends();
    place.stage.verify();
}

#[test]
fn d5_a_deployment_that_fails_is_tried_four_times_and_the_task_fails_with_its_reason() {
    let place = place(
        "echo tried >> \"$1/deployed\"; test -e \"$1/room\" && exec cp answer.txt \"$1/answer.txt\"\n\
         echo the machine is full >&2; exit 3\n",
    );
    if !walls(&place.stage) {
        return;
    }
    let (daemon, began) = (daemon(&place.stage), Instant::now());
    daemon.post("/api/tasks", &place.task()).is(201);
    // Until everything of it is tidied up.
    let (last, _) = daemon.events(0, false).until("mission.released");
    let task = daemon.get("/api/tasks/M-1").is(200).json();
    assert_eq!(
        (task["status"].as_str(), task["phase"].as_str()),
        (Some("failed"), Some("staging_deploy")),
        "{task}"
    );
    assert!(task["reason"].as_str().unwrap().contains("the machine is full"), "{task}");
    let staging = place.stage.path("staging");
    assert_eq!(fs::read_to_string(staging.join("deployed")).unwrap().lines().count(), 4);
    assert!(began.elapsed().as_secs() >= 36, "1 s, 5 s and 30 s lie between the tries");
    assert_eq!(daemon.get("/health").is(200).json()["tasks_failed"], 1);
    // Once the machine is mended it goes on from there: what landed is not built again.
    fs::write(staging.join("room"), "").unwrap();
    daemon.post("/api/tasks/M-1/retry", &json!({"reason": "there is room now"})).is(200);
    daemon.events(last, false).until("mission.ended");
    let task = daemon.get("/api/tasks/M-1").is(200).json();
    assert_eq!(task["status"], "completed", "{task}");
    // The test was asked for once more, the deployment three times, the task itself once.
    assert_eq!(task["retries"], 5, "{task}");
    let health = daemon.get("/health").is(200).json();
    assert_eq!(
        (&health["tasks_completed"], &health["tasks_failed"]),
        (&json!(1), &json!(0)),
        "one task, once"
    );
    daemon.ends();
    assert_eq!(place.stage.facts("mission.landed").len(), 1);
    place.stage.verify();
}

#[test]
fn d1_a_feature_of_the_command_line_says_its_phases() {
    let place = place("cp answer.txt \"$1/answer.txt\"\n");
    if !walls(&place.stage) {
        return;
    }
    let task = place.task();
    let urls = [task["target_url"].as_str().unwrap(), task["staging_url"].as_str().unwrap()];
    let args = ["feature", "The answer must be 42", "--team", "Team Anthropic", "--approve", "best"];
    let urls = ["--target-url", urls[0], "--staging-url", urls[1]];
    let said = place.stage.run(&[&args[..], &urls].concat()).exits(0).stdout;
    for line in ["test      phase 2 of 7", "code      phase 3 of 7", "validate  phase 6 of 7"] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
}

#[test]
fn d2_a_feature_whose_branch_is_not_there_is_refused_before_anything_is_begun() {
    let place = place("true\n");
    let settings = fs::read_to_string(place.stage.path("chimera.toml")).unwrap();
    let settings = settings.replacen("[feature]\n", "[feature]\nbranch = \"staging\"\n", 1);
    place.stage.settings_alone(&settings);
    let daemon = daemon(&place.stage);
    let problem = daemon.post("/api/tasks", &place.task()).is(409).json();
    let detail = problem["detail"].as_str().unwrap();
    for part in ["no branch staging in", "`git branch staging`", "feature.branch"] {
        assert!(detail.contains(part), "{problem}");
    }
    // It is there when the task is submitted, and gone when its work begins.
    daemon.post("/api/control/pause", &json!({"reason": "lunch"})).is(200);
    place.stage.git(&["branch", "staging"]);
    daemon.post("/api/tasks", &place.task()).is(201);
    place.stage.git(&["branch", "-D", "staging"]);
    daemon.post("/api/control/resume", &json!({})).is(200);
    let task = place.ended(&daemon);
    assert_eq!((task["status"].as_str(), task["phase"].as_str()), (Some("failed"), Some("plan")), "{task}");
    assert!(task["reason"].as_str().unwrap().contains("no branch staging"), "{task}");
    daemon.ends();
    let urls = [place.task()["target_url"].clone(), place.task()["staging_url"].clone()];
    let urls = urls.map(|url| url.as_str().unwrap().to_owned());
    let args = ["feature", "x", "--target-url", &urls[0], "--staging-url", &urls[1]];
    let refused = place.stage.run(&args).exits(1);
    assert!(refused.stderr.contains("no branch staging"), "{refused:?}");
    assert_eq!(place.stage.facts("mission.opened").len(), 1, "only the one that was told so later");
    place.stage.verify();
}
