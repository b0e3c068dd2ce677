//! Bytes of an event stream to typed deltas, through sieve, limits, parser and decoder, as in a real call but for
//! the socket. Floor: the same bytes copied and split into lines.

use crate::harness::{Pair, pair, rates, timed};
use bytes::Bytes;
use chimera::{
    domain::team::Vendor,
    providers::{
        anthropic::stream::MessageStream,
        exchange::{self, Decoder, Post},
        gemini::stream::ContentStream,
        openai::stream::ChunkStream,
        transport::{self, Limits},
        wire::Delta,
    },
};
use futures::StreamExt;
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture, TransportError};
use std::{fmt::Write, hint::black_box};
use sync_wrapper::SyncStream;

/// Bytes of one stream.
const STREAM: usize = 8 << 20;
/// Bytes that arrive at once.
const PIECE: usize = 16 * 1024;
const WORDS: &str = "The cart's total is summed before the guard runs, so 0 items divide by 0. ";

/// Answers every request with the same bytes.
#[derive(Clone)]
struct Canned(Vec<Bytes>);

impl Canned {
    fn of(text: &str) -> Self {
        Self(text.as_bytes().chunks(PIECE).map(Bytes::copy_from_slice).collect())
    }
    async fn answer(self) -> Result<http::Response<ByteStream>, TransportError> {
        let pieces = futures::stream::iter(self.0.into_iter().map(Ok)).boxed();
        let body: ByteStream = Box::pin(SyncStream::new(transport::guarded(pieces, Limits::default())));
        Ok(http::Response::new(body))
    }
}

impl HttpTransport for Canned {
    fn request(&self, _: http::Request<Option<Bytes>>) -> ResponseFuture {
        Box::pin(self.clone().answer())
    }
}

/// A stream of pieces of `size` bytes of text: head, one event for each piece, tail.
fn stream(head: &str, tail: &str, size: usize, event: impl Fn(&mut String, &str)) -> String {
    let mut text = head.to_owned();
    let (words, mut at) = (WORDS.repeat(2), 0);
    while text.len() < STREAM {
        at = (at + size) % WORDS.len();
        event(&mut text, &words[at..at + size]);
    }
    text.push_str(tail);
    text
}

fn anthropic(size: usize) -> String {
    let head = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"usage\":{\"input_tokens\":9}}}\n\n\
        event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
    let tail = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    stream(head, tail, size, |text, words| {
        let _ = write!(
            text,
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{words}\"}}}}\n\n"
        );
    })
}

fn gemini(size: usize) -> String {
    let event = |text: &mut String, words: &str| {
        let _ = write!(
            text,
            "data: {{\"candidates\": [{{\"content\": {{\"parts\": [{{\"text\": \"{words}\"}}],\"role\": \"model\"}},\"index\": 0}}],\"usageMetadata\": {{\"promptTokenCount\": 9,\"candidatesTokenCount\": 12,\"totalTokenCount\": 21}},\"modelVersion\": \"gemini-2.0-flash\",\"responseId\": \"3jq9aJ\"}}\n\n"
        );
    };
    let tail = "data: {\"candidates\": [{\"content\": {\"parts\": [],\"role\": \"model\"},\"finishReason\": \"STOP\"}]}\n\n";
    stream("", tail, size, event)
}

fn openai(size: usize) -> String {
    let event = |text: &mut String, words: &str| {
        let _ = write!(
            text,
            "data: {{\"id\":\"gen-1\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"{words}\"}},\"finish_reason\":null,\"logprobs\":null}}]}}\n\n"
        );
    };
    stream("", "data: [DONE]\n\n", size, event)
}

fn measured<D: Decoder>(text: &str, decoder: impl Fn() -> D) -> Pair {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let canned = Canned::of(text);
    let post = Post { vendor: Vendor::Anthropic, url: "http://localhost/".into(), key: None, headers: &[] };
    let value = || {
        timed(|| {
            let mut bytes = 0;
            let mut on = |delta: Delta| {
                if let Delta::Text(words) = delta {
                    bytes += words.len();
                }
            };
            let reply = exchange::stream(&canned, &post, "{}".into(), decoder(), &mut on);
            runtime.block_on(reply).unwrap();
            assert!(bytes > text.len() / 100);
        })
    };
    let floor = || {
        timed(|| {
            let copy = text.as_bytes().to_vec();
            black_box(copy.split(|byte| *byte == b'\n').map(<[u8]>::len).max())
        })
    };
    pair(value, floor)
}

pub fn measure() {
    for size in [20, 70] {
        for (vendor, text) in
            [("anthropic", anthropic(size)), ("gemini", gemini(size)), ("openai", openai(size))]
        {
            let pair = match vendor {
                "anthropic" => measured(&text, || MessageStream::new("m")),
                "gemini" => measured(&text, || ContentStream::new("m", 1)),
                _ => measured(&text, || ChunkStream::new(Vendor::Openai, "m", 1)),
            };
            rates(
                &format!("{vendor}: SSE to deltas, {size} characters each"),
                &pair,
                text.len(),
                ">= 100 MB/s",
            );
        }
    }
}
