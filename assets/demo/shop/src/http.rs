//! Just enough HTTP/1.1: one request per connection, a panic in a handler is a 500.

use crate::{cache, cart};
use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::catch_unwind;

/// Answers requests until the process ends.
pub fn serve(listener: &TcpListener) -> Result<()> {
    for stream in listener.incoming() {
        let _ = answer(stream?);
    }
    Ok(())
}

fn answer(mut stream: TcpStream) -> Result<()> {
    let mut first = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    reader.read_line(&mut first)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let target = first.split(' ').nth(1).unwrap_or("/").to_owned();
    let (status, body) = catch_unwind(|| route(&target)).unwrap_or((500, "internal error".into()));
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Status and body for a target such as `/checkout?cart=tea:450:2`.
pub fn route(target: &str) -> (u16, String) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match path {
        "/health" => (200, "ok".into()),
        "/checkout" if !cache::has_room() => (503, "no room for a receipt".into()),
        "/checkout" => match cart::parse(query.strip_prefix("cart=").unwrap_or("")) {
            Some(items) => {
                let total = cart::total(&items);
                (200, format!("{} pieces, {} cents, {} a piece", total.pieces, total.cents, total.average_cents))
            }
            None => (400, "not a cart".into()),
        },
        _ => (404, "no such page".into()),
    }
}
