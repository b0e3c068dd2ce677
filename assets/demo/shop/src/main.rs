//! Serves the shop on the address given as first argument (default 127.0.0.1:8080; port 0 takes a free one).

use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".into());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    shop::http::serve(&listener)
}
