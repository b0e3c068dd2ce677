//! How many keys of a pattern there are, counted as far as the runbook that unlinks them walks.

use super::{Door, Reply, Shut, resp, said};
use tokio::{io::BufStream, net::TcpStream};

/// Keys that are counted.
const MOST: u32 = 10_000;
/// Pages that are walked, and keys that each looks through.
const PAGES_MOST: u32 = 500;
const PAGE: &str = "1000";

/// Counts; `None` where the server does not let itself be asked. Whoever asks bounds the time.
pub async fn keys(host: &str, password: Option<&str>, pattern: &str) -> Option<u32> {
    let mut door = Door::of(&format!("redis://{host}")).ok()?;
    password.unwrap_or_default().clone_into(&mut door.password);
    walk(&door, pattern).await.ok()
}

async fn walk(door: &Door, pattern: &str) -> Result<u32, Shut> {
    let mut line = BufStream::new(TcpStream::connect((door.host.as_str(), door.port)).await?);
    door.signs_in(&mut line).await?;
    let (mut onwards, mut count) = ("0".to_owned(), 0_u32);
    for _ in 0..PAGES_MOST {
        let words = ["SCAN", &onwards, "MATCH", pattern, "COUNT", PAGE];
        let (reply, found): (Reply, u32) = resp::page(&mut line, &words).await?;
        onwards = said(reply)?;
        count = count.saturating_add(found).min(MOST);
        if onwards == "0" || count == MOST {
            break;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    /// Counts at a server that gives these answers, one a command; what it was told.
    async fn counted(password: Option<&str>, answers: &[&str]) -> (Option<u32>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
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
        tokio::join!(keys(&host, password, "session:*"), serve)
    }

    #[tokio::test]
    async fn c12_keys_are_counted_page_by_page_and_a_refusal_is_not_none() {
        let pages = ["*2\r\n$2\r\n17\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nc\r\n"];
        let (count, heard) = counted(None, &pages).await;
        assert_eq!(count, Some(3));
        assert!(heard.contains("SCAN\r\n$1\r\n0\r\n$5\r\nMATCH\r\n$9\r\nsession:*\r\n"), "{heard}");
        assert!(heard.contains("SCAN\r\n$2\r\n17\r\n"), "{heard}");
        let (count, heard) = counted(Some("p"), &["+OK\r\n", "*2\r\n$1\r\n0\r\n*0\r\n"]).await;
        assert_eq!((count, heard.starts_with("*2\r\n$4\r\nAUTH")), (Some(0), true), "{heard}");
        for bad in ["-NOAUTH Authentication required.\r\n", "+OK\r\n", "*2\r\n$1\r\n0\r\n*x\r\n"] {
            assert_eq!(counted(None, &[bad]).await.0, None, "{bad}");
        }
    }
}
