//! The switchboard against scripted providers, in paused time.

use super::*;
use crate::{
    domain::{
        ids::CallId,
        money::{Money, Usage},
    },
    providers::wire::{Block, Message, Speaker, StopReason},
};
use futures::FutureExt;
use std::collections::VecDeque;

/// What a scripted provider does next.
#[derive(Clone)]
enum Act {
    Reply(&'static str, Usage),
    Fail(CallErrorKind, Option<u64>),
    SpeakThenFail(&'static str, CallErrorKind, Usage),
    SpeakThenHang(&'static str),
}

#[derive(Default)]
struct Scripted {
    acts: Mutex<VecDeque<Act>>,
    calls: Mutex<Vec<(String, Instant)>>,
}

impl Provider for Scripted {
    fn call<'a>(
        &'a self,
        model: &'a str,
        _: &'a CallRequest,
        on: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>> {
        Box::pin(async move {
            lock(&self.calls).push((model.to_owned(), Instant::now()));
            let act = lock(&self.acts).pop_front().expect("the script is over");
            let vendor = Vendor::Anthropic;
            match act {
                Act::Reply(text, usage) => {
                    on(Delta::Text(text.to_owned()));
                    Ok(Reply {
                        message: Message {
                            speaker: Speaker::Assistant,
                            blocks: vec![Block::Text(text.to_owned())],
                        },
                        stop: StopReason::EndTurn,
                        usage,
                        cost: Cost::Unknown,
                        by: ModelRef { vendor, model: model.to_owned() },
                    })
                }
                Act::Fail(kind, wait) => {
                    let mut error = call_error(vendor, kind, "no");
                    error.retry_after = wait.map(Millis);
                    Err(error)
                }
                Act::SpeakThenFail(text, kind, usage) => {
                    on(Delta::Text(text.to_owned()));
                    Err(CallError { usage, ..call_error(vendor, kind, "broke") })
                }
                Act::SpeakThenHang(text) => {
                    on(Delta::Text(text.to_owned()));
                    futures::future::pending().await
                }
            }
        })
    }
    fn models(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>> {
        Box::pin(async { Ok(vec!["one".to_owned()]) })
    }
}

#[derive(Default)]
struct Book {
    reserved: Mutex<Vec<Cost>>,
    settled: Mutex<Vec<(CallId, Usage, Cost)>>,
    refuse_after: Option<usize>,
    stopped: bool,
}

impl Purse for Book {
    fn reserve<'a>(&'a self, _: &'a ModelRef, worst: Cost) -> BoxFuture<'a, Result<CallId, Withheld>> {
        Box::pin(async move {
            let mut reserved = lock(&self.reserved);
            if self.refuse_after.is_some_and(|most| reserved.len() >= most) {
                let why = "the mission's cap of $0.50 would be passed".to_owned();
                return Err(Withheld::Capped { why, enough: Some(Money::usd(1)) });
            }
            if self.stopped {
                return Err(Withheld::Stopped("stopped: lunch; resume first".to_owned()));
            }
            reserved.push(worst);
            Ok(CallId(reserved.len() as u64))
        })
    }
    fn settle(&self, call: CallId, usage: Usage, cost: Cost) -> BoxFuture<'_, ()> {
        lock(&self.settled).push((call, usage, cost));
        Box::pin(async {})
    }
}

struct Room {
    claude: Arc<Scripted>,
    gemini: Arc<Scripted>,
    board: VendorSwitchboard,
}

const SONNET: &str = "anthropic/claude-sonnet-4-5-20250929";
const FLASH: &str = "google/gemini-2.0-flash-001";

fn room(claude: &[Act], gemini: &[Act], adjust: impl FnOnce(&mut SwitchboardOptions)) -> Room {
    let script = |acts: &[Act]| {
        Arc::new(Scripted { acts: Mutex::new(acts.iter().cloned().collect()), ..Scripted::default() })
    };
    let (claude, gemini) = (script(claude), script(gemini));
    let endpoints =
        vec![EndpointOptions::new(Vendor::Anthropic, None), EndpointOptions::new(Vendor::Google, None)];
    let mut options = SwitchboardOptions::new(endpoints, PriceTable::built_in().unwrap(), 1);
    adjust(&mut options);
    let (a, g) = (claude.clone(), gemini.clone());
    let board = VendorSwitchboard::with(options, move |endpoint| match endpoint.vendor {
        Vendor::Anthropic => a.clone(),
        _ => g.clone(),
    });
    Room { claude, gemini, board }
}

fn chain(models: &[&str]) -> Vec<ModelRef> {
    models.iter().map(|model| model.parse().unwrap()).collect()
}

fn request() -> CallRequest {
    let blocks = vec![Block::Text("x".repeat(300))];
    CallRequest {
        system: String::new(),
        messages: vec![Message { speaker: Speaker::User, blocks }],
        tools: Vec::new(),
        max_output: 1_000,
        thinking: 0,
    }
}

fn used(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

async fn ask(
    board: &VendorSwitchboard,
    models: &[&str],
    book: &Book,
) -> (Result<Reply, CallError>, Vec<Delta>) {
    let mut heard = Vec::new();
    let reply = board.call(&chain(models), &request(), book, &mut |delta| heard.push(delta)).await;
    (reply, heard)
}

fn notices(heard: &[Delta]) -> String {
    let said = heard.iter().filter_map(|delta| match delta {
        Delta::Notice(words) => Some(words.as_str()),
        _ => None,
    });
    said.collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn b8_a_reply_is_reserved_settled_and_priced() {
    let room = room(&[Act::Reply("hi", used(1_000, 100))], &[], |_| {});
    let book = Book::default();
    let (reply, _) = ask(&room.board, &[SONNET], &book).await;
    assert_eq!(reply.unwrap().cost, Cost::Known(Money(4_500)));
    assert_eq!(*lock(&book.settled), [(CallId(1), used(1_000, 100), Cost::Known(Money(4_500)))]);
    let Cost::Known(worst) = lock(&book.reserved)[0] else { panic!("a known price") };
    assert!(worst > Money(15_000), "{worst:?}");
}

#[tokio::test(start_paused = true)]
async fn b8_retries_wait_as_asked_and_forget_half_spoken_words() {
    let acts = [
        Act::Fail(CallErrorKind::RateLimited, Some(30_000)),
        Act::SpeakThenFail("half a sen", CallErrorKind::Connection, used(500, 1)),
        Act::Reply("whole", used(500, 10)),
    ];
    let room = room(&acts, &[], |_| {});
    let book = Book::default();
    let start = Instant::now();
    let (reply, heard) = ask(&room.board, &[SONNET], &book).await;
    assert!(reply.is_ok());
    assert!(start.elapsed() >= Duration::from_secs(30));
    let words: Vec<&Delta> = heard.iter().filter(|delta| !matches!(delta, Delta::Notice(_))).collect();
    assert_eq!(words, [&Delta::Text("half a sen".into()), &Delta::Restart, &Delta::Text("whole".into())]);
    assert!(notices(&heard).contains("attempt 2 of 4") && notices(&heard).contains("attempt 3 of 4"));
    let settled = lock(&book.settled);
    assert_eq!(settled.len(), 3);
    assert_eq!(settled[0].2, Cost::Known(Money::ZERO), "a refused call costs nothing");
    // 500 in at 3 dollars, 10 bytes heard are 4 tokens at 15 dollars.
    assert_eq!((settled[1].1, settled[1].2), (used(500, 4), Cost::Known(Money(1_560))));
}

#[tokio::test(start_paused = true)]
async fn b8_falls_back_to_another_vendor_and_says_so() {
    let rejected = [Act::Fail(CallErrorKind::Unauthorized, None)];
    let room = room(&rejected, &[Act::Reply("hello", used(10, 10))], |_| {});
    let book = Book::default();
    let (reply, heard) = ask(&room.board, &[SONNET, FLASH], &book).await;
    assert!(reply.is_ok());
    assert_eq!(lock(&room.claude.calls).len(), 1, "a wrong key is not tried again");
    assert_eq!(lock(&room.gemini.calls)[0].0, "gemini-2.0-flash-001");
    assert!(notices(&heard).contains(&format!("falling back to {FLASH}")), "{heard:?}");
    assert_eq!(lock(&book.settled).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_asks_for_too_much_patience_is_left_at_once() {
    let room = room(
        &[Act::Fail(CallErrorKind::RateLimited, Some(3_600_000))],
        &[Act::Reply("hello", used(10, 10))],
        |_| {},
    );
    let start = Instant::now();
    let (reply, heard) = ask(&room.board, &[SONNET, FLASH], &Book::default()).await;
    assert!(reply.is_ok() && start.elapsed() < Duration::from_secs(1), "{heard:?}");
    assert!(notices(&heard).contains("3600 s"), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn money_ends_the_chain() {
    let room = room(&[Act::Reply("never", used(1, 1))], &[Act::Reply("never", used(1, 1))], |_| {});
    let book = Book { refuse_after: Some(0), ..Book::default() };
    let (reply, _) = ask(&room.board, &[SONNET, FLASH], &book).await;
    let error = reply.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::OverBudget(Some(Money::usd(1))));
    assert!(error.message.contains("$0.50"));
    assert!(lock(&room.claude.calls).is_empty() && lock(&room.gemini.calls).is_empty());
    assert!(lock(&book.settled).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_purse_that_is_shut_cancels_and_is_no_cap() {
    let room = room(&[Act::Reply("never", used(1, 1))], &[Act::Reply("never", used(1, 1))], |_| {});
    let book = Book { stopped: true, ..Book::default() };
    let (reply, _) = ask(&room.board, &[SONNET, FLASH], &book).await;
    let error = reply.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Cancelled);
    assert!(error.message.contains("lunch"), "{error}");
    assert!(lock(&room.claude.calls).is_empty() && lock(&room.gemini.calls).is_empty());
}

#[tokio::test(start_paused = true)]
async fn b7_an_unknown_price_is_refused_unless_allowed() {
    let unknown = "anthropic/claude-9";
    let first = room(&[], &[], |_| {});
    let (reply, _) = ask(&first.board, &[unknown], &Book::default()).await;
    let error = reply.unwrap_err();
    assert!(
        error.kind == CallErrorKind::Rejected && error.message.contains("allow_unknown_price"),
        "{error}"
    );
    let second = room(&[Act::Reply("hi", used(1, 1))], &[], |options| options.allow_unknown_price = true);
    let book = Book::default();
    let (reply, _) = ask(&second.board, &[unknown], &book).await;
    assert_eq!(reply.unwrap().cost, Cost::Unknown);
    assert_eq!(lock(&book.reserved)[0], Cost::Unknown);
}

#[tokio::test(start_paused = true)]
async fn missing_token_counts_are_estimated_not_free() {
    let room = room(&[Act::Reply("twelve bytes", Usage::default())], &[], |_| {});
    let book = Book::default();
    let (reply, heard) = ask(&room.board, &[SONNET], &book).await;
    let reply = reply.unwrap();
    assert_eq!(reply.usage, used(132, 4));
    assert_eq!(reply.cost, Cost::Known(Money(132 * 3 + 4 * 15)));
    assert!(notices(&heard).contains("estimated"));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_settled_with_what_was_heard() {
    let room = room(&[Act::SpeakThenHang("twelve bytes")], &[], |_| {});
    let book = Book::default();
    let (models, asked) = (chain(&[SONNET]), request());
    let mut ignore = |_| {};
    let mut call = room.board.call(&models, &asked, &book, &mut ignore);
    assert!((&mut call).now_or_never().is_none());
    assert!(lock(&book.settled).is_empty());
    drop(call);
    assert_eq!(*lock(&book.settled), [(CallId(1), used(132, 4), Cost::Known(Money(132 * 3 + 4 * 15)))]);
}

#[tokio::test(start_paused = true)]
async fn b8_the_breaker_opens_and_one_probe_closes_it() {
    let mut acts = vec![Act::Fail(CallErrorKind::Overloaded, None); 5];
    acts.push(Act::Reply("well again", used(1, 1)));
    let room = room(&acts, &[], |_| {});
    let book = Book::default();
    let (first, _) = ask(&room.board, &[SONNET], &book).await;
    assert_eq!(first.unwrap_err().kind, CallErrorKind::Overloaded);
    let (second, heard) = ask(&room.board, &[SONNET], &book).await;
    assert_eq!(second.unwrap_err().kind, CallErrorKind::Overloaded);
    assert!(notices(&heard).contains("left alone for 120 s"), "{heard:?}");
    let (third, _) = ask(&room.board, &[SONNET], &book).await;
    assert_eq!(third.unwrap_err().kind, CallErrorKind::BreakerOpen);
    assert_eq!(lock(&room.claude.calls).len(), 5, "nothing is sent while it is open");
    tokio::time::advance(Duration::from_secs(121)).await;
    assert!(ask(&room.board, &[SONNET], &book).await.0.is_ok());
    assert_eq!(lock(&book.reserved).len(), lock(&book.settled).len());
}

#[tokio::test(start_paused = true)]
async fn b8_no_more_calls_at_once_than_allowed() {
    let acts = [Act::SpeakThenHang("busy"), Act::Reply("second", used(1, 1))];
    let room =
        room(&acts, &[], |options| options.endpoints[0].pace = PaceLimits { at_once: 1, per_minute: 600 });
    let book = Book::default();
    let (models, asked) = (chain(&[SONNET]), request());
    let (mut ignore, mut heard) = (|_| {}, Vec::new());
    let mut first = room.board.call(&models, &asked, &book, &mut ignore);
    assert!((&mut first).now_or_never().is_none());
    let mut note = |delta| heard.push(delta);
    let mut second = room.board.call(&models, &asked, &book, &mut note);
    assert!((&mut second).now_or_never().is_none());
    assert_eq!(lock(&room.claude.calls).len(), 1);
    drop(first);
    assert!(second.await.is_ok());
    assert!(notices(&heard).contains("free line"), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_is_not_set_up_is_named() {
    let room = room(&[], &[], |options| options.endpoints.truncate(1));
    let (reply, _) = ask(&room.board, &["openrouter/a/b"], &Book::default()).await;
    assert!(reply.unwrap_err().message.contains("OPENROUTER_API_KEY"));
    assert_eq!(room.board.vendors(), [Vendor::Anthropic]);
    assert_eq!(room.board.models(Vendor::Anthropic).await, Ok(vec!["one".to_owned()]));
}
