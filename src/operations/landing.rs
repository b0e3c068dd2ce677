//! Landing: a change between two commits becomes one commit on a branch. The winner lands so (from its base to
//! the candidate), and so does its undoing (from the landed commit back to its parent).
//!
//! The change is merged three-way onto wherever the branch is now. If the branch moved since the teams
//! started, the checks run again on the merged result; if both sides changed the same lines, the desk gets the
//! conflict with both sides. The branch moves by compare-and-swap, so nothing is overwritten and nothing is
//! half done. A landing whose outcome is unknown is looked up by its trailer before it is tried again.

use super::message::EFFECT_TRAILER;
use crate::{
    domain::{
        candidate::{CheckKind, CheckOutcome, CheckResult, CommitId, DiffStat, Evidence},
        ids::MissionId,
    },
    workspace::{Merge, Workshop, WorkspaceError},
};
use futures::future::BoxFuture;

/// How often a branch that moves under the landing is followed.
const FOLLOW_MOST: u32 = 3;
/// Names tried for an agent branch before giving up.
const NAMES_MOST: u32 = 50;

/// Where a landing goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The branch that is checked out.
    Current,
    /// A branch of its own, `agent/fix-<mission>`.
    Own,
    /// This branch.
    Named(String),
}

/// Runs the checks on a merged commit.
pub type Recheck<'a> = &'a (dyn Fn(CommitId) -> BoxFuture<'a, Result<Evidence, String>> + Send + Sync);
/// Names what of a diff is protected, with the rule.
pub type Guard<'a> = &'a (dyn Fn(&DiffStat) -> Vec<String> + Send + Sync);

/// One landing.
pub struct Landing<'a> {
    /// Where.
    pub workshop: &'a Workshop,
    /// For which mission.
    pub mission: MissionId,
    /// Its name for ever; the trailer carries it.
    pub mark: &'a str,
    /// Commit before the change.
    pub base: &'a CommitId,
    /// Commit after it.
    pub candidate: &'a CommitId,
    /// Branch.
    pub target: &'a Target,
    /// Whole commit message.
    pub message: &'a str,
    /// Protected paths: the last look, on exactly what would land.
    pub guard: Guard<'a>,
    /// For a branch that moved; `None`: a person restores and nothing is run.
    pub recheck: Option<Recheck<'a>>,
    /// What was known of the candidate when it was approved: a check that was red then may stay red.
    pub known: Option<&'a Evidence>,
}

/// What came of a landing.
#[derive(Debug)]
pub enum Landed {
    /// This commit on this branch.
    Done(CommitId, String),
    /// Both changed these files; both sides with marks.
    Conflict(Vec<String>, Vec<u8>),
    /// Merged, but the checks fail there.
    Red(Box<Evidence>),
}

/// A landing that could not be carried out; nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    /// Git or the file system says no.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Protected paths are in what would land.
    #[error("nothing was landed: {0}")]
    Protected(String),
    /// The checks could not be run on the merged result.
    #[error("nothing was landed: the checks could not be run on the merged result: {0}")]
    Recheck(String),
    /// The branch kept moving.
    #[error(
        "nothing was landed: branch {0} moved {FOLLOW_MOST} times while landing; try again when it is quiet"
    )]
    Moving(String),
    /// The branch is not there any more.
    #[error("nothing was landed: there is no branch {0}; name the one to land on, or make it again")]
    Gone(String),
    /// There is nothing on the branch side to do.
    #[error("nothing was landed: {0} already holds exactly this")]
    Nothing(String),
}

/// A branch and where it is.
struct Place {
    branch: String,
    tip: CommitId,
    /// False for a branch that is made by this landing.
    exists: bool,
}

impl Landing<'_> {
    /// Looks whether this landing happened before a crash.
    ///
    /// # Errors
    /// When git cannot say.
    pub async fn find(&self) -> Result<Option<Landed>, LandError> {
        // All of them: the director may have checked out another branch since.
        for branch in self.workshop.branches().await? {
            let found = self.workshop.find_trailer(&branch, EFFECT_TRAILER, self.mark).await?;
            if let Some(commit) = found {
                return Ok(Some(Landed::Done(commit, branch)));
            }
        }
        Ok(None)
    }

    /// Lands.
    ///
    /// # Errors
    /// See [`LandError`]; nothing has changed then.
    pub async fn land(&self) -> Result<Landed, LandError> {
        let mut branch = String::new();
        for _ in 0..FOLLOW_MOST {
            let place = self.place().await?;
            branch.clone_from(&place.branch);
            let tree = match self.workshop.merge_onto(self.base, self.candidate, &place.tip).await? {
                Merge::Clean(tree) => tree,
                Merge::Conflict { files, detail } => return Ok(Landed::Conflict(files, detail)),
            };
            let commit = self.workshop.commit_tree(&tree, &place.tip, self.message).await?;
            let stat = self.workshop.stat(&place.tip, &commit).await?;
            if stat.files.is_empty() {
                return Err(LandError::Nothing(place.branch));
            }
            let hits = (self.guard)(&stat);
            if !hits.is_empty() {
                return Err(LandError::Protected(hits.join("; ")));
            }
            if let Some(recheck) = self.recheck.filter(|_| place.tip != *self.base) {
                let evidence = recheck(commit.clone()).await.map_err(LandError::Recheck)?;
                if !self.holds(&evidence) {
                    return Ok(Landed::Red(Box::new(evidence)));
                }
            }
            if self.advance(&place, &commit).await? {
                return Ok(Landed::Done(commit, place.branch));
            }
        }
        Err(LandError::Moving(branch))
    }

    /// All checks pass, or none fails that was not seen failing when this was approved.
    fn holds(&self, found: &Evidence) -> bool {
        let red = |check: &&CheckResult| {
            check.kind != CheckKind::Lint && check.after.outcome != CheckOutcome::Passed
        };
        found.passed()
            || self.known.is_some_and(|known| {
                found
                    .checks
                    .iter()
                    .filter(red)
                    .all(|check| known.checks.iter().filter(red).any(|seen| seen.command == check.command))
            })
    }

    /// True if the branch is at `commit` now, false if it moved meanwhile.
    async fn advance(&self, place: &Place, commit: &CommitId) -> Result<bool, LandError> {
        let from = place.exists.then_some(&place.tip);
        match self.workshop.advance_branch(&place.branch, from, commit).await {
            Ok(()) => Ok(true),
            Err(WorkspaceError::Moved { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn place(&self) -> Result<Place, LandError> {
        let here = self.workshop.base().await?;
        match (self.target, here.branch) {
            (Target::Named(branch), _) => {
                let tip = self.workshop.branch_tip(branch).await?;
                let tip = tip.ok_or_else(|| LandError::Gone(branch.clone()))?;
                Ok(Place { branch: branch.clone(), tip, exists: true })
            }
            (Target::Current, Some(branch)) => Ok(Place { branch, tip: here.commit, exists: true }),
            // On a detached head there is no branch to move: it gets one of its own.
            (Target::Current, None) | (Target::Own, _) => {
                for number in 1..NAMES_MOST {
                    let place = self.own_place(number).await?;
                    if !place.exists {
                        return Ok(Place { tip: here.commit, ..place });
                    }
                }
                Err(LandError::Moving(format!("agent/fix-{}", self.mission)))
            }
        }
    }

    async fn own_place(&self, number: u32) -> Result<Place, LandError> {
        let suffix = if number > 1 { format!("-{number}") } else { String::new() };
        let branch = format!("agent/fix-{}{suffix}", self.mission);
        let tip = self.workshop.branch_tip(&branch).await?;
        Ok(Place { exists: tip.is_some(), tip: tip.unwrap_or_else(|| self.base.clone()), branch })
    }
}

#[cfg(test)]
mod tests;
