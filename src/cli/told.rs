//! Who is told of incidents, from the settings: every way that is whole becomes a channel, and what is missing for another is
//! said.

use crate::{
    config::settings::Telling,
    domain::mail::Way,
    operations::notify::{
        mail::Envelope,
        slack,
        wording::{TEMPLATE_MOST, Wording},
    },
    runtime::{Channel, Channels},
};
use std::{fs, io, path::Path};

/// All of them.
pub(super) fn of(telling: &Telling, notes: &mut Vec<String>) -> Channels {
    let mut ways = Vec::new();
    if let Some(url) = &telling.webhook {
        ways.push(Channel::Webhook { url: url.clone(), secret: telling.webhook_secret.clone() });
    }
    ways.extend(telling.slack_webhook.clone().map(Channel::SlackHook));
    match (&telling.slack_token, &telling.slack_channel) {
        (Some(token), Some(channel)) => {
            let api = telling.slack_api.as_deref().unwrap_or(slack::API).trim_end_matches('/');
            let (token, channel) = (token.clone(), channel.clone());
            ways.push(Channel::SlackBot { api: api.to_owned(), token, channel });
        }
        (Some(_), None) => {
            notes.push("notify.slack_channel is missing: the bot of Slack tells nobody".into())
        }
        (None, Some(_)) => {
            notes.push("notify.slack_token is missing: nobody is told in Slack's channel".into())
        }
        (None, None) => {}
    }
    match mail(telling) {
        Ok(way) => ways.extend(way),
        Err(why) => notes.push(why),
    }
    let wording =
        telling.templates.as_deref().map_or_else(|| Ok(Wording::default()), |dir| words(Path::new(dir)));
    let wording = wording.unwrap_or_else(|why| {
        notes.push(format!("notify.templates: {why}; the built-in words are used"));
        Wording::default()
    });
    Channels { least: telling.least, ways, wording }
}

/// Letters, where anybody gets them.
fn mail(telling: &Telling) -> Result<Option<Channel>, String> {
    if telling.mail_to.is_empty() {
        return Ok(None);
    }
    let missing = |name: &str| format!("notify.{name} is missing: letters about incidents are not sent");
    let from = telling.mail_from.clone().ok_or_else(|| missing("mail_from"))?;
    let by = telling.mail_by.as_deref().ok_or_else(|| missing("mail_by"))?;
    let way = Way::read(by).map_err(|why| format!("notify.mail_by: {why}"))?;
    if !matches!(way, Way::Smtp(_)) && telling.mail_key.is_none() {
        return Err(missing("mail_key"));
    }
    Ok(Some(Channel::Mail {
        way,
        envelope: Envelope { from, to: telling.mail_to.clone() },
        login: telling.mail_login.clone(),
        key: telling.mail_key.clone(),
    }))
}

/// The director's own words; a file that is not there is the built-in one.
fn words(dir: &Path) -> Result<Wording, String> {
    let read = |name: &str| {
        let path = dir.join(name);
        match fs::metadata(&path) {
            Ok(found) if found.len() > TEMPLATE_MOST as u64 => {
                Err(format!("{} is longer than {TEMPLATE_MOST} bytes", path.display()))
            }
            Ok(_) => {
                fs::read_to_string(&path).map(Some).map_err(|error| format!("{}: {error}", path.display()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    };
    if !dir.is_dir() {
        return Err(format!("{} is no directory", dir.display()));
    }
    let (subject, text) = (read("subject.txt")?, read("text.txt")?);
    Wording::new(subject.as_deref(), text.as_deref()).map_err(|why| format!("{}: {why}", dir.display()))
}
