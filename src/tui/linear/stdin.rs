//! The lines a person or a script writes, edited by the terminal's own line discipline. Read in a thread of their own
//! that waits while nobody takes them; a line beyond its limit is told and dropped whole.

use std::io::{self, BufRead, Read as _};
use tokio::sync::mpsc;

/// Bytes of one line.
pub const LINE_MOST: u64 = 64 * 1024;
/// Lines that wait to be taken.
const AHEAD_MOST: usize = 16;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// A line without its end.
    Line(String),
    /// One that was too long, and is not here.
    TooLong,
}

/// Reads stdin. The channel closes with it.
///
/// # Errors
/// No thread can be started.
pub fn lines() -> io::Result<mpsc::Receiver<Read>> {
    let (give, lines) = mpsc::channel(AHEAD_MOST);
    std::thread::Builder::new().name("lines".into()).spawn(move || {
        let mut stdin = io::stdin().lock();
        while let Some(read) = next(&mut stdin) {
            if give.blocking_send(read).is_err() {
                return;
            }
        }
    })?;
    Ok(lines)
}

/// The next line; none at the end, or where nothing can be read.
fn next(source: &mut impl BufRead) -> Option<Read> {
    let mut bytes = Vec::new();
    source.by_ref().take(LINE_MOST + 1).read_until(b'\n', &mut bytes).ok()?;
    if bytes.is_empty() {
        return None;
    }
    let whole = bytes.last() == Some(&b'\n');
    if !whole && bytes.len() as u64 > LINE_MOST {
        skip(source);
        return Some(Read::TooLong);
    }
    let text = String::from_utf8_lossy(&bytes);
    Some(Read::Line(text.trim_end_matches(['\n', '\r']).to_owned()))
}

fn skip(source: &mut impl BufRead) {
    loop {
        let Ok(piece) = source.fill_buf() else { return };
        if piece.is_empty() {
            return;
        }
        let end = piece.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(piece.len(), |at| at + 1);
        source.consume(taken);
        if end.is_some() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_bounded_and_end() {
        let long = "x".repeat(LINE_MOST as usize + 10);
        let text = format!("one\r\n\n{long}\nlast");
        let mut source = io::BufReader::with_capacity(100, text.as_bytes());
        let read: Vec<Read> = std::iter::from_fn(|| next(&mut source)).collect();
        let line = |text: &str| Read::Line(text.to_owned());
        assert_eq!(read, [line("one"), line(""), Read::TooLong, line("last")]);
    }
}
