//! Runbook files, good and bad.

use super::*;
use crate::domain::{runbook::VariableKind, time::Millis};

const GOOD: &str = r#"[runbook]
id = "restart-leaky-worker"
version = 3
summary = "Restart worker when RSS grows monotonically and queue is drained"
tier = 1
reversible = true
idempotent = true
owner = "payments"
[match]
kinds = ["metric.saturation", "process.oom"]
services = ["worker-*"]
min_severity = "P2"
requires_grade = "A"
[variables]
word = "name"
[[precheck]]
id = "still-leaking"
expr = "slope(rss_bytes, 10m) > 0 && rss_bytes > 0.85 * rss_limit"
[[precheck]]
id = "capacity"
expr = "healthy_fraction(service) >= 0.51"
[limits]
cooldown = "5m"
max_per_target = "2/1h"
max_per_fingerprint = "3/24h"
max_parallel = 1
timeout = "60s"
[[step]]
id = "restart"
run = ["systemctl", "restart", "${service.unit}", "${word}"]
dry_run = ["systemctl", "show", "${service.unit}", "-p", "CanStart"]
expect = { exit = [0] }
undo = "none"
[verify]
after = "30s"
window = "5m"
all = ["health(service) == ok for 3 checks", "signal_cleared()", "error_rate <= baseline * 1.2"]
on_fail = "escalate"
[autonomy]
levels = [2, 3]
hours = "any"
environments = ["staging", "prod"]
"#;

fn service(name: &str, variables: &[(&str, &str)]) -> Service {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Service { name: name.into(), env: "production".into(), variables, ..Service::default() }
}

fn told(text: &str) -> Vec<String> {
    match read("f.toml", text) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn c12_a_runbook_is_read_whole() {
    let book = read("f.toml", GOOD).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!((book.id.as_str(), book.version, book.tier), ("restart-leaky-worker", 3, 1));
    assert_eq!(book.limits.max_per_target, (2, Millis::hours(1)));
    assert_eq!(book.limits.max_per_fingerprint, (3, Millis::hours(24)));
    assert_eq!((book.steps[0].expect_exit.as_slice(), book.steps[0].undo.as_ref()), ([0].as_slice(), None));
    assert_eq!((book.verify.after, book.verify.all.len()), (Millis::secs(30), 3));
    assert_eq!(book.variables["word"], VariableKind::Name);
    assert_eq!((book.autonomy.levels, book.autonomy.business_hours), (vec![2, 3], false));
    // TOML's other notations are the same runbook.
    let other = GOOD
        .replace("[variables]\nword = \"name\"", "variables.word = 'name'")
        .replace("expect = { exit = [0] }", "expect.exit = [\n 0, # well\n]");
    let other = format!("{}\n{}", "variables.word = 'name'", other.replace("variables.word = 'name'\n", ""));
    assert_eq!(read("f.toml", &other).map(|book| book.variables.len()), Ok(1));
}

/// What is replaced, by what, and the mistake that is told.
const BROKEN: &[(&str, &str, &str)] = &[
    ("tier = 1", "teir = 1", "f.toml:5:1: unknown key runbook.teir; did you mean [runbook] tier?"),
    ("[limits]", "[limit]", "unknown table limit; did you mean [limits]?"),
    (
        "undo = \"none\"",
        "undo = \"none\"\nsandbox = { network = \"none\" }",
        "unknown table step[0].sandbox; steps run as",
    ),
    ("undo = \"none\"", "undo = \"none\"\nshell = \"rm\"", "unknown key step[0].shell; a step is `run`"),
    ("tier = 1", "tier = 4", "f.toml:5:8: runbook.tier: expected a whole number, 1 to 3, found 4"),
    ("tier = 1", "tier = \"1\"", "expected a whole number, 1 to 3, found a text"),
    ("version = 3", "version = 0", "f.toml:3:11: runbook.version: expected a whole number"),
    ("version = 3\n", "", "[runbook] version is missing"),
    (
        "id = \"restart-leaky-worker\"",
        "id = \"Restart Leaky\"",
        "f.toml:2:6: runbook.id: \"Restart Leaky\" is no id",
    ),
    ("id = \"restart-leaky-worker\"", "id = \"ab\"", "is no id"),
    ("reversible = true", "reversible = \"yes\"", "expected true or false, found a text"),
    ("summary = \"Restart", "summary = \"\\u001b]0;Restart", "one line of at most 200 characters"),
    ("min_severity = \"P2\"", "min_severity = \"P7\"", "\"P7\" is no severity: P0 to P4"),
    ("requires_grade = \"A\"", "requires_grade = \"a\"", "\"a\" is no grade: A, B or C"),
    (
        "\"process.oom\"]",
        "\"proces.oom\"]",
        "f.toml:10:31: no signal is of kind \"proces.oom\"; did you mean process.oom?",
    ),
    ("[\"worker-*\"]", "[\"*-worker\"]", "is no pattern: small letters"),
    ("[\"worker-*\"]", "[]", "match.services: an empty list matches nothing"),
    ("[\"worker-*\"]", "[1]", "f.toml:11:13: match.services: expected a text"),
    ("[\"worker-*\"]", "\"worker-*\"", "expected a list of texts, found a text"),
    (
        "cooldown = \"5m\"",
        "cooldown = \"5 minutes\"",
        "\"5 minutes\" is not a duration such as 90s, 5m or 1h",
    ),
    ("cooldown = \"5m\"", "cooldown = \"0s\"", "a duration must be longer than nothing"),
    ("cooldown = \"5m\"", "cooldown = 300", "expected a text, found a number"),
    ("timeout = \"60s\"", "timeout = \"2h\"", "2h is longer than 1:00:00, the most there is"),
    ("\"2/1h\"", "\"2 per hour\"", "\"2 per hour\" is no rate such as 2/1h"),
    ("\"2/1h\"", "\"0/1h\"", "0 is not within 1 to 100"),
    ("\"2/1h\"", "\"2/0s\"", "a duration must be longer than nothing"),
    (
        "dry_run = [\"systemctl\", \"show\", \"${service.unit}\", \"-p\", \"CanStart\"]",
        "dry_run = \"unsupported\"",
        "f.toml:31:11: a step without a dry run makes the runbook tier 2",
    ),
    (
        "dry_run = [\"systemctl\", \"show\", \"${service.unit}\", \"-p\", \"CanStart\"]\n",
        "",
        "step[0].dry_run: is missing: a command as a list, or \"unsupported\"",
    ),
    ("undo = \"none\"\n", "", "step[0].undo: is missing: a command as a list, or \"none\""),
    ("undo = \"none\"", "undo = \"redeploy:sha256\"", "taken back by the service's own `rollback`"),
    ("undo = \"none\"", "undo = 5", "expected a command as a list, or \"none\", found a number"),
    (
        "idempotent = true",
        "idempotent = false",
        "a step that nothing takes back makes a runbook that is not idempotent tier 2",
    ),
    ("reversible = true", "reversible = false", "what cannot be taken back is tier 2 at least"),
    ("on_fail = \"escalate\"", "on_fail = \"retry\"", "what did not help is not done again"),
    ("on_fail = \"escalate\"", "on_fail = \"rollback\"", "\"rollback\" needs a step with an `undo`"),
    ("exit = [0]", "exit = [0, 300]", "step[0].expect.exit: expected a whole number, 0 to 255"),
    ("exit = [0]", "exit = []", "at least one code is well"),
    ("[\"systemctl\", \"restart\", \"${service.unit}\", \"${word}\"]", "[]", "a command needs a program"),
    (
        "[\"systemctl\", \"restart\", \"${service.unit}\", \"${word}\"]",
        "\"systemctl restart\"",
        "expected a list of texts, found a text",
    ),
    ("[\"systemctl\", \"restart\"", "[\"bash\", \"-c\"", "bash is a shell"),
    ("[\"systemctl\", \"restart\"", "[\"env\", \"/bin/sh\", \"-lc\"", "sh is a shell"),
    (
        "\"restart\", \"${service.unit}\"",
        "\"restart\", \"${servce.unit}\"",
        "`servce.unit` is no name of a variable",
    ),
    ("\"${word}\"", "\"${wird}\"", "f.toml:30:52: no variable is called `wird`; did you mean word?"),
    ("\"${word}\"", "\"$word\"", "a dollar is written `$$`"),
    (", \"${word}\"", "", "the variable `word` is used nowhere"),
    (
        "word = \"name\"",
        "word = \"nome\"",
        "f.toml:15:8: \"nome\" is no kind: name, path, number, span, host, key_pattern, url; did you mean name?",
    ),
    ("word = \"name\"", "Word = \"name\"", "\"Word\" is no name of a variable"),
    (
        "slope(rss_bytes, 10m) > 0",
        "slope(rss_bytes, 10m) >> 0",
        "f.toml:18:32: expected a fact, number, text or `(`, found `>`",
    ),
    (
        "slope(rss_bytes, 10m) > 0",
        "slop(rss_bytes, 10m) > 0",
        "f.toml:18:9: no fact is called `slop`; did you mean slope?",
    ),
    ("rss_bytes > 0.85 * rss_limit", "rss_bytes > 85%", "bytes is compared with a percentage"),
    ("healthy_fraction(service) >= 0.51", "healthy_fraction(service) >= 1.5", "this can never be true"),
    (
        "healthy_fraction(service) >= 0.51",
        "healthy_fraction(service) >= 0",
        "this can never be false, so it guards nothing",
    ),
    (
        "healthy_fraction(service) >= 0.51",
        "rss_bytes < 0.5 * rss_limit",
        "the prechecks can never all be true together",
    ),
    ("healthy_fraction(service) >= 0.51", "health(service) == ok for 2 checks", "a precheck asks about now"),
    ("id = \"capacity\"", "id = \"still-leaking\"", "\"still-leaking\" is the id of another [[precheck]]"),
    ("window = \"5m\"", "window = \"1s\"", "3 checks need a window of 3s at least"),
    (
        "all = [\"health(service) == ok for 3 checks\", \"signal_cleared()\", \"error_rate <= baseline * 1.2\"]",
        "all = []",
        "verify.all: 1 to 16 conditions",
    ),
    (
        "\"signal_cleared()\"",
        "\"signal_cleared(\"",
        "f.toml:37:62: expected a number, text or name as an argument, found the end",
    ),
    ("hours = \"any\"", "hours = \"night\"", "\"night\" is not \"any\" or \"business\""),
    ("levels = [2, 3]", "levels = [2, 4]", "f.toml:40:14: autonomy.levels: expected a whole number, 1 to 3"),
    ("levels = [2, 3]\n", "", "[autonomy] levels is missing"),
    ("\"prod\"]", "\"-prod\"]", "\"-prod\" is no environment"),
    ("[[step]]", "[step]", "unknown table step; did you mean [[step]]?"),
    ("[verify]", "[[step]]\n[verify]", "f.toml:34:1: [[step]] id is missing"),
    ("owner = \"payments\"", "owner = \"payments\"\nowner = \"x\"", "f.toml:9:1: not TOML: duplicate key"),
    ("tier = 1", "tier = = 1", "f.toml:5:8: not TOML"),
    ("[verify]\nafter = \"30s\"", "[verify]", "[verify] after is missing"),
];

#[test]
fn c12_every_mistake_is_told_with_its_place_and_what_was_meant() {
    assert!(BROKEN.len() >= 25);
    let mut wrong = Vec::new();
    for (from, to, what) in BROKEN {
        assert_eq!(GOOD.matches(from).count(), 1, "{from:?} is not once in the good one");
        let told = told(&GOOD.replace(from, to));
        if !told.iter().any(|line| line.contains(what)) {
            wrong.push(format!("{to:?}:\nwanted {what:?}\ntold {told:#?}"));
        }
        assert!(told.iter().all(|line| line.starts_with("f.toml:")), "{told:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn c12_every_shipped_runbook_lints_and_simulates_clean() {
    let shelf = Shelf::shipped();
    assert_eq!(shelf.problems, []);
    let ids: Vec<&str> = shelf.runbooks.iter().map(|shelved| shelved.runbook.id.as_str()).collect();
    let named: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    assert_eq!(ids, named, "a file is called as its runbook");
    for shelved in &shelf.runbooks {
        let book = &shelved.runbook;
        assert_eq!(shelved.origin, Origin::Shipped);
        assert!(!book.verify.all.iter().all(|expr| !expr.contains("signal_cleared()")), "{}", book.id);
        // Only what is told to restart, clear or retry acts at once (C6).
        let at_once = ["restart-", "clear-", "retry-"].iter().any(|start| book.id.starts_with(start));
        assert_eq!(book.tier == 1, at_once, "{}", book.id);
        assert!(book.tier < 3 || book.autonomy.levels.is_empty(), "{}", book.id);
    }
}

#[test]
fn shipped_runbooks_are_for_services_that_say_enough_and_no_others() {
    let shelf = Shelf::shipped();
    let web = service("web", &[("unit", "web.service")]);
    assert_eq!(suits(shelf.get("restart-unit").unwrap(), &web), Ok(()));
    let error = suits(shelf.get("restart-container").unwrap(), &web).unwrap_err().to_string();
    assert!(error.contains("service web has no variable `container`"), "{error}");
    assert_eq!(lint(&shelf, &[web]), []);
    // What a service says wrongly is told.
    let bad = service("bad", &[("unit", "-rf"), ("cache_dir", "/etc")]);
    let told: Vec<String> = lint(&shelf, &[bad]).iter().map(ToString::to_string).collect();
    assert!(
        told.iter()
            .any(|line| line.contains("restart-unit for service bad") && line.contains("is not a name")),
        "{told:?}"
    );
    assert!(
        told.iter()
            .any(|line| line.starts_with("shipped/clear-cache-directory.toml:")
                && line.contains("a system's own")),
        "{told:?}"
    );
}

#[test]
fn a_runbook_for_named_services_must_be_fillable_for_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine.toml"), GOOD).unwrap();
    let shelf = Shelf::load(&[dir.path().to_path_buf()]);
    assert_eq!(shelf.problems, []);
    assert_eq!(lint(&shelf, &[service("worker-1", &[("unit", "w.service")]), service("web", &[])]), []);
    let problems = lint(&shelf, &[service("worker-2", &[])]);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].what.contains("restart-leaky-worker for service worker-2: precheck")
            || problems[0].what.contains("step restart"),
        "{problems:?}"
    );
    assert_eq!(problems[0].at.line, 11);
}

#[test]
fn only_a_file_with_an_id_of_its_own_is_the_directors_own() {
    let dir = tempfile::tempdir().unwrap();
    let (_, shipped) = SHIPPED.iter().find(|(name, _)| *name == "restart-unit").unwrap();
    std::fs::write(dir.path().join("mine.toml"), GOOD).unwrap();
    std::fs::write(dir.path().join("units.toml"), shipped).unwrap();
    let shelf = Shelf::load(&[dir.path().to_path_buf()]);
    assert_eq!(shelf.problems, []);
    let own: Vec<&str> = shelf
        .runbooks
        .iter()
        .map(|one| &one.runbook)
        .filter(|book| book.own)
        .map(|book| book.id.as_str())
        .collect();
    assert_eq!(own, ["restart-leaky-worker"], "a file of a shipped id takes its place in the rules");
}

#[test]
fn a_directors_file_replaces_a_shipped_one_and_a_broken_one_takes_it_away() {
    let dir = tempfile::tempdir().unwrap();
    let shipped = SHIPPED.iter().find(|(name, _)| *name == "restart-unit").unwrap().1;
    let path = dir.path().join("units.toml");
    let dirs = [dir.path().to_path_buf()];

    std::fs::write(&path, shipped.replace("tier = 1", "tier = 3")).unwrap();
    let shelf = Shelf::load(&dirs);
    assert_eq!((shelf.problems.len(), shelf.get("restart-unit").unwrap().tier), (0, 3));
    assert_eq!(shelf.runbooks.len(), SHIPPED.len());

    std::fs::write(&path, shipped.replace("tier = 1", "tier = 9")).unwrap();
    std::fs::write(dir.path().join("good.toml"), GOOD).unwrap();
    let shelf = Shelf::load(&dirs);
    assert!(shelf.get("restart-unit").is_none(), "the shipped tier 1 must not come back");
    assert!(shelf.get("restart-leaky-worker").is_some(), "the good ones stay");
    let told: Vec<String> = shelf.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with(&format!("{}:7:8: runbook.tier", path.display())), "{told:?}");
}

#[test]
fn two_files_of_one_id_are_told_and_the_first_stays() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.toml"), GOOD).unwrap();
    std::fs::write(dir.path().join("b.toml"), GOOD.replace("version = 3", "version = 4")).unwrap();
    std::fs::write(dir.path().join("notes.txt"), "not a runbook").unwrap();
    let shelf = Shelf::load(&[dir.path().to_path_buf()]);
    assert_eq!(shelf.get("restart-leaky-worker").unwrap().version, 3);
    assert_eq!(shelf.problems.len(), 1);
    assert!(
        shelf.problems[0]
            .to_string()
            .contains("b.toml:2:6: \"restart-leaky-worker\" is the id of another file")
    );
}

#[test]
fn files_that_are_no_text_or_too_large_are_told() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("restart-unit.toml"), [0xff, 0xfe]).unwrap();
    std::fs::write(dir.path().join("huge.toml"), vec![b'#'; 1_100_000]).unwrap();
    let shelf = Shelf::load(&[dir.path().to_path_buf()]);
    let told: Vec<&str> = shelf.problems.iter().map(|problem| problem.what.as_str()).collect();
    assert!(told[0].contains("longer than") && told[1].contains("not UTF-8"), "{told:?}");
    assert!(shelf.get("restart-unit").is_none());
}

proptest::proptest! {
    #[test]
    fn no_file_makes_it_panic(at in 0_usize..GOOD.len(), cut in 0_usize..40, put in "[\\[\\]{}\"'=a-z.0-9\n$]{0,12}") {
        if GOOD.is_char_boundary(at) {
            let end = (at + cut).min(GOOD.len());
            let _ = read("f.toml", &format!("{}{put}{}", &GOOD[..at], &GOOD[end..]));
        }
    }
}

#[test]
fn a_directory_that_is_not_there_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere");
    let shelf = Shelf::load(std::slice::from_ref(&nowhere));
    let told: Vec<String> = shelf.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, [format!("{}:1:1: there is no such directory of runbooks", nowhere.display())]);
    assert_eq!(shelf.runbooks.len(), SHIPPED.len());
}

#[test]
fn a_variable_that_no_service_has_is_doubted_with_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let asks = |name: &str| {
        std::fs::write(dir.path().join("own.toml"), GOOD.replace("service.unit", name)).unwrap();
        let shelf = Shelf::load(&[dir.path().to_path_buf()]);
        let services = [service("worker-1", &[("unit", "w.service"), ("flavour", "x")])];
        doubts(&shelf, &services).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(asks("service.unit").is_empty() && asks("service.flavour").is_empty());
    let told = asks("service.strat");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].ends_with("asks for service.strat, which no service has; did you mean service.start?"),
        "{told:?}"
    );
}
