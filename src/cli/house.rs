//! The seam between the command line and the running house: opens it for one command, closes it after.

use super::{senses, voices};
use crate::{
    agents::tools::http_get::Reach,
    config::{
        self,
        environment::Environment,
        settings::{CommandNetwork, LandingBranch, Settings},
    },
    domain::{
        request::Actor,
        team::{ModelRef, Role},
    },
    engine::state::State,
    operations::{landing::Target, preview, staging::Staging},
    providers::wire::Switchboard,
    runtime::{
        self, Engine, Setup, WorkRules, Working,
        attach::{self, Attached},
        clock::Clock,
        handle::{self, EngineEnd, Handle},
        look::Look,
        people,
    },
    server::client::Remote,
    store::error::Holder,
    workspace::{self, Signing, process, sandbox::Network},
};
use anyhow::Context as _;
use std::sync::Arc;

/// What the house is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Missions go on while it is open.
    Work,
    /// Only to command; no effect is started.
    Command,
}

/// An open house.
pub struct House {
    /// What a face may use.
    pub handle: Handle,
    joined: Joined,
}

/// What stands behind a handle.
pub enum Joined {
    /// An engine of this process.
    Own(Box<Engine>),
    /// The process that owns the data directory.
    Other(Attached),
    /// A daemon at the other end of a line.
    Far(Remote),
}

impl Joined {
    /// Ends this side: an engine of its own stops at a turn boundary, saves, and gives the data directory free.
    pub async fn end(self) -> Vec<String> {
        match self {
            Self::Own(engine) => engine.end().await,
            Self::Other(attached) => {
                attached.end().await;
                Vec::new()
            }
            Self::Far(remote) => {
                remote.end().await;
                Vec::new()
            }
        }
    }

    /// What a person should know about the start, one line each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::Own(engine) => engine.notes.clone(),
            Self::Other(attached) => vec![format!(
                "attached to {}; it does the work, and goes on when you leave",
                owned_by(&attached.owner)
            )],
            Self::Far(remote) => {
                vec![format!("attached to {}; it does the work, and goes on when you leave", remote.label)]
            }
        }
    }
}

/// `process 12 (chimera 0.1.0, since …)`.
#[must_use]
pub fn owned_by(owner: &Holder) -> String {
    match owner.pid {
        0 => "another process".to_owned(),
        pid => format!("process {pid} ({}, since {})", owner.program, owner.since),
    }
}

/// Opens the data directory and starts the engine; where another process owns it, attaches to that.
///
/// # Errors
/// The data directory cannot be read or written, or no voice can be made ready.
pub async fn open(settings: &Settings, environment: &Environment, purpose: Purpose) -> anyhow::Result<House> {
    if let Some(house) = reach(settings).await? {
        return Ok(house);
    }
    let (handle, end) = handle::link(director());
    let joined = match purpose {
        Purpose::Work => join(settings, environment, end).await?,
        Purpose::Command => {
            let nobody = Arc::new(voices::nobody()?);
            Joined::Own(Box::new(start(settings, environment, (end, Working::No), nobody).await?))
        }
    };
    Ok(House { handle, joined })
}

/// Attaches to the process that owns the data directory; `None`: nobody does, and nothing is started.
///
/// # Errors
/// The journal cannot be read or understood.
pub async fn reach(settings: &Settings) -> anyhow::Result<Option<House>> {
    let data = &settings.places.data;
    let Some(owner) = Look::owner(data) else { return Ok(None) };
    let (handle, end) = handle::link(director());
    let joined = Joined::Other(attach::attach(data, owner, end).await?);
    Ok(Some(House { handle, joined }))
}

/// Attaches to the process that owns the data directory; nothing is started.
///
/// # Errors
/// Nobody owns it, or the journal cannot be read.
pub async fn follow(settings: &Settings, end: EngineEnd) -> anyhow::Result<Joined> {
    let data = &settings.places.data;
    let owner = Look::owner(data).context("no process runs the house here")?;
    Ok(Joined::Other(attach::attach(data, owner, end).await?))
}

/// The state as of now, without owning or changing anything; and who owns it.
///
/// # Errors
/// The journal cannot be read or understood.
pub fn look(settings: &Settings) -> anyhow::Result<(State, Option<Holder>)> {
    let data = &settings.places.data;
    let owner = Look::owner(data);
    Ok((Look::open(data)?.state, owner))
}

/// Starts the engine for work behind a handle that a face may already use, or attaches it to the owner.
///
/// # Errors
/// As [`open`].
pub async fn join(settings: &Settings, environment: &Environment, end: EngineEnd) -> anyhow::Result<Joined> {
    if let Some(owner) = Look::owner(&settings.places.data) {
        return Ok(Joined::Other(attach::attach(&settings.places.data, owner, end).await?));
    }
    let voices = voices::switchboard(settings, environment).await?;
    let engine = start(settings, environment, (end, Working::Yes), Arc::new(voices)).await?;
    Ok(Joined::Own(Box::new(engine)))
}

/// Starts the engine with these voices.
///
/// # Errors
/// As [`open`].
pub async fn start(
    settings: &Settings,
    environment: &Environment,
    (end, working): (EngineEnd, Working),
    switchboard: Arc<dyn Switchboard>,
) -> anyhow::Result<Engine> {
    if working == Working::Yes {
        // Looks at every process of the machine: not on the thread that draws.
        tokio::task::spawn_blocking(process::sweep_orphans).await?;
    }
    let purpose = settings.places.repo.as_ref().map_or_else(String::new, |repo| repo.display().to_string());
    let (healing, senses_notes) = match working {
        Working::Yes => senses::of(settings, environment),
        Working::No => (None, Vec::new()),
    };
    let setup = Setup {
        data: settings.places.data.clone(),
        purpose,
        policy: settings.policy.clone(),
        work: WorkRules { healing, ..work_rules(settings, environment) },
        transcripts: settings.transcripts,
        switchboard,
        clock: Clock::Wall,
        working,
    };
    let mut engine = runtime::start(setup, end).await?;
    engine.notes.extend(senses_notes);
    engine.notes.iter().for_each(|note| tracing::warn!(%note, "start"));
    Ok(engine)
}

fn work_rules(settings: &Settings, environment: &Environment) -> WorkRules {
    let judges = settings.chain(Role::Judge, environment);
    let others =
        |first: &ModelRef| judges.iter().filter(|other| *other != first).cloned().collect::<Vec<_>>();
    WorkRules {
        orchestrator: settings.chain(Role::Orchestrator, environment),
        // Each judge falls back only within its vendor: a fallback across would make it the author's own.
        judges: judges
            .iter()
            .map(|judge| {
                let same = others(judge).into_iter().filter(|other| other.vendor == judge.vendor);
                std::iter::once(judge.clone()).chain(same).collect()
            })
            .collect(),
        summarizer: settings.chain(Role::Summarizer, environment),
        investigator: settings.chain(Role::Investigator, environment),
        reach: Reach {
            hosts: settings.reach.allowed_hosts.clone(),
            ca_files: voices::certificates(settings, environment),
        },
        landing: match settings.landing.branch {
            LandingBranch::Current => Target::Current,
            LandingBranch::Agent => Target::Own,
        },
        preview: (!settings.preview.command.is_empty()).then(|| preview::Plan {
            command: settings.preview.command.clone(),
            path: settings.preview.path.clone(),
            health: settings.preview.health.clone(),
            browser: settings.preview.browser.clone(),
        }),
        staging: Staging {
            deploy: settings.feature.deploy.clone(),
            release: settings.feature.release.clone(),
            timeout: settings.feature.deploy_timeout,
        },
        repository: workspace::Rules {
            network: match settings.reach.network {
                CommandNetwork::None => Network::None,
                CommandNetwork::Loopback => Network::Loopback,
                CommandNetwork::All => Network::All,
            },
            signing: match settings.landing.sign {
                config::settings::Signing::Auto => Signing::AsGit,
                config::settings::Signing::Always => Signing::Always,
                config::settings::Signing::Never => Signing::Never,
            },
        },
        healing: None,
    }
}

impl House {
    /// See [`Joined::end`]; says on stderr what a person should know of the end.
    pub async fn close(self) {
        drop(self.handle);
        super::out::note(&self.joined.end().await);
    }

    /// What stands behind the handle.
    #[must_use]
    pub fn joined(&self) -> &Joined {
        &self.joined
    }

    /// See [`Joined::notes`].
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.joined.notes()
    }
}

/// Who decides: whoever the kernel says that this process runs as.
#[must_use]
pub fn director() -> Actor {
    Actor::Person(people::own())
}
