//! What every command starts from: the settings, the environment, the current directory, the log file.

use super::{
    Everywhere,
    exit::Complaint,
    house::{self, House, Purpose},
    out,
    settings::Source,
};
use crate::{
    config::{
        self, Loaded, Wanted,
        environment::Environment,
        layers::{ConfigError, FlagValue},
        settings::Settings,
    },
    engine::state::State,
    runtime::look::Look,
};
use std::{
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

/// Log files kept, one a day.
const LOGS_MOST: usize = 7;
/// Log lines that may wait to be written; later ones are dropped. Their places are touched at the start: the
/// crate's own 128,000 are 4 MB of memory and 1.5 ms.
const LINES_MOST: usize = 4_096;

/// Where one command stands.
pub struct Session {
    /// All settings with their layers.
    pub loaded: Loaded,
    /// The environment as it was at the start.
    pub environment: Environment,
    /// The current directory.
    pub here: PathBuf,
    /// Where the settings are read from when they are read again.
    pub source: Source,
    /// What is wrong with the settings, where the built-in ones stand in for them.
    pub fault: Option<ConfigError>,
}

impl Session {
    /// Reads the settings.
    ///
    /// # Errors
    /// A mistake in any layer, or no current directory.
    pub fn load(everywhere: &Everywhere) -> Result<Self, Complaint> {
        let source = source(everywhere)?;
        let loaded = source.load()?;
        Ok(Self::of(loaded, source))
    }

    fn of(loaded: Loaded, source: Source) -> Self {
        let Source { environment, here, .. } = source.clone();
        Self { loaded, environment, here, source, fault: None }
    }

    /// The same for what only looks, or talks to a process that runs: where the settings have a mistake, that is said, and the
    /// built-in ones count at the places that could be made out. An engine is not started by them: see [`Self::may_open`].
    ///
    /// # Errors
    /// There is no current directory, or the data directory cannot be made out.
    pub fn load_anyway(everywhere: &Everywhere) -> Result<Self, Complaint> {
        let session = Self::load_unsaid(everywhere)?;
        session.say_fault();
        Ok(session)
    }

    /// The same where nothing may be said yet: the terminal is taken.
    ///
    /// # Errors
    /// As [`Self::load_anyway`].
    pub fn load_unsaid(everywhere: &Everywhere) -> Result<Self, Complaint> {
        let source = source(everywhere)?;
        let fault = match source.load() {
            Ok(loaded) => return Ok(Self::of(loaded, source)),
            Err(fault) => fault,
        };
        let loaded = config::places_alone(&source.wanted, &source.environment, &source.here);
        if loaded.settings.places.data.as_os_str().is_empty() {
            return Err(fault.into());
        }
        Ok(Self { fault: Some(fault), ..Self::of(loaded, source) })
    }

    /// That the built-in settings stand in for those with a mistake, in a line.
    #[must_use]
    pub fn fault_words(&self) -> Option<String> {
        let fault = self.fault.as_ref()?;
        Some(format!("the settings cannot be used, the built-in ones count here: {}", fault.first()))
    }

    /// Says that on stderr.
    pub fn say_fault(&self) {
        out::note(self.fault_words().as_slice());
    }

    /// Whether a house may be opened: its ground is there, and where the settings have a mistake another process runs it.
    ///
    /// # Errors
    /// See [`Self::ground`]; or the mistake, where an engine would have to be started by it.
    pub fn may_open(&self) -> Result<(), Complaint> {
        self.ground()?;
        match &self.fault {
            Some(fault) if Look::owner(&self.settings().places.data).is_none() => Err(unstarted(fault)),
            _ => Ok(()),
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.loaded.settings
    }

    /// The repository.
    ///
    /// # Errors
    /// There is none around here.
    pub fn repository(&self) -> Result<&Path, Complaint> {
        self.settings().places.repo.as_deref().ok_or_else(|| {
            Complaint::error(format!("{} is in no git repository", self.here.display()))
                .hint("go into one, or name it with --repo DIR; `git init` and a first commit make one")
        })
    }

    /// Makes sure that there is something to open: a repository or a data directory that was named, and the data
    /// directory outside of the repository, where git and build tools would take worktrees for parts of it.
    ///
    /// # Errors
    /// There is neither, one lies in the other, or something else is in its place.
    pub fn ground(&self) -> Result<(), Complaint> {
        let places = &self.settings().places;
        if std::fs::metadata(&places.data).is_ok_and(|found| !found.is_dir()) {
            return Err(Complaint::error(format!(
                "the data directory {} is no directory",
                places.data.display()
            ))
            .hint("name another with --data DIR or `dir` in [data]"));
        }
        let Some(repo) = &places.repo else {
            return if places.data_dir.is_some() { Ok(()) } else { self.repository().map(|_| ()) };
        };
        if !real(&places.data).starts_with(real(repo)) {
            return Ok(());
        }
        let what = format!(
            "the data directory {} lies inside the repository {}: git and build tools would take the teams' \
             worktrees for parts of it",
            places.data.display(),
            repo.display()
        );
        Err(Complaint::error(what).hint("name a directory outside, with --data DIR or `dir` in [data]"))
    }

    /// Opens the house, and says on stderr what a person should know about the start.
    ///
    /// # Errors
    /// See [`Self::may_open`] and [`house::open`].
    pub async fn open(&self, purpose: Purpose) -> Result<House, Complaint> {
        self.may_open()?;
        let house = match &self.fault {
            None => house::open(self.settings(), &self.environment, purpose).await?,
            Some(fault) => house::reach(self.settings()).await?.ok_or_else(|| unstarted(fault))?,
        };
        out::note(&house.notes());
        Ok(house)
    }

    /// The state as of now, to look at; says on stderr who owns it, if anybody does, and that it is halted.
    ///
    /// # Errors
    /// See [`Self::ground`] and [`house::look`].
    pub fn look(&self) -> Result<State, Complaint> {
        self.ground()?;
        let (state, owner) = house::look(self.settings())?;
        if let Some(owner) = owner {
            out::note(&[format!("owned by {}; as of entry {}", house::owned_by(&owner), state.seq)]);
        }
        if let Some(why) = state.halted() {
            out::note(&[format!("the house is {why}; `chimera resume` lets it go on")]);
        }
        Ok(state)
    }

    /// Says on stderr what the settings have to say, such as ignored values.
    pub fn say_notes(&self) {
        out::note(&self.loaded.notes);
    }

    /// Starts the log file in the data directory; without one the command goes on all the same.
    #[must_use]
    pub fn log(&self) -> Option<WorkerGuard> {
        // Nothing is written to a place that would be refused.
        self.may_open().ok()?;
        let directory = self.settings().places.data.join("logs");
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).ok()?;
        let file = tracing_appender::rolling::Builder::new()
            .rotation(tracing_appender::rolling::Rotation::DAILY)
            .filename_prefix("chimera")
            .filename_suffix("log")
            .max_log_files(LOGS_MOST)
            .build(directory)
            .ok()?;
        let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(LINES_MOST).finish(file);
        tracing_subscriber::fmt()
            .json()
            .with_ansi(false)
            .with_env_filter(tracing_subscriber::EnvFilter::new(self.settings().log_level.word()))
            .with_writer(writer)
            .try_init()
            .ok()?;
        Some(guard)
    }
}

/// Why no engine is started.
fn unstarted(fault: &ConfigError) -> Complaint {
    let complaint = Complaint::from(fault.clone());
    let hint = complaint.hint.clone().unwrap_or_default();
    complaint.hint(format!("{hint}. No process runs the house here, and none is started by such settings"))
}

/// The path without symbolic links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let mut missing = Vec::new();
    let mut there = path;
    loop {
        if let Ok(found) = there.canonicalize() {
            return missing.iter().rev().fold(found, |whole, name| whole.join(name));
        }
        let (Some(parent), Some(name)) = (there.parent(), there.file_name()) else {
            return path.to_path_buf();
        };
        missing.push(name);
        there = parent;
    }
}

/// The flags as the settings room wants them.
///
/// # Errors
/// The data directory's name is not UTF-8, which no setting can hold.
pub fn wanted(everywhere: &Everywhere) -> Result<Wanted, Complaint> {
    let flag = |dir: &PathBuf| -> Result<FlagValue, Complaint> {
        let value = dir.to_str().map(str::to_owned).ok_or_else(|| {
            Complaint::usage(format!("--data {}: the name is not UTF-8", dir.display()))
                .hint("name another directory")
        })?;
        Ok(FlagValue { path: "data.dir", flag: "--data", value })
    };
    let slow = everywhere.low_bandwidth.then(|| FlagValue {
        path: "ui.low_bandwidth",
        flag: "--low-bandwidth",
        value: "true".into(),
    });
    Ok(Wanted {
        file: everywhere.config.clone(),
        repo: everywhere.repo.clone(),
        flags: everywhere.data.as_ref().map(flag).transpose()?.into_iter().chain(slow).collect(),
    })
}

/// The current directory.
///
/// # Errors
/// It is gone.
pub fn current_directory() -> Result<PathBuf, Complaint> {
    std::env::current_dir()
        .map_err(|e| Complaint::error(format!("the current directory cannot be used: {e}")))
}

/// Where the settings of this command line come from.
fn source(everywhere: &Everywhere) -> Result<Source, Complaint> {
    let here = current_directory()?;
    Ok(Source { wanted: wanted(everywhere)?, environment: Environment::of_process(), here })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(data: &Path, repo: Option<&Path>) -> Session {
        let here = data.ancestors().last().unwrap_or(data).to_path_buf();
        let mut loaded =
            crate::config::load(&wanted(&Everywhere::default()).unwrap(), &Environment::default(), &here)
                .unwrap();
        loaded.settings.places.data = data.to_path_buf();
        loaded.settings.places.repo = repo.map(Path::to_path_buf);
        let source = Source { here: here.clone(), ..Source::default() };
        Session { loaded, environment: Environment::default(), here, source, fault: None }
    }

    #[tokio::test]
    async fn settings_with_a_mistake_reach_a_house_that_runs_and_start_none() {
        let top = tempfile::tempdir().unwrap();
        let (file, data) = (top.path().join("chimera.toml"), top.path().join("data"));
        std::fs::write(&file, "[autonomy]\nlevle = 2\n").unwrap();
        let everywhere = Everywhere { config: Some(file), data: Some(data.clone()), ..Everywhere::default() };
        assert!(Session::load(&everywhere).is_err());
        let session = Session::load_anyway(&everywhere).unwrap();
        assert!(
            session.fault.as_ref().unwrap().first().contains("chimera.toml:2:1: "),
            "{:?}",
            session.fault
        );
        assert_eq!(session.settings().places.data, data);
        for purpose in [Purpose::Command, Purpose::Work] {
            let refused = session.open(purpose).await.err().unwrap();
            assert!(refused.what.contains("levle") && refused.hint.unwrap().contains("No process runs"));
        }
        assert!(session.log().is_none() && !data.exists(), "nothing is made at a place that may be another");
        let sound = Session::load(&Everywhere { config: None, ..everywhere }).unwrap();
        let running = house::open(sound.settings(), &Environment::default(), Purpose::Command).await.unwrap();
        let reached = session.open(Purpose::Work).await.unwrap();
        assert!(matches!(reached.joined(), house::Joined::Other(_)));
        reached.close().await;
        running.close().await;
    }

    #[test]
    fn the_data_directory_lies_outside_of_the_repository() {
        let top = tempfile::tempdir().unwrap();
        let repo = top.path().join("repo");
        std::fs::create_dir(&repo).unwrap();
        std::os::unix::fs::symlink(&repo, top.path().join("link")).unwrap();
        for inside in ["repo", "repo/data", "repo/.git/x/y", "link/data"] {
            let refused = session(&top.path().join(inside), Some(&repo)).ground().unwrap_err();
            assert!(refused.what.contains("inside the repository"), "{inside}: {}", refused.what);
        }
        for outside in ["data", "repo-data/x"] {
            assert_eq!(session(&top.path().join(outside), Some(&repo)).ground(), Ok(()), "{outside}");
        }
    }

    #[test]
    fn without_a_repository_there_is_nothing_to_open_unless_data_is_named() {
        let top = tempfile::tempdir().unwrap();
        let mut lost = session(top.path(), None);
        assert!(lost.ground().unwrap_err().what.contains("no git repository"));
        lost.loaded.settings.places.data_dir = Some(top.path().display().to_string());
        assert_eq!(lost.ground(), Ok(()));
    }
}
