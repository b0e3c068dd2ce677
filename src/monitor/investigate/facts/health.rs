//! Asks the service's own health address now, where that is plain http: one GET, the status line, nothing followed. What
//! is encrypted is left to the probes' newest readings.

use super::reach::host_and_port;
use crate::{
    domain::{incident::ClueSort, time::Millis},
    monitor::investigate::{
        findings::{Found, Piece},
        scene::Scene,
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};

/// Bytes of the answer that are read.
const HEAD_MOST: u64 = 1_024;

/// Looks.
pub async fn look(scene: &Scene, wall: Millis) -> Found {
    let Some(url) = scene.service.health.as_deref().filter(|url| url.starts_with("http://")) else {
        return Found::default();
    };
    let Some((host, port)) = host_and_port(url) else { return Found::gap(format!("{url} is no address")) };
    let begun = Instant::now();
    let asked = tokio::time::timeout(wall.to_std(), status(url, &host, port)).await;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds, far below 2^52")]
    let ms = begun.elapsed().as_millis() as f64;
    read(url, asked.unwrap_or_else(|_| Err("no answer in time".into())), ms)
}

/// Reads what came of it.
#[must_use]
pub fn read(url: &str, asked: Result<u16, String>, ms: f64) -> Found {
    let piece = match asked {
        Ok(status) => Piece::now(ClueSort::Check, format!("{url} answers {status} after {ms:.0} ms"))
            .number("health.status", f64::from(status))
            .number("health.ms", ms)
            .truth("health.fails", !(200..400).contains(&status)),
        Err(why) => {
            Piece::now(ClueSort::Check, format!("{url} does not answer: {why}")).truth("health.fails", true)
        }
    };
    Found::one(piece.name("health.address", url))
}

async fn status(url: &str, host: &str, port: u16) -> Result<u16, String> {
    let said = |why: std::io::Error| why.to_string();
    let mut stream = TcpStream::connect((host, port)).await.map_err(said)?;
    let path =
        url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or("/");
    let path = path.split('#').next().unwrap_or("/");
    // The address is the director's; what could end the line early is refused all the same.
    if path.chars().any(|c| c.is_control() || c == ' ') {
        return Err("its path cannot be asked for".into());
    }
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: chimera\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.map_err(said)?;
    let mut head = Vec::new();
    let mut bounded = stream.take(HEAD_MOST);
    while !head.contains(&b'\n') {
        if bounded.read_buf(&mut head).await.map_err(said)? == 0 {
            break;
        }
    }
    let line = String::from_utf8_lossy(&head);
    let code = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.get(..3)?.parse().ok());
    code.filter(|code| (100..600).contains(code)).ok_or_else(|| "it does not speak HTTP".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    async fn answering(answer: &'static str) -> Found {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut scene = Scene::default();
        scene.service.health = Some(format!("http://{}/health?x=1", listener.local_addr().unwrap()));
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 16];
            stream.read_exact(&mut asked).await.unwrap();
            assert_eq!(&asked, b"GET /health?x=1 ");
            stream.write_all(answer.as_bytes()).await.unwrap();
        };
        tokio::join!(look(&scene, Millis::secs(1)), serve).0
    }

    #[tokio::test]
    async fn a_status_is_read_and_rubbish_is_no_health() {
        let facts = answering("HTTP/1.1 503 Service Unavailable\r\n\r\n").await.pieces.remove(0).facts;
        assert!(facts.contains(&("health.fails".into(), Value::Truth(true))));
        assert!(facts.contains(&("health.status".into(), Value::Number(503.0))));
        let facts = answering("HTTP/1.1 204 No Content\r\n\r\n").await.pieces.remove(0).facts;
        assert!(facts.contains(&("health.fails".into(), Value::Truth(false))));
        let facts = answering("SSH-2.0-x\r\n").await.pieces.remove(0).facts;
        assert!(facts.contains(&("health.fails".into(), Value::Truth(true))));
        assert!(look(&Scene::default(), Millis::secs(1)).await.pieces.is_empty());
    }
}
