//! Who is told of incidents, from the settings: every way that is whole becomes a channel, and what is missing for another is
//! said.

use crate::{
    config::{document::Problem, settings::Telling},
    domain::mail::Way,
    operations::notify::{
        mail::Envelope,
        slack,
        wording::{TEMPLATE_MOST, Wording},
    },
    runtime::{Channel, Channels, Recipient},
};
use std::{fs, io, path::Path};

/// All of them.
pub(super) fn of(telling: &Telling, notes: &mut Vec<String>) -> Channels {
    let mut ways = Vec::new();
    let mut add = |by, after| ways.push(Recipient { by, after });
    if let Some(url) = &telling.webhook {
        let (url, secret) = (url.clone(), telling.webhook_secret.clone());
        add(Channel::Webhook { url, secret }, telling.webhook_after);
    }
    if let Some(url) = &telling.slack_webhook {
        add(Channel::SlackHook(url.clone()), telling.slack_webhook_after);
    }
    match (&telling.slack_token, &telling.slack_channel) {
        (Some(token), Some(channel)) => {
            let api = telling.slack_api.as_deref().unwrap_or(slack::API).trim_end_matches('/');
            let (token, channel) = (token.clone(), channel.clone());
            add(Channel::SlackBot { api: api.to_owned(), token, channel }, telling.slack_after);
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
        Ok(way) => way.into_iter().for_each(|way| add(way, telling.mail_after)),
        Err(why) => notes.push(why),
    }
    let wording =
        telling.templates.as_deref().map_or_else(|| Ok(Wording::default()), |dir| words(Path::new(dir)));
    let wording = wording.unwrap_or_else(|why| {
        let Problem { place, what } = why;
        notes.push(format!("notify.templates: {place}: {what}; the built-in words are used"));
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
///
/// # Errors
/// What is wrong, and in which line of which file.
pub(super) fn words(dir: &Path) -> Result<Wording, Problem> {
    let wrong = |place: &Path, what: String| Problem { place: place.display().to_string(), what };
    let read = |name: &str| {
        let path = dir.join(name);
        match fs::metadata(&path) {
            Ok(found) if found.len() > TEMPLATE_MOST as u64 => {
                Err(wrong(&path, format!("it is longer than {TEMPLATE_MOST} bytes")))
            }
            Ok(_) => fs::read_to_string(&path).map(Some).map_err(|error| wrong(&path, error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(wrong(&path, error.to_string())),
        }
    };
    if !dir.is_dir() {
        return Err(wrong(dir, "it is no directory".into()));
    }
    let (subject, text) = (read("subject.txt")?, read("text.txt")?);
    Wording::new(subject.as_deref(), text.as_deref())
        .map_err(|fault| wrong(&dir.join(fault.place), fault.what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c16_a_broken_template_is_told_with_its_file_and_line_in_words() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("text.txt"), "one\n${titel}\n").unwrap();
        let telling = Telling { templates: Some(dir.path().display().to_string()), ..Telling::default() };
        let mut notes = Vec::new();
        of(&telling, &mut notes);
        let place = dir.path().join("text.txt:2");
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0]
                .starts_with(&format!("notify.templates: {}: a notice has no ${{titel}}", place.display())),
            "{notes:?}"
        );
    }
}
