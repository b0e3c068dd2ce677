//! Tests: streams in the vendors' real formats, decoded whole, cut at every byte, with every line end, with noise
//! between the events, and broken off before their end. They pass through the same sieve, parser and exchange as
//! bytes from a socket. Each fixture has the shape (fields, order, pieces) of recordings that public repositories
//! keep, with other words in it; `docs/providers.md` says which, and for which there was none.

use super::{
    anthropic::stream::MessageStream,
    exchange::{self, Decoder, Post},
    gemini::{request::proof_of_text, stream::ContentStream},
    openai::stream::ChunkStream,
    transport::{Limits, guarded},
    wire::{Block, CallError, CallErrorKind, Delta, Reply, StopReason},
};
use crate::domain::{
    money::{Cost, Money, Usage},
    team::Vendor,
};
use bytes::Bytes;
use futures::StreamExt;
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture};
use proptest::prelude::*;
use serde_json::json;
use sync_wrapper::SyncStream;

/// A transport that answers with these pieces.
#[derive(Clone)]
struct Canned(Vec<Bytes>);

impl HttpTransport for Canned {
    fn request(&self, _: http::Request<Option<Bytes>>) -> ResponseFuture {
        let pieces = self.0.clone().into_iter().map(Ok);
        let body = guarded(futures::stream::iter(pieces).boxed(), Limits::default());
        let body: ByteStream = Box::pin(SyncStream::new(body));
        Box::pin(async move { Ok(http::Response::new(body)) })
    }
}

type Outcome = (Result<Reply, CallError>, Vec<Delta>);

async fn run(decoder: impl Decoder, pieces: Vec<Bytes>) -> Outcome {
    let post = Post { vendor: Vendor::Openai, url: "http://localhost/".into(), key: None, headers: &[] };
    let mut heard = Vec::new();
    let reply =
        exchange::stream(&Canned(pieces), &post, "{}".into(), decoder, &mut |delta| heard.push(delta)).await;
    (reply, heard)
}

/// One fixture: its name decides who decodes it.
async fn decode(name: &str, pieces: Vec<Bytes>) -> Outcome {
    match name.split('_').next() {
        Some("anthropic") => run(MessageStream::new("asked"), pieces).await,
        Some("gemini") => run(ContentStream::new("asked", 3), pieces).await,
        Some("openrouter") => run(ChunkStream::new(Vendor::Openrouter, "asked", 3), pieces).await,
        _ => run(ChunkStream::new(Vendor::Openai, "asked", 3), pieces).await,
    }
}

async fn whole(name: &str, text: &[u8]) -> Outcome {
    decode(name, vec![Bytes::copy_from_slice(text)]).await
}

macro_rules! fixtures {
    ($($name:literal),* $(,)?) => {
        const ALL: &[(&str, &str)] = &[$(($name, include_str!(concat!("fixtures/", $name, ".sse")))),*];
    };
}
fixtures![
    "anthropic_text",
    "anthropic_tools",
    "anthropic_server",
    "anthropic_refusal",
    "anthropic_restarted",
    "anthropic_overloaded",
    "gemini_tools",
    "gemini_code",
    "gemini_three_tools",
    "gemini_signed_text",
    "gemini_signed_first",
    "gemini_blocked",
    "gemini_safety",
    "openai_tools",
    "openai_refusal",
    "openrouter_reasoning",
    "openrouter_encrypted",
    "openrouter_limit",
    "openrouter_broken",
    "deepseek_reasoning",
    "groq_failed",
    "snowflake_details",
    "ollama_tools",
    "vllm_reasoning",
    "llamacpp_text",
    "llamacpp_error",
    "llamacpp_field",
];

fn text_of(name: &str) -> &'static str {
    ALL.iter().find(|(known, _)| *known == name).expect("a fixture").1
}

async fn reply(name: &str) -> Reply {
    whole(name, text_of(name).as_bytes()).await.0.expect(name)
}

fn call(id: &str, name: &str, input: serde_json::Value, signature: Option<&str>) -> Block {
    Block::ToolCall { id: id.into(), name: name.into(), input, signature: signature.map(Into::into) }
}

fn opaque(vendor: Vendor, value: serde_json::Value) -> Block {
    Block::Opaque { vendor, value }
}

fn text(words: &str) -> Block {
    Block::Text(words.into())
}

fn thought(words: &str, signature: Option<&str>) -> Block {
    Block::Thinking { text: words.into(), signature: signature.map(Into::into) }
}

async fn failure(name: &str) -> (CallError, Vec<Delta>) {
    let (failed, heard) = whole(name, text_of(name).as_bytes()).await;
    (failed.expect_err(name), heard)
}

fn used(input: u64, cache_read: u64, cache_write: u64, output: u64, reasoning: u64) -> Usage {
    Usage { input, cache_read, cache_write, output, reasoning }
}

#[tokio::test]
async fn b2_anthropic() {
    let said = reply("anthropic_text").await;
    assert_eq!(said.message.blocks, [text("Grüß Gott 👋")]);
    assert_eq!(said.usage, used(25, 1_200, 300, 12, 0));
    assert_eq!((said.stop, said.by.model.as_str()), (StopReason::EndTurn, "claude-sonnet-4-5-20250929"));

    let tools = reply("anthropic_tools").await;
    assert_eq!(
        tools.message.blocks,
        [
            thought("An empty cart divides by 0.", Some("anthropic:EqQBCg==")),
            opaque(Vendor::Anthropic, json!({"type": "redacted_thinking", "data": "EmwKAhgB"})),
            call("toolu_01", "read", json!({"path": "src/cart.rs"}), None),
            call("toolu_02", "list", json!({}), None),
            opaque(Vendor::Anthropic, json!({"type": "hologram", "shape": [1, 2], "angle": 7})),
        ]
    );
    assert_eq!((tools.stop, tools.usage), (StopReason::ToolUse, used(472, 0, 0, 89, 31)));

    let (error, heard) = failure("anthropic_overloaded").await;
    assert_eq!((error.kind, error.usage.input), (CallErrorKind::Overloaded, 30));
    assert!(error.message.contains("Overloaded"));
    assert_eq!(heard, [Delta::Text("Let me".into())]);
}

/// What the vendor's own servers do within a turn is kept as it came, and goes back so.
#[tokio::test]
async fn b2_anthropic_blocks_of_the_server() {
    let reply = reply("anthropic_server").await;
    let own = |value| opaque(Vendor::Anthropic, value);
    assert_eq!(
        reply.message.blocks,
        [
            own(json!({"type": "compaction", "content": "So far: nothing.", "encrypted_content": "Eqq="})),
            own(json!({"type": "fallback", "from": {"model": "claude-opus-4-7"},
                "to": {"model": "claude-sonnet-4-5"}, "trigger": {"type": "refusal", "category": null}})),
            own(json!({"type": "server_tool_use", "id": "srvtoolu_01", "name": "web_search",
                "input": {"query": "rain"}})),
            own(json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_01", "content": [
                {"type": "web_search_result", "title": "Rain", "url": "https://rain.example/",
                    "encrypted_content": "Eq8=", "page_age": null}]})),
            text("It rains."),
        ]
    );
    assert_eq!((reply.stop, reply.usage.input), (StopReason::Pause, 8_450));
}

#[tokio::test]
async fn b2_anthropic_refuses_and_begins_anew() {
    let refused = reply("anthropic_refusal").await;
    assert_eq!(refused.stop, StopReason::Refused("cyber: Asks for malware.".into()));
    assert!(refused.message.blocks.is_empty());

    let (anew, heard) = whole("anthropic_restarted", text_of("anthropic_restarted").as_bytes()).await;
    let anew = anew.unwrap();
    assert_eq!((anew.message.blocks, anew.usage), (vec![text("Second.")], used(18, 0, 0, 9, 0)));
    let since = heard.iter().rposition(|delta| *delta == Delta::Restart).unwrap();
    assert_eq!(heard[since + 1..], [Delta::Text("Second.".into())]);
}

#[tokio::test]
async fn b3_gemini() {
    let tools = reply("gemini_tools").await;
    assert_eq!(
        tools.message.blocks,
        [
            thought("**Looking**\n", None),
            text("I read both."),
            call("call_3_0", "read", json!({"path": "a.rs"}), Some("google:CiQB")),
            call("call_3_1", "list", json!({}), None),
        ]
    );
    assert_eq!((tools.stop, tools.usage), (StopReason::ToolUse, used(20, 100, 0, 85, 60)));

    let code = reply("gemini_code").await;
    assert_eq!(
        code.message.blocks,
        [
            text("I count."),
            opaque(Vendor::Google, json!({"executableCode": {"language": "PYTHON", "code": "print(1)\n"}})),
            opaque(
                Vendor::Google,
                json!({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}})
            ),
            text("One."),
        ]
    );
    assert_eq!((code.stop, code.usage), (StopReason::EndTurn, used(21 + 243, 0, 0, 14 + 95, 95)));

    let blocked = reply("gemini_blocked").await;
    assert_eq!(blocked.stop, StopReason::Refused("prompt blocked: PROHIBITED_CONTENT: Not this.".into()));
    assert!(blocked.message.blocks.is_empty());
    let safety = reply("gemini_safety").await;
    assert_eq!((safety.stop, safety.usage.output), (StopReason::Refused("SAFETY".into()), 6));
}

#[tokio::test]
async fn b3_gemini_proofs_and_ids() {
    let three = reply("gemini_three_tools").await;
    assert_eq!(
        three.message.blocks,
        [
            call("whZntcQw", "read", json!({"path": "a.rs"}), Some("google:EpEg")),
            call("lx8q24je", "list", json!({}), None),
        ]
    );
    assert_eq!((three.stop, three.usage), (StopReason::ToolUse, used(29, 0, 0, 15 + 804, 804)));

    let signed = reply("gemini_signed_text").await;
    assert_eq!(signed.message.blocks, [text("Hello"), proof_of_text("EvwjCvk=")]);
    assert_eq!(signed.stop, StopReason::MaxTokens);

    let first = reply("gemini_signed_first").await;
    let blocks =
        [thought("**Plan**\n\n", None), text("Look left, "), proof_of_text("CiIB"), text("then right.")];
    assert_eq!((first.message.blocks.as_slice(), first.stop), (blocks.as_slice(), StopReason::EndTurn));
}

#[tokio::test]
async fn b4_openrouter() {
    let reasoned = reply("openrouter_reasoning").await;
    let details = json!({"reasoning_details": [{"type": "reasoning.text", "text": "Thinking.",
        "signature": "Sig", "format": "anthropic-claude-v1", "index": 0}]});
    assert_eq!(
        reasoned.message.blocks,
        [thought("Thinking.", None), opaque(Vendor::Openrouter, details), text("Done.")]
    );
    assert_eq!((reasoned.cost, reasoned.usage.reasoning), (Cost::Known(Money(123)), 15));
    assert_eq!(reasoned.by.to_string(), "openrouter/anthropic/claude-sonnet-4.5");

    let sealed = reply("openrouter_encrypted").await;
    let details = json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "gAAA", "id": "rs_1",
        "format": "openai-responses-v1", "index": 0}]});
    assert_eq!(sealed.message.blocks, [opaque(Vendor::Openrouter, details), text("Hi!")]);
    assert_eq!((sealed.cost, sealed.usage), (Cost::Known(Money(3_339)), used(8, 600, 79, 187, 118)));
}

#[tokio::test]
async fn b4_openrouter_errors_within_the_stream() {
    let (limit, heard) = whole("openrouter_limit", text_of("openrouter_limit").as_bytes()).await;
    let limit = limit.unwrap();
    assert_eq!((limit.stop, limit.usage.output), (StopReason::MaxTokens, 10));
    assert!(matches!(heard.last(), Some(Delta::Notice(said)) if said.contains("Token limit reached")));

    let (error, _) = failure("openrouter_broken").await;
    assert_eq!(error.kind, CallErrorKind::Overloaded);
    assert!(error.message.contains("Provider disconnected: upstream reset"), "{error}");
}

#[tokio::test]
async fn b5_openai_and_its_imitations() {
    let tools = reply("openai_tools").await;
    let calls = [call("call_a", "read", json!({"path": "ä"}), None), call("call_b", "list", json!({}), None)];
    assert_eq!(tools.message.blocks, calls);
    assert_eq!((tools.stop, tools.usage), (StopReason::ToolUse, used(18, 64, 0, 34, 8)));
    let refused = reply("openai_refusal").await;
    assert_eq!(refused.stop, StopReason::Refused("I will not.".into()));
    assert_eq!(refused.message.blocks, [text("I will not.")]);

    let deepseek = reply("deepseek_reasoning").await;
    assert_eq!(deepseek.message.blocks, [thought("Hmm", None), text("Yes")]);
    assert_eq!((deepseek.stop, deepseek.usage), (StopReason::EndTurn, used(6, 64, 0, 5, 2)));
    let snowflake = reply("snowflake_details").await;
    assert_eq!(snowflake.message.blocks[0], thought("15 x 2", None));
    assert_eq!((snowflake.stop, snowflake.usage.output), (StopReason::EndTurn, 9));
    let (error, heard) = failure("groq_failed").await;
    assert_eq!((error.kind, heard.len()), (CallErrorKind::Rejected, 2));
}

#[tokio::test]
async fn b5_servers_of_ones_own() {
    let ollama = reply("ollama_tools").await;
    assert_eq!(
        ollama.message.blocks,
        [
            thought("Hm.", None),
            call("call_a", "read", json!({"path": "a"}), None),
            call("call_b", "read", json!({"path": "b"}), None)
        ]
    );
    assert_eq!((ollama.stop, ollama.usage), (StopReason::ToolUse, used(15, 0, 0, 20, 0)));

    let vllm = reply("vllm_reasoning").await;
    assert_eq!(vllm.message.blocks, [thought("Why", None), text("Because")]);
    assert_eq!((vllm.stop, vllm.usage.output), (StopReason::MaxTokens, 4));

    let llamacpp = reply("llamacpp_text").await;
    assert_eq!(llamacpp.message.blocks, [thought("Hm", None), text("Hello")]);
    assert_eq!((llamacpp.stop, llamacpp.usage), (StopReason::MaxTokens, used(43, 0, 0, 2, 0)));
    let (error, _) = failure("llamacpp_error").await;
    assert!(error.kind == CallErrorKind::Overloaded && error.message.contains("Context size"), "{error}");
    assert_eq!(failure("llamacpp_field").await.0.kind, CallErrorKind::ContextTooLong);
}

/// Deltas of one kind in a row, joined: cuts may not change what is said.
fn joined(heard: &[Delta]) -> String {
    heard.iter().map(|delta| format!("{delta:?}")).collect()
}

#[tokio::test]
async fn every_stream_cut_at_every_byte_says_the_same() {
    for (name, text) in ALL {
        let bytes = Bytes::from_static(text.as_bytes());
        let (want, want_heard) = whole(name, &bytes).await;
        for at in 1..bytes.len() {
            let (got, heard) = decode(name, vec![bytes.slice(..at), bytes.slice(at..)]).await;
            assert_eq!((&got, joined(&heard)), (&want, joined(&want_heard)), "{name} cut at {at}");
        }
        let single = (0..bytes.len()).map(|at| bytes.slice(at..=at)).collect();
        assert_eq!(decode(name, single).await.0, want, "{name} byte by byte");
    }
}

#[tokio::test]
async fn line_ends_and_noise_change_nothing() {
    for (name, text) in ALL {
        let want = whole(name, text.as_bytes()).await;
        let between = |noise: &str| text.replace("\n\n", &format!("\n\n{noise}"));
        let variants = [
            text.replace('\n', "\r\n"),
            text.replace('\n', "\r"),
            format!("\u{feff}{text}"),
            between(": keep-alive\n\n"),
            between("event:\n\n"),
            between("event: ping\n\n"),
            between("data:\n\n"),
            between("retry: soon\n\n"),
            between("id: 7\nretry: 10\n\n"),
            between("colour: blue\n\n"),
            text.replace("\ndata: ", "\n: aside\ncolour: blue\ndata: "),
            text.replace("data: {\"", "data: {\ndata: \""),
            between("event: novelty\ndata: {\"type\":\"novelty\",\"object\":\"novelty\",\"new\":[1,{}]}\n\n"),
            text.trim_end().to_owned(),
        ];
        for variant in variants {
            assert_eq!(whole(name, variant.as_bytes()).await, want, "{name} as {variant:?}");
            let crlf_cut = variant.as_bytes().chunks(7).map(Bytes::copy_from_slice).collect();
            assert_eq!(decode(name, crlf_cut).await, want, "{name} in sevens as {variant:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_never_a_reply() {
    for (name, text) in ALL {
        let Ok(want) = whole(name, text.as_bytes()).await.0 else { continue };
        let mut broken = 0;
        for at in 0..text.len() {
            match whole(name, &text.as_bytes()[..at]).await.0 {
                Err(error) => {
                    assert_eq!(error.kind, CallErrorKind::Connection, "{name} at {at}: {error}");
                    broken += 1;
                }
                // After the end is told only token counts may still be missing.
                Ok(reply) => {
                    assert_eq!((reply.message, reply.stop), (want.message.clone(), want.stop.clone()))
                }
            }
        }
        assert!(broken * 3 > text.len(), "{name}: only {broken} of {} prefixes are incomplete", text.len());
    }
}

#[tokio::test]
async fn large_events_invalid_bytes_and_garbage() {
    let fixture = text_of("anthropic_text");
    let large = fixture.replace(" Gott 👋", &"x".repeat(1 << 20));
    let reply = whole("anthropic", large.as_bytes()).await.0.unwrap();
    assert!(matches!(&reply.message.blocks[0], Block::Text(text) if text.len() == (1 << 20) + "Grüß".len()));

    let endless = fixture.replace(" Gott 👋", &"x".repeat(5 << 20));
    let pieces = endless.as_bytes().chunks(1 << 16).map(Bytes::copy_from_slice).collect();
    let error = decode("anthropic", pieces).await.0.unwrap_err();
    assert!(error.kind == CallErrorKind::Protocol && error.message.contains("4194304"), "{error}");

    let mut invalid = fixture.as_bytes().to_vec();
    let at = invalid.windows(5).position(|five| five == b" Gott").unwrap();
    invalid[at] = 0xff;
    let reply = whole("anthropic", &invalid).await.0.unwrap();
    assert_eq!(reply.message.blocks, [Block::Text("Grüß\u{fffd}Gott 👋".into())]);

    for name in ["anthropic", "gemini", "openai"] {
        let error = whole(name, b"data: <html>\n\n").await.0.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Protocol, "{name}");
        let error = whole(name, b"").await.0.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Connection, "{name}");
    }
}

#[tokio::test]
async fn stop_reasons_and_odd_tool_calls() {
    let fixture = text_of("anthropic_text");
    for (word, stop) in [
        ("max_tokens", StopReason::MaxTokens),
        ("model_context_window_exceeded", StopReason::MaxTokens),
        ("stop_sequence", StopReason::StopSequence),
        ("pause_turn", StopReason::Pause),
        ("refusal", StopReason::Refused("refusal".into())),
        ("boredom", StopReason::Other("boredom".into())),
    ] {
        assert_eq!(
            whole("anthropic", fixture.replace("end_turn", word).as_bytes()).await.0.unwrap().stop,
            stop
        );
    }
    let fixture = text_of("gemini_signed_text");
    for (word, stop) in [
        ("SAFETY", StopReason::Refused("SAFETY".into())),
        ("MALFORMED_FUNCTION_CALL", StopReason::Other("MALFORMED_FUNCTION_CALL".into())),
        ("STOP", StopReason::EndTurn),
    ] {
        assert_eq!(
            whole("gemini", fixture.replace("MAX_TOKENS", word).as_bytes()).await.0.unwrap().stop,
            stop
        );
    }
    let chat = |delta: &str, finish: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\ndata: [DONE]\n\n"
        )
    };
    let of =
        async |delta: &str, finish: &str| whole("openai", chat(delta, finish).as_bytes()).await.0.unwrap();
    assert_eq!(
        of(r#"{"refusal":"I will not."}"#, "\"stop\"").await.stop,
        StopReason::Refused("I will not.".into())
    );
    assert_eq!(
        of(r#"{"content":"x"}"#, "\"content_filter\"").await.stop,
        StopReason::Refused("content_filter".into())
    );
    assert_eq!(of(r#"{"content":[{"type":"text","text":"x"}]}"#, "null").await.stop, StopReason::EndTurn);
    let same_index = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}},
        {"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]}"#
        .replace('\n', "");
    let odd = of(&same_index, "\"stop\"").await;
    // Whole arguments without ids and indexes, one of them no text but an object.
    let bare = r#"{"tool_calls":[{"function":{"name":"f","arguments":"{\"x\":1}"}},
        {"function":{"name":"f","arguments":{"x":2}}}]}"#
        .replace('\n', "");
    assert_eq!(
        of(&bare, "\"\"").await.message.blocks,
        [call("call_3_0", "f", json!({"x": 1}), None), call("call_3_1", "f", json!({"x": 2}), None)]
    );
    assert_eq!(
        odd.message.blocks,
        [call("a", "f", json!({"__invalid": "{\"x\":"}), None), call("b", "g", json!({}), None)]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// A spoilt stream ends in a reply or in an error of a kind that says so; it never panics or hangs.
    #[test]
    fn spoilt_streams_end(
        which in 0..ALL.len(),
        spoils in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6),
    ) {
        let (name, text) = ALL[which];
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte, how) in spoils {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (outcome, _) = runtime.block_on(whole(name, &bytes));
        if let Err(error) = outcome {
            // A spoilt number may make it any of the vendor's errors, but none of our own.
            let own = [CallErrorKind::OverBudget(None), CallErrorKind::Cancelled, CallErrorKind::BreakerOpen];
            prop_assert!(!own.contains(&error.kind) && !error.message.is_empty(), "{}: {}", name, error);
        }
    }
}
