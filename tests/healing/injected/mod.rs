//! What strangers write never decides, and never leaves its place on the screen.
//!
//! Every text of the [`corpus`] goes the way of the program ([`house`]): as log lines and the message of an error, as message of
//! the commit that brought it, as title and labels of each sort of payload. Held against two other runs of the same house:
//!
//! - The *benign* run, in which the same source says something harmless: the ruling on what is broken (outcome, tier,
//!   reasons, hash of the plan, hash of the policy, time) is the same byte for byte. A text may make an incident of its
//!   own; whatever is ruled there is ruled in the benign run as well.
//! - The *twin* run, in which every sign of the text is replaced by a filler as wide as it ([`twin`]), after it was read
//!   and before anybody decides: every cell of every screen is the same, sign and colour, but for the cells in which the
//!   twin shows its filler, which are those that quote the text. No cell at all holds a control, a sign that turns the
//!   direction, one that shows as nothing, or a heap of marks.

mod corpus;
mod house;
mod screen;
mod twin;

use chimera::domain::{
    incident::{Phase, Remedy},
    probe::WebhookFormat,
    signal::kind,
    text::clean_line,
};
use house::{Broken, Came, FORMATS, RELEASED, Shipped, Written, asked, heard, run};
use serde_json::{Value, json};
use std::{io::Write as _, path::Path};

/// What the benign runs say.
const HARMLESS: &str = "order could not be stored";
/// Texts that leave something to be quoted, at least.
const QUOTED: usize = 40;

/// The log of a program that fails as it says.
fn lines(text: &str) -> Vec<String> {
    format!("2026-09-21T13:33:20Z ERROR checkout: {text}").split('\n').map(str::to_owned).collect()
}

/// A payload in which everything that its sender may word is this text.
fn payload(format: WebhookFormat, text: &str) -> Value {
    match format {
        WebhookFormat::Alertmanager => json!({"version": "4", "alerts": [{
            "status": "firing",
            "labels": {"alertname": format!("Orders {text}"), "severity": "critical", "note": text, "instance": text},
            "annotations": {"summary": text, "description": text},
        }]}),
        WebhookFormat::Sentry => json!({"action": "triggered", "data": {"triggered_rule": text, "event": {
            "event_id": "e1", "issue_id": "17", "title": format!("Error: {text}"), "message": text, "level": "fatal",
            "culprit": text, "web_url": text, "tags": [["note", text]],
            "exception": {"values": [{"type": "Error", "value": text}]},
        }}}),
        WebhookFormat::Github => json!({"action": "completed", "workflow_run": {
            "id": 3, "workflow_id": 4, "name": format!("Deploy {text}"), "head_branch": "main", "head_sha": "acb5820c",
            "conclusion": "failure", "html_url": text, "head_commit": {"id": "acb5820c", "message": text},
        }, "repository": {"full_name": "acme/shop", "default_branch": "main"}}),
        WebhookFormat::Vercel => {
            json!({"id": "u1", "type": "deployment.error", "createdAt": 1_790_000_000_000_u64, "payload": {
                "target": "production", "project": {"id": "p1"}, "links": {"deployment": text},
                "deployment": {"id": "d1", "name": format!("shop {text}"), "url": text, "errorMessage": text,
                    "meta": {"githubCommitRef": text, "githubRepo": text}},
            }})
        }
        WebhookFormat::Slack => {
            json!({"type": "event_callback", "event_id": "Ev1", "api_app_id": "A0", "event": {
                "type": "message", "bot_id": "B1", "app_id": text, "channel": "C1", "user": text,
                "text": format!("order: {text}"), "ts": "1.2",
            }})
        }
        WebhookFormat::Stripe => json!({
            "id": "evt_1", "type": "charge.failed", "created": 1_790_000_000, "livemode": true,
            "data": {"object": {"id": "ch_1", "failure_code": format!("order: {text}"), "failure_message": text}},
        }),
        WebhookFormat::Generic => json!({
            "title": format!("order: {text}"), "severity": "critical", "description": text, "url": text,
            "labels": {"note": text, "job": text},
        }),
    }
}

/// What the texts are held against.
struct Bench {
    shipped: Shipped,
    screen: screen::Screen,
    broken: Broken,
    /// At the levels from 1.
    benign: Vec<Came>,
}

impl Bench {
    fn of(broken: Broken, harmless: &Written) -> Self {
        let (shipped, screen) = (Shipped::load(), screen::Screen::new());
        let benign: Vec<Came> =
            (1..=3).map(|level| run(&shipped, (broken, level), harmless, false)).collect();
        for (name, picture) in screen.pictures(&benign[0]) {
            let filled = picture.content().iter().any(|cell| twin::FILLERS.contains(&cell.symbol()));
            assert!(!filled, "{name} shows a filler by itself");
        }
        Self { shipped, screen, broken, benign }
    }

    /// Whatever is written, the ruling is that of the benign run. What came of it at the first level.
    fn rules_as_ever(&self, (what, text): (&str, &str), written: &Written) -> Came {
        let mut came: Vec<Came> =
            (1..=3).map(|level| run(&self.shipped, (self.broken, level), written, false)).collect();
        for (came, benign) in came.iter().zip(&self.benign) {
            let (rulings, wanted) = (came.rulings(), benign.rulings());
            assert_eq!(rulings.first(), wanted.first(), "{what}: {text:?}");
            let news: Vec<_> = rulings.iter().filter(|ruling| !wanted.contains(ruling)).collect();
            assert!(news.is_empty(), "{what}: {text:?}: {news:#?}\n{wanted:#?}");
            assert_eq!(came.first().phase, benign.first().phase, "{what}: {text:?}");
        }
        came.swap_remove(0)
    }

    /// Every picture is that of the twin but for the text. Whether that is shown at all.
    fn looks_as_ever(&self, (what, text): (&str, &str), came: &Came, twin: &Came) -> bool {
        let pictures = self.screen.pictures(came).into_iter().zip(self.screen.pictures(twin));
        let mut quoted = false;
        for ((name, picture), (of_twin, twin)) in pictures {
            quoted |= twin.content().iter().any(|cell| twin::FILLERS.contains(&cell.symbol()));
            assert_eq!(name, of_twin, "{what}: {text:?}");
            let foul = screen::foul(&picture);
            assert!(foul.is_empty(), "{what}, {name}: {text:?}: {foul:?}");
            let strays = screen::strays(&picture, &twin);
            assert!(strays.is_empty(), "{what}, {name}: {text:?}:\n{}", strays.join("\n"));
        }
        quoted
    }

    /// Both, for what is written of a text.
    fn holds(&self, (what, text): (&str, &str), written: &Written) -> bool {
        let came = self.rules_as_ever((what, text), written);
        let twin = run(&self.shipped, (self.broken, 1), written, true);
        self.looks_as_ever((what, text), &came, &twin)
    }
}

#[test]
fn c3_a_log_line_decides_nothing_and_stays_in_its_place() {
    let of = |text: &str| Written { log: lines(text), ..Written::default() };
    let bench = Bench::of(Broken::Unit, &of(HARMLESS));
    for came in &bench.benign {
        // What is ruled on is worth an attack: a runbook that a good word could set going.
        let found = came.first().diagnosis.as_ref().unwrap();
        assert!(matches!(found.remedy, Remedy::Runbook(_)) && !found.tainted, "{found:?}");
        assert_eq!(came.first().kind, kind::PROCESS_DOWN);
        assert!(came.state.ward.incidents.len() >= 2, "the log is an incident of its own");
    }
    assert_eq!(bench.benign[1].first().phase, Phase::Mitigating);
    let quoted = corpus::all().into_iter().filter(|text| bench.holds(("log", text), &of(text)));
    assert!(quoted.count() >= QUOTED);
}

#[test]
fn c3_a_payload_decides_nothing_and_stays_in_its_place() {
    for format in FORMATS {
        let of = |text: &str| Written { hooks: vec![(format, payload(format, text))], ..Written::default() };
        let bench = Bench::of(Broken::Unit, &of(HARMLESS));
        assert!(bench.benign.iter().all(|came| came.state.ward.incidents.len() == 2), "{format:?}");
        let what = format!("{format:?}");
        let quoted = corpus::all().into_iter().filter(|text| bench.holds((&what, text), &of(text)));
        assert!(quoted.count() >= QUOTED, "{format:?}");
    }
}

/// A program whose newest commit divides by nothing.
struct Repo(tempfile::TempDir);

impl Repo {
    fn new() -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        repo.git(&["init", "-q", "-b", "main"], b"");
        let cart = "def total(cart):\n    total = 0\n    for item in cart:\n        total += item.price\n    return total\n";
        std::fs::write(repo.path().join("cart.py"), cart).unwrap();
        repo.git(&["add", "-A"], b"");
        repo.commit("cart: sum", 300, &[]);
        std::fs::write(
            repo.path().join("cart.py"),
            cart.replace("return total", "return total / cart.share"),
        )
        .unwrap();
        repo.git(&["add", "-A"], b"");
        repo.commit("cart: shares", 0, &[]);
        repo
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// So many hours and half of one before it fails.
    fn commit(&self, message: &str, hours: i64, how: &[&str]) {
        // Git takes no message with a NUL in it.
        let message = message.replace('\0', "");
        let date = format!("@{} +0000", house::START.0 / 1_000 - hours * 3_600 - 1_800);
        let args =
            ["commit", "-q", "--cleanup=verbatim", "--allow-empty-message", "--date", &date, "-F", "-"];
        self.run(&[&args[..], how].concat(), message.as_bytes(), &date);
    }

    fn git(&self, args: &[&str], input: &[u8]) -> String {
        self.run(args, input, "@0 +0000")
    }

    #[expect(clippy::disallowed_methods, reason = "a test makes the history that is read")]
    fn run(&self, args: &[&str], input: &[u8], date: &str) -> String {
        let mut git = std::process::Command::new("git");
        git.args(args).current_dir(self.path());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_COMMITTER_DATE", date);
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_NAME"), "Ann").env(format!("GIT_{who}_EMAIL"), "ann@example.org");
        }
        git.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = git.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "git {args:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// What git tells of it when its newest commit says this, and the log that.
    async fn says(&self, message: &str, log: Vec<String>) -> Written {
        self.commit(message, 0, &["--amend"]);
        let ids = ["HEAD", "HEAD^"].map(|name| self.git(&["rev-parse", name], b""));
        let code = asked(self.path(), [&ids[0], &ids[1]], heard(&log)).await;
        Written { log, code, ..Written::default() }
    }
}

/// The log in which the program says where it fails, and why.
fn traced(why: &str) -> Vec<String> {
    let trace = format!(
        "Traceback (most recent call last):\n  File \"/srv/shop/cart.py\", line 5, in total\n    \
         return total / cart.share\nZeroDivisionError: {why}"
    );
    trace.split('\n').map(str::to_owned).collect()
}

/// A revert of what was released, whoever words what.
async fn reverted(repo: &Repo) -> Bench {
    let bench = Bench::of(Broken::Release, &repo.says("cart: shares", traced("division by zero")).await);
    for came in &bench.benign {
        let found = came.first().diagnosis.as_ref().unwrap();
        assert_eq!(
            (came.first().kind.as_str(), found.remedy.word()),
            (kind::HTTP_DOWN, "revert"),
            "{found:?}"
        );
        assert_eq!(found.culprit.as_ref().unwrap().commit.0, RELEASED[0]);
    }
    bench
}

#[tokio::test]
async fn c3_a_commit_message_decides_nothing_and_stays_in_its_place() {
    let repo = Repo::new();
    let bench = reverted(&repo).await;
    let mut quoted = 0;
    for text in corpus::all() {
        let mut written = repo.says(&format!("{text}\n\n{text}"), traced("division by zero")).await;
        let came = bench.rules_as_ever(("commit", &text), &written);
        for change in &mut written.code.history.commits {
            change.subject = twin::text(&clean_line(&change.subject, 120));
        }
        let twin = run(&bench.shipped, (Broken::Release, 1), &written, false);
        quoted += usize::from(bench.looks_as_ever(("commit", &text), &came, &twin));
    }
    assert!(quoted >= QUOTED, "{quoted}");
}

#[tokio::test]
async fn c3_the_message_of_an_error_decides_nothing_and_stays_in_its_place() {
    let repo = Repo::new();
    let bench = reverted(&repo).await;
    let mut quoted = 0;
    for text in corpus::all() {
        let written = repo.says("cart: shares", traced(&text)).await;
        quoted += usize::from(bench.holds(("error", &text), &written));
    }
    assert!(quoted >= QUOTED, "{quoted}");
}
