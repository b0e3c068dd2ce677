//! Slack: an incoming webhook, which is told each notice for itself, or a bot's `chat.postMessage`, which keeps all of an
//! incident in one thread.

use super::{Notice, Untold, answered, wording::Words};
use crate::domain::text::clean_line;
use serde::Deserialize;
use serde_json::json;

/// Where Slack's methods are, unless said otherwise.
pub const API: &str = "https://slack.com/api";
/// Characters of a message; Slack cuts at 40,000.
const TEXT_MOST: usize = 16_000;

/// A bot's word in a channel.
#[derive(Clone, Copy)]
pub struct Bot<'a> {
    /// Base address of the methods, without a slash at its end.
    pub api: &'a str,
    /// The bot's token.
    pub token: &'a str,
    /// Name or id of the channel.
    pub channel: &'a str,
}

/// What `chat.postMessage` answers.
#[derive(Deserialize)]
struct Posted {
    ok: bool,
    #[serde(default)]
    ts: Option<String>,
    #[serde(default)]
    error: String,
}

/// Tells an incoming webhook.
///
/// # Errors
/// Slack does not take it.
pub async fn hook(client: &reqwest::Client, url: &str, words: &Words) -> Result<(), Untold> {
    let body = json!({"text": message(words)});
    answered("slack", client.post(url).json(&body)).await.map(drop)
}

/// Says it in the bot's name, in this thread if there is one; the thread that it stands in.
///
/// # Errors
/// Slack does not take it.
pub async fn post(
    client: &reqwest::Client,
    bot: Bot<'_>,
    (notice, words): (&Notice, &Words),
    thread: Option<&str>,
) -> Result<Option<String>, Untold> {
    let mut body = json!({
        "channel": bot.channel,
        "text": message(words),
        "unfurl_links": false,
        "metadata": {"event_type": "chimera_incident", "event_payload": {"id": notice.id, "incident": notice.first.incident}},
    });
    if let Some(thread) = thread {
        body["thread_ts"] = thread.into();
    }
    let request = client.post(format!("{}/chat.postMessage", bot.api)).bearer_auth(bot.token).json(&body);
    let answer = answered("slack", request).await?;
    let posted: Posted = serde_json::from_str(&answer.body)
        .map_err(|_| Untold::for_now(format!("slack answered {} and no JSON", answer.status)))?;
    if posted.ok {
        return Ok(thread.map(str::to_owned).or(posted.ts));
    }
    let why = format!("slack refuses: {}", clean_line(&posted.error, 80));
    let passing = matches!(
        posted.error.as_str(),
        "ratelimited" | "internal_error" | "fatal_error" | "service_unavailable"
    );
    Err(if passing { Untold::for_now(why) } else { Untold::for_good(why) })
}

/// Slack's own form: three characters are told apart from its marks, nothing else can begin one.
fn message(words: &Words) -> String {
    let text: String = words.text.chars().take(TEXT_MOST).collect();
    let whole = format!("*{}*\n{text}", words.subject.replace('*', "∗"));
    whole.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
