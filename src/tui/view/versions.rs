//! Every candidate of a mission and what has landed of it, as rows that can be opened, copied or restored.

use crate::{
    domain::{candidate::CommitId, digest::Digest, ids::TeamId, text::clean_line},
    engine::state::Mission,
    tui::words,
};

/// One row.
pub(super) struct Version {
    pub title: String,
    patch: Option<Digest>,
    commit: Option<CommitId>,
}

/// All rows: candidates team by team, then landed and restored revisions.
pub(super) fn rows(mission: &Mission) -> Vec<Version> {
    let mut rows = Vec::new();
    for team in &mission.teams {
        for (candidate, evidence) in &team.candidates {
            let stat = &candidate.stat;
            let unproven = || format!("not checked  +{} -{}", stat.additions, stat.deletions);
            let proof = evidence.as_deref().map_or_else(unproven, words::evidence_line);
            let title = format!(
                "{} attempt {}  {proof}  {}",
                words::team_name_of(team),
                candidate.attempt,
                clean_line(&candidate.summary, 120)
            );
            rows.push(Version { title, patch: Some(candidate.patch), commit: None });
        }
    }
    let all = mission.result.landed.iter().chain(&mission.result.restored);
    let last = mission.result.restored.len();
    for (nth, (commit, branch)) in all.enumerate() {
        let words = match nth {
            0 => chosen_words(mission),
            nth if nth % 2 == 1 => "taken back".to_owned(),
            _ => "put back".to_owned(),
        };
        let now = if nth == last { "  ← now" } else { "" };
        let title =
            format!("{words} as {} on {}{now}", clean_line(commit.short(), 10), clean_line(branch, 60));
        rows.push(Version { title, patch: chosen_patch(mission), commit: Some(commit.clone()) });
    }
    rows
}

/// Whose candidate landed.
fn chosen_words(mission: &Mission) -> String {
    mission.result.chosen.map_or_else(
        || "landed".to_owned(),
        |(team, attempt)| format!("{} attempt {attempt} landed", words::team_name(mission, team)),
    )
}

/// What restoring the commit of a row does.
#[must_use]
pub fn undoing_at(mission: &Mission, at: usize) -> &'static str {
    let candidates: usize = mission.teams.iter().map(|team| team.candidates.len()).sum();
    match at.checked_sub(candidates) {
        Some(nth) if nth % 2 == 1 => "put back what was taken back by",
        _ => "take back what landed as",
    }
}

fn chosen_patch(mission: &Mission) -> Option<Digest> {
    let (team, attempt) = mission.result.chosen?;
    let team = mission.teams.iter().find(|known| known.id == team)?;
    team.entry(attempt).map(|(candidate, _)| candidate.patch)
}

/// The patch of a row.
#[must_use]
pub fn patch_at(mission: &Mission, at: usize) -> Option<Digest> {
    rows(mission).get(at)?.patch
}

/// The commit of a row that has landed.
#[must_use]
pub fn commit_at(mission: &Mission, at: usize) -> Option<CommitId> {
    rows(mission).into_iter().nth(at)?.commit
}

/// Whose candidate a row is, its attempt and its patch.
#[must_use]
pub fn candidate_at(mission: &Mission, at: usize) -> Option<(TeamId, u32, Digest)> {
    let all = mission.teams.iter().flat_map(|team| &team.candidates);
    all.map(|(candidate, _)| (candidate.team, candidate.attempt, candidate.patch)).nth(at)
}

/// The heading of a row.
#[must_use]
pub fn title_at(mission: &Mission, at: usize) -> String {
    rows(mission).into_iter().nth(at).map(|row| row.title).unwrap_or_default()
}
