//! Web addresses that answer well, badly, slowly, not at all, and behind certificates of every kind.

use super::*;
use crate::monitor::probes::eyes::{Web, of_tests};
use reqwest::dns::{Name, Resolve, Resolving};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

/// Reads a request and answers it so, as often as it is asked.
fn server(answer: impl Fn(&str, &mut TcpStream) -> io::Result<()> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            // A client that goes away is what some tests are about.
            let _ = head(&mut stream).and_then(|head| answer(&head, &mut stream));
        }
    });
    address
}

fn head(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Answers everything with this status and body.
fn page(status: &'static str, body: &'static str) -> SocketAddr {
    server(move |_, stream| {
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
    })
}

fn spec(url: String, body: Option<&str>) -> ProbeSpec {
    ProbeSpec {
        id: "web".into(),
        service: "api".into(),
        env: "production".into(),
        every: Millis::secs(1),
        timeout: Millis::secs(30),
        heartbeat: Millis::secs(3),
        quiet_most: None,
        severity: Severity::P1,
        source: Source::Http {
            url,
            status: (200, 299),
            body: body.map(str::to_owned),
            latency: Millis::mins(1),
            tls_days: 14,
        },
    }
}

async fn looked(spec: &ProbeSpec, eyes: &Eyes) -> Vec<Reading> {
    look(spec, eyes).await.unwrap()
}

fn check(found: &[Reading], name: &str) -> Option<Check> {
    let mut named = found.iter().filter_map(|reading| match reading {
        Reading::Check(check) if check.name == name => Some(check.clone()),
        _ => None,
    });
    named.next()
}

fn latency(found: &[Reading]) -> f64 {
    let mut samples = found.iter().filter_map(|reading| match reading {
        Reading::Sample { metric, value, .. } if metric == "http_latency_ms" => Some(*value),
        _ => None,
    });
    samples.next().unwrap()
}

#[tokio::test]
async fn c2_status_body_and_latency_are_checks_of_their_own() {
    let address = page("200 OK", "{\"status\":\"ok\"}");
    let found = looked(
        &spec(format!("http://ada:s3cret@{address}/health?token=s3cret"), Some("\"status\":\\s*\"ok\"")),
        &of_tests(),
    )
    .await;
    for name in ["status", "body", "latency"] {
        assert!(check(&found, name).unwrap().ok, "{name}: {found:?}");
    }
    assert!(check(&found, "tls").is_none() && latency(&found) >= 0.0);
    assert_eq!(check(&found, "status").unwrap().labels["url"], format!("http://{address}/health"));
    assert!(!format!("{found:?}").contains("s3cret"), "{found:?}");
    let found = looked(&spec(format!("http://{address}/"), Some("all well")), &of_tests()).await;
    let body = check(&found, "body").unwrap();
    assert!(
        !body.ok
            && body.kind == kind::HTTP_DOWN
            && body.words.contains("all well")
            && check(&found, "status").unwrap().ok,
        "{body:?}"
    );
    let address = page("503 Service Unavailable", "");
    let found = looked(&spec(format!("http://{address}/"), None), &of_tests()).await;
    let status = check(&found, "status").unwrap();
    assert!(
        !status.ok && status.words == "HTTP 503, well is 200 to 299" && status.labels["status"] == "503",
        "{status:?}"
    );
    assert!(check(&found, "body").is_none());
}

#[tokio::test]
async fn c2_an_answer_that_takes_longer_than_allowed_is_slow_and_milder_than_down() {
    let spec = spec("http://localhost/".into(), None);
    let question = Question {
        spec: &spec,
        url: Url::parse("http://localhost/").unwrap(),
        status: (200, 299),
        pattern: None,
        latency: Millis(500),
        tls_days: 14,
    };
    for (took, ok) in [(500, true), (501, false)] {
        let answer = Answer { status: 200, took: Millis(took), body: None, certificate: None };
        let slow = check(&question.judged(answer, Timestamp(0)), "latency").unwrap();
        assert_eq!((slow.ok, slow.kind, slow.severity), (ok, kind::HTTP_SLOW, Severity::P2), "{slow:?}");
    }
}

#[tokio::test]
async fn c2_a_refusal_a_silence_a_cut_and_a_name_that_leads_nowhere_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let cut = server(|_, _| Ok(()));
    let mut cases = vec![(spec(format!("http://{closed}/"), None), "refused")];
    let mut patient = spec(format!("http://{}/", silent.local_addr().unwrap()), None);
    patient.timeout = Millis(200);
    cases.push((patient, "no answer within 180 ms"));
    cases.push((spec(format!("http://{cut}/"), None), "closed"));
    for (spec, words) in cases {
        let found = looked(&spec, &of_tests()).await;
        let status = check(&found, "status").unwrap();
        assert!(!status.ok && status.words.contains(words), "{words}: {status:?}");
        assert!(latency(&found).is_nan() && check(&found, "latency").is_none());
    }
    struct Nowhere;
    impl Resolve for Nowhere {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(async { Err(io::Error::other("no such name").into()) })
        }
    }
    let begin = Arc::new(|| {
        crate::providers::http::install_tls();
        Ok(reqwest::Client::builder().no_proxy().tls_certs_only([]).dns_resolver(Arc::new(Nowhere)))
    });
    let eyes = Eyes { web: Web::new(begin), ..of_tests() };
    let found = looked(&spec("http://api.example.org/".into(), None), &eyes).await;
    let status = check(&found, "status").unwrap();
    assert_eq!(status.words, "the name api.example.org cannot be resolved: no such name");
}

#[tokio::test]
async fn c2_only_the_first_64_kib_of_a_body_are_read_and_one_that_stalls_is_told() {
    let endless = server(|_, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nbegins")?;
        loop {
            stream.write_all(&[b'x'; 4_096])?;
        }
    });
    let url = format!("http://{endless}/");
    let found = looked(&spec(url.clone(), Some("^begins")), &of_tests()).await;
    assert!(check(&found, "body").unwrap().ok, "{found:?}");
    let found = looked(&spec(url, Some("never said")), &of_tests()).await;
    let body = check(&found, "body").unwrap();
    assert!(!body.ok && body.words.len() < 400, "{body:?}");
    let (hold, held) = std::sync::mpsc::sync_channel::<()>(0);
    let stalls = server(move |_, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")?;
        let _ = held.recv();
        Ok(())
    });
    let mut impatient = spec(format!("http://{stalls}/"), Some("whole"));
    impatient.timeout = Millis(200);
    let found = looked(&impatient, &of_tests()).await;
    let body = check(&found, "body").unwrap();
    assert!(
        !body.ok && body.words.contains("did not come") && check(&found, "status").unwrap().ok,
        "{found:?}"
    );
    drop(hold);
}

#[tokio::test]
async fn c2_a_redirect_is_followed_within_its_host_and_to_no_other() {
    let other = page("200 OK", "other");
    let address = server(move |head, stream| {
        let to = match head.split(' ').nth(1) {
            Some("/own") => "/end".to_owned(),
            Some("/other") => format!("http://{other}/"),
            Some("/round") => "/round".to_owned(),
            _ => return write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        };
        write!(
            stream,
            "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    });
    for (path, said) in [("own", "HTTP 200"), ("other", "HTTP 302"), ("round", "HTTP 302")] {
        let found = looked(&spec(format!("http://{address}/{path}"), None), &of_tests()).await;
        let status = check(&found, "status").unwrap();
        assert!(status.words.starts_with(said), "{path}: {status:?}");
    }
}

#[tokio::test]
async fn c2_this_machine_is_asked_without_a_proxy() {
    let address = page("200 OK", "");
    let begin = Arc::new(|| {
        crate::providers::http::install_tls();
        let nobody = reqwest::Proxy::all("http://127.0.0.1:9").map_err(|error| error.to_string())?;
        Ok(reqwest::Client::builder().tls_certs_only([]).proxy(nobody))
    });
    let eyes = Eyes { web: Web::new(begin), ..of_tests() };
    let found = looked(&spec(format!("http://{address}/"), None), &eyes).await;
    assert!(check(&found, "status").unwrap().ok, "{found:?}");
}

#[tokio::test]
async fn c2_a_pattern_or_an_address_that_cannot_be_used_makes_blind() {
    for (url, body) in [
        ("http://127.0.0.1/", Some("(")),
        ("http://127.0.0.1/", Some("(a{1000}){1000}")),
        ("127.0.0.1", None),
        ("file:///etc/passwd", None),
    ] {
        assert!(look(&spec(url.into(), body), &of_tests()).await.is_err(), "{url} {body:?}");
    }
}

// -- certificates -------------------------------------------------------------------------------------------

/// An authority of our own and what it signs, made by openssl.
struct Authority {
    dir: tempfile::TempDir,
}

impl Authority {
    /// `None`, said loudly, where there is no openssl.
    fn new(test: &str) -> Option<Self> {
        crate::providers::http::install_tls();
        let made = Self { dir: tempfile::tempdir().unwrap() };
        if !made.openssl(&["version"]) {
            eprintln!("SKIPPED {test}: there is no openssl here");
            return None;
        }
        let config = "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n\
                      policy=any\nunique_subject=no\nx509_extensions=leaf\n[any]\ncommonName=supplied\n\
                      [leaf]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n";
        for (name, text) in [("config", config), ("index", ""), ("serial", "1000\n")] {
            std::fs::write(made.at(name), text).unwrap();
        }
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let ca =
            ["req", "-x509", "-subj", "/CN=Our own", "-days", "9999", "-keyout", "ca.key", "-out", "ca.pem"];
        let leaf = ["req", "-subj", "/CN=web", "-keyout", "leaf.key", "-out", "leaf.csr"];
        assert!(made.openssl(&[&ca[..], &curve].concat()) && made.openssl(&[&leaf[..], &curve].concat()));
        Some(made)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    #[expect(clippy::disallowed_methods, reason = "certificates are made by openssl")]
    fn openssl(&self, args: &[&str]) -> bool {
        let mut command = std::process::Command::new("openssl");
        command.args(args).current_dir(self.dir.path()).output().is_ok_and(|output| output.status.success())
    }

    /// A server whose certificate is good between these days, counted from now.
    fn serves(&self, from: i64, until: i64) -> SocketAddr {
        let written = |days: i64| {
            let at = Timestamp((of_tests().now)().0 + days * i64::try_from(DAY.0).unwrap()).to_string();
            at[..19].chars().filter(char::is_ascii_digit).collect::<String>() + "Z"
        };
        let sign = ["ca", "-batch", "-notext", "-config", "config", "-cert", "ca.pem", "-keyfile", "ca.key"];
        let (from, until) = (written(from), written(until));
        let more = ["-in", "leaf.csr", "-out", "leaf.pem", "-startdate", &from, "-enddate", &until];
        assert!(self.openssl(&[&sign[..], &more].concat()));
        encrypted(&self.at("leaf.pem"), &self.at("leaf.key"))
    }

    /// Eyes that believe it.
    fn eyes(&self) -> Eyes {
        let pem = std::fs::read(self.at("ca.pem")).unwrap();
        let begin = Arc::new(move || {
            let ca = reqwest::Certificate::from_pem(&pem).map_err(|error| error.to_string())?;
            Ok(reqwest::Client::builder().tls_certs_only([ca]))
        });
        Eyes { web: Web::new(begin), ..of_tests() }
    }
}

/// Says that all is well, encrypted.
fn encrypted(certificate: &Path, key: &Path) -> SocketAddr {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config =
        Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Ok(connection) = ServerConnection::new(Arc::clone(&config)) else { return };
            let mut line = StreamOwned::new(connection, stream);
            let answered = head(&mut line).and_then(|_| {
                write!(line, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
                line.conn.send_close_notify();
                line.flush()
            });
            drop(answered);
        }
    });
    address
}

#[tokio::test]
async fn c2_the_days_that_a_certificate_is_good_for_are_counted_and_too_few_are_told() {
    let Some(authority) =
        Authority::new("c2_the_days_that_a_certificate_is_good_for_are_counted_and_too_few_are_told")
    else {
        return;
    };
    for (days, ok) in [(60, true), (5, false)] {
        let address = authority.serves(-1, days);
        let found = looked(&spec(format!("https://{address}/"), None), &authority.eyes()).await;
        let tls = check(&found, "tls").unwrap();
        assert_eq!((tls.ok, tls.kind, tls.severity), (ok, kind::TLS_EXPIRY, Severity::P2), "{tls:?}");
        let left: i64 = tls.labels["days"].parse().unwrap();
        assert!((days - 1..=days).contains(&left) && check(&found, "status").unwrap().ok, "{found:?}");
    }
}

#[tokio::test]
async fn c2_an_expired_certificate_is_told_as_one_and_its_address_as_down() {
    let Some(authority) = Authority::new("c2_an_expired_certificate_is_told_as_one_and_its_address_as_down")
    else {
        return;
    };
    let address = authority.serves(-30, -3);
    let found = looked(&spec(format!("https://{address}/"), None), &authority.eyes()).await;
    let (tls, status) = (check(&found, "tls").unwrap(), check(&found, "status").unwrap());
    assert!(!tls.ok && tls.kind == kind::TLS_EXPIRY && tls.severity == Severity::P1, "{tls:?}");
    assert!(
        tls.words.contains("expired on 20") && tls.labels["days"].parse::<i64>().unwrap() < -1,
        "{tls:?}"
    );
    assert!(!status.ok && status.words == "TLS: the certificate of 127.0.0.1 has expired", "{status:?}");
    let address = authority.serves(3, 30);
    let found = looked(&spec(format!("https://{address}/"), None), &authority.eyes()).await;
    let tls = check(&found, "tls").unwrap();
    assert!(!tls.ok && tls.words.contains("not good yet"), "{tls:?}");
}

#[tokio::test]
async fn c2_a_certificate_of_nobody_or_for_another_name_is_down_and_says_why() {
    let Some(authority) =
        Authority::new("c2_a_certificate_of_nobody_or_for_another_name_is_down_and_says_why")
    else {
        return;
    };
    let address = authority.serves(-1, 60);
    let found = looked(&spec(format!("https://{address}/"), None), &of_tests()).await;
    let status = check(&found, "status").unwrap();
    assert!(
        !status.ok && status.words.contains("nobody that is trusted") && check(&found, "tls").is_none(),
        "{found:?}"
    );
    let found =
        looked(&spec(format!("https://localhost:{}/", address.port()), None), &authority.eyes()).await;
    let status = check(&found, "status").unwrap();
    assert!(!status.ok && status.words.contains("not made out to localhost"), "{status:?}");
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain.local_addr().unwrap();
    thread::spawn(move || {
        let Ok((mut stream, _)) = plain.accept() else { return };
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = io::copy(&mut stream, &mut io::sink());
    });
    let found = looked(&spec(format!("https://{address}/"), None), &authority.eyes()).await;
    assert!(check(&found, "status").unwrap().words.starts_with("TLS: "), "{found:?}");
}
