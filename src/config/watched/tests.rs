//! Services and probes as they are written, and as they should not be.

use super::*;
use crate::{
    config::document,
    domain::{incident::Severity, probe::Source, time::Millis},
};

fn of(text: &str) -> Watched {
    read(&document::read(text).unwrap(), ("f.toml", text))
}

#[test]
fn c2_two_lines_are_a_probe_and_the_service_it_names_is_there() {
    let watched =
        of("[[probe]]\nid = 'home'\nservice = 'web'\ntype = 'http'\nurl = 'http://127.0.0.1:8080/'\n");
    assert!(watched.problems.is_empty(), "{:?}", watched.problems);
    let probe = &watched.probes[0];
    assert_eq!(
        (probe.every, probe.heartbeat, probe.env.as_str()),
        (Millis::secs(10), Millis::secs(30), "production")
    );
    assert!(matches!(probe.source, Source::Http { status: (200, 399), tls_days: 14, .. }));
    assert_eq!(watched.services[0].name, "web");
}

#[test]
fn a_service_is_read_with_its_variables_and_its_release() {
    let watched =
        of("[[service]]\nname = 'web'\nenv = 'staging'\nlevel = 2\napprovers = 2\nrepo = '/srv/web'\n\
        [service.vars]\nunit = 'web.service'\nport = 80\n[service.release]\ndeploy = ['make', 'deploy']\n\
        current = ['cat', 'v']\nrollback = ['deploy', '${previous}']\n[[probe]]\nid = 'u'\nservice = 'web'\n\
        type = 'unit'\nname = 'web.service'\nseverity = 'p2'\n");
    assert!(watched.problems.is_empty(), "{:?}", watched.problems);
    let service = &watched.services[0];
    assert_eq!(service.variables["port"], "80");
    assert_eq!(service.release.as_ref().unwrap().deploy, ["make", "deploy"]);
    assert_eq!((watched.probes[0].env.as_str(), watched.probes[0].severity), ("staging", Severity::P2));
}

/// The line that a problem names in this file.
fn line_of(problem: &Problem, file: &str) -> Option<usize> {
    problem.place.strip_prefix(file)?.split(':').next()?.parse().ok()
}

#[test]
fn every_mistake_of_a_service_has_its_place() {
    const GOOD: &str = "[[service]]\nname = 'web'\nenv = 'production'\ndepends_on = ['db', 'cache']\nlevel = 2\n\
        approvers = 2\ntier_floor = 1\nrepo = '/srv/web'\nhealth = 'http://127.0.0.1/'\n[service.vars]\nport = 80\n\
        [service.release]\ndeploy = ['make', 'deploy']\ntimeout = '1m'\n[[service]]\nname = 'db'\n[[service]]\nname = 'cache'\n";
    assert!(of(GOOD).problems.is_empty(), "{:?}", of(GOOD).problems);
    let cases = [
        ("name = 'web'", "name = 'Web shop'", "f.toml:2:8: name in [[service]]: lower-case letters"),
        ("name = 'web'", "name = ''", "f.toml:2:8: name in [[service]]: expected a text that says something"),
        (
            "name = 'web'",
            "name = 7",
            "f.toml:2:8: name in [[service]]: expected a text that says something, found a number",
        ),
        ("name = 'web'\n", "", "f.toml:2:7: name in [[service]]: is missing"),
        ("name = 'db'", "name = 'cache'", "f.toml:18:8: name in [[service]]: two services are named so"),
        (
            "'db', 'cache'",
            "'db', 'cach'",
            "f.toml:4:21: depends_on in [[service]]: there is no service \"cach\"; did you mean \"cache\"?",
        ),
        (
            "'db', 'cache'",
            "3, 'nowhere'",
            "f.toml:4:18: depends_on in [[service]]: there is no service \"nowhere\"",
        ),
        ("'db', 'cache'", "3", "f.toml:4:14: depends_on in [[service]]: expected a list of texts"),
        ("'db', 'cache'", "'web'", "f.toml:4:14: depends_on in [[service]]: at most 64 other services"),
        (
            "['db', 'cache']",
            "'db'",
            "f.toml:4:14: depends_on in [[service]]: expected a list of texts, found a text",
        ),
        ("level = 2", "level = 0", "f.toml:5:9: level in [[service]]: expected a whole number, 1 to 3"),
        ("level = 2", "level = '2'", "f.toml:5:9: level in [[service]]: expected a whole number"),
        ("level = 2", "levl = 2", "f.toml:5:1: unknown key levl in [[service]]; did you mean level?"),
        (
            "approvers = 2",
            "approvers = 10",
            "f.toml:6:13: approvers in [[service]]: expected a whole number, 1 to 9",
        ),
        (
            "approvers = 2",
            "approvers = 1.5",
            "f.toml:6:13: approvers in [[service]]: expected a whole number",
        ),
        (
            "tier_floor = 1",
            "tier_floor = -1",
            "f.toml:7:14: tier_floor in [[service]]: expected a whole number",
        ),
        ("'/srv/web'", "'srv/web'", "f.toml:8:8: repo in [[service]]: expected an absolute path"),
        ("'http://127.0.0.1/'", "'127.0.0.1'", "f.toml:9:10: health in [[service]]: expected an address"),
        ("port = 80", "port = [80]", "f.toml:11:8: vars.port in [[service]]: expected a text or a number"),
        (
            "port = 80",
            "port = \"a\\u0000b\"",
            "f.toml:11:8: vars.port in [[service]]: expected a text or a number",
        ),
        (
            "['make', 'deploy']",
            "'make deploy'",
            "f.toml:13:10: release.deploy in [[service]]: expected a command as a list",
        ),
        (
            "['make', 'deploy']",
            "['']",
            "f.toml:13:10: release.deploy in [[service]]: expected a command as a list",
        ),
        (
            "deploy = [",
            "deplyo = [",
            "f.toml:13:1: unknown key release.deplyo in [[service]]; did you mean release.deploy?",
        ),
        (
            "timeout = '1m'",
            "timeout = '-1m'",
            "f.toml:14:11: release.timeout in [[service]]: expected a duration",
        ),
        (
            "timeout = '1m'",
            "timeout = 60",
            "f.toml:14:11: release.timeout in [[service]]: expected a duration",
        ),
        ("name = 'cache'\n", "name = 'cache'\n[[service]]\n", "f.toml:19:1: name in [[service]]: is missing"),
    ];
    for (from, to, what) in cases {
        assert!(GOOD.contains(from), "{from}");
        let watched = of(&GOOD.replacen(from, to, 1));
        let told: Vec<String> = watched.problems.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|told| told.starts_with(what)), "{to}: wanted {what}\n{told:#?}");
        assert!(watched.services.iter().any(|service| service.name == "cache"), "{to}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reading_fail_badly(noise in "\\PC{0,60}", at in 0_usize..300) {
        let good = "[[service]]\nname = 'web'\ndepends_on = ['db']\n[service.vars]\nport = 80\n\
            [[probe]]\nid = 'x'\nservice = 'web'\ntype = 'http'\nurl = 'http://a'\nstatus = '200-299'\nevery = '5s'\n";
        let at = at.min(good.len());
        let text = format!("{}{noise}{}", &good[..at], &good[at..]);
        if let Ok(leaves) = document::read(&text) {
            for problem in read(&leaves, ("f.toml", &text)).problems {
                proptest::prop_assert!(line_of(&problem, "f.toml:").is_some(), "{}", problem);
            }
        }
    }
}

#[test]
fn every_mistake_has_its_line_and_loses_nothing_else() {
    let good = "[[probe]]\nid = 'ok'\nservice = 'web'\ntype = 'tcp'\naddress = 'a:1'\n";
    let cases = [
        ("[[probe]]\n", "id in [[probe]]: is missing"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\n", "type in [[probe]]: is missing"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'htp'\n", "is none of"),
        ("[[probe]]\nid = 'X y'\nservice = 'web'\ntype = 'unit'\nname = 'a'\n", "lower-case"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'tcp'\naddress = 'nowhere'\n", "host:port"),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'tcp'\nadress = 'a:1'\naddress = 'a:1'\n",
            "did you mean address?",
        ),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'tcp'\naddress = 'a:1'\nquery = 'up'\n",
            "means nothing for this type",
        ),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'file'\npath = 'log'\n", "absolute path"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'command'\nargv = 'tail -f x'\n", "as a list"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'command'\nargv = []\n", "as a list"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'http'\nurl = 'ftp://a'\n", "http://"),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'http'\nurl = 'http://a'\nstatus = '500-200'\n",
            "status",
        ),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'http'\nurl = 'http://a'\nbody = '('\n",
            "regular expression",
        ),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'process'\n", "one of them finds"),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'process'\npid_file = '/p'\nmatch = 'web'\n",
            "means nothing beside pid_file",
        ),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'container'\nname = '--rm'\n", "a name of letters"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'unit'\nname = 'a b; rm'\n", "a name of letters"),
        (
            "[[service]]\nname = 'web'\n[service.vars]\nunit = 'a b; rm'\n",
            "vars.unit in [[service]]: expected a name",
        ),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'postgres'\nurl = 'postgres://u:hunter2@h/db'\n",
            "write \"env:NAME\"",
        ),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'postgres'\nurl = 'host=h user=u password=hunter2'\n",
            "write \"env:NAME\"",
        ),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'redis'\nurl = 'redis://:hunter2@h:6379'\n",
            "write \"env:NAME\"",
        ),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'container'\nname = 'a'\nprogram = 'rkt'\n", "podman"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'disk'\npath = '/'\nfull_pct = 101\n", "1 to 100"),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'prometheus'\nurl = 'u'\nquery = 'q'\n",
            "either above or below",
        ),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'prometheus'\nurl = 'u'\nquery = 'q'\nabove = 'much'\n",
            "a number",
        ),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'prometheus'\nurl = 'u'\nquery = 'q'\nabove = 5\nclear = 6\n",
            "well side",
        ),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'postgres'\n", "url in [[probe]]: is missing"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'webhook'\nformat = 'fax'\n", "alertmanager"),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'webhook'\n", "secret in [[probe]]: is missing"),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'webhook'\nsecret = 'hunter2-hunter2'\n",
            "must not stand in a file",
        ),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'unit'\nname = 'a'\nevery = '0s'\n",
            "longer than nothing",
        ),
        (
            "[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'unit'\nname = 'a'\nheartbeat = '1s'\n",
            "shorter than every",
        ),
        ("[[probe]]\nid = 'x'\nservice = 'web'\ntype = 'unit'\nname = 'a'\nseverity = 'bad'\n", "P0"),
        ("[[probe]]\nid = 'ok'\nservice = 'web'\ntype = 'unit'\nname = 'a'\n", "two probes are named"),
        (
            "[[service]]\nname = 'web'\ndepends_on = ['dbs']\n[[service]]\nname = 'db'\n",
            "did you mean \"db\"?",
        ),
        ("[[service]]\nname = 'web'\ndepends_on = ['web']\n", "other services"),
        ("[[service]]\nenv = 'x'\n", "name in [[service]]: is missing"),
        ("[[service]]\nname = 'web'\nlevel = 4\n", "1 to 3"),
        ("[[service]]\nname = 'web'\n[service.release]\nbuild = ['make']\n", "release.deploy"),
        (
            "[[service]]\nname = 'web'\n[service.release]\ndeploy = ['d']\nrollback = ['r', '${previous}']\n",
            "release.current",
        ),
    ];
    for (text, what) in cases {
        let text = format!("{good}{text}");
        let watched = of(&text);
        let found = watched.problems.iter().find(|problem| problem.what.contains(what));
        let found = found.unwrap_or_else(|| panic!("{text}\n{:?}", watched.problems));
        let lines: Vec<usize> =
            watched.problems.iter().filter_map(|problem| line_of(problem, "f.toml:")).collect();
        assert_eq!(lines.len(), watched.problems.len(), "{:?}", watched.problems);
        assert!(line_of(found, "f.toml:") > Some(5), "{found}");
        assert!(watched.probes.iter().any(|probe| probe.id == "ok"), "{text}");
    }
}

#[test]
fn services_that_stand_on_each_other_in_a_circle_are_a_mistake() {
    let of_three = |last: &str| {
        of(&format!(
            "[[service]]\nname = 'a'\ndepends_on = ['b']\n[[service]]\nname = 'b'\ndepends_on = ['d', 'c']\n\
             [[service]]\nname = 'c'\ndepends_on = [{last}]\n[[service]]\nname = 'd'\n"
        ))
    };
    assert!(of_three("'d'").problems.is_empty(), "two ways to one are no circle");
    let told: Vec<String> =
        of_three("'a'").problems.iter().map(|told| format!("{}: {}", told.place, told.what)).collect();
    assert_eq!(
        told,
        ["f.toml:3:14: depends_on in [[service]]: it comes back to itself: a -> b -> c -> a"],
        "told once"
    );
}

#[test]
fn a_probe_of_a_service_that_is_nearly_called_like_one_is_doubted() {
    let probe = |service: &str| {
        format!("[[probe]]\nid = 'port'\nservice = '{service}'\ntype = 'tcp'\naddress = 'h:1'\n")
    };
    let with = |service: &str| of(&format!("[[service]]\nname = 'web'\n{}", probe(service)));
    let slip = with("wbe");
    assert!(slip.problems.is_empty(), "it is allowed");
    assert_eq!(slip.doubts[0].place, "f.toml:5:11");
    assert!(slip.doubts[0].what.ends_with("there is no [[service]] \"wbe\"; did you mean \"web\"?"));
    assert!(with("web").doubts.is_empty() && with("payments").doubts.is_empty());
    assert!(of(&probe("wbe")).doubts.is_empty(), "no service has a table");
}

#[test]
fn what_a_release_wants_filled_in_must_be_known() {
    let rolled = |word: &str| {
        let text = format!(
            "[[service]]\nname = 'web'\n[service.release]\ndeploy = ['d']\ncurrent = ['c']\nrollback = ['d', '{word}']\n"
        );
        of(&text).problems.iter().map(|told| format!("{}: {}", told.place, told.what)).collect::<Vec<_>>()
    };
    assert!(rolled("${previous}").is_empty() && rolled("${HOME:-x}").is_empty());
    assert_eq!(
        rolled("${prev}"),
        [
            "f.toml:6:12: release.rollback in [[service]]: ${prev} stands for nothing: only ${previous} is filled in"
        ]
    );
}

#[test]
fn an_address_without_a_password_or_from_elsewhere_is_taken() {
    for url in [
        "postgres://u@h/db?sslmode=require",
        "postgres://h:5432/db",
        "env:DATABASE_URL",
        "cmd:pass show a:b@c",
    ] {
        let read = of(&format!("[[probe]]\nid = 'p'\nservice = 'web'\ntype = 'postgres'\nurl = '{url}'\n"));
        assert!(read.problems.is_empty(), "{url}: {:?}", read.problems);
    }
}

#[test]
fn a_malformed_value_is_shown() {
    let told =
        of("[[probe]]\nid = 'p'\nservice = 'web'\ntype = 'tcp'\naddress = 'h:1'\nevery = '10 parsecs'\n");
    assert!(told.problems[0].what.ends_with("found \"10 parsecs\""), "{:?}", told.problems);
}
