//! What reaches the network and what does not: settings, proxies and certificates, each against a real server.

use super::{
    stage::*,
    wire::{self, Server},
};
use chimera::providers::rehearsal::{ask::Asked, script::Fault};
use serde_json::json;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Only a proxy knows this host.
const HOST: &str = "models.example.test";

fn address(stage: &Stage) -> SocketAddr {
    stage.address().trim_start_matches("http://").parse().unwrap()
}

/// One team; the check of the brief is the usual one.
fn one_team(stage: &Stage) -> Done {
    stage.brief(&["--team", ANTHROPIC, "--approve", "best"])
}

/// What the team itself asked for, without orchestrator and judges.
pub fn of_team(stage: &Stage) -> Vec<Asked> {
    let roles = ["Decide whether the brief", "Plan the smallest change", "You review patches"];
    let heard = stage.rehearsal.heard().into_iter();
    heard.filter(|asked| !roles.iter().any(|role| asked.system.contains(role))).collect()
}

// -- settings -----------------------------------------------------------------------------------------------

#[test]
fn b22_d4_pages_come_from_allowed_hosts_and_from_no_other() {
    let (allowed, other) = (Server::page("the answer is forty-two"), Server::page("the answer is 41"));
    let get = |server: &Server| ("http_get", json!({"url": format!("http://{}/page", server.address)}));
    let mut turns = office();
    turns.extend(team(
        "claude",
        &[&[get(&allowed)], &[get(&other)], &[edit("answer.txt", "41", "42")]],
        "Give the right answer",
    ));
    let stage = Stage::new(turns);
    stage.settings(&format!("[tools]\nallowed_hosts = [\"{}\"]\n", allowed.address));
    one_team(&stage).exits(0);
    let heard = of_team(&stage);
    assert!(heard[1].said.contains("forty-two"), "{}", heard[1].said);
    assert!(
        heard[2].said.contains(&format!("{} is not an allowed host", other.address)),
        "{}",
        heard[2].said
    );
    assert_eq!(
        (allowed.asked().as_slice(), other.asked().len()),
        (&["GET /page HTTP/1.1".to_owned()][..], 0)
    );
    assert!(heard[0].body.to_string().contains("http_get"), "the tool is offered");
    // Where no host is allowed there is no such tool, and nothing is fetched.
    let mut turns = office();
    turns.extend(team("claude", &[&[get(&allowed)], &[edit("answer.txt", "41", "42")]], "Guess"));
    let stage = Stage::new(turns);
    one_team(&stage).exits(0);
    let heard = of_team(&stage);
    assert!(!heard[0].body["tools"].to_string().contains("http_get"), "the tool is offered");
    assert_eq!(allowed.asked().len(), 1);
}

#[test]
fn d4_commands_reach_the_hosts_network_only_where_the_setting_says_so() {
    for (network, reached) in [("none", false), ("loopback", false), ("all", true)] {
        let page = Server::page("no repository");
        let line = format!("GIT_ALLOW_PROTOCOL=http git ls-remote http://{}/x.git; true", page.address);
        let mut turns = office();
        let calls = [("run", json!({"command": line})), edit("answer.txt", "41", "42")];
        turns.extend(team("claude", &[&calls], "Give the right answer"));
        let stage = Stage::new(turns);
        stage.settings(&format!("[sandbox]\nnetwork = \"{network}\"\n"));
        one_team(&stage).exits(0);
        assert_eq!(!page.asked().is_empty(), reached, "{network}: {:?}", of_team(&stage)[1].said);
    }
}

#[test]
fn d4_b8_a_call_and_a_draft_are_tried_as_often_as_the_settings_say() {
    for (calls, drafts, asked) in [(0, 0, 1), (2, 0, 3), (0, 2, 3), (1, 1, 4)] {
        let overload = Fault::Status { status: 529, retry_after: Some("0".into()), body: None };
        let mut turns = office();
        turns.push(fault("claude", overload, None));
        let stage = Stage::new(turns);
        let settings = format!(
            "[limits]\nmax_retries = {drafts}\n[providers.anthropic]\nmax_retries = {calls}\nrequests_per_minute = 100000\n"
        );
        stage.settings_alone(&settings);
        let done = stage.brief(&["--team", ANTHROPIC, "--approve", "best"]);
        assert_eq!(done.last()["status"], "failed", "{done:?}");
        assert_eq!(of_team(&stage).len(), asked, "{calls} retries a call, {drafts} a draft: {}", done.stdout);
    }
}

// -- proxies ------------------------------------------------------------------------------------------------

fn env(stage: &mut Stage, pairs: &[(&str, &str)]) {
    stage.env.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
}

#[test]
fn a_proxy_of_the_environment_is_used_and_no_proxy_is_heeded() {
    let mut stage = Stage::default();
    let proxy = Server::proxy(address(&stage), None);
    let (to, via) = (format!("http://{HOST}"), format!("http://{}", proxy.address));
    env(&mut stage, &[("ANTHROPIC_BASE_URL", &to), ("HTTP_PROXY", &via), ("NO_PROXY", "127.0.0.1")]);
    let done = stage.brief(&["--approve", "best"]).exits(0);
    assert_eq!(done.last()["candidates"].as_array().unwrap().len(), 2, "{done:?}");
    let asked = proxy.asked();
    let through = format!("POST http://{HOST}/v1/messages HTTP/1.1");
    assert!(!asked.is_empty() && asked.iter().all(|line| *line == through), "{asked:?}");
    let direct = stage.rehearsal.heard().iter().filter(|asked| asked.model.contains("gemini")).count();
    assert!(direct > 0, "the other vendor was reached without the proxy");
    // Without NO_PROXY both go through it.
    let mut stage = Stage::default();
    let proxy = Server::proxy(address(&stage), None);
    let via = format!("http://{}", proxy.address);
    env(&mut stage, &[("ANTHROPIC_BASE_URL", &to), ("HTTP_PROXY", &via)]);
    stage.brief(&["--approve", "best"]).exits(0);
    assert!(proxy.asked().iter().any(|line| line.contains(":streamGenerateContent")), "{:?}", proxy.asked());
}

#[test]
fn what_never_leaves_the_machine_needs_no_proxy() {
    let mut stage = Stage::default();
    // Nobody listens there.
    env(&mut stage, &[("HTTP_PROXY", "http://127.0.0.1:9"), ("ALL_PROXY", "http://127.0.0.1:9")]);
    one_team(&stage).exits(0);
}

#[test]
fn a_proxy_that_is_not_there_is_said() {
    let mut stage = Stage::default();
    stage.settings_alone("[providers.anthropic]\nmax_retries = 0\n[limits]\nmax_retries = 0\n");
    let to = format!("https://{HOST}");
    env(&mut stage, &[("ANTHROPIC_BASE_URL", &to), ("HTTPS_PROXY", "http://127.0.0.1:9")]);
    let done = one_team(&stage).exits(1);
    assert!(done.stdout.contains("could not be reached") || done.stdout.contains("connect"), "{done:?}");
    assert!(stage.rehearsal.heard().iter().all(|asked| !asked.model.contains("claude")), "{done:?}");
}

// -- certificates -------------------------------------------------------------------------------------------

#[expect(clippy::disallowed_methods, reason = "certificates are made by openssl")]
fn openssl(dir: &Path, args: &[&str]) -> bool {
    let mut command = std::process::Command::new("openssl");
    command.args(args).current_dir(dir).output().is_ok_and(|output| output.status.success())
}

/// A self-made authority and a certificate of [`HOST`] by it; `None`, said loudly, where there is no openssl.
fn authority(stage: &Stage, test: &str) -> Option<[PathBuf; 3]> {
    let dir = stage.path("certificates");
    std::fs::create_dir_all(&dir).unwrap();
    if !openssl(&dir, &["version"]) {
        eprintln!("SKIPPED {test}: there is no openssl here");
        return None;
    }
    let names = format!("subjectAltName=DNS:{HOST}\nbasicConstraints=critical,CA:FALSE\n");
    std::fs::write(dir.join("names"), names).unwrap();
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let ca = ["req", "-x509", "-subj", "/CN=Our own", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem"];
    assert!(openssl(&dir, &[&ca[..], &curve].concat()));
    let leaf = ["req", "-subj", "/CN=models", "-keyout", "leaf.key", "-out", "leaf.csr"];
    assert!(openssl(&dir, &[&leaf[..], &curve].concat()));
    let sign = ["x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    let more = ["-days", "2", "-extfile", "names", "-out", "leaf.pem"];
    assert!(openssl(&dir, &[&sign[..], &more].concat()));
    Some(["ca.pem", "leaf.pem", "leaf.key"].map(|name| dir.join(name)))
}

/// Team Anthropic is reached by https through a proxy, behind a certificate of our own authority.
fn behind_tls(mut stage: Stage, test: &str) -> Option<(Stage, PathBuf, Server)> {
    let [ca, leaf, key] = authority(&stage, test)?;
    let tls = wire::tls(&leaf, &key, address(&stage));
    let proxy = Server::proxy(address(&stage), Some(tls));
    let (to, via) = (format!("https://{HOST}"), format!("http://{}", proxy.address));
    env(&mut stage, &[("ANTHROPIC_BASE_URL", &to), ("HTTPS_PROXY", &via)]);
    Some((stage, ca, proxy))
}

#[test]
fn an_authority_of_ones_own_is_trusted_where_the_settings_or_the_environment_name_it() {
    let name = "an_authority_of_ones_own_is_trusted_where_the_settings_or_the_environment_name_it";
    for by_settings in [true, false] {
        let Some((mut stage, ca, proxy)) = behind_tls(Stage::default(), name) else { return };
        if by_settings {
            stage.settings(&format!("[http]\nca_file = \"{}\"\n", ca.display()));
        } else {
            env(&mut stage, &[("SSL_CERT_FILE", ca.to_str().unwrap())]);
        }
        one_team(&stage).exits(0);
        let asked = proxy.asked();
        let tunnel = format!("CONNECT {HOST}:443 HTTP/1.1");
        assert!(!asked.is_empty() && asked.iter().all(|line| *line == tunnel), "{asked:?}");
    }
}

#[test]
fn pages_are_fetched_from_a_host_that_only_ones_own_authority_vouches_for() {
    let mut turns = office();
    let get = ("http_get", json!({"url": format!("https://{HOST}/page")}));
    turns.extend(team("claude", &[&[get], &[edit("answer.txt", "41", "42")]], "Give the right answer"));
    let name = "pages_are_fetched_from_a_host_that_only_ones_own_authority_vouches_for";
    let Some((stage, ca, _proxy)) = behind_tls(Stage::new(turns), name) else { return };
    let settings = format!("[tools]\nallowed_hosts = [\"{HOST}\"]\n[http]\nca_file = \"{}\"\n", ca.display());
    stage.settings(&settings);
    one_team(&stage).exits(0);
    // The rehearsal server answers every such question with its models.
    let heard = of_team(&stage);
    assert!(heard[1].said.contains("200 OK"), "{}", heard[1].said);
}

#[test]
fn a_certificate_of_nobody_we_know_is_refused_before_anything_is_said() {
    let name = "a_certificate_of_nobody_we_know_is_refused_before_anything_is_said";
    let Some((stage, _, proxy)) = behind_tls(Stage::default(), name) else { return };
    stage.settings_alone("[providers.anthropic]\nmax_retries = 0\n[limits]\nmax_retries = 0\n");
    let done = one_team(&stage).exits(1);
    assert!(done.stdout.contains("certificate"), "{done:?}");
    assert!(!proxy.asked().is_empty(), "it never tried");
    assert!(stage.rehearsal.heard().iter().all(|asked| !asked.model.contains("claude")), "words got out");
}

#[test]
fn a_machine_without_certificates_is_told_what_to_do_and_can_still_be_commanded() {
    let mut stage = Stage::default();
    let (file, dir) = (stage.path("none.pem"), stage.path("none"));
    std::fs::write(&file, "").unwrap();
    std::fs::create_dir_all(&dir).unwrap();
    let to = format!("https://{HOST}");
    env(
        &mut stage,
        &[
            ("SSL_CERT_FILE", file.to_str().unwrap()),
            ("SSL_CERT_DIR", dir.to_str().unwrap()),
            ("ANTHROPIC_BASE_URL", &to),
        ],
    );
    let done = one_team(&stage).exits(1);
    assert!(done.stderr.contains("ca-certificates") && !done.all().contains("panicked"), "{done:?}");
    for args in [&["stop", "now"][..], &["resume"], &["missions"], &["doctor"], &["audit", "verify"]] {
        let done = stage.run(args);
        assert!(done.code == Some(0) && !done.all().contains("panicked"), "{args:?}: {done:?}");
    }
    // What is on this machine needs none.
    let here = stage.address().to_owned();
    env(&mut stage, &[("ANTHROPIC_BASE_URL", &here)]);
    one_team(&stage).exits(0);
}
