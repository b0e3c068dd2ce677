//! One question to a server on loopback, as it goes over the line.

use super::*;
use crate::{
    domain::{incident::Severity, probe::Bound},
    monitor::probes::eyes,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

fn spec(url: String, range: Option<Millis>) -> ProbeSpec {
    ProbeSpec {
        id: "errors".into(),
        service: "shop".into(),
        env: "production".into(),
        every: Millis::mins(5),
        timeout: Millis::secs(5),
        heartbeat: Millis::mins(15),
        quiet_most: None,
        severity: Severity::P2,
        source: Source::Prometheus {
            url,
            query: "sum(rate(errors[5m])) > 0 & \u{e4}".into(),
            range,
            bound: Bound { above: true, fire: "0.5".into(), clear: "0.45".into() },
        },
    }
}

/// Asks a server that answers with these bytes, and returns what it was asked.
async fn asked(
    user: &str,
    path: &str,
    range: Option<Millis>,
    answer: &[u8],
) -> (Result<Vec<Reading>, String>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut heard, mut piece) = (String::new(), [0; 4_096]);
        // The form is the last thing that is sent, and "limit" stands in it.
        while !heard.contains("limit=") {
            let count = stream.read(&mut piece).await.unwrap();
            heard.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        // A client that has read enough goes away.
        let _ = stream.write_all(answer).await;
        heard
    };
    let spec = spec(format!("http://{user}127.0.0.1:{port}{path}"), range);
    let eyes = eyes::of_tests();
    tokio::join!(look(&spec, &eyes), serve)
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

const ONE: &str = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1,"0.75"]}]}}"#;

#[tokio::test]
async fn c2_a_query_is_posted_as_a_form_and_its_series_come_back_as_samples() {
    let (found, heard) = asked("", "/prom/", None, &http("200 OK", ONE)).await;
    let labels = BTreeMap::from([("job".to_owned(), "a".to_owned())]);
    assert_eq!(found.unwrap(), [Reading::Sample { metric: "errors".into(), value: 0.75, labels }]);
    assert!(heard.starts_with("POST /prom/api/v1/query HTTP/1.1\r\n"), "{heard}");
    assert!(
        heard.contains("query=sum%28rate%28errors%5B5m%5D%29%29%20%3E%200%20%26%20%C3%A4&timeout=5000ms"),
        "{heard}"
    );
    assert!(heard.contains("time=") && !heard.to_lowercase().contains("authorization"), "{heard}");
}

#[tokio::test]
async fn c2_a_range_is_asked_with_its_span_and_step() {
    let body = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"m"},"values":[[1,"1"],[2,"3"],[3,"3"]]}]}}"#;
    let (found, heard) = asked("", "", Some(Millis::mins(10)), &http("200 OK", body)).await;
    assert_eq!(found.unwrap(), [Reading::Sample { metric: "m".into(), value: 3.0, labels: BTreeMap::new() }]);
    assert!(
        heard.starts_with("POST /api/v1/query_range HTTP/1.1\r\n") && heard.contains("step=10"),
        "{heard}"
    );
    let number = |name: &str| -> f64 {
        let (_, rest) = heard.split_once(&format!("{name}=")).unwrap();
        rest.split('&').next().unwrap().parse().unwrap()
    };
    assert!((number("end") - number("start") - 600.0).abs() < 0.01, "{heard}");
}

#[tokio::test]
async fn c2_user_and_password_and_tokens_go_into_a_header_and_nowhere_else() {
    let (_, heard) = asked("bearer:t%2Fk@", "", None, &http("200 OK", ONE)).await;
    assert!(
        heard.to_lowercase().contains("authorization: bearer t/k\r\n") && !heard.contains("@127"),
        "{heard}"
    );
    let (_, heard) = asked("ada:s3cret@", "", None, &http("200 OK", ONE)).await;
    assert!(heard.contains("Basic YWRhOnMzY3JldA==") && !heard.contains("s3cret"), "{heard}");
    let (found, _) = asked("ada:s3cret@", "", None, b"").await;
    let words = found.unwrap_err();
    assert!(!words.contains("s3cret") && !words.is_empty(), "{words}");
}

#[tokio::test]
async fn c2_an_empty_answer_is_a_gap_and_never_well() {
    let body = r#"{"status":"success","data":{"resultType":"vector","result":[]},"warnings":["store down"]}"#;
    let (found, _) = asked("", "", None, &http("200 OK", body)).await;
    let found = found.unwrap();
    let [Reading::Sample { metric, value, labels }, Reading::Blind(why)] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(metric == "errors" && value.is_nan() && labels[GAP] == *why);
    assert!(why.contains("no series") && why.contains("store down"), "{why}");
}

#[tokio::test]
async fn c2_an_error_of_the_server_keeps_the_probe_from_looking() {
    let body = r#"{"status":"error","errorType":"execution","error":"query timed out"}"#;
    for status in ["400 Bad Request", "422 Unprocessable Entity", "503 Service Unavailable"] {
        let (found, _) = asked("", "", None, &http(status, body)).await;
        assert!(found.unwrap_err().contains("query timed out"));
    }
}

#[tokio::test]
async fn c2_an_answer_without_end_is_not_read_to_its_end() {
    let mut answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    answer.resize(BODY_MOST + 64 * 1024, b' ');
    let (found, _) = asked("", "", None, &answer).await;
    assert!(found.unwrap_err().contains("ask for fewer series"));
}

#[test]
fn a_wrong_address_is_refused_without_repeating_it() {
    for address in
        ["", "ftp://u:hunter2@h", "http://u:hunter2@", "u:hunter2@h:9090", "http://u:hunter2@h:port"]
    {
        let words = door(address, false).unwrap_err();
        assert!(!words.contains("hunter2"), "{words}");
    }
}
