//! Small servers on loopback for tests of what leaves the machine: a page, a proxy, a voice behind TLS, a line that is
//! watched. Each serves one exchange a connection on threads of its own, which end with the test's process.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// Bytes of a head.
const HEAD_MOST: usize = 64 * 1024;

/// What came in, line by line, and where.
#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves each connection with `answer`, which gets what stands on the first line.
    pub fn start(answer: impl Fn(Exchange) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let (asked, answer) = (server.asked.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), asked, answer) = (stream, asked.clone(), answer.clone()) else { return };
                thread::spawn(move || {
                    // A client that goes away is what some tests are about.
                    let _ = Exchange::read(stream, &asked).and_then(|exchange| answer(exchange));
                });
            }
        });
        server
    }

    /// First lines of the requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// A page with these words, whatever is asked.
    pub fn page(words: &'static str) -> Self {
        Self::start(move |mut exchange| {
            let length = words.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            exchange.stream.write_all(head.as_bytes())?;
            exchange.stream.write_all(words.as_bytes())
        })
    }

    /// A proxy that knows one host by name, which is at `to`; tunnels of CONNECT lead to `tls`.
    pub fn proxy(to: SocketAddr, tls: Option<SocketAddr>) -> Self {
        Self::start(move |mut exchange| {
            if exchange.line.starts_with("CONNECT ") {
                let Some(tls) = tls else { return exchange.stream.write_all(b"HTTP/1.1 403 No\r\n\r\n") };
                exchange.stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
                return tunnel(exchange.stream, TcpStream::connect(tls)?);
            }
            let Exchange { stream, head, rest, .. } = &mut exchange;
            // `POST http://host/path HTTP/1.1` becomes `POST /path HTTP/1.1`.
            let mut words = head.splitn(3, ' ');
            let (method, url, more) = (words.next(), words.next(), words.next());
            let (Some(method), Some(url), Some(more)) = (method, url, more) else { return Ok(()) };
            let path = url.splitn(4, '/').nth(3).unwrap_or_default();
            relay(stream, format!("{method} /{path} {more}").as_bytes(), rest, to)
        })
    }
}

/// One request whose head was read.
pub struct Exchange {
    pub stream: TcpStream,
    /// First line.
    pub line: String,
    /// All of the head, with the empty line.
    pub head: String,
    /// What came after the head.
    pub rest: Vec<u8>,
}

impl Exchange {
    fn read(mut stream: TcpStream, asked: &Mutex<Vec<String>>) -> io::Result<Self> {
        let (head, rest) = head(&mut stream)?;
        let line = head.lines().next().unwrap_or_default().to_owned();
        asked.lock().unwrap().push(line.clone());
        Ok(Self { stream, line, head, rest })
    }

    /// Reads the rest of the body.
    pub fn body(&mut self) -> io::Result<Vec<u8>> {
        body(&mut self.stream, &self.head, std::mem::take(&mut self.rest))
    }
}

fn head(stream: &mut impl Read) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            let rest = bytes.split_off(at + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        let read = stream.read(&mut piece)?;
        if read == 0 || bytes.len() > HEAD_MOST {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&piece[..read]);
    }
}

fn body(stream: &mut impl Read, head: &str, mut body: Vec<u8>) -> io::Result<Vec<u8>> {
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut left = length.unwrap_or(0).saturating_sub(body.len());
    let mut piece = [0; 65_536];
    while left > 0 {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        body.extend_from_slice(&piece[..read]);
        left = left.saturating_sub(read);
    }
    Ok(body)
}

/// Passes a request on and its answer back, until the answer ends.
fn relay(client: &mut (impl Read + Write), head: &[u8], rest: &[u8], to: SocketAddr) -> io::Result<()> {
    let words = String::from_utf8_lossy(head).into_owned();
    let body = body(client, &words, rest.to_vec())?;
    let mut server = TcpStream::connect(to)?;
    server.write_all(head)?;
    server.write_all(&body)?;
    io::copy(&mut server, client)?;
    client.flush()
}

fn tunnel(one: TcpStream, other: TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (one.try_clone()?, other.try_clone()?);
    let (mut back, mut home) = (other, one);
    let up = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let copied = io::copy(&mut back, &mut home);
    let _ = home.shutdown(std::net::Shutdown::Both);
    let _ = up.join();
    copied.map(drop)
}

/// Speaks TLS with this certificate and key (PEM files), and passes requests on in the clear.
pub fn tls(certificate: &std::path::Path, key: &std::path::Path, to: SocketAddr) -> SocketAddr {
    use rustls::{
        ServerConfig, ServerConnection, StreamOwned,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    };
    chimera::providers::http::install_tls();
    let chain = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = config.clone();
            thread::spawn(move || -> io::Result<()> {
                let connection = ServerConnection::new(config).map_err(io::Error::other)?;
                let mut line = StreamOwned::new(connection, stream);
                let (head, rest) = head(&mut line)?;
                relay(&mut line, head.as_bytes(), &rest, to)?;
                line.conn.send_close_notify();
                line.flush()
            });
        }
    });
    address
}
