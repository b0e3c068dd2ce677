//! Runbooks filled in, and what nobody gets into them.

use super::*;
use crate::domain::{
    incident::{Grade, Severity},
    runbook::{OnFail, RunbookAutonomy, RunbookLimits, RunbookMatch},
    time::Millis,
};
use proptest::prelude::*;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn runbook(run: &[&str]) -> Runbook {
    let limits = RunbookLimits {
        cooldown: Millis::mins(5),
        max_per_target: (2, Millis::hours(1)),
        max_per_fingerprint: (3, Millis::hours(24)),
        max_parallel: 1,
        timeout: Millis::secs(60),
    };
    Runbook {
        id: "try".into(),
        version: 3,
        summary: "Tries".into(),
        tier: 1,
        reversible: true,
        idempotent: true,
        owner: "ops".into(),
        matches: RunbookMatch {
            kinds: words(&["*"]),
            services: words(&["*"]),
            min_severity: Severity::P4,
            requires_grade: Grade::A,
        },
        variables: BTreeMap::from([
            ("pid".into(), VariableKind::Number),
            ("word".into(), VariableKind::Name),
            ("file".into(), VariableKind::Path),
            ("span".into(), VariableKind::Span),
            ("service.keys".into(), VariableKind::KeyPattern),
        ]),
        prechecks: vec![Precheck { id: "now".into(), expr: "query_running(pid)".into() }],
        limits,
        steps: vec![RunStep {
            id: "act".into(),
            run: words(run),
            dry_run: None,
            expect_exit: vec![0],
            undo: None,
        }],
        verify: Verify {
            after: Millis::secs(1),
            window: Millis::secs(5),
            all: words(&["health(service) == ok"]),
            on_fail: OnFail::Escalate,
        },
        autonomy: RunbookAutonomy { levels: vec![2], business_hours: false, environments: Vec::new() },
        own: false,
    }
}

fn service() -> Service {
    let said = [
        ("unit", "web.service"),
        ("port", "8080"),
        ("cache_dir", "/var/cache/web"),
        ("keys", "session:*"),
        ("bad_unit", "-rf"),
    ];
    Service {
        name: "web".into(),
        env: "production".into(),
        variables: said.map(|(name, value)| (name.into(), value.into())).into(),
        ..Service::default()
    }
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn argv(run: &[&str], pairs: &[(&str, &str)]) -> Result<Vec<String>, BindError> {
    let given = given(&[&[("pid", "7")], pairs].concat());
    bind(&runbook(run), &service(), &given, "service web").map(|plan| plan.steps[0].run.clone())
}

#[test]
fn c12_a_runbook_filled_in_says_exactly_what_will_run() {
    let run =
        ["systemctl", "restart", "${service.unit}", "--port=${service.port}", "$$HOME", "${word}-${pid}"];
    let plan =
        bind(&runbook(&run), &service(), &given(&[("pid", "7"), ("word", "a")]), "service web").unwrap();
    assert_eq!(plan.steps[0].run, ["systemctl", "restart", "web.service", "--port=8080", "$HOME", "a-7"]);
    assert_eq!(plan.prechecks[0].expr, "query_running(7)");
    assert_eq!(plan.verify.all, ["health(\"web\") == ok"]);
    assert_eq!((plan.target.as_str(), plan.env.as_str(), plan.version), ("service web", "production", 3));
}

#[test]
fn expressions_are_filled_in_within_texts_and_bare() {
    let mut book = runbook(&["true"]);
    book.prechecks[0].expr =
        "port_open(\"localhost:${service.port}\") && unit_state(service.unit) == active && query_age(pid) > span && up(\"pid\")".into();
    let plan = bind(&book, &service(), &given(&[("pid", "7"), ("span", "1h30m")]), "x").unwrap();
    assert_eq!(
        plan.prechecks[0].expr,
        "port_open(\"localhost:8080\") && unit_state(\"web.service\") == active && query_age(7) > 5400000ms && up(\"pid\")"
    );
    book.prechecks[0].expr = "query_running(${pid})".into();
    let error = bind(&book, &service(), &given(&[("pid", "7")]), "x").unwrap_err().to_string();
    assert!(error.contains("precheck now: column 15") && error.contains("within a text"), "{error}");
}

#[test]
fn a_cluster_that_is_not_named_is_the_current_one() {
    let run = ["kubectl", "--context=${service.kube_context}"];
    assert_eq!(argv(&run, &[]).unwrap(), ["kubectl", "--context="]);
    let mut service = service();
    let of = |service: &Service| bind(&runbook(&run), service, &given(&[("pid", "7")]), "service web");
    service.variables.insert("kube_context".into(), "far".into());
    assert_eq!(of(&service).unwrap().steps[0].run[1], "--context=far");
    service.variables.insert("kube_context".into(), "far away".into());
    assert!(matches!(of(&service), Err(BindError::Kind { .. })));
}

#[test]
fn what_cannot_be_filled_in_names_its_step() {
    let book = |run: &[&str], pairs: &[(&str, &str)]| argv(run, pairs).unwrap_err().to_string();
    for (error, what) in [
        (book(&["a", "${wrd}"], &[]), "step act, run: no variable is called `wrd`"),
        (book(&["a", "${service.container}"], &[]), "step act, run: service web has no variable `container`"),
        (book(&["a", "${word}"], &[]), "step act, run: the variable `word` was not given"),
        (book(&["a"], &[("extra", "1")]), "`extra` belongs to no variable"),
        (book(&["a"], &[("service.unit", "x")]), "`service.unit` belongs to no variable"),
        (book(&["a", "${word}"], &[("word", "a b")]), "word = \"a b\" is not a name"),
        (book(&["a", "${file}"], &[("file", "/a/../b")]), "is not an absolute path"),
        (book(&["a", "${service.bad_unit}"], &[]), "service.bad_unit = \"-rf\" is not a name"),
        (book(&["a", "$HOME"], &[]), "a dollar is written `$$`"),
        (book(&["a", "${"], &[]), "a dollar is written `$$`"),
        (book(&["a", "${A}"], &[]), "`A` is no name of a variable"),
        (book(&["a", "${service.}"], &[]), "is no name of a variable"),
    ] {
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn directories_that_are_emptied_are_nobody_elses() {
    for good in ["/var/cache/web", "/tmp/app", "/srv/web/cache", "/home/web/cache", "/var/log/web"] {
        assert!(may_be_emptied(good), "{good}");
    }
    for bad in [
        "/",
        "//",
        "/tmp",
        "/etc/nginx",
        "/usr/share/x",
        "/var/lib",
        "/var/lib/postgresql/data",
        "/home/web",
        "/var/log",
        "/proc/1",
        "/root/x",
        "/var//log/",
        "/srv/web",
        "/lib/a/b",
    ] {
        assert!(!may_be_emptied(bad), "{bad}");
    }
    let mut service = service();
    service.variables.insert("cache_dir".into(), "/etc/app".into());
    let error = bind(&runbook(&["find", "${service.cache_dir}"]), &service, &given(&[("pid", "7")]), "x");
    assert!(matches!(error, Err(BindError::Emptied { .. })), "{error:?}");
}

#[test]
fn kinds_take_what_they_say_and_nothing_else() {
    use VariableKind::{Host, KeyPattern, Name, Number, Path, Span, Url};
    let long = "a".repeat(129);
    for (kind, good, bad) in [
        (
            Name,
            vec!["web", "web@1.service", "a:b-c_d", "9"],
            vec!["", "-a", ".a", "a b", "a/b", "a\n", "ä", &long],
        ),
        (
            Path,
            vec!["/a/b c", "/é"],
            vec!["a", "", "/a/../b", "/a/..", "/./a", "/a\nb", "/a\"b", "/a$b", "/a*", "/a=b", "/a\u{202e}b"],
        ),
        (Number, vec!["0", "4294967295"], vec!["-1", "+1", "01", "1.5", "4294967296", "", "1 "]),
        (Span, vec!["90s", "1h30m"], vec!["0s", "", "5", "-5s"]),
        (
            Host,
            vec!["a", "db-1.example:5432", "10.0.0.1", "[::1]:80", "[::1]"],
            vec!["-a", "a:b", "a:0", "a:70000", "a:1:2", "", "[a]", "::1", "a b", "[::1]x"],
        ),
        (KeyPattern, vec!["session:*", "a.b-c_d", "a*b"], vec!["*", "-a*", "", "a?", "a b", "[a]*", ":*"]),
        (
            Url,
            vec!["http://a/b?c=d", "https://[::1]/"],
            vec!["ftp://a", "http://", "http://-a", "http://a b", "javascript:x"],
        ),
    ] {
        for value in good {
            assert!(suits(kind, value), "{kind:?} {value:?}");
        }
        for value in bad {
            assert!(!suits(kind, value), "{kind:?} {value:?}");
        }
        assert!(suits(kind, sample(kind)), "{kind:?}");
    }
    assert!(SERVICE_VARIABLES.windows(2).all(|two| two[0].0 < two[1].0), "in order, each once");
}

proptest! {
    #[test]
    fn no_value_makes_an_option_or_another_argument(value in ".{0,40}", dashes in "[-]{0,2}[a-z/0-9:*]{0,8}") {
        for value in [&value, &dashes] {
            for name in ["pid", "word", "file", "span"] {
                let argument = format!("${{{name}}}");
                let pid = if name == "pid" { value.as_str() } else { "7" };
                let mut pairs = given(&[("pid", pid)]);
                pairs.insert(name.into(), value.clone());
                let Ok(plan) = bind(&runbook(&["a", &argument]), &service(), &pairs, "x") else { continue };
                prop_assert_eq!(plan.steps[0].run.len(), 2);
                prop_assert_eq!(&plan.steps[0].run[1], value);
                prop_assert!(!value.starts_with('-') && !value.is_empty());
            }
        }
    }

    #[test]
    fn no_text_of_a_runbook_makes_it_panic(text in "[a-z${}. -]{0,40}") {
        let _ = argv(&["a", &text], &[]);
        let _ = names_in(&text);
    }
}
