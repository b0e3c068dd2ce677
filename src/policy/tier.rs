//! The tier of a deed: how much care it asks for, from 1 (by itself) to 3 (approval).
//!
//! Everything that fires here can only raise the tier; severity never lowers it.

use super::{
    proposal::{AFFECTED_MANY, Action, Found, Proposal, Standing, Target, Tests, urgent},
    ruling::RulingOutcome,
    settings::Policy,
};
use crate::domain::{incident::Grade, runbook::RunPlan, text};

/// The level in force: the service's where it has one, else the house's. Anything but 2 and 3 counts as the most
/// careful.
#[must_use]
pub fn level(standing: &Standing<'_>) -> u8 {
    let own = standing.surroundings.service.as_ref().and_then(|service| service.level);
    let level = own.unwrap_or(standing.policy.level);
    if matches!(level, 2 | 3) { level } else { 1 }
}

/// The effective tier, with what raised it noted.
pub(super) fn tier(proposal: &Proposal<'_>, standing: &Standing<'_>, found: &mut Found) -> u8 {
    let raised = raises(proposal, standing.policy);
    let base = match &proposal.action {
        Action::Patch { target: Target::Staging, .. } => 1,
        Action::Patch { .. } if level(standing) > 1 && raised.is_empty() && low_risk(proposal, standing) => 2,
        Action::Patch { .. } | Action::Command { .. } | Action::Money { .. } | Action::Revert => 3,
        Action::Runbook(plan) => plan.tier.clamp(1, 3),
        Action::Inquiry => 1,
    };
    let any = !raised.is_empty();
    for (rule, text) in raised {
        found.add(RulingOutcome::Auto, rule, text);
    }
    let tier = if any { (base + 1).min(3) } else { base };
    match standing.surroundings.service.as_ref().filter(|service| service.tier_floor > tier) {
        Some(service) if !matches!(proposal.action, Action::Inquiry) => {
            let floor = service.tier_floor.min(3);
            let text = format!("nothing done to {} is below tier {floor}", service.name);
            found.add(RulingOutcome::Auto, "tier-floor", text);
            floor
        }
        _ => tier,
    }
}

fn low_risk(proposal: &Proposal<'_>, standing: &Standing<'_>) -> bool {
    proposal.grounds.tests == Tests::Green
        && !urgent(standing)
        && standing.surroundings.affected < AFFECTED_MANY
        && proposal.grounds.grade.is_none_or(|grade| grade == Grade::A)
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
        Action::Runbook(plan) if plan.tier < 2 => raised.extend(unsure(plan)),
        Action::Runbook(_) | Action::Inquiry | Action::Revert => {}
    }
    raised
}

/// Why a runbook that calls itself tier 1 is not.
fn unsure(plan: &RunPlan) -> Option<(&'static str, String)> {
    let blind = plan.steps.iter().find(|step| step.dry_run.is_none());
    if !plan.reversible && !plan.idempotent {
        let text = format!("what {} does can be neither taken back nor done twice", plan.runbook);
        return Some(("irreversible", text));
    }
    blind.map(|step| ("no-dry-run", format!("step {} of {} has no dry run", step.id, plan.runbook)))
}
