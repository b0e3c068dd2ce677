//! Probes of databases, caches and metrics against real servers: what goes wrong with one is seen and named. Each test
//! is skipped by name where its server is not installed.

use super::servers::{Alertmanager, Nginx, Postgres, Prometheus, Redis};
use chimera::{
    domain::{
        incident::Severity,
        probe::{Bound, ProbeSpec, Source, WebhookFormat},
        signal::{Check, Reading, SignalState, kind},
        time::{Millis, Timestamp},
    },
    monitor::{
        probes::{self, Eyes, Web},
        webhooks,
    },
    workspace::process::Confinement,
};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::Arc,
};

/// Looks until something is seen; each takes milliseconds, and Prometheus scrapes nothing in its first five seconds.
const LOOKS_MOST: usize = 10_000;

fn eyes() -> Eyes {
    let begin = || {
        chimera::providers::http::install_tls();
        Ok(reqwest::Client::builder().tls_certs_only([]))
    };
    Eyes {
        now: Arc::new(|| {
            let since = std::time::UNIX_EPOCH.elapsed().unwrap();
            Timestamp(i64::try_from(since.as_millis()).unwrap())
        }),
        secret: Arc::new(|text| {
            let text = text.to_owned();
            Box::pin(async move { Ok(text) })
        }),
        web: Web::new(Arc::new(begin)),
        positions: None,
        walls: Confinement::Host,
        env: Vec::new(),
    }
}

fn spec(id: &str, source: Source) -> ProbeSpec {
    ProbeSpec {
        id: id.into(),
        service: "shop".into(),
        env: "production".into(),
        every: Millis::mins(5),
        timeout: Millis::secs(20),
        heartbeat: Millis::mins(15),
        quiet_most: None,
        severity: Severity::P2,
        source,
    }
}

fn postgres(id: &str, url: String, slow: u64) -> ProbeSpec {
    spec(id, Source::Postgres { url, slow: Millis(slow), connections_pct: 80, lag: Millis::mins(10) })
}

async fn looked(spec: &ProbeSpec) -> Vec<Reading> {
    probes::once(spec, &eyes()).await
}

fn found<'a>(readings: &'a [Reading], name: &str) -> Option<&'a Check> {
    readings.iter().find_map(|reading| match reading {
        Reading::Check(check) if check.name == name => Some(check),
        _ => None,
    })
}

fn check<'a>(readings: &'a [Reading], name: &str) -> &'a Check {
    found(readings, name).unwrap_or_else(|| panic!("no check {name}: {readings:#?}"))
}

fn fails(readings: &[Reading], name: &str) -> bool {
    found(readings, name).is_some_and(|check| !check.ok)
}

async fn until(spec: &ProbeSpec, what: &str, is_seen: impl Fn(&[Reading]) -> bool) -> Vec<Reading> {
    let mut last = Vec::new();
    for _ in 0..LOOKS_MOST {
        last = looked(spec).await;
        if is_seen(&last) {
            return last;
        }
    }
    panic!("never {what}: {last:#?}");
}

#[tokio::test]
async fn c2_a_real_postgres_that_is_well_has_nothing_wrong() {
    let Some(server) = Postgres::start("c2_a_real_postgres_that_is_well") else { return };
    server.psql("create extension pg_stat_statements");
    let readings = looked(&postgres("well", server.url(), 5_000)).await;
    for name in ["reach", "connections", "slow", "locks", "idle", "sight"] {
        assert!(check(&readings, name).ok, "{readings:#?}");
    }
    let blind = looked(&postgres("wrong", server.url_of("postgres", "hunter2"), 5_000)).await;
    assert!(
        matches!(&blind[..], [Reading::Blind(why)] if why.contains("28P01") && !why.contains("hunter2")),
        "{blind:?}"
    );
}

#[tokio::test]
async fn c2_slow_statements_of_a_real_postgres_are_seen_while_they_run_and_after() {
    let Some(server) = Postgres::start("c2_slow_statements") else { return };
    server.psql("create extension pg_stat_statements");
    let mut slow = server.session();
    slow.begins("select pg_sleep(600), 'hunter2';");
    let readings =
        until(&postgres("slow", server.url(), 50), "slow", |readings| fails(readings, "slow")).await;
    let slow_check = check(&readings, "slow");
    assert_eq!(
        (slow_check.kind, slow_check.labels["query"].as_str()),
        (kind::DB_SLOW, "select pg_sleep(?), ?;")
    );
    assert!(slow_check.labels["duration_ms"].parse::<u64>().unwrap() >= 50, "{slow_check:?}");
    // These end before anybody looks.
    let spec = postgres("mean", server.url(), 40);
    looked(&spec).await;
    server.psql("select pg_sleep(0.05), 'of three'");
    let mean = looked(&spec).await;
    let mean = check(&mean, "statements");
    assert!(!mean.ok && mean.labels["calls"] == "1" && mean.words.contains("pg_sleep"), "{mean:?}");
}

#[tokio::test]
async fn c2_a_chain_of_locks_of_a_real_postgres_is_followed_to_its_head_even_without_rights() {
    let Some(server) = Postgres::start("c2_a_chain_of_locks") else { return };
    server.psql("create table t (id int primary key, v text); insert into t values (1, 'a'), (2, 'b')");
    server.psql("create role little login password 'p'");
    let [mut first, mut second, mut third] = [server.session(), server.session(), server.session()];
    first.does("begin; update t set v = 'hunter2' where id = 1;");
    second.does("begin; update t set v = 'x' where id = 2;");
    second.begins("update t set v = 'y' where id = 1;");
    let spec = postgres("locks", server.url(), 50);
    until(&spec, "a wait", |readings| fails(readings, "locks")).await;
    third.begins("update t set v = 'z' where id = 2;");
    let readings = until(&spec, "two waits", |readings| {
        found(readings, "locks")
            .is_some_and(|locks| locks.labels.get("waiting").is_some_and(|number| number == "2"))
    })
    .await;
    let locks = check(&readings, "locks");
    assert_eq!(locks.labels["blocker_query"], "update t set v = ? where id = ?;", "{locks:?}");
    assert_eq!(locks.labels["blocker_state"], "idle in transaction");
    let little = looked(&postgres("little", server.url_of("little", "p"), 50)).await;
    assert_eq!(check(&little, "locks").labels["blocked_by"], locks.labels["blocked_by"], "the same head");
    let sight = check(&little, "sight");
    assert!(!sight.ok && sight.words.contains("GRANT pg_monitor TO little"), "{sight:?}");
    assert!(found(&little, "slow").is_none(), "what it may not see is not said to be well");
    // Whoever is at the head leaves, and the chain is gone.
    drop((first, second, third));
    until(&spec, "free", |readings| check(readings, "locks").ok).await;
    server.psql("grant pg_monitor to little");
    let granted = looked(&postgres("granted", server.url_of("little", "p"), 5_000)).await;
    assert!(check(&granted, "slow").ok && check(&granted, "sight").ok, "{granted:#?}");
}

#[tokio::test]
async fn c2_connections_of_a_real_postgres_are_counted_until_there_are_none_left() {
    let Some(server) = Postgres::start("c2_connections") else { return };
    server.psql("create role little login password 'p'; grant pg_monitor to little");
    let mut held = Vec::new();
    // Twenty, of which three are for superusers.
    while held.len() < 16 {
        let mut session = server.session();
        session.does("select 1;");
        held.push(session);
    }
    let spec = postgres("full", server.url_of("little", "p"), 5_000);
    let nearly = looked(&spec).await;
    assert_eq!(check(&nearly, "connections").words, "17 of 17 connections (100 %)");
    assert!(fails(&nearly, "connections"));
    let mut last = server.session();
    last.does("select 1;");
    let full = until(&spec, "full", |readings| found(readings, "reach").is_none()).await;
    assert!(
        matches!(&full[..], [Reading::Check(check), Reading::Sample { metric, value, .. }]
            if check.kind == kind::DB_CONNECTIONS && !check.ok && metric == "pg_connections_pct" && *value > 99.0),
        "{full:?}"
    );
}

#[tokio::test]
async fn c2_a_real_replica_that_disappears_is_told_by_its_primary() {
    let test = "c2_a_real_replica_that_disappears";
    let Some(primary) = Postgres::start(test) else { return };
    let main = postgres("deserted", primary.url(), 5_000);
    assert!(found(&looked(&main).await, "replication").is_none(), "there never was one");
    let Some(replica) = primary.replica(test) else { return };
    until(&main, "followed", |readings| found(readings, "replication").is_some_and(|check| check.ok)).await;
    drop(replica);
    let gone = until(&main, "gone", |readings| fails(readings, "replication")).await;
    assert_eq!(check(&gone, "replication").words, "no replica is connected; before it was 1 replica");
}

#[tokio::test]
async fn c2_a_real_replica_says_how_far_it_is_behind_and_when_it_is_cut_off() {
    let test = "c2_a_real_replica";
    let Some(primary) = Postgres::start(test) else { return };
    let Some(replica) = primary.replica(test) else { return };
    let spec = postgres("replica", replica.url(), 5_000);
    let well =
        until(&spec, "linked", |readings| found(readings, "replication").is_some_and(|check| check.ok)).await;
    assert!(check(&well, "replication").words.starts_with("a replica"), "{well:#?}");
    let main = postgres("primary", primary.url(), 5_000);
    let seen = until(&main, "followed", |readings| found(readings, "replication").is_some()).await;
    assert!(check(&seen, "replication").words.starts_with("1 replica"), "{seen:#?}");
    replica.psql("select pg_wal_replay_pause()");
    let paused = looked(&spec).await;
    assert!(
        fails(&paused, "replication") && check(&paused, "replication").words.contains("paused"),
        "{paused:#?}"
    );
    replica.psql("select pg_wal_replay_resume()");
    drop(primary);
    let cut = until(&spec, "cut off", |readings| fails(readings, "replication")).await;
    assert!(check(&cut, "replication").words.contains("not connected to its primary"), "{cut:#?}");
}

#[expect(clippy::disallowed_methods, reason = "certificates are made by openssl")]
fn openssl(dir: &Path, args: &str) -> bool {
    let mut command = std::process::Command::new("openssl");
    command
        .args(args.split_whitespace())
        .current_dir(dir)
        .output()
        .is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn c2_the_word_of_sslmode_is_kept_with_a_real_postgres() {
    let test = "c2_the_word_of_sslmode";
    let place = tempfile::tempdir().unwrap();
    let dir = place.path();
    if !openssl(dir, "version") {
        eprintln!("SKIPPED {test}: there is no openssl here");
        return;
    }
    std::fs::write(dir.join("names"), "subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n")
        .unwrap();
    for args in [
        "req -x509 -subj /CN=Own -days 2 -keyout ca.key -out ca.pem -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes",
        "req -subj /CN=db -keyout leaf.key -out leaf.csr -newkey rsa:2048 -nodes",
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -sha384 -days 2 -extfile names -out leaf.pem",
    ] {
        assert!(openssl(dir, args), "{args}");
    }
    let prepare = |data: &Path| {
        std::fs::copy(dir.join("leaf.pem"), data.join("server.crt")).unwrap();
        std::fs::copy(dir.join("leaf.key"), data.join("server.key")).unwrap();
        let only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(data.join("server.key"), only).unwrap();
        std::fs::write(
            data.join("pg_hba.conf"),
            "hostssl all all all scram-sha-256\nhost all all all reject\n",
        )
        .unwrap();
    };
    let Some(server) = Postgres::start_with(test, &["ssl=on"], prepare) else { return };
    let (ip, name) = (server.url(), server.url().replace("127.0.0.1", "localhost"));
    let root = format!("sslrootcert={}", dir.join("ca.pem").display());
    for (url, is_let_in) in [
        (ip.clone(), true),
        (format!("{ip}?sslmode=disable"), false),
        (format!("{ip}?sslmode=require"), true),
        // The password is bound to this very certificate, or the server would refuse.
        (format!("{ip}?sslmode=require&channel_binding=require"), true),
        (format!("{ip}?sslmode=verify-ca&{root}"), true),
        (format!("{ip}?sslmode=verify-full&{root}"), false),
        (format!("{name}?sslmode=verify-full&{root}"), true),
        (format!("{name}?sslmode=verify-full"), false),
    ] {
        let readings = looked(&postgres("tls", url.clone(), 5_000)).await;
        assert_eq!(found(&readings, "reach").is_some_and(|check| check.ok), is_let_in, "{url}: {readings:?}");
    }
}

/// Gives a real Redis a command and drops what it says.
fn tell(line: &mut TcpStream, words: &[&str]) {
    let mut command = format!("*{}\r\n", words.len());
    words.iter().for_each(|word| command.push_str(&format!("${}\r\n{word}\r\n", word.len())));
    line.write_all(command.as_bytes()).unwrap();
    assert!(line.read(&mut [0; 256]).unwrap() > 0);
}

#[tokio::test]
async fn c2_a_real_redis_near_its_memory_is_seen_and_what_it_refuses_is_counted() {
    let settings = ["--maxmemory", "3mb", "--maxmemory-policy", "noeviction", "--maxclients", "10"];
    let Some(server) = Redis::start("c2_a_real_redis", &settings) else { return };
    let spec = spec("redis", Source::Redis { url: server.url(), memory_pct: 80 });
    let well = looked(&spec).await;
    for name in ["reach", "loading", "memory", "clients", "persistence"] {
        assert!(check(&well, name).ok, "{well:#?}");
    }
    let mut line = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    for number in 0..400 {
        tell(&mut line, &["SET", &format!("key{number}"), &"x".repeat(10_000)]);
    }
    let full = looked(&spec).await;
    assert!(fails(&full, "memory") && check(&full, "memory").words.contains("noeviction"), "{full:#?}");
    assert!(
        fails(&full, "refused") && check(&full, "refused").words.contains("refused for want of memory"),
        "{full:#?}"
    );
    tell(&mut line, &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    tell(&mut line, &["SET", "one-more", &"x".repeat(10_000)]);
    let evicts = looked(&spec).await;
    assert!(
        fails(&evicts, "evictions") && check(&evicts, "evictions").severity == Severity::P4,
        "{evicts:#?}"
    );
    let held: Vec<TcpStream> =
        (0..9).map(|_| TcpStream::connect(("127.0.0.1", server.port())).unwrap()).collect();
    let crowded = until(&spec, "no client more", |readings| found(readings, "reach").is_none()).await;
    assert!(
        matches!(&crowded[..], [Reading::Check(check)] if check.kind == kind::DB_CONNECTIONS && !check.ok),
        "{crowded:?}"
    );
    drop(held);
}

#[tokio::test]
async fn c2_a_real_redis_without_its_primary_and_behind_a_password_is_seen() {
    let settings = ["--replicaof", "127.0.0.1 1", "--requirepass", "a b@c"];
    let Some(server) = Redis::start("c2_a_real_redis_without_its_primary", &settings) else { return };
    let source = |url: String| Source::Redis { url, memory_pct: 80 };
    let inside = server.url().replace("redis://", "redis://:a%20b%40c@");
    let readings = looked(&spec("follower", source(inside))).await;
    assert!(
        fails(&readings, "replication") && check(&readings, "replication").kind == kind::DB_REPLICATION,
        "{readings:#?}"
    );
    let outside = looked(&spec("outside", source(server.url()))).await;
    assert!(matches!(&outside[..], [Reading::Blind(why)] if why.contains("NOAUTH")), "{outside:?}");
}

#[tokio::test]
async fn c2_a_real_prometheus_is_asked_what_it_scraped_of_itself() {
    let config = "global: {scrape_interval: 100ms}\n\
                  scrape_configs: [{job_name: self, static_configs: [{targets: ['127.0.0.1:{port}']}]}]\n";
    let Some(server) = Prometheus::start("c2_a_real_prometheus", config, "") else { return };
    let ask = |query: &str, range: Option<Millis>| {
        let bound = Bound { above: true, fire: "1".into(), clear: "0.9".into() };
        spec("metrics", Source::Prometheus { url: server.url(), query: query.into(), range, bound })
    };
    let value = |readings: &[Reading]| match readings {
        [Reading::Sample { value, .. }, ..] => *value,
        _ => panic!("{readings:?}"),
    };
    let up = until(&ask("up", None), "a scrape", |readings| readings.len() == 1).await;
    let [Reading::Sample { metric, value: one, labels }] = &up[..] else { panic!("{up:?}") };
    assert!(metric == "up" && *one == 1.0 && labels["job"] == "self", "{up:?}");
    assert_eq!(value(&looked(&ask("up", Some(Millis::mins(5)))).await), 1.0);
    assert_eq!(value(&looked(&ask("1/0", None)).await), f64::INFINITY);
    assert!(value(&looked(&ask("0/0", None)).await).is_nan());
    let none = looked(&ask("vector(1) > 2", None)).await;
    assert!(
        matches!(&none[..], [Reading::Sample { value, .. }, Reading::Blind(_)] if value.is_nan()),
        "{none:?}"
    );
    let wrong = looked(&ask("up{", None)).await;
    assert!(matches!(&wrong[..], [Reading::Blind(why)] if why.contains("parse error")), "{wrong:?}");
}

/// The body of one request, which is answered with 200.
pub fn received(listener: &TcpListener) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().unwrap();
    let (mut heard, mut piece) = (Vec::new(), [0; 4_096]);
    loop {
        let count = stream.read(&mut piece).unwrap();
        heard.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&heard).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .to_lowercase()
            .split_once("content-length: ")
            .unwrap()
            .1
            .split("\r\n")
            .next()
            .unwrap()
            .parse::<usize>()
            .unwrap();
        let body = heard[head.len() + 4..].to_vec();
        if body.len() >= length {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            return (head.to_owned(), body);
        }
    }
}

#[tokio::test]
async fn c2_what_a_real_alertmanager_sends_is_believed_and_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!(
        "route: {{receiver: chimera, group_by: [team], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers: [{{name: chimera, webhook_configs: [{{url: 'http://{}/hook', send_resolved: true, \
         http_config: {{authorization: {{credentials: 'a secret of sixteen letters'}}}}}}]}}]\n",
        listener.local_addr().unwrap()
    );
    let Some(server) = Alertmanager::start("c2_a_real_alertmanager", &config) else { return };
    let client = eyes().web.client(&reqwest::Url::parse(&server.url()).unwrap()).unwrap();
    let send = async |more: &str| {
        let alert = |place: &str| {
            format!(
                "{{\"labels\":{{\"alertname\":\"HighErrorRate\",\"team\":\"shop\",\"severity\":\"critical\",\"instance\":\"{place}\"}},\
                 \"annotations\":{{\"summary\":\"7 % of requests fail\"}}{more}}}"
            )
        };
        let body = format!("[{},{}]", alert("a:1"), alert("b:1"));
        let asked =
            client.post(format!("{}/api/v2/alerts", server.url())).header("content-type", "application/json");
        assert!(asked.body(body).send().await.unwrap().status().is_success());
    };
    send("").await;
    let probe = spec("hook", Source::Webhook { format: WebhookFormat::Alertmanager, secret: String::new() });
    let (head, body) = received(&listener);
    let headers: Vec<(String, String)> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let delivery = webhooks::signature::Delivery { headers: &headers, body: &body, at: Timestamp(0) };
    assert_eq!(
        webhooks::signature::prove(WebhookFormat::Alertmanager, "a secret of sixteen letters", &delivery),
        Ok(None)
    );
    assert!(
        webhooks::signature::prove(
            WebhookFormat::Alertmanager,
            "a secret of sixteen other letters",
            &delivery
        )
        .is_err()
    );
    let firing = webhooks::read(WebhookFormat::Alertmanager, &body, &probe).unwrap();
    assert!(firing.problems.is_empty() && firing.signals.len() == 1, "{firing:?}");
    let signal = &firing.signals[0];
    assert_eq!(
        (signal.state, signal.severity, signal.title.as_str()),
        (SignalState::Firing, Severity::P1, "HighErrorRate: <*> % of requests fail")
    );
    send(",\"endsAt\":\"2020-01-01T00:00:00Z\"").await;
    // The second alert of the group may still come firing before both are over.
    for _ in 0..5 {
        let (_, body) = received(&listener);
        let next = webhooks::read(WebhookFormat::Alertmanager, &body, &probe).unwrap();
        assert_eq!(next.signals[0].fingerprint, signal.fingerprint);
        if next.signals[0].state == SignalState::Clear {
            return;
        }
    }
    panic!("never resolved");
}

#[tokio::test]
async fn c2_a_real_nginx_that_goes_away_is_seen() {
    let Some(server) = Nginx::start("c2_a_real_nginx", "location /health { return 200 'fine'; }") else {
        return;
    };
    assert!(server.dir().join("pid").is_file());
    let http = |url: String| Source::Http {
        url,
        status: (200, 299),
        body: Some("^fine$".into()),
        latency: Millis::secs(5),
        tls_days: 14,
    };
    let spec = spec("web", http(format!("{}/health", server.url())));
    let well = looked(&spec).await;
    assert!(well.iter().all(|reading| !matches!(reading, Reading::Check(check) if !check.ok)), "{well:#?}");
    drop(server);
    let gone = looked(&spec).await;
    assert!(gone.iter().any(|reading| matches!(reading, Reading::Check(check) if !check.ok)), "{gone:#?}");
}
