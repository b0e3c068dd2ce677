//! End to end on loopback: switchboard, request, reqwest, eventsource-client, decoder, against the rehearsal.

use super::*;
use crate::{
    domain::{
        ids::CallId,
        money::{Cost, Usage},
        team::{ModelRef, Vendor},
    },
    providers::{
        http::{self, HttpOptions, ProxyUse, Secret},
        prices::PriceTable,
        switchboard::{EndpointOptions, SwitchboardOptions, VendorSwitchboard, backoff::RetryLimits},
        transport::{Limits, Transport},
        wire::{
            Block, CallError, CallErrorKind, CallRequest, Delta, Message, Purse, Reply, Speaker, StopReason,
            Switchboard, ToolSpec, Withheld,
        },
    },
};
use futures::future::{BoxFuture, Either, select};
use serde_json::json;
use std::net::SocketAddr;

const KEY: &str = "sk-rehearsal-secret";
const MODELS: [&str; 4] =
    ["anthropic/claude-sonnet-4-5-20250929", "google/gemini-2.0-flash-001", "openrouter/a/b", "openai/llama"];

struct Free;
impl Purse for Free {
    fn reserve<'a>(&'a self, _: &'a ModelRef, _: Cost) -> BoxFuture<'a, Result<CallId, Withheld>> {
        Box::pin(async { Ok(CallId(1)) })
    }
    fn settle(&self, _: CallId, _: Usage, _: Cost) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

fn board(address: SocketAddr, limits: Limits) -> VendorSwitchboard {
    let transport = Transport::new(
        http::client(&HttpOptions { proxy: ProxyUse::Never, ..HttpOptions::default() }).unwrap(),
        limits,
    );
    let endpoint = |vendor| EndpointOptions {
        base_url: match vendor {
            Vendor::Anthropic | Vendor::Google => format!("http://{address}"),
            Vendor::Openrouter | Vendor::Openai => format!("http://{address}/v1/"),
        },
        ..EndpointOptions::new(vendor, Some(Secret::new(KEY)))
    };
    let endpoints = Vendor::ALL.into_iter().map(endpoint).collect();
    let mut options = SwitchboardOptions::new(endpoints, PriceTable::built_in().unwrap(), 1);
    options.allow_unknown_price = true;
    options.retry = RetryLimits { base: Duration::from_millis(1), ..RetryLimits::default() };
    VendorSwitchboard::new(options, &transport)
}

/// Runs `test` while the rehearsal serves.
async fn on_stage<T>(script: &str, test: impl AsyncFnOnce(VendorSwitchboard, Arc<Rehearsal>) -> T) -> T {
    within(Limits::default(), script, test).await
}

async fn within<T>(
    limits: Limits,
    script: &str,
    test: impl AsyncFnOnce(VendorSwitchboard, Arc<Rehearsal>) -> T,
) -> T {
    let rehearsal = Rehearsal::new(Script::read("script.toml", script).unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let board = board(listener.local_addr().unwrap(), limits);
    let serving = Box::pin(rehearsal.clone().serve(listener));
    match select(serving, Box::pin(test(board, rehearsal))).await {
        Either::Right((outcome, _)) => outcome,
        Either::Left(_) => panic!("the rehearsal ended"),
    }
}

fn says(text: &str) -> Message {
    Message { speaker: Speaker::User, blocks: vec![Block::Text(text.into())] }
}

fn request(messages: Vec<Message>) -> CallRequest {
    CallRequest {
        system: "You are WORKER.".into(),
        messages,
        tools: vec![ToolSpec {
            name: "read".into(),
            description: "Reads a file.".into(),
            input_schema: json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}),
        }],
        max_output: 4_000,
        thinking: 0,
    }
}

async fn ask(
    board: &VendorSwitchboard,
    model: &str,
    request: &CallRequest,
) -> (Result<Reply, CallError>, Vec<Delta>) {
    let mut heard = Vec::new();
    let chain = [model.parse().unwrap()];
    let reply = board.call(&chain, request, &Free, &mut |delta| heard.push(delta)).await;
    (reply, heard)
}

fn text(heard: &[Delta]) -> String {
    let words = |delta: &Delta| match delta {
        Delta::Text(words) => Some(words.clone()),
        _ => None,
    };
    heard.iter().filter_map(words).collect()
}

const LOOP: &str = r#"
[[turn]]
system = "WORKER"
turn = 0
said = "cart"
thinking = "The cart may be empty."
text = "I look at both files."
calls = [{ name = "read", input = { path = "src/cart.rs" } }, { name = "read", input = { path = "tests/ä.rs" } }]

[[turn]]
system = "WORKER"
turn = 1
results = 2
said = "fn total"
text = "Grüße, done."
"#;

#[tokio::test]
async fn e12_a_tool_loop_with_every_vendor() {
    for model in MODELS {
        on_stage(LOOP, async |board: VendorSwitchboard, rehearsal: Arc<Rehearsal>| {
            let mut messages = vec![says("the cart fails")];
            let (first, heard) = ask(&board, model, &request(messages.clone())).await;
            let first = first.expect(model);
            assert_eq!(
                (first.stop, text(&heard)),
                (StopReason::ToolUse, "I look at both files.".to_owned()),
                "{model}"
            );
            let calls: Vec<(String, String)> = first
                .message
                .blocks
                .iter()
                .filter_map(|block| match block {
                    Block::ToolCall { id, input, .. } => {
                        Some((id.clone(), input["path"].as_str()?.to_owned()))
                    }
                    _ => None,
                })
                .collect();
            assert_eq!(calls.len(), 2);
            assert_ne!(calls[0].0, calls[1].0);
            assert_eq!((calls[0].1.as_str(), calls[1].1.as_str()), ("src/cart.rs", "tests/ä.rs"));
            assert!(first.usage.input > 0 && first.usage.output > 0);

            messages.push(first.message);
            let result = |(id, _): (String, String)| Block::ToolResult {
                id,
                name: "read".into(),
                content: "fn total() {}".into(),
                is_error: false,
            };
            messages
                .push(Message { speaker: Speaker::User, blocks: calls.into_iter().map(result).collect() });
            let (second, heard) = ask(&board, model, &request(messages)).await;
            assert_eq!(
                (second.expect(model).stop, text(&heard)),
                (StopReason::EndTurn, "Grüße, done.".to_owned())
            );
            let heard = rehearsal.heard();
            assert_eq!((heard.len(), heard[1].turns, heard[1].results), (2, 1, 2));
            let vendor = model.parse::<ModelRef>().unwrap().vendor;
            assert!(!board.models(vendor).await.unwrap_or_default().contains(&KEY.to_owned()));
        })
        .await;
    }
}

/// The first answer is spoilt by `fault`, the second is whole.
async fn mended(limits: Limits, model: &str, fault: &str) {
    let script = format!(
        "[[turn]]\ntimes = 1\ntext = \"half of the words are lost here\"\nfault = {fault}\n[[turn]]\ntext = \"whole\"\n"
    );
    within(limits, &script, async |board: VendorSwitchboard, rehearsal: Arc<Rehearsal>| {
        let (reply, heard) = ask(&board, model, &request(vec![says("go")])).await;
        assert!(reply.is_ok(), "{model} {fault}: {reply:?}");
        let restart = heard.iter().rposition(|delta| *delta == Delta::Restart).map_or(0, |at| at + 1);
        assert_eq!(text(&heard[restart..]), "whole", "{model} {fault}");
        assert_eq!(rehearsal.heard().len(), 2, "{model} {fault}");
        let again =
            |delta: &&Delta| matches!(delta, Delta::Notice(words) if words.contains("attempt 2 of 4"));
        assert_eq!(heard.iter().filter(again).count(), 1, "{model} {fault}");
    })
    .await;
}

#[tokio::test]
async fn b8_faults_are_retried_and_the_half_said_forgotten() {
    let faults = [
        "{ kind = \"status\", status = 429, retry_after = \"0\" }",
        "{ kind = \"status\", status = 529 }",
        "{ kind = \"status\", status = 502, body = \"<html>Bad Gateway</html>\" }",
        "{ kind = \"cut\", after = 4 }",
        "{ kind = \"error_event\", after = 4 }",
    ];
    for fault in faults {
        for model in MODELS {
            mended(Limits::default(), model, fault).await;
        }
    }
}

#[tokio::test]
async fn b8_silence_before_and_within_a_stream_ends_it() {
    // Long enough for a busy machine's whole answer, short enough to wait for.
    let limits = Limits { header: Duration::from_secs(6), idle: Duration::from_secs(6), ..Limits::default() };
    let silences = ["{ kind = \"hang\" }", "{ kind = \"stall\", after = 4 }"];
    let all = silences.into_iter().flat_map(|fault| MODELS.map(|model| mended(limits, model, fault)));
    futures::future::join_all(all).await;
}

#[tokio::test]
async fn b8_what_no_retry_can_mend_is_told_in_words_without_the_key() {
    let page = format!("<html>Sign in. {KEY}</html>");
    let cases = [
        ("{ kind = \"status\", status = 401 }".to_owned(), CallErrorKind::Unauthorized, "API_KEY"),
        ("{ kind = \"status\", status = 400 }".to_owned(), CallErrorKind::Rejected, "Rehearsed refusal"),
        ("{ kind = \"status\", status = 307 }".to_owned(), CallErrorKind::Rejected, "HTTP 307"),
        (
            format!("{{ kind = \"status\", status = 200, body = \"{page}\" }}"),
            CallErrorKind::Protocol,
            "Sign in. [key]",
        ),
        ("{ kind = \"garbage\", after = 2 }".to_owned(), CallErrorKind::Protocol, "cannot be read"),
    ];
    for (fault, kind, words) in cases {
        let script = format!("[[turn]]\ntext = \"some words to say\"\nfault = {fault}\n");
        for model in MODELS {
            on_stage(&script, async |board: VendorSwitchboard, rehearsal: Arc<Rehearsal>| {
                let error = ask(&board, model, &request(vec![says("go")])).await.0.unwrap_err();
                assert_eq!(error.kind, kind, "{model} {fault}: {error}");
                assert!(error.message.contains(words) && !error.message.contains(KEY), "{error}");
                assert_eq!(rehearsal.heard().len(), 1);
            })
            .await;
        }
    }
}

#[tokio::test]
async fn bytes_may_be_cut_anywhere_on_a_real_socket() {
    let script = "[[turn]]\nthinking = \"Überlegung\"\ntext = \"Grüße 👋\"\nfault = { kind = \"bytewise\" }\n\
                  calls = [{ name = \"read\", input = { path = \"ß\" } }]\n";
    for model in MODELS {
        on_stage(script, async |board: VendorSwitchboard, _| {
            let (reply, heard) = ask(&board, model, &request(vec![says("go")])).await;
            assert_eq!(
                (reply.expect(model).stop, text(&heard)),
                (StopReason::ToolUse, "Grüße 👋".to_owned())
            );
        })
        .await;
    }
}

#[tokio::test]
async fn an_unscripted_request_and_an_unreachable_vendor_say_what_is_wrong() {
    on_stage("", async |board: VendorSwitchboard, _| {
        let error = ask(&board, MODELS[0], &request(vec![says("go")])).await.0.unwrap_err();
        assert!(error.message.contains("no line for model claude-sonnet-4-5"), "{error}");
    })
    .await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let nobody = board(listener.local_addr().unwrap(), Limits::default());
    drop(listener);
    let (reply, heard) = ask(&nobody, MODELS[0], &request(vec![says("go")])).await;
    let error = reply.unwrap_err();
    assert!(error.kind == CallErrorKind::Connection && error.message.contains("cannot connect"), "{error}");
    assert!(
        heard.iter().any(|delta| matches!(delta, Delta::Notice(words) if words.contains("attempt 4 of 4")))
    );
}

#[tokio::test]
async fn models_are_listed_by_every_vendor() {
    on_stage("[[turn]]\nmodel = \"some-model\"\n", async |board: VendorSwitchboard, _| {
        for vendor in Vendor::ALL {
            assert_eq!(board.models(vendor).await, Ok(vec!["some-model".to_owned()]), "{vendor}");
        }
    })
    .await;
}

#[tokio::test]
async fn serving_can_be_given_to_a_supervisor() {
    fn spawnable<T: Future<Output = ()> + Send + 'static>(_: &T) {}
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    spawnable(&Rehearsal::new(Script::default()).serve(listener));
}

#[test]
fn a_bad_script_is_named_with_its_place() {
    let error = Script::read("demo.toml", "[[turn]]\nmodell = \"x\"\n").unwrap_err();
    assert!(error.to_string().contains("demo.toml") && error.to_string().contains("line 2"), "{error}");
}
