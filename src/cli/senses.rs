//! What the house watches and heals with: probes, runbooks, rules and eyes, put together from the settings.

use super::{told, voices};
use crate::{
    config::{
        environment::Environment,
        runbooks::Shelf,
        secret::KeySource,
        settings::{OnAir, Settings},
    },
    domain::brief::{Approval, Brief},
    monitor::{
        investigate::Rules,
        probes::{Begin, Eyes, Resolve, Web},
    },
    providers::http::{self, HttpOptions, ProxyUse},
    runtime::{HealRules, clock::Clock},
    workspace::process::Confinement,
};
use futures::future::FutureExt as _;
use std::{path::PathBuf, sync::Arc};

/// Variables of this process that commands of probes and runbooks get: what tells tools which machine they are to ask.
const LET_THROUGH: [&str; 10] = [
    "DOCKER_HOST",
    "KUBECONFIG",
    // Within a pod kubectl finds its cluster by these and by its account.
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "PGPASSFILE",
    "PGSERVICEFILE",
    "REDISCLI_AUTH",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "HOME",
];

/// What is watched and healed; `None` where nothing is watched. What is wrong with runbooks and rules of the director is
/// said, and the good ones stay.
pub fn of(settings: &Settings, environment: &Environment) -> (Option<Arc<HealRules>>, Vec<String>) {
    if settings.probes.is_empty() {
        return (None, Vec::new());
    }
    let shelf = Shelf::load(&runbook_dirs(settings));
    let mut notes: Vec<String> = shelf.problems.iter().map(ToString::to_string).collect();
    let rules = Rules::built_in().unwrap_or_else(|error| {
        notes.push(error.to_string());
        Rules::default()
    });
    let rules = HealRules {
        probes: settings.probes.clone(),
        runbooks: shelf.runbooks.into_iter().map(|shelved| shelved.runbook).collect(),
        rules,
        eyes: eyes(settings, environment),
        commission: commission(settings, &settings.on_air(environment)),
        notify: told::of(&settings.notify, &mut notes),
    };
    (Some(Arc::new(rules)), notes)
}

/// Directories with runbooks of the director.
#[must_use]
pub fn runbook_dirs(settings: &Settings) -> Vec<PathBuf> {
    settings.places.runbooks.iter().map(PathBuf::from).collect()
}

/// What probes look with.
#[must_use]
pub fn eyes(settings: &Settings, environment: &Environment) -> Eyes {
    let ca_files = voices::certificates(settings, environment);
    let begin: Begin = Arc::new(move || {
        let options = HttpOptions { ca_files: ca_files.clone(), proxy: ProxyUse::Environment };
        http::begin(&options).map_err(|error| error.to_string())
    });
    let names = LET_THROUGH.iter();
    let env = names.filter_map(|name| Some(((*name).to_owned(), environment.get(name)?.to_owned())));
    Eyes {
        now: Arc::new(|| Clock::Wall.now()),
        secret: secret(environment),
        web: Web::new(begin),
        positions: Some(settings.places.data.join("positions")),
        walls: Confinement::Leash { helper: None },
        env: env.collect(),
    }
}

/// `env:NAME`, `cmd:COMMAND`, or the text itself.
fn secret(environment: &Environment) -> Resolve {
    let environment = environment.clone();
    Arc::new(move |text| {
        let (text, environment) = (text.to_owned(), environment.clone());
        async move {
            if !text.starts_with("env:") && !text.starts_with("cmd:") {
                return Ok(text);
            }
            match KeySource::parse(&text)? {
                KeySource::Env(names) => {
                    let found = names.iter().find_map(|name| environment.get(name));
                    let value = found.map(|value| value.trim().to_owned());
                    value.ok_or_else(|| format!("{} is not set", names.join(" or ")))
                }
                KeySource::Command(command) => voices::first_line(&command).await,
            }
        }
        .boxed()
    })
}

/// What the brief of a fix starts from.
fn commission(settings: &Settings, on_air: &OnAir) -> Brief {
    let chosen = &settings.brief.teams;
    let teams = on_air.teams.iter().filter(|team| chosen.is_empty() || chosen.contains(&team.name)).cloned();
    Brief {
        text: String::new(),
        constraints: settings.brief.constraints.clone(),
        checks: settings.brief.checks.clone(),
        budget: settings.policy.budget.per_mission,
        attachments: Vec::new(),
        teams: teams.collect(),
        approve: Approval::Ask,
        repo: settings.places.repo.as_ref().map_or_else(String::new, |repo| repo.display().to_string()),
        timeout: None,
        priority: 8,
        heals: None,
        patch: None,
        once: None,
        feature: None,
        withheld: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_what_tells_them_which_cluster_they_are_in() {
        let variables = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBECONFIG"];
        let environment = Environment::of(variables.map(|name| (name, "x"))).with("SECRET", "y");
        let env = eyes(&Settings::default(), &environment).env;
        assert!(variables.iter().all(|name| env.iter().any(|(given, _)| given == name)), "{env:?}");
        assert!(!env.iter().any(|(name, _)| name == "SECRET"));
    }
}
