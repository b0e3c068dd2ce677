//! What is in place of each service, and since when: `release.current` is asked now and then, and before an incident is looked
//! into; whenever it says something new, that is a release. So what was released by hand is known as well. It counts from
//! the last answer that still named the one before: what it broke was not seen before it. What was there when the first answer
//! came has always been there, for all anybody knows. A file of the data directory remembers it for the next process.

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
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
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

/// Name of the file, and its bytes.
const FILE: &str = "releases.json";
const FILE_MOST: u64 = 4 * 1024 * 1024;
/// How often it is written where nothing is new but that it is still so.
const WRITE_EVERY: Millis = Millis::mins(1);

/// What is known of each service.
#[derive(Debug)]
pub(super) struct Releases {
    file: PathBuf,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    known: BTreeMap<String, Known>,
    /// When it was last written.
    written: Option<Timestamp>,
}

/// What a service said.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    /// When it last said what is in place.
    asked: Option<Timestamp>,
    /// Its releases, the newest first.
    releases: Vec<Released>,
}

impl Releases {
    /// What an earlier process on this data directory knew.
    pub fn of_data(data: &Path) -> Self {
        let file = data.join(FILE);
        let known = read(&file).unwrap_or_else(|error| {
            let file = file.display();
            tracing::warn!(%file, %error, "what was released when is not known: the file cannot be read");
            BTreeMap::new()
        });
        Self { file, all: Mutex::new(All { known, written: None }) }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases of a service, the newest first.
    pub fn of(&self, service: &str) -> Vec<Released> {
        self.all().known.get(service).map(|known| known.releases.clone()).unwrap_or_default()
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
        let mut all = self.all();
        let new = all.known.entry(service.to_owned()).or_default().note(said, at);
        if !new && all.written.is_some_and(|written| at.since(written) < WRITE_EVERY) {
            return;
        }
        all.written = Some(at);
        if let Err(error) = write(&self.file, &all.known) {
            let file = self.file.display();
            tracing::warn!(%file, %error, "what was released when is forgotten at the end: the file cannot be written");
        }
    }
}

impl Known {
    /// Whether it is something new.
    fn note(&mut self, said: String, at: Timestamp) -> bool {
        let since = self.asked.replace(at).unwrap_or(Timestamp(0));
        if self.releases.first().is_some_and(|last| last.said == said) {
            return false;
        }
        let hex = said.len() >= 7 && said.len() <= 64 && said.bytes().all(|byte| byte.is_ascii_hexdigit());
        let commit = hex.then(|| CommitId(said.clone()));
        self.releases.insert(0, Released { at: since, seen: at, commit, said, put_back: false });
        self.releases.truncate(KEPT_MOST);
        true
    }
}

fn read(file: &Path) -> io::Result<BTreeMap<String, Known>> {
    match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        other => Ok(serde_json::from_reader(other?.take(FILE_MOST))?),
    }
}

/// So that either the old or the new one is there after a crash.
fn write(file: &Path, known: &BTreeMap<String, Known>) -> io::Result<()> {
    let fresh = file.with_extension("json.new");
    let mut open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    open.write_all(&serde_json::to_vec(known)?)?;
    fs::rename(&fresh, file)
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
        let releases = Releases::of_data(dir.path());
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
        // The next process knows it, and what came while none ran counts from when one last asked.
        let later = Releases::of_data(dir.path());
        std::fs::write(&file, "v3").unwrap();
        later.ask(std::slice::from_ref(&service), || Timestamp(9)).await;
        let at: Vec<i64> = later.of("web").iter().map(|release| release.at.0).collect();
        assert_eq!(at, [3, 2, 0]);
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(Releases::of_data(dir.path()).of("web").is_empty(), "what cannot be read is forgotten");
    }
}
