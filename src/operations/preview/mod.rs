//! A candidate's service, run for looking at: on a free port of this machine's loopback, behind the walls, which let it
//! listen on that port and on nothing else and reach nobody. It ends with its future, and every process of it.

mod http;
mod page;
mod wish;

use crate::{
    domain::{
        preview::{Answer, Photo, TAIL_MOST, TEXT_MOST, Viewport},
        text,
        time::Millis,
    },
    workspace::{
        Workshop, Worktree, browser, listeners,
        process::{self, Confinement, Exit, Spec},
        sandbox::{Network, Profile},
    },
};
use futures::future::{BoxFuture, FutureExt as _};
use std::{
    collections::VecDeque,
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::TcpListener, sync::Notify, time};
pub use wish::Wish;

/// Longest life of one preview.
const WALL: Millis = Millis::hours(24);
/// How long it may take to answer: dependencies are built first.
const START_MOST: Millis = Millis::mins(5);
/// Between two questions whether it answers.
const ASK_EVERY: Millis = Millis(150);
/// How long one answer may take.
const ANSWER_MOST: Millis = Millis::secs(20);
/// Last words are told at most as often.
const TELL_EVERY: Millis = Millis(300);
/// Stands for the port in the command.
pub const PORT: &str = "{port}";

/// What is run and asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Program and arguments; `{port}` stands for the port. It is in `PORT` too.
    pub command: Vec<String>,
    /// Path of the page.
    pub path: String,
    /// Path that answers below 500 once the service is ready.
    pub health: String,
    /// What takes photos of the page: `auto`, `off`, or a program.
    pub browser: String,
}

/// What happens meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// Where it will answer.
    Placed(String),
    /// It answers, so.
    Answered(Answer),
    /// It looks so.
    Photographed(Photo),
    /// Its last words so far.
    Said(text::Clean),
}

/// Runs it in a tree until it ends, and tells why it did. Asks for the page, and for a photo of it, as `wish` says. Dropping
/// the future ends every process of it.
pub async fn run(
    plan: &Plan,
    (shop, tree): (&Workshop, &Worktree),
    wish: &Wish,
    tell: &(dyn Fn(Happened) + Send + Sync),
) -> String {
    let port = match free_port().await {
        Ok(port) => port,
        Err(error) => return format!("there is no free port on 127.0.0.1: {error}"),
    };
    let (Some(health), Some(path)) = (target(&plan.health), target(&plan.path)) else {
        return "preview.path and preview.health are paths, such as /health".into();
    };
    tell(Happened::Placed(format!("http://127.0.0.1:{port}{path}")));
    let said = Arc::new(Said::default());
    let ear = said.clone();
    let spec = Spec {
        argv: plan.command.iter().map(|word| word.replace(PORT, &port.to_string())).collect(),
        dir: tree.path.clone(),
        env: vec![("PORT".into(), port.to_string()), ("HOST".into(), "127.0.0.1".into())],
        stdin: Vec::new(),
        limits: process::Limits { wall: WALL, output: TAIL_MOST, ..process::Limits::default() },
        confinement: Confinement::Sandbox(Profile { network: Network::Listen(port), ..shop.profile(tree) }),
    };
    let seen = path.as_str();
    let camera = |viewport| {
        async move {
            let png = match browser::find(&plan.browser) {
                Some(found) => browser::photograph(&found, (port, seen), viewport, (shop, tree)).await,
                None if plan.browser == browser::OFF => Err("preview.browser is off".into()),
                None => Err(format!("no browser is installed that takes photos ({})", plan.browser)),
            };
            Photo { viewport, png }
        }
        .boxed()
    };
    let process = process::run_heard(spec, Arc::new(move |bytes: &[u8]| ear.hear(bytes)));
    let why = tokio::select! {
        ended = process => match ended {
            Ok(finished) => format!("the program ended: {}", exit_words(finished.exit)),
            Err(error) => error.to_string(),
        },
        why = ask((port, &health, &path), &camera, wish, tell) => match why {
            Err(why) => why,
        },
        never = tell_words(&said, tell) => match never {},
    };
    tell(Happened::Said(said.tail()));
    why
}

/// A path of a request, if it is one.
fn target(path: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_graphic();
    (path.starts_with('/') && path.chars().all(plain)).then(|| path.to_owned())
}

fn exit_words(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit status {code}"),
        Exit::Signal(signal) => format!("killed by signal {signal}"),
        Exit::TimedOut => format!("after {WALL}"),
        Exit::Stopped => "stopped".into(),
    }
}

async fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port())
}

/// Asks until it answers, then for the page, then whenever that is wanted.
async fn ask<'a>(
    (port, health, path): (u16, &str, &str),
    camera: &(dyn Fn(Viewport) -> BoxFuture<'a, Photo> + Send + Sync),
    wish: &Wish,
    tell: &(dyn Fn(Happened) + Send + Sync),
) -> Result<Infallible, String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let ready = async {
        loop {
            if http::get(address, health, ANSWER_MOST).await.is_ok_and(|answer| answer.status < 500) {
                return;
            }
            time::sleep(ASK_EVERY.to_std()).await;
        }
    };
    if time::timeout(START_MOST.to_std(), ready).await.is_err() {
        return Err(format!("{health} did not answer on port {port} within {START_MOST}"));
    }
    // The walls cannot tell addresses apart, only ports.
    if let Some(open) = listeners::beyond_loopback(port).first() {
        return Err(format!(
            "it listens on {open}, where others can reach it: let it listen on 127.0.0.1 only"
        ));
    }
    loop {
        match http::get(address, path, ANSWER_MOST).await {
            Ok(got) => tell(Happened::Answered(answer(&got))),
            Err(error) => return Err(format!("{path} is not answered: {error}")),
        }
        if let Some(viewport) = wish.viewport() {
            tell(Happened::Photographed(camera(viewport).await));
        }
        wish.made().await;
    }
}

fn answer(got: &http::Got) -> Answer {
    let raw = String::from_utf8_lossy(&got.body);
    let html = got.media_type.contains("html") || (got.media_type.is_empty() && page::looks_like_html(&raw));
    let (title, words) = if html { page::read(&raw) } else { (String::new(), raw.into_owned()) };
    let cut = text::head_tail(&words, TEXT_MOST);
    Answer {
        status: got.status,
        bytes: got.body.len() as u64,
        latency: got.took,
        media_type: text::clean_line(&got.media_type, 80),
        title: text::clean_line(&title, 200),
        text: text::clean(&cut),
    }
}

/// Tells its words, not each one by itself.
async fn tell_words(said: &Said, tell: &(dyn Fn(Happened) + Send + Sync)) -> Infallible {
    loop {
        said.new.notified().await;
        time::sleep(TELL_EVERY.to_std()).await;
        tell(Happened::Said(said.tail()));
    }
}

/// The last words of a program that goes on.
#[derive(Default)]
struct Said {
    bytes: Mutex<VecDeque<u8>>,
    new: Notify,
}

impl Said {
    fn hear(&self, bytes: &[u8]) {
        let mut kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(&bytes[bytes.len().saturating_sub(TAIL_MOST)..]);
        let over = kept.len().saturating_sub(TAIL_MOST);
        kept.drain(..over);
        drop(kept);
        self.new.notify_one();
    }

    fn tail(&self) -> text::Clean {
        let kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        text::clean_bytes(&kept.iter().copied().collect::<Vec<u8>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_bounded_and_clean() {
        let said = Said::default();
        said.hear(&vec![b'x'; 3 * TAIL_MOST]);
        said.hear(b"\x1b[2Jlistening");
        let tail = said.tail();
        assert!(tail.ends_with("xlistening") && tail.len() <= TAIL_MOST, "{}", tail.len());
    }

    #[test]
    fn a_path_that_could_say_more_than_a_path_is_none() {
        assert_eq!(target("/checkout?cart=").as_deref(), Some("/checkout?cart="));
        for wrong in ["", "checkout", "/a b", "/a\r\nx: y"] {
            assert_eq!(target(wrong), None, "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn a_page_is_asked_for_again_when_it_is_wanted() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = async {
            let mut served = 0;
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 512];
                let read = stream.read(&mut request).await.unwrap();
                let words = String::from_utf8_lossy(&request[..read]).into_owned();
                served += 1;
                let status = if words.starts_with("GET /health") && served == 1 { 503 } else { 200 };
                let body = format!("<title>Shop {served}</title><p>{}</p>", words.lines().next().unwrap());
                let head = format!("HTTP/1.1 {status} X\r\ncontent-type: text/html\r\n\r\n{body}");
                stream.write_all(head.as_bytes()).await.unwrap();
            }
        };
        let wish = Wish::default();
        wish.look(Viewport::new(360, 640));
        let photos = Mutex::new(Vec::new());
        let heard = Mutex::new(Vec::new());
        let tell = |happened: Happened| match happened {
            Happened::Answered(answer) => {
                heard.lock().unwrap().push(answer);
                wish.again();
            }
            Happened::Photographed(photo) => photos.lock().unwrap().push(photo.viewport.width),
            _ => {}
        };
        let camera = |viewport| async move { Photo { viewport, png: Err("no film".into()) } }.boxed();
        let both = async {
            loop {
                if heard.lock().unwrap().len() >= 2 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = ask((port, "/health", "/page"), &camera, &wish, &tell) => panic!("it ended"),
            () = server => {}
            () = both => {}
        }
        let heard = heard.into_inner().unwrap();
        assert_eq!((heard[0].status, &*heard[0].title), (200, "Shop 3"), "503 is not ready");
        assert_eq!(&*heard[1].text, "GET /page HTTP/1.1");
        assert_eq!(photos.into_inner().unwrap().first(), Some(&360), "one photo for each page");
    }
}
