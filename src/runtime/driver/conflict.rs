//! What a team is told when its candidate met a target that had moved: its own former change and both sides of the
//! conflict. The engine knows only their digests.

use super::site::Site;
use crate::{
    domain::{candidate::CommitId, digest::Digest, request::Subject, text},
    engine::state::{Mission, Team},
};

/// Bytes of each diff that a team is shown.
const SHOWN_MOST: usize = 16 * 1024;

/// The feedback for an attempt, and behind it what cannot be seen in the worktree any more.
pub(super) fn told(
    site: &Site,
    mission: &Mission,
    (team, attempt): (&Team, u32),
    feedback: &[String],
) -> Vec<String> {
    let mut all = feedback.to_vec();
    let Some(detail) = named(site, mission, team, feedback) else { return all };
    let before = team.candidates.iter().rev().find(|(candidate, _)| candidate.attempt < attempt);
    if let (Some((candidate, _)), Some(base)) = (before, &team.base)
        && candidate.base != *base
    {
        all.extend(diff(site, candidate.patch, &former(&candidate.base, base)));
    }
    let words = "Both sides of the conflict, as a diff of the target with conflict marks:";
    all.extend(diff(site, detail, words));
    all
}

fn former(from: &CommitId, base: &CommitId) -> String {
    format!(
        "Your worktree was made anew from {base}, where the target is now; your former change is not in it. This \
         is the change, as a diff of {from}:"
    )
}

/// The conflict that the feedback names.
fn named(site: &Site, mission: &Mission, team: &Team, feedback: &[String]) -> Option<Digest> {
    let state = site.lines.state.borrow();
    state.decided.iter().rev().find_map(|(request, ..)| match &request.subject {
        Subject::Conflict { team: whose, detail, .. }
            if request.mission == mission.id && *whose == team.id =>
        {
            feedback.iter().any(|words| words.contains(&detail.to_string())).then_some(*detail)
        }
        _ => None,
    })
}

/// A diff from the blob store under these words, cut to what can be shown.
fn diff(site: &Site, content: Digest, words: &str) -> Option<String> {
    match site.lines.store.blobs().get(content) {
        Ok(bytes) => {
            let shown = text::clean_bytes(&bytes);
            let cut = shown.floor_char_boundary(SHOWN_MOST);
            let rest = if cut < shown.len() { "\n[the rest is left out]" } else { "" };
            Some(format!("{words}\n{}{rest}", &shown[..cut]))
        }
        Err(error) => {
            tracing::warn!(%error, %content, "a diff for a team could not be read");
            None
        }
    }
}
