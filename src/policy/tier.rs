//! The tier of a deed: how much care it asks for, from 1 (by itself) to 3 (approval).
//!
//! Everything that fires here can only raise the tier; severity never lowers it.

use super::{
    proposal::{AFFECTED_MANY, Action, Found, Proposal, Standing, Target, Tests, urgent},
    ruling::RulingOutcome,
    settings::Policy,
};
use crate::domain::text;

/// The level in force: anything but 2 and 3 counts as the most careful.
#[must_use]
pub fn level(policy: &Policy) -> u8 {
    if matches!(policy.level, 2 | 3) { policy.level } else { 1 }
}

/// The effective tier, with what raised it noted.
pub(super) fn tier(proposal: &Proposal<'_>, standing: &Standing<'_>, found: &mut Found) -> u8 {
    let raised = raises(proposal, standing.policy);
    let base = match &proposal.action {
        Action::Patch { target: Target::Staging, .. } => 1,
        Action::Patch { .. }
            if level(standing.policy) > 1 && raised.is_empty() && low_risk(proposal, standing) =>
        {
            2
        }
        Action::Patch { .. } | Action::Command { .. } | Action::Money { .. } => 3,
    };
    let any = !raised.is_empty();
    for (rule, text) in raised {
        found.add(RulingOutcome::Auto, rule, text);
    }
    if any { (base + 1).min(3) } else { base }
}

fn low_risk(proposal: &Proposal<'_>, standing: &Standing<'_>) -> bool {
    proposal.grounds.tests == Tests::Green
        && !urgent(standing)
        && standing.surroundings.affected < AFFECTED_MANY
        && proposal.grounds.grade.is_none_or(|grade| grade == super::proposal::Grade::A)
}

/// What raises a tier by one, however many apply.
fn raises(proposal: &Proposal<'_>, policy: &Policy) -> Vec<(&'static str, String)> {
    let mut raised = Vec::new();
    match &proposal.action {
        Action::Patch { stat, .. } => {
            let lines = u64::from(stat.additions) + u64::from(stat.deletions);
            if stat.files.len() as u64 > u64::from(policy.max_files) {
                raised.push((
                    "many-files",
                    format!("{}, over {}", text::count(stat.files.len(), "file"), policy.max_files),
                ));
            }
            if lines > u64::from(policy.max_lines) {
                raised.push(("many-lines", format!("{lines} changed lines, over {}", policy.max_lines)));
            }
            if !stat.manifests.is_empty() {
                raised.push(("dependencies", format!("touches {}", stat.manifests.join(", "))));
            }
        }
        Action::Command { argv } => {
            raised.push((
                "irreversible",
                format!("what {:?} does cannot be undone", argv.first().map_or("", |s| s)),
            ));
        }
        Action::Money { amount } => raised.push(("irreversible", format!("{amount} once spent is gone"))),
    }
    raised
}
