//! TLS with certificates of an authority of our own, screens over it, and what is refused at the start.

use super::wire::{Outside, bearer, outside, token};
use crate::house::stage::{Running, Stage};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

#[expect(clippy::disallowed_methods, reason = "certificates are made by openssl")]
fn openssl(dir: &Path, args: &str) -> bool {
    let mut command = std::process::Command::new("openssl");
    command.args(args.split_whitespace()).current_dir(dir).output().is_ok_and(|done| done.status.success())
}

/// An authority and a certificate of this name for this machine; `None`: there is no openssl here.
fn certificates(stage: &Stage, test: &str) -> Option<PathBuf> {
    let dir = stage.path("tls");
    fs::create_dir_all(&dir).unwrap();
    if !openssl(&dir, "version") {
        eprintln!("SKIPPED {test}: there is no openssl here");
        return None;
    }
    let ca = "req -x509 -subj /CN=Own -days 2 -keyout ca.key -out ca.pem -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    assert!(openssl(&dir, ca));
    leaf(&dir, "first");
    Some(dir)
}

/// A certificate of this name in the daemon's place.
fn leaf(dir: &Path, name: &str) {
    fs::write(
        dir.join("names"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n",
    )
    .unwrap();
    for args in [
        format!("req -subj /CN={name} -keyout new.key -out leaf.csr -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"),
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -sha256 -days 2 -extfile names -out new.pem".into(),
    ] {
        assert!(openssl(dir, &args), "{args}");
    }
    fs::rename(dir.join("new.key"), dir.join("leaf.key")).unwrap();
    fs::rename(dir.join("new.pem"), dir.join("leaf.pem")).unwrap();
}

fn settings(dir: &Path) -> String {
    let at = dir.display();
    format!("certificate = \"{at}/leaf.pem\"\nkey = \"{at}/leaf.key\"")
}

/// The status of an answer over TLS, and the certificate that was shown.
fn over_tls(outside: &Outside, dir: &Path, headers: &str) -> Result<(String, Vec<u8>), String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(dir.join("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, outside.connect());
    let head = format!("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    let shown = stream.conn.peer_certificates().unwrap()[0].to_vec();
    Ok((String::from_utf8_lossy(&all).lines().next().unwrap_or_default().to_owned(), shown))
}

#[test]
fn d11_tls_by_own_files_is_all_there_is_on_that_port_and_a_renewal_is_taken_up() {
    let stage = Stage::default();
    let Some(dir) = certificates(&stage, "d11_tls_by_own_files") else { return };
    let outside = outside(&stage, &settings(&dir));
    assert!(outside.url.starts_with("https://127.0.0.1:"), "{}", outside.url);
    let token = token(&stage, "ci", "viewer", &[]);
    let (status, first) = over_tls(&outside, &dir, &bearer(&token)).unwrap();
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert_eq!(over_tls(&outside, &dir, "").unwrap().0, "HTTP/1.1 401 Unauthorized");
    // In the clear nothing is answered, and nothing is told.
    let clear = outside.raw(&format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{}\r\n", bearer(&token)));
    assert!(!clear.contains("HTTP/1.1"), "{clear}");
    fs::write(dir.join("leaf.pem"), "nothing").unwrap();
    assert_eq!(over_tls(&outside, &dir, "").unwrap().1, first, "what cannot be used does not take its place");
    leaf(&dir, "second");
    let (status, second) = over_tls(&outside, &dir, &bearer(&token)).unwrap();
    assert!(status.contains("200") && second != first, "the renewed certificate is not shown");
    outside.daemon.ends();
}

#[test]
fn d11_what_could_be_read_on_its_way_or_cannot_be_shown_is_refused_at_the_start() {
    let stage = Stage::default();
    let start = |server: &str, env: &[(&str, &str)]| {
        stage.settings(&format!("[server]\n{server}\n"));
        let mut command = stage.chimera(&["--monitor", "--json"]);
        command.envs(env.iter().copied());
        Running::new(command.spawn().unwrap()).end().exits(1).stderr
    };
    let said = start("listen = \"0.0.0.0:0\"", &[]);
    assert!(
        said.contains("without TLS they could read every token") && said.contains("chimera.toml:2"),
        "{said}"
    );
    let said = start("", &[("CHIMERA_API_HOST", "0.0.0.0")]);
    assert!(said.contains("CHIMERA_API_HOST") && said.contains("without TLS"), "{said}");
    let said = start("", &[("CHIMERA_API_PORT", "http")]);
    assert!(said.contains("CHIMERA_API_PORT") && said.contains("127.0.0.1:http"), "{said}");
    let said = start("listen = \"127.0.0.1:0\"\ncertificate = \"/x.pem\"", &[]);
    assert!(said.contains("server.certificate: wants its key"), "{said}");
    let pair = "listen = \"127.0.0.1:0\"\ncertificate = \"cert.pem\"\nkey = \"key.pem\"";
    let said = start(pair, &[]);
    let path = stage.data().join("cert.pem").display().to_string();
    assert!(said.contains(&path) && said.contains("No such file"), "{said}");
    fs::write(stage.data().join("cert.pem"), "-----BEGIN NOTHING-----\n").unwrap();
    let said = start(pair, &[]);
    assert!(said.contains(&path) && said.contains("must hold PEM certificates"), "{said}");
    let Some(dir) = certificates(&stage, "d11_what_could_be_read") else { return };
    fs::copy(dir.join("leaf.pem"), stage.data().join("cert.pem")).unwrap();
    fs::copy(dir.join("ca.key"), stage.data().join("key.pem")).unwrap();
    let said = start(pair, &[]);
    assert!(said.contains("do not go together"), "{said}");
}

#[test]
fn d11_a_screen_reaches_a_daemon_over_tls_with_a_token_and_is_told_when_it_may_not() {
    let stage = Stage::default();
    let Some(dir) = certificates(&stage, "d11_a_screen_reaches_a_daemon_over_tls") else { return };
    let outside = outside(&stage, &settings(&dir));
    let (operator, viewer) = (token(&stage, "far", "operator", &[]), token(&stage, "eye", "viewer", &[]));
    let file = stage.path("token");
    let bring = |token: &str, mode: u32| {
        fs::write(&file, format!("{token}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    };
    let ca = dir.join("ca.pem").display().to_string();
    let file_name = file.display().to_string();
    let attach = |more: &[&str]| {
        let mut command = stage.chimera(&[&["--linear", "attach", outside.url.as_str()], more].concat());
        command.env("CHIMERA_DB_PATH", stage.path("nowhere"));
        command
    };
    let refused = |more: &[&str]| Running::new(attach(more).spawn().unwrap()).end().exits(1).stderr;
    let with = ["--ca", ca.as_str(), "--token-file", file_name.as_str()];
    bring(&operator, 0o644);
    assert!(refused(&with).contains("others can read it"));
    bring(&format!("{}{}", &operator[..operator.len() - 64], "0".repeat(64)), 0o600);
    let said = refused(&with);
    assert!(said.contains("does not serve you") && said.contains("CHIMERA_TOKEN"), "{said}");
    bring(&operator, 0o600);
    let said = refused(&["--token-file", file_name.as_str()]);
    assert!(said.contains("cannot be reached"), "an authority that nobody knows is believed: {said}");
    let mut child = attach(&with).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut far = Running::new(child);
    far.says(&format!("attached to {}", outside.url));
    writeln!(stdin, "pause lunch").unwrap();
    far.says("paused: lunch");
    assert_eq!(outside.daemon.get("/api/control").is(200).json()["reason"], "lunch");
    writeln!(stdin, "resume").unwrap();
    assert!(far.says("not done").contains("director"), "{:?}", far.seen);
    // What a brief mentions is on the daemon's machine, and is not looked for on this one.
    writeln!(stdin, "brief see @answer.txt").unwrap();
    far.says("this screen is on another");
    stage.run(&["token", "revoke", "far"]).exits(0);
    far.says("line lost: ");
    far.says("your token does not count any more");
    drop(stdin);
    far.end().exits(0);
    let mut command = attach(&["--ca", ca.as_str()]);
    let mut child = command.env("CHIMERA_TOKEN", &viewer).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut eye = Running::new(child);
    eye.says("attached to");
    writeln!(stdin, "pause x").unwrap();
    assert!(eye.says("not done").contains("token:eye is viewer"), "{:?}", eye.seen);
    drop(stdin);
    eye.end().exits(0);
    assert!(!stage.path("nowhere").exists(), "a face opens no data directory");
    outside.daemon.ends();
    let paused = stage.journal().into_iter().find(|entry| entry["kind"] == "control.paused").unwrap();
    assert_eq!(paused["actor"], "person:token:far");
}
