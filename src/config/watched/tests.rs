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

#[test]
fn every_mistake_has_its_line_and_loses_nothing_else() {
    let good = "[[probe]]\nid = 'ok'\nservice = 'web'\ntype = 'tcp'\naddress = 'a:1'\n";
    let cases = [
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
        assert!(found.place.starts_with("f.toml") || found.place == "[[service]]", "{}", found.place);
        assert!(watched.probes.iter().any(|probe| probe.id == "ok"), "{text}");
    }
}
