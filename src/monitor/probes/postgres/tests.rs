//! What happens at the door: nobody there, a server that is not ready, full or refuses. What real servers say is tested
//! with real servers in `tests/healing`.

use super::*;
use crate::{domain::time::Millis, monitor::probes::eyes};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

fn spec(url: String) -> ProbeSpec {
    ProbeSpec {
        id: "db".into(),
        service: "shop".into(),
        env: "production".into(),
        every: Millis::mins(5),
        timeout: Millis::secs(5),
        heartbeat: Millis::mins(15),
        quiet_most: None,
        severity: Severity::P2,
        source: Source::Postgres { url, slow: Millis::secs(1), connections_pct: 80, lag: Millis::secs(30) },
    }
}

/// A server that answers a start with an error of this code.
async fn refused(code: &str, message: &str) -> Result<Vec<Reading>, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    let mut answer = vec![b'E'];
    answer.extend_from_slice(&u32::try_from(fields.len() + 4).unwrap().to_be_bytes());
    answer.extend_from_slice(fields.as_bytes());
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 1_024]).await.unwrap() > 0);
        stream.write_all(&answer).await.unwrap();
    };
    let spec = spec(format!("postgres://u:hunter2@127.0.0.1:{port}/app?sslmode=disable"));
    let eyes = eyes::of_tests();
    tokio::join!(look(&spec, &eyes), serve).0
}

fn only(found: Result<Vec<Reading>, String>) -> Check {
    match found.as_deref() {
        Ok([Reading::Check(check)]) => check.clone(),
        _ => panic!("{found:?}"),
    }
}

#[tokio::test]
async fn c2_postgres_that_is_not_there_or_not_ready_or_full_is_a_failing_check() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let none =
        only(look(&spec(format!("postgres://u:hunter2@127.0.0.1:{port}/app")), &eyes::of_tests()).await);
    assert!(!none.ok && none.kind == kind::TCP_DOWN && none.severity == Severity::P1, "{none:?}");
    assert!(none.words.contains("refused") && !none.words.contains("hunter2"), "{none:?}");
    let starting = only(refused("57P03", "the database system is starting up").await);
    assert!(
        !starting.ok && starting.kind == kind::PROCESS_DOWN && starting.words.contains("starting up"),
        "{starting:?}"
    );
    for (code, words, pct) in [
        ("53300", "sorry, too many clients already", Some(100.0)),
        ("08P01", "no more connections allowed (max_client_conn)", Some(100.0)),
        ("53300", "too many connections for role \"u\"", None),
    ] {
        let readings = refused(code, words).await.unwrap();
        let used = readings.iter().find_map(|reading| match reading {
            Reading::Sample { metric, value, .. } if metric == "pg_connections_pct" => Some(*value),
            _ => None,
        });
        assert_eq!(used, pct, "what the rule for used-up connections asks");
        let full = only(Ok(readings[..1].to_vec()));
        assert!(!full.ok && full.kind == kind::DB_CONNECTIONS && full.name == "connections", "{full:?}");
        assert!(full.words.contains(words), "{full:?}");
    }
}

#[tokio::test]
async fn c2_postgres_that_does_not_let_the_probe_in_keeps_it_from_looking() {
    for (code, message) in [
        ("28P01", "password authentication failed for user \"u\""),
        ("3D000", "database \"app\" does not exist"),
    ] {
        let words = refused(code, message).await.unwrap_err();
        assert!(words.contains(message) && words.contains(code) && !words.contains("hunter2"), "{words}");
    }
}

#[tokio::test]
async fn c2_postgres_that_takes_the_connection_and_says_nothing_is_a_failing_check() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut spec = spec(format!("postgres://u@127.0.0.1:{port}/app"));
    spec.timeout = Millis(100);
    let silent = only(look(&spec, &eyes::of_tests()).await);
    assert!(!silent.ok && silent.words.contains("no answer within 100 ms"), "{silent:?}");
}

#[test]
fn what_a_role_may_not_see_is_a_matter_of_its_own() {
    assert!(sight(&[]).ok);
    let little = sight(&["pg_stat_statements is not in this database".to_owned()]);
    assert!(little.ok && little.words.contains("pg_stat_statements"));
    let less = sight(&["locks could not be asked: permission denied".to_owned()]);
    assert!(!less.ok && less.severity == Severity::P4 && less.kind == kind::SILENT);
}
