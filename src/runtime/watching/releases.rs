//! What is in place of each service, and since when: `release.current` is asked now and then, and before an incident is looked
//! into; whenever it says something new, that is a release. So what was released by hand is known as well. It counts from
//! the last answer that still named the one before: what it broke was not seen before it. What was there when the first answer
//! came has always been there, for all anybody knows.

use crate::{
    domain::{
        candidate::CommitId,
        service::{Release, Service},
        text::clean_line,
        time::{Millis, Timestamp},
    },
    monitor::investigate::Released,
    workspace::process::{self, Confinement, Exit, Limits, Spec},
};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// How often it is asked.
pub(super) const EVERY: Millis = Millis::secs(5);
/// How long one answer may take, and its bytes.
const ANSWER_MOST: Millis = Millis::secs(5);
const SAID_MOST: usize = 4 * 1024;
/// Characters of a version.
const VERSION_MOST: usize = 128;
/// Releases of a service that are remembered.
const KEPT_MOST: usize = 32;

/// What is known of each service.
#[derive(Debug, Default)]
pub(super) struct Releases(Mutex<BTreeMap<String, Known>>);

/// What a service said.
#[derive(Debug, Default)]
struct Known {
    /// When it last said what is in place.
    asked: Option<Timestamp>,
    /// Its releases, the newest first.
    releases: Vec<Released>,
}

impl Releases {
    pub fn of(&self, service: &str) -> Vec<Released> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(service).map(|known| known.releases.clone()).unwrap_or_default()
    }

    /// Asks every service that can say it.
    pub async fn ask(&self, services: &[Service], now: impl Fn() -> Timestamp) {
        for service in services {
            let Some(release) = service.release.as_ref().filter(|release| !release.current.is_empty()) else {
                continue;
            };
            if let Some(said) = answer(service, release).await {
                self.note(&service.name, said, now());
            }
        }
    }

    fn note(&self, service: &str, said: String, at: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(service.to_owned()).or_default();
        let since = known.asked.replace(at).unwrap_or(Timestamp(0));
        let releases = &mut known.releases;
        if releases.first().is_some_and(|last| last.said == said) {
            return;
        }
        let hex = said.len() >= 7 && said.len() <= 64 && said.bytes().all(|byte| byte.is_ascii_hexdigit());
        let commit = hex.then(|| CommitId(said.clone()));
        releases.insert(0, Released { at: since, commit, said, put_back: false });
        releases.truncate(KEPT_MOST);
    }
}

async fn answer(service: &Service, release: &Release) -> Option<String> {
    let spec = Spec {
        argv: release.current.clone(),
        dir: service.repo.as_ref().map_or_else(std::env::temp_dir, PathBuf::from),
        env: Vec::new(),
        stdin: Vec::new(),
        limits: Limits { wall: ANSWER_MOST, output: SAID_MOST, ..Limits::default() },
        confinement: Confinement::Host,
    };
    let done = process::run(spec, std::future::pending()).await.ok()?;
    let said = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    (done.exit == Exit::Code(0) && !said.is_empty()).then(|| clean_line(&said, VERSION_MOST).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn c5_what_is_in_place_is_a_release_when_it_changes() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("version");
        let release =
            Release { current: vec!["cat".into(), file.display().to_string()], ..Release::default() };
        let service = Service { name: "web".into(), release: Some(release), ..Service::default() };
        let releases = Releases::default();
        for (at, said) in [(1, "0123456789abcdef"), (2, "0123456789abcdef"), (3, "v2 \u{1b}[2J"), (4, "")] {
            std::fs::write(&file, said).unwrap();
            releases.ask(std::slice::from_ref(&service), || Timestamp(at)).await;
        }
        let known = releases.of("web");
        let at: Vec<i64> = known.iter().map(|release| release.at.0).collect();
        assert_eq!(
            at,
            [2, 0],
            "the newest first, from when the other was last seen; the first was always there; nothing said is nothing new"
        );
        assert_eq!(known[1].commit, Some(CommitId("0123456789abcdef".into())));
        assert!(known[0].commit.is_none() && !known[0].said.contains('\u{1b}'));
    }
}
