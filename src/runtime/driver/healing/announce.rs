//! Telling people of an incident, every way that the director laid down. Each way is tried for itself, again after a while
//! where that makes sense; after a crash the effect runs again, so nobody is told less than once.

use super::{
    super::site::{Site, permanent, transient},
    channels::{Channel, Channels, Recipient},
    ground::{incident_of, laid_down},
};
use crate::{
    domain::{
        ids::{IncidentId, RequestId, Seq},
        incident::Phase,
        signal::kind,
        time::Millis,
    },
    engine::{
        command::Outcome,
        effect::{Effect, EffectKind, Failure},
        healing::{notices::Group, ward::Incident},
    },
    monitor::probes::Eyes,
    operations::notify::{
        Member, Notice, Untold,
        mail::{self, Letter},
        slack, webhook,
        wording::{Wording, Words},
    },
    runtime::supervisor::StopSign,
};
use futures::future::join_all;
use std::sync::Arc;

/// Pauses before each try after the first.
const PAUSES: [Millis; 5] =
    [Millis::secs(1), Millis::secs(5), Millis::secs(30), Millis::mins(2), Millis::mins(10)];

/// Threads that are remembered until the journal knows them.
const THREADS_MOST: usize = 256;

/// Tells people who are not at a screen.
pub(in crate::runtime::driver) async fn announce(
    site: &Site,
    effect: &Effect,
    stop: &StopSign,
) -> Result<Outcome, Failure> {
    let EffectKind::Announce { incident, words, others } = &effect.kind else {
        return Err(permanent("there is nothing to tell"));
    };
    let incident = incident_of(site, *incident)?;
    let mut told = vec![Told { incident, words }];
    for (other, words) in others {
        // What is not known any more has ended long ago.
        told.extend(incident_of(site, *other).ok().map(|incident| Told { incident, words }));
    }
    for Told { incident, words } in &told {
        tracing::info!(incident = %incident.id, severity = %incident.severity, service = incident.service, words, "incident");
    }
    let Ok(rules) = laid_down(site) else { return Ok(Outcome::Announced(None, String::new())) };
    let channels = &rules.notify;
    let threads = told.iter().map(|told| told.incident.id).collect();
    let teller = Teller { site, eyes: &rules.eyes, wording: &channels.wording, threads };
    let quiet = quiet_with(site, &told[0].incident);
    let house = house(site).await;
    let notices = channels.ways.iter().filter_map(|way| {
        let told = heard(channels, way, &told);
        Some((&way.by, notice((effect, &house), (&told, &quiet))?))
    });
    let notices: Vec<(&Channel, Notice)> = notices.collect();
    let telling = notices.iter().map(|(way, notice)| teller.insist(way, notice, stop));
    sum(notices.iter().map(|(way, _)| way.word()).zip(join_all(telling).await))
}

/// What tells this house from all others: how its journal begins.
async fn house(site: &Site) -> String {
    let store = site.lines.store.clone();
    let read = tokio::task::spawn_blocking(move || store.read_along(Seq(1), 1)).await;
    let first = read.ok().and_then(Result::ok).and_then(|entries| entries.first().map(|entry| entry.hash));
    first.map(|hash| hash.short().to_string()).unwrap_or_default()
}

/// What is told of one incident.
#[derive(Clone)]
struct Told<'a> {
    incident: Arc<Incident>,
    words: &'a str,
}

/// What of it is told one way.
fn heard<'a>(channels: &Channels, way: &Recipient, told: &[Told<'a>]) -> Vec<Told<'a>> {
    let hears = |told: &&Told<'_>| told.incident.severity <= channels.least && way.hears(&told.incident);
    told.iter().filter(hears).cloned().collect()
}

/// What is quiet because of something in the group of this one.
fn quiet_with(site: &Site, incident: &Incident) -> Vec<Member> {
    let state = site.lines.state.borrow();
    let group = Group::of(&state.ward, incident);
    let quiet = group.quiet(&state.ward).map(|(quiet, why)| member(quiet, &why.words()));
    // What makes a storm is told of with it, also what nobody has had the time to confirm.
    let new = state
        .ward
        .live()
        .filter(|new| incident.kind == kind::STORM && new.phase == Phase::Suspected && new.sightings.firing);
    let quiet = quiet.chain(new.map(|new| member(new, "seen")));
    quiet.filter(|member| member.incident != incident.id.to_string()).collect()
}

fn member(incident: &Incident, words: &str) -> Member {
    Member {
        incident: incident.id.to_string(),
        event: words.to_owned(),
        severity: incident.severity.to_string(),
        service: incident.service.clone(),
        env: incident.env.clone(),
        title: incident.title.clone(),
        phase: incident.phase.word().to_owned(),
        request: incident.request.as_ref().map(RequestId::to_string),
    }
}

/// What came of all ways together. Whoever was told is told, and the thread is kept, whatever became of the others.
fn sum<'a>(
    ways: impl Iterator<Item = (&'a str, Result<Option<String>, String>)>,
) -> Result<Outcome, Failure> {
    let (mut told, mut untold, mut thread) = (Vec::new(), Vec::new(), None);
    for (way, came) in ways {
        match came {
            Ok(begun) => {
                told.push(way);
                thread = thread.or(begun);
            }
            Err(why) => untold.push(why),
        }
    }
    match (told.is_empty(), untold.is_empty()) {
        (_, true) => Ok(Outcome::Announced(thread, String::new())),
        (true, false) => Err(transient(untold.join("; "))),
        (false, false) => {
            let words = format!("told by {}; {}", told.join(", "), untold.join("; "));
            Ok(Outcome::Announced(thread, words))
        }
    }
}

/// What telling needs.
struct Teller<'a> {
    site: &'a Site,
    eyes: &'a Eyes,
    wording: &'a Wording,
    /// Incidents that it is told of, the one that it is told under first.
    threads: Vec<IncidentId>,
}

impl Teller<'_> {
    /// Tries until it is told, another try makes no sense, or all has to end; the thread that was begun by it.
    async fn insist(
        &self,
        way: &Channel,
        notice: &Notice,
        stop: &StopSign,
    ) -> Result<Option<String>, String> {
        let mut pauses = PAUSES.into_iter();
        let mut notice = notice.clone();
        loop {
            let untold = match self.tell(way, &notice).await {
                Ok(begun) => return Ok(begun),
                Err(untold) => untold,
            };
            let (Some(least), Some(pause)) = (untold.again, pauses.next()) else { return Err(untold.why) };
            tracing::info!(why = untold.why, attempt = notice.attempt, "nobody was told yet");
            tokio::select! {
                () = stop.raised() => return Err(untold.why),
                () = tokio::time::sleep(pause.max(least.min(PAUSES[PAUSES.len() - 1])).to_std()) => {}
            }
            notice.attempt = notice.attempt.saturating_add(1);
        }
    }

    async fn tell(&self, way: &Channel, notice: &Notice) -> Result<Option<String>, Untold> {
        let words = self.wording.of(notice);
        match way {
            Channel::Webhook { url, secret } => {
                let (url, secret) = (self.secret(url).await?, self.maybe(secret.as_ref()).await?);
                let client = self.client(&url)?;
                webhook::tell(&client, (&url, secret.as_deref()), notice, self.site.now())
                    .await
                    .map(|()| None)
            }
            Channel::SlackHook(url) => {
                let url = self.secret(url).await?;
                slack::hook(&self.client(&url)?, &url, &words).await.map(|()| None)
            }
            Channel::SlackBot { api, token, channel } => {
                let token = self.secret(token).await?;
                let bot = slack::Bot { api, token: &token, channel };
                self.in_thread(bot, (notice, &words)).await
            }
            Channel::Mail { way, envelope, login, key } => {
                let key = self.maybe(key.as_ref()).await?;
                let letter = Letter { notice, words: &words, envelope };
                let who = (login.as_deref(), key.as_deref());
                mail::send(|base| self.client(base), way, who, letter).await.map(|()| None)
            }
        }
    }

    /// One after the other: what comes while the thread of its incident is begun belongs into it.
    async fn in_thread(
        &self,
        bot: slack::Bot<'_>,
        said: (&Notice, &Words),
    ) -> Result<Option<String>, Untold> {
        let client = self.client(bot.api)?;
        let mut threads = self.site.threads.lock().await;
        let known = self.threads.iter().find_map(|id| {
            let journaled = incident_of(self.site, *id).ok().and_then(|known| known.thread.clone());
            journaled.or_else(|| threads.get(id).cloned())
        });
        let thread = slack::post(&client, bot, said, known.as_deref()).await?;
        if let Some(begun) = thread.as_ref().filter(|_| known.is_none()) {
            threads.extend(self.threads.iter().map(|id| (*id, begun.clone())));
            while threads.len() > THREADS_MOST {
                threads.pop_first();
            }
        }
        Ok(thread)
    }

    async fn secret(&self, source: &str) -> Result<String, Untold> {
        (self.eyes.secret)(source).await.map_err(Untold::for_good)
    }

    async fn maybe(&self, source: Option<&String>) -> Result<Option<String>, Untold> {
        match source {
            Some(source) => self.secret(source).await.map(Some),
            None => Ok(None),
        }
    }

    fn client(&self, url: &str) -> Result<reqwest::Client, Untold> {
        let parsed =
            reqwest::Url::parse(url).map_err(|error| Untold::for_good(format!("[notify]: {error}")))?;
        self.eyes.web.client(&parsed).map_err(Untold::for_now)
    }
}

/// What is told one way, if anything is: under the gravest of it, with the rest beside it. What was begun before a crash may
/// have been told then: it says that it is told again.
fn notice((effect, house): (&Effect, &str), (told, quiet): (&[Told<'_>], &[Member])) -> Option<Notice> {
    let (Told { incident, words }, others) = told.split_first()?;
    let tries = incident.effects.get(&effect.id).map_or(0, |known| u32::from(known.tries));
    let tries = tries.saturating_add(u32::from(effect.unsure));
    let others = others.iter().map(|told| member(&told.incident, told.words)).chain(quiet.iter().cloned());
    let mut others: Vec<Member> = others.collect();
    let more = others.len().saturating_sub(Member::MOST);
    others.truncate(Member::MOST);
    Some(Notice {
        id: format!("{house}/{}", effect.id),
        house: house.to_owned(),
        first: member(incident, words),
        cause: incident.diagnosis.as_ref().map(|diagnosis| diagnosis.cause.clone()),
        count: incident.sightings.count,
        affected: incident.sightings.affected,
        others,
        more: u64::try_from(more).unwrap_or(u64::MAX),
        attempt: tries.saturating_add(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c16_who_was_told_stays_told_and_the_thread_is_kept_whatever_became_of_the_other_ways() {
        let thread = || Ok(Some("1503435956.000247".to_owned()));
        let gone = || Err("the webhook answered 404 Not Found: ".to_owned());
        let all = sum([("slack", thread()), ("mail", Ok(None))].into_iter());
        assert_eq!(all, Ok(Outcome::Announced(Some("1503435956.000247".into()), String::new())));
        let some = sum([("the webhook", gone()), ("slack", thread()), ("mail", Ok(None))].into_iter());
        let words = "told by slack, mail; the webhook answered 404 Not Found: ";
        assert_eq!(some, Ok(Outcome::Announced(Some("1503435956.000247".into()), words.into())));
        let nobody = sum([("the webhook", gone()), ("mail", Err("mail: refused".into()))].into_iter());
        assert!(
            nobody.is_err_and(|failure| failure.reason.contains("404") && failure.reason.contains("refused"))
        );
    }
}
