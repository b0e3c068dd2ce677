//! The service over a real socket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn get(target: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || shop::http::serve(&listener));
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nhost: shop\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn is_healthy() {
    assert!(get("/health").starts_with("HTTP/1.1 200"));
}

#[test]
fn checks_out_a_cart() {
    let answer = get("/checkout?cart=tea:450:2");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("2 pieces, 900 cents, 450 a piece"), "{answer}");
}
