//! As much of the Redis protocol as two questions need: a command out, one reply back. The whole client is this file
//! because it bounds what a server may send, works over any line (TLS too), and brings no further crates.

use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Bytes of a line that carries no payload.
const LINE_MOST: usize = 4 * 1024;
/// Bytes of a payload.
const PAYLOAD_MOST: usize = 4 * 1024 * 1024;

/// Keys of one page.
const KEYS_MOST: u32 = 100_000;

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// It says so.
    Text(String),
    /// It refuses: its word, such as `NOAUTH`, and what it says.
    Refusal(String, String),
}

/// Gives a command and reads its reply.
///
/// # Errors
/// The line broke, or what came is no reply.
pub(super) async fn asks<S: AsyncBufRead + AsyncWrite + Unpin>(
    line: &mut S,
    words: &[&str],
) -> io::Result<Reply> {
    says(line, words).await?;
    reply(line).await
}

/// Gives a `SCAN` and reads its page: where the walk goes on, and how many keys it has.
///
/// # Errors
/// The line broke, or what came is no page.
pub(super) async fn page<S: AsyncBufRead + AsyncWrite + Unpin>(
    line: &mut S,
    words: &[&str],
) -> io::Result<(Reply, u32)> {
    says(line, words).await?;
    let first = head(line).await?;
    if let Some(refusal) = refusal(&first) {
        return Ok((refusal, 0));
    }
    if first != "*2" {
        return Err(strange("no page of keys"));
    }
    let onwards = reply(line).await?;
    let count: Option<u32> = head(line).await?.strip_prefix('*').and_then(|count| count.parse().ok());
    let count =
        count.filter(|count| *count <= KEYS_MOST).ok_or_else(|| strange("a page without a length"))?;
    for _ in 0..count {
        reply(line).await?;
    }
    Ok((onwards, count))
}

async fn says<S: AsyncWrite + Unpin>(line: &mut S, words: &[&str]) -> io::Result<()> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    line.write_all(command.as_bytes()).await?;
    line.flush().await
}

/// One line, without its end.
async fn head<S: AsyncBufRead + Unpin>(line: &mut S) -> io::Result<String> {
    let mut head = Vec::new();
    let most = u64::try_from(LINE_MOST).unwrap_or(u64::MAX);
    (&mut *line).take(most).read_until(b'\n', &mut head).await?;
    let Some(head) = head.strip_suffix(b"\r\n") else {
        return Err(if head.is_empty() {
            io::ErrorKind::UnexpectedEof.into()
        } else {
            strange("a line without an end")
        });
    };
    Ok(String::from_utf8_lossy(head).into_owned())
}

fn refusal(head: &str) -> Option<Reply> {
    let rest = head.strip_prefix('-')?;
    let (word, words) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(Reply::Refusal(word.to_owned(), words.to_owned()))
}

async fn reply<S: AsyncBufRead + Unpin>(line: &mut S) -> io::Result<Reply> {
    let head = head(line).await?;
    if let Some(refusal) = refusal(&head) {
        return Ok(refusal);
    }
    let rest = head.get(1..).unwrap_or_default();
    match head.chars().next() {
        Some('+' | ':') => Ok(Reply::Text(rest.to_owned())),
        // `=` is the same in version 3 of the protocol, with a format before the text.
        Some('$' | '=') => {
            let length: usize = rest.parse().map_err(|_| strange("a payload without a length"))?;
            if length > PAYLOAD_MOST {
                return Err(strange("a payload beyond all measure"));
            }
            let mut payload = vec![0; length + 2];
            line.read_exact(&mut payload).await?;
            payload.truncate(length);
            Ok(Reply::Text(String::from_utf8_lossy(&payload).into_owned()))
        }
        _ => Err(strange("no reply of a Redis server")),
    }
}

fn strange(words: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> io::Result<Reply> {
        reply(&mut &*bytes).await
    }

    #[tokio::test]
    async fn replies_are_read_and_strange_ones_refused() {
        let text = |words: &str| Reply::Text(words.to_owned());
        for (bytes, want) in [
            (&b"+OK\r\n"[..], text("OK")),
            (b"$5\r\na\r\nbc\r\n", text("a\r\nbc")),
            (b"$0\r\n\r\n", text("")),
            (b":7\r\n", text("7")),
            (
                b"-NOAUTH Authentication required.\r\n",
                Reply::Refusal("NOAUTH".into(), "Authentication required.".into()),
            ),
            (b"-ERR\r\n", Reply::Refusal("ERR".into(), String::new())),
        ] {
            assert_eq!(read(bytes).await.unwrap(), want);
        }
        let endless = vec![b'+'; LINE_MOST * 2];
        for bytes in [
            &b""[..],
            b"+OK",
            b"HTTP/1.1 400 Bad Request\r\n",
            b"$-1\r\n",
            b"$99999999999\r\n",
            b"$5\r\nab",
            b"*3\r\n",
            b"\r\n",
            b"\n",
            b"\xff\xfe\r\n",
            &endless,
        ] {
            assert!(read(bytes).await.is_err(), "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
