//! Where release commands run, and what they are told: in the service's own repository where that holds what is released, else in
//! a tree of exactly that commit, as when it landed on a branch of its own.

use super::site::{Site, transient};
use crate::{
    domain::{candidate::CommitId, service::Service},
    engine::{effect::Failure, state::Mission},
    workspace::{Workshop, Worktree},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The directory.
pub(super) async fn place(
    site: &Site,
    mission: &Mission,
    (service, commit): (&Service, &CommitId),
) -> Result<PathBuf, Failure> {
    let workshop = site.workshop(mission).await?;
    let repo = Path::new(&mission.brief.repo);
    let own = service.repo.as_ref().map(PathBuf::from).filter(|own| own.is_dir());
    let elsewhere = |own: &Path| fs::canonicalize(own).ok() != fs::canonicalize(repo).ok();
    match own {
        // A repository of its own knows nothing of the commit.
        Some(own) if elsewhere(&own) => return Ok(own),
        Some(own) if workshop.has_checked_out(commit).await.map_err(transient)? => return Ok(own),
        _ => {}
    }
    Ok(staged(&workshop, mission, commit).await?.path)
}

/// A tree of exactly what landed.
pub(super) async fn staged(
    workshop: &Workshop,
    mission: &Mission,
    commit: &CommitId,
) -> Result<Worktree, Failure> {
    workshop.scratch(&format!("{}-staged", mission.id), commit).await.map_err(transient)
}

/// What they find in their environment beside what is let through.
pub(super) fn environment(site: &Site, mission: &Mission, commit: &CommitId) -> Vec<(String, String)> {
    let own = site.rules.healing.as_ref().map(|rules| rules.eyes.env.clone());
    let branch = mission.result.landed.as_ref().map(|(_, branch)| branch.clone());
    let told = [
        ("CHIMERA_COMMIT", commit.0.clone()),
        ("CHIMERA_BRANCH", branch.unwrap_or_default()),
        ("CHIMERA_MISSION", mission.id.to_string()),
    ];
    let told = told.into_iter().map(|(name, value)| (name.to_owned(), value));
    own.unwrap_or_default().into_iter().chain(told).collect()
}
