//! Addresses, and servers on loopback that answer as Redis does when something is wrong.

use super::*;
use crate::{domain::time::Millis, monitor::probes::eyes};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

fn spec(id: &str, url: &str) -> ProbeSpec {
    ProbeSpec {
        id: id.to_owned(),
        service: "shop".into(),
        env: "production".into(),
        every: Millis::mins(5),
        timeout: Millis::secs(5),
        heartbeat: Millis::mins(15),
        quiet_most: None,
        severity: Severity::P2,
        source: Source::Redis { url: url.to_owned(), memory_pct: 80 },
    }
}

/// Looks at a server that gives these answers, one a command, and returns what it was told.
async fn looked(id: &str, user: &str, answers: &[&str]) -> (Result<Vec<Reading>, String>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let spec = spec(id, &format!("redis://{user}127.0.0.1:{}", listener.local_addr().unwrap().port()));
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut heard, mut piece) = (String::new(), [0; 1024]);
        for answer in answers {
            let count = stream.read(&mut piece).await.unwrap();
            heard.push_str(&String::from_utf8_lossy(&piece[..count]));
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        heard
    };
    let eyes = eyes::of_tests();
    tokio::join!(look(&spec, &eyes), serve)
}

fn check<'a>(readings: &'a [Reading], name: &str) -> &'a Check {
    let found = readings.iter().find_map(|reading| match reading {
        Reading::Check(check) if check.name == name => Some(check),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no check {name}: {readings:?}"))
}

fn info(more: &str) -> String {
    let info =
        format!("redis_version:7.0.0\r\nused_memory:100\r\nmaxmemory:1000\r\nconnected_clients:1\r\n{more}");
    format!("${}\r\n{info}\r\n", info.len())
}

#[tokio::test]
async fn c2_redis_user_and_password_are_given_before_anything_is_asked() {
    let (found, heard) = looked("redis-auth", "ops:p%40ss@", &["+OK\r\n", &info("evicted_keys:5\r\n")]).await;
    assert!(check(&found.unwrap(), "reach").ok);
    assert!(
        heard.starts_with("*3\r\n$4\r\nAUTH\r\n$3\r\nops\r\n$4\r\np@ss\r\n*1\r\n$4\r\nINFO\r\n"),
        "{heard}"
    );
    let (found, heard) = looked("redis-auth", ":pass@", &["+OK\r\n", &info("evicted_keys:9\r\n")]).await;
    let found = found.unwrap();
    assert!(heard.starts_with("*2\r\n$4\r\nAUTH\r\n$4\r\npass\r\n"), "{heard}");
    // The second look of the same probe knows what came on top.
    assert!(check(&found, "evictions").words.starts_with("4 keys"), "{found:?}");
}

#[tokio::test]
async fn c2_redis_that_refuses_says_whether_it_or_the_probe_is_wrong() {
    let (found, _) = looked("redis-noauth", "", &["-NOAUTH Authentication required.\r\n"]).await;
    assert!(found.unwrap_err().contains("NOAUTH"));
    let (found, _) = looked("redis-wrong", ":x@", &["-WRONGPASS invalid username-password pair\r\n"]).await;
    assert!(found.unwrap_err().contains("WRONGPASS"));
    let (found, _) =
        looked("redis-loading", "", &["-LOADING Redis is loading the dataset in memory\r\n"]).await;
    let found = found.unwrap();
    assert!(!check(&found, "reach").ok && check(&found, "reach").kind == kind::PROCESS_DOWN);
    let (found, _) = looked("redis-full", "", &["-ERR max number of clients reached\r\n"]).await;
    assert!(!check(&found.unwrap(), "clients").ok);
    let (found, _) = looked("redis-web", "", &["HTTP/1.1 400 Bad Request\r\n\r\n"]).await;
    assert!(found.unwrap_err().contains("no reply of a Redis server"));
    let (found, _) = looked("redis-gone", "", &[""]).await;
    assert!(!check(&found.unwrap(), "reach").ok, "a line that breaks is a server that does not answer");
}

#[tokio::test]
async fn c2_redis_that_is_not_there_is_a_failing_check() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let found =
        look(&spec("redis-none", &format!("redis://127.0.0.1:{port}")), &eyes::of_tests()).await.unwrap();
    let reach = check(&found, "reach");
    assert!(!reach.ok && reach.severity == Severity::P1 && reach.words.contains("refused"), "{reach:?}");
}

#[test]
fn a_wrong_address_is_refused_without_repeating_it() {
    for address in ["", "redis://", "http://:hunter2@h", "redis//:hunter2@h", "redis://:hunter2@h:port"] {
        let words = Door::of(address).err().unwrap_or_else(|| panic!("{address} was taken"));
        assert!(!words.contains("hunter2"), "{words}");
    }
    let door = Door::of("rediss://u:p%20q@[::1]:7000/0?sslrootcert=/ca.pem").unwrap();
    assert_eq!(
        (door.host.as_str(), door.port, door.user.as_str(), door.password.as_str()),
        ("::1", 7000, "u", "p q")
    );
    assert!(door.tls && door.roots.is_some());
    assert_eq!(Door::of("redis://cache").unwrap().port, PORT);
}
