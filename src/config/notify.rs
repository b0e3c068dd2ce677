//! The keys of what people are told, and by which ways.

use super::{
    forms::{key_source, mail_way, mailbox, path, url, webhook, words},
    key::{Key, RepoMay, key, lens, severity},
    settings::Settings,
    slot::{Lens, Slot},
};
use crate::domain::incident::Severity;

/// `notify.webhook`.
pub(super) const WEBHOOK: Key<Settings> = key!(
    "notify.webhook",
    "Address that is told of incidents, as JSON by POST. Taken from `env:NAME` or `cmd:COMMAND` where it is a secret.",
    Slot::Maybe(webhook, lens!(notify.webhook)),
    Nothing
);
/// `notify.webhook_secret`.
pub(super) const WEBHOOK_SECRET: Key<Settings> = key!(
    "notify.webhook_secret",
    "With it each notice to the webhook is signed, where it comes from: `env:NAME` or `cmd:COMMAND`.",
    Slot::Maybe(key_source, lens!(notify.webhook_secret)),
    Nothing
);
/// `notify.webhook_after`.
pub(super) const WEBHOOK_AFTER: Key<Settings> = key!(
    "notify.webhook_after",
    "The webhook is told only of what has waited for a person for this long, with nobody's answer. Unset: of everything.",
    Slot::MaybeSpan(lens!(notify.webhook_after)),
    Nothing
);
/// `notify.slack_webhook`.
pub(super) const SLACK_WEBHOOK: Key<Settings> = key!(
    "notify.slack_webhook",
    "Slack's incoming webhook. Taken from `env:NAME` or `cmd:COMMAND` where it is a secret.",
    Slot::Maybe(webhook, lens!(notify.slack_webhook)),
    Nothing
);
/// `notify.slack_webhook_after`.
pub(super) const SLACK_WEBHOOK_AFTER: Key<Settings> = key!(
    "notify.slack_webhook_after",
    "The same of Slack's incoming webhook.",
    Slot::MaybeSpan(lens!(notify.slack_webhook_after)),
    Nothing
);
/// `notify.slack_token`.
pub(super) const SLACK_TOKEN: Key<Settings> = key!(
    "notify.slack_token",
    "Token of a bot of Slack, where it comes from: `env:NAME` or `cmd:COMMAND`. It keeps all of an incident in one thread.",
    Slot::Maybe(key_source, lens!(notify.slack_token)),
    Nothing
);
/// `notify.slack_channel`.
pub(super) const SLACK_CHANNEL: Key<Settings> = key!(
    "notify.slack_channel",
    "Name or id of the channel in which the bot speaks.",
    Slot::Maybe(words, lens!(notify.slack_channel)),
    Nothing
);
/// `notify.slack_api`.
pub(super) const SLACK_API: Key<Settings> = key!(
    "notify.slack_api",
    "Base address of Slack's methods, where it is not https://slack.com/api.",
    Slot::Maybe(url, lens!(notify.slack_api)),
    Nothing
);
/// `notify.slack_after`.
pub(super) const SLACK_AFTER: Key<Settings> =
    key!("notify.slack_after", "The same of the bot.", Slot::MaybeSpan(lens!(notify.slack_after)), Nothing);
/// `notify.mail_to`.
pub(super) const MAIL_TO: Key<Settings> = key!(
    "notify.mail_to",
    "Who gets letters about incidents: name@host, or Name <name@host>.",
    Slot::Texts(mailbox, lens!(notify.mail_to)),
    Nothing
);
/// `notify.mail_from`.
pub(super) const MAIL_FROM: Key<Settings> =
    key!("notify.mail_from", "Who writes them.", Slot::Maybe(mailbox, lens!(notify.mail_from)), Nothing);
/// `notify.mail_by`.
pub(super) const MAIL_BY: Key<Settings> = key!(
    "notify.mail_by",
    "How they go: smtp://host:port (in the clear; ?tls=required for STARTTLS), smtps://host:port, sendgrid or resend, \
         or one of these two with an address of their API: sendgrid+https://api.eu.sendgrid.com.",
    Slot::Maybe(mail_way, lens!(notify.mail_by)),
    Nothing
);
/// `notify.mail_login`.
pub(super) const MAIL_LOGIN: Key<Settings> = key!(
    "notify.mail_login",
    "Login at the mail server.",
    Slot::Maybe(words, lens!(notify.mail_login)),
    Nothing
);
/// `notify.mail_key`.
pub(super) const MAIL_KEY: Key<Settings> = key!(
    "notify.mail_key",
    "Its password, or the key of the API, where it comes from: `env:NAME` or `cmd:COMMAND`.",
    Slot::Maybe(key_source, lens!(notify.mail_key)),
    Nothing
);
/// `notify.mail_after`.
pub(super) const MAIL_AFTER: Key<Settings> = key!(
    "notify.mail_after",
    "The same of letters: who gets them hears of what nobody else answers.",
    Slot::MaybeSpan(lens!(notify.mail_after)),
    Nothing
);
/// `notify.templates`.
pub(super) const TEMPLATES: Key<Settings> = key!(
    "notify.templates",
    "Directory with subject.txt and text.txt of your own; docs/monitor.md says which names they may use.",
    Slot::Maybe(path, lens!(notify.templates)),
    Nothing
);
/// `notify.least`.
pub(super) const LEAST: Key<Settings> =
    key!("notify.least", "Incidents milder than this are not told.", severity!(notify.least), Nothing);
