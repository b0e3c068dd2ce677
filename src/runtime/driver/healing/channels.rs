//! The ways in which people are told of incidents, as the director laid them down.

use crate::{
    domain::{incident::Severity, mail::Way, time::Millis},
    engine::healing::ward::Incident,
    operations::notify::{mail::Envelope, wording::Wording},
};

/// Who is told of incidents, and how. Secrets are as they were written: `env:NAME`, `cmd:COMMAND`, or themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channels {
    /// Milder incidents are not told.
    pub least: Severity,
    /// Every way.
    pub ways: Vec<Recipient>,
    /// In which words.
    pub wording: Wording,
}

impl Default for Channels {
    fn default() -> Self {
        Self { least: Severity::P3, ways: Vec::new(), wording: Wording::default() }
    }
}

/// Who is told by one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The way.
    pub by: Channel,
    /// Told only of what has waited for a person for at least this long; of everything where there is nothing.
    pub after: Option<Millis>,
}

impl Recipient {
    /// Whether an incident is told this way.
    #[must_use]
    pub fn hears(&self, incident: &Incident) -> bool {
        self.after.is_none_or(|after| incident.waits_since.is_some() && incident.waited() >= after)
    }
}

impl Channel {
    /// As the timeline names it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "the webhook",
            Self::SlackHook(_) | Self::SlackBot { .. } => "slack",
            Self::Mail { .. } => "mail",
        }
    }
}

/// A way in which people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// JSON to an address, signed where there is a secret.
    Webhook {
        /// Where.
        url: String,
        /// With which the receiver checks that it comes from here.
        secret: Option<String>,
    },
    /// Slack's incoming webhook.
    SlackHook(String),
    /// A bot of Slack.
    SlackBot {
        /// Base address of the methods.
        api: String,
        /// Its token.
        token: String,
        /// Where it speaks.
        channel: String,
    },
    /// Letters.
    Mail {
        /// How they go.
        way: Way,
        /// From whom to whom.
        envelope: Envelope,
        /// Login at the mail server.
        login: Option<String>,
        /// Its password, or the key of the API.
        key: Option<String>,
    },
}
