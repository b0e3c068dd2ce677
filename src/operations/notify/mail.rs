//! A notice as a letter: by SMTP, or through the API of SendGrid or Resend. All letters of an incident are one
//! conversation: they answer a letter of its own id.

use super::{Notice, TRY_MOST, Untold, answered, wording::Words};
use crate::domain::{digest::Digest, mail::Way};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::authentication::Credentials,
};
use serde_json::json;

/// Who writes to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `Chimera <chimera@example.com>`, or the address alone.
    pub from: String,
    /// The same of each who is told.
    pub to: Vec<String>,
}

/// An address as it is written in a letter.
///
/// # Errors
/// It is none.
pub fn address(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|error| format!("{text:?} is no mail address: {error}"))
}

/// What a letter is made from.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// What is told.
    pub notice: &'a Notice,
    /// The same in words.
    pub words: &'a Words,
    /// From whom to whom.
    pub envelope: &'a Envelope,
}

/// Sends a letter; `login` is of the mail server, `key` of the API or the mail server's password. `client` gives what
/// speaks HTTP with an address, where an API is asked.
///
/// # Errors
/// It is not taken.
pub async fn send(
    client: impl FnOnce(&str) -> Result<reqwest::Client, Untold>,
    way: &Way,
    (login, key): (Option<&str>, Option<&str>),
    letter: Letter<'_>,
) -> Result<(), Untold> {
    match way {
        Way::Smtp(url) => by_smtp(url, (login, key), letter).await,
        Way::SendGrid(base) => by_sendgrid(&client(base)?, (base, key.unwrap_or_default()), letter).await,
        Way::Resend(base) => by_resend(&client(base)?, (base, key.unwrap_or_default()), letter).await,
    }
}

async fn by_smtp(
    url: &str,
    (login, key): (Option<&str>, Option<&str>),
    letter: Letter<'_>,
) -> Result<(), Untold> {
    let refused = |error: lettre::transport::smtp::Error| {
        let why = format!("the mail server: {error}");
        if error.is_permanent() { Untold::for_good(why) } else { Untold::for_now(why) }
    };
    let message = letter.message().map_err(Untold::for_good)?;
    let mut server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
        .map_err(refused)?
        .timeout(Some(TRY_MOST.to_std()));
    if let (Some(login), Some(key)) = (login, key) {
        server = server.credentials(Credentials::new(login.to_owned(), key.to_owned()));
    }
    match tokio::time::timeout(TRY_MOST.to_std(), server.build().send(message)).await {
        Ok(sent) => sent.map(drop).map_err(refused),
        Err(_) => Err(Untold::for_now(format!("the mail server did not answer within {TRY_MOST}"))),
    }
}

async fn by_sendgrid(
    client: &reqwest::Client,
    (base, key): (&str, &str),
    letter: Letter<'_>,
) -> Result<(), Untold> {
    let to: Result<Vec<_>, _> = letter.envelope.to.iter().map(|to| person(to)).collect();
    let body = json!({
        "personalizations": [{"to": to.map_err(Untold::for_good)?}],
        "from": person(&letter.envelope.from).map_err(Untold::for_good)?,
        "subject": letter.words.subject,
        "content": [{"type": "text/plain", "value": letter.words.text}],
        "headers": {"References": letter.conversation(), "X-Chimera-Id": letter.notice.id},
    });
    let request = client.post(format!("{base}/v3/mail/send")).bearer_auth(key).json(&body);
    answered("sendgrid", request).await.map(drop)
}

async fn by_resend(
    client: &reqwest::Client,
    (base, key): (&str, &str),
    letter: Letter<'_>,
) -> Result<(), Untold> {
    let body = json!({
        "from": letter.envelope.from,
        "to": letter.envelope.to,
        "subject": letter.words.subject,
        "text": letter.words.text,
        "headers": {"References": letter.conversation(), "X-Chimera-Id": letter.notice.id},
    });
    // A later try of the same notice is no second letter there.
    let request = client
        .post(format!("{base}/emails"))
        .bearer_auth(key)
        .header("idempotency-key", Digest::of(letter.notice.id.as_bytes()).to_string())
        .json(&body);
    answered("resend", request).await.map(drop)
}

fn person(text: &str) -> Result<serde_json::Value, String> {
    let known = address(text)?;
    Ok(match known.name {
        Some(name) => json!({"email": known.email.to_string(), "name": name}),
        None => json!({"email": known.email.to_string()}),
    })
}

impl Letter<'_> {
    /// The id that all letters of an incident answer.
    fn conversation(&self) -> String {
        let (house, incident) = (self.notice.house.as_bytes(), self.notice.first.incident.as_bytes());
        format!("<{}@{}>", Digest::of_parts(&[house, incident]).short(), self.host())
    }

    /// What stands behind the `@` of who writes.
    fn host(&self) -> String {
        address(&self.envelope.from).map_or_else(|_| "chimera".into(), |from| from.email.domain().to_owned())
    }

    fn message(&self) -> Result<Message, String> {
        let id = format!("<{}@{}>", Digest::of(self.notice.id.as_bytes()).short(), self.host());
        let mut letter = Message::builder()
            .from(address(&self.envelope.from)?)
            .subject(&self.words.subject)
            .message_id(Some(id))
            .in_reply_to(self.conversation())
            .references(self.conversation())
            .header(ContentType::TEXT_PLAIN);
        for to in &self.envelope.to {
            letter = letter.to(address(to)?);
        }
        letter.body(self.words.text.clone()).map_err(|error| error.to_string())
    }
}
