//! The gate: one pure function from a proposal and the standing of the house to a ruling.
//!
//! Every rule is asked every time and each that fires leaves a reason; the strictest wins. So a reason
//! can be added but never loosens, and the whole chain can be shown. What a model says about itself and what
//! came from logs, web or tools can only make a ruling stricter. An approval or an elapsed veto window
//! satisfies `Ask` and `After`, a grant the `Ask` of a command; nothing satisfies `Hold` or `Deny`.

use super::{
    grants,
    proposal::{
        AFFECTED_MANY, AFFECTED_MASS, Action, Approver, Breadth, CONFIDENCE_LEAST_PCT, Found, Given,
        Proposal, Standing, Target, Tests, urgent,
    },
    protected::{Guard, PathRule},
    ruling::{Ruling, RulingOutcome},
    settings::Policy,
    tier,
};
use crate::domain::{
    digest::Digest,
    incident::{Grade, Instances, Severity},
    runbook::RunPlan,
    text,
};

/// Paths named in one reason; the rest is counted.
const NAMED_MOST: usize = 5;

const ASK: RulingOutcome = RulingOutcome::Ask { approvals: 1 };

/// Rules on a proposal.
#[must_use]
pub fn gate(proposal: &Proposal<'_>, standing: &Standing<'_>) -> Ruling {
    let mut found = Found { list: Vec::new() };
    halted(standing, &mut found);
    guarded(proposal, standing, &mut found);
    occupied(standing, &mut found);
    afforded(standing, &mut found);
    counted(proposal, standing, &mut found);
    contained(standing, &mut found);
    founded(proposal, &mut found);
    tested(proposal, standing, &mut found);
    timely(proposal, standing, &mut found);
    let tier = tier::tier(proposal, standing, &mut found);
    levelled(proposal, standing, tier, &mut found);
    grave(proposal, standing, tier, &mut found);
    shared(proposal, standing, tier, &mut found);
    conclude(proposal, standing, tier, found)
}

/// Every reason of a ruling as a line for people, led by what it comes to.
#[must_use]
pub fn explain(ruling: &Ruling) -> Vec<String> {
    let head = match &ruling.outcome {
        RulingOutcome::Auto => "may happen at once".to_owned(),
        RulingOutcome::After(delay) => format!("happens after {delay} unless a person stops it"),
        RulingOutcome::Ask { approvals: 1 } => "needs the approval of a person".to_owned(),
        RulingOutcome::Ask { approvals } => {
            format!("needs the approval of {}", text::count(*approvals, "person"))
        }
        RulingOutcome::Hold { reason } => format!("must wait: {reason}"),
        RulingOutcome::Deny => "is denied".to_owned(),
    };
    let first = format!(
        "{head} (tier {}, plan {}, policy {})",
        ruling.tier,
        ruling.plan.short(),
        ruling.policy.short()
    );
    std::iter::once(first).chain(ruling.reasons.iter().map(|r| format!("{}: {}", r.rule, r.text))).collect()
}

/// The policy's version: what every ruling names.
#[must_use]
pub fn version(policy: &Policy) -> Digest {
    // Plain structs of strings and numbers always have a JSON form; were that ever untrue, all such policies
    // would share the digest of nothing, which no stored ruling carries.
    Digest::of(&serde_json::to_vec(policy).unwrap_or_default())
}

fn conclude(proposal: &Proposal<'_>, standing: &Standing<'_>, tier: u8, mut found: Found) -> Ruling {
    let granted = granted(proposal, standing, &mut found);
    let strictest = found.list.iter().map(|(outcome, _)| outcome.clone()).max().unwrap_or(ASK);
    let outcome = match (&strictest, standing.given) {
        (RulingOutcome::Ask { approvals }, Given::Approved(given)) if given >= *approvals => {
            found.add(
                RulingOutcome::Auto,
                "approved",
                format!("{given} of {} given", text::count(*approvals, "approval")),
            );
            RulingOutcome::Auto
        }
        (RulingOutcome::After(_), Given::Approved(given)) if given > 0 => {
            found.add(RulingOutcome::Auto, "approved", "approved before the veto window ended");
            RulingOutcome::Auto
        }
        (RulingOutcome::Ask { approvals: 1 }, Given::Nothing) if granted.is_some() => {
            found.add(RulingOutcome::Auto, "granted", granted.unwrap_or_default());
            RulingOutcome::Auto
        }
        (RulingOutcome::After(delay), Given::Waited(waited)) if waited >= *delay => {
            found.add(RulingOutcome::Auto, "veto-window", format!("nobody objected within {delay}"));
            RulingOutcome::Auto
        }
        _ => strictest,
    };
    found.list.sort_by(|a, b| b.0.cmp(&a.0));
    Ruling {
        outcome,
        tier,
        reasons: found.list.into_iter().map(|(_, reason)| reason).collect(),
        plan: proposal.plan,
        policy: version(standing.policy),
        at: standing.at,
    }
}

/// What a grant says for a command, if it counts; a grant that does not is a reason to ask.
fn granted(proposal: &Proposal<'_>, standing: &Standing<'_>, found: &mut Found) -> Option<String> {
    let (Action::Command { argv }, Some(grant)) = (&proposal.action, standing.grant) else { return None };
    if proposal.grounds.tainted {
        return None;
    }
    match grants::speaks(grant, argv, (standing.policy, standing.at)) {
        Ok(words) => Some(words),
        Err(why) => {
            found.add(ASK, "no-grant", why);
            None
        }
    }
}

fn halted(standing: &Standing<'_>, found: &mut Found) {
    if let Some(why) = standing.halted {
        found.hold("halted", format!("nothing may start: {why}"));
    }
}

fn guarded(proposal: &Proposal<'_>, standing: &Standing<'_>, found: &mut Found) {
    let Action::Patch { stat, .. } = &proposal.action else { return };
    if stat.files.is_empty() {
        found.add(RulingOutcome::Deny, "empty-patch", "the patch changes nothing");
    }
    let guards = match standing.policy.protected.guards() {
        Ok(guards) => guards,
        Err(error) => {
            return found.add(RulingOutcome::Deny, "bad-glob", error.to_string());
        }
    };
    let (mut outside, mut git, mut denied, mut asked) = (vec![], vec![], vec![], vec![]);
    for path in stat.files.iter().chain(&stat.manifests) {
        match guards.check(path) {
            Guard::Free => {}
            Guard::ApprovalOnly(glob) => asked.push(format!("{path} ({glob})")),
            Guard::Denied(PathRule::Outside) => outside.push(path.clone()),
            Guard::Denied(PathRule::GitDir) => git.push(path.clone()),
            Guard::Denied(PathRule::Glob(glob)) => denied.push(format!("{path} ({glob})")),
        }
    }
    for (paths, outcome, rule, what) in [
        (outside, RulingOutcome::Deny, "outside-repository", "outside of the repository"),
        (git, RulingOutcome::Deny, "git-dir", "inside of git's own folder"),
        (denied, RulingOutcome::Deny, "protected-path", "protected"),
        (asked, ASK, "approval-only-path", "only with approval"),
    ] {
        if !paths.is_empty() {
            found.add(outcome, rule, format!("{what}: {}", named(paths)));
        }
    }
}

/// The first few, without repeats, and how many more.
fn named(mut paths: Vec<String>) -> String {
    paths.sort();
    paths.dedup();
    let more = paths.len().saturating_sub(NAMED_MOST);
    paths.truncate(NAMED_MOST);
    let shown = paths.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

fn occupied(standing: &Standing<'_>, found: &mut Found) {
    if let Some(what) = &standing.surroundings.busy {
        found.hold("busy", what.clone());
    }
}

fn afforded(standing: &Standing<'_>, found: &mut Found) {
    let Some((total, cap)) = standing.surroundings.money else { return };
    if total > cap {
        return found.hold("budget", format!("{total} would pass the cap of {cap}"));
    }
    let soft = i128::from(cap.0) * i128::from(standing.policy.budget.soft_pct);
    if i128::from(total.0) * 100 > soft && !urgent(standing) {
        found.add(
            ASK,
            "budget-soft",
            format!("{total} is over {} % of {cap}", standing.policy.budget.soft_pct),
        );
    }
}

fn counted(proposal: &Proposal<'_>, standing: &Standing<'_>, found: &mut Found) {
    let world = &standing.surroundings;
    let limits = &standing.policy.healing.limits;
    if deploys(proposal) && world.deployments >= limits.deploys_per_day {
        found.hold(
            "deployments",
            format!("{} deployments in 24 hours, {} at most", world.deployments, limits.deploys_per_day),
        );
    }
    if world.rollbacks >= limits.rollbacks_per_cause {
        let text = format!("{} rollbacks in 24 hours: a person must look at the cause", world.rollbacks);
        found.add(RulingOutcome::Deny, "rollbacks", text);
    }
}

fn contained(standing: &Standing<'_>, found: &mut Found) {
    spread(standing, found);
    if let Some(unrest) = &standing.surroundings.unrest {
        found.add(ASK, "unrest", unrest.clone());
    }
}

/// How much of what runs may go wrong with it at once. What is not known does not ask.
fn spread(standing: &Standing<'_>, found: &mut Found) {
    let limits = &standing.policy.healing.limits;
    let least = u32::from(limits.healthy_least_pct);
    let few = |instances: &Instances| instances.well_pct() < least;
    if let Some(instances) = standing.surroundings.instances.filter(few) {
        let (Instances { all, well }, pct) = (instances, instances.well_pct());
        let text = format!("{well} of {all} instances would stay healthy ({pct} %), {least} % at least");
        found.add(ASK, "blast-radius", text);
    }
    let Some(Breadth { touched, of }) = standing.surroundings.breadth else { return };
    let pct = u64::from(limits.targets_most_pct);
    let most = (u64::from(of) * pct / 100).max(1);
    if u64::from(touched) > most {
        let text = format!("{touched} of {of} services would be acted on at once, {most} at most ({pct} %)");
        found.add(ASK, "blast-targets", text);
    }
}

fn founded(proposal: &Proposal<'_>, found: &mut Found) {
    let grounds = &proposal.grounds;
    if let Some(grade) = grounds.grade.filter(|grade| *grade != Grade::A) {
        found.add(ASK, "grade", format!("the diagnosis is of grade {grade:?}; only A acts by itself"));
    }
    if grounds.composed {
        found.add(ASK, "confidence", "it was put together by hand: nobody states how sure it is");
    }
    if let Some(pct) = grounds.confidence.filter(|pct| *pct <= CONFIDENCE_LEAST_PCT) {
        found.add(
            ASK,
            "confidence",
            format!("stated confidence is {pct} %, over {CONFIDENCE_LEAST_PCT} % is required"),
        );
    }
    if grounds.tainted {
        found.add(ASK, "taint", "only text from logs, web or tools speaks for it");
    }
}

fn tested(proposal: &Proposal<'_>, standing: &Standing<'_>, found: &mut Found) {
    let Action::Patch { target, .. } = &proposal.action else { return };
    let composed = proposal.grounds.composed;
    let (rule, text) = match &proposal.grounds.tests {
        Tests::Green => return,
        Tests::Red(which) if composed => {
            ("tests-red", format!("checks are red: {which}; what was put together by hand must pass them"))
        }
        Tests::Red(which) => ("tests-red", format!("checks are red: {which}")),
        Tests::Missing => ("tests-missing", "no check was run".to_owned()),
    };
    let must_pass = composed && matches!(proposal.grounds.tests, Tests::Red(_));
    // Red is known to be bad: nobody brings it to a service. What no check was run on a person may vouch for, such as taking
    // a commit back in a repository that has none.
    let known = !matches!(proposal.grounds.tests, Tests::Missing);
    let outside = *target != Target::Branch;
    let overridable = standing.approver == Approver::Person && !must_pass && !(outside && known);
    found.add(if overridable { ASK } else { RulingOutcome::Deny }, rule, text);
}

fn timely(proposal: &Proposal<'_>, standing: &Standing<'_>, found: &mut Found) {
    if let Some(closed) =
        standing.surroundings.closed.as_ref().filter(|_| deploys(proposal) && !urgent(standing))
    {
        found.hold("hours", closed.clone());
    }
}

fn levelled(proposal: &Proposal<'_>, standing: &Standing<'_>, tier: u8, found: &mut Found) {
    let level = tier::level(standing);
    let hours = &standing.policy.healing.hours;
    let window = if standing.surroundings.severity == Some(Severity::P0) {
        hours.veto_window_p0
    } else {
        hours.veto_window
    };
    let code = code(proposal);
    let outcome = match (level, tier) {
        (2 | 3, 1) => RulingOutcome::Auto,
        (2, 2) if standing.surroundings.closed.is_some() => ASK,
        (2 | 3, 2) => RulingOutcome::After(window),
        (3, _) if code => RulingOutcome::After(window),
        _ => ASK,
    };
    found.add(outcome, "level-tier", format!("autonomy level {level}, tier {tier}"));
    if let Action::Runbook(plan) = &proposal.action {
        restrained(plan, level, standing, found);
    }
}

/// What a runbook says of itself: where and when it may act without a person.
fn restrained(plan: &RunPlan, level: u8, standing: &Standing<'_>, found: &mut Found) {
    let rules = &plan.autonomy;
    if level > 1 && !rules.levels.contains(&level) {
        found.add(ASK, "runbook-level", format!("{} does not act by itself at level {level}", plan.runbook));
    }
    if !rules.environments.is_empty() && !rules.environments.contains(&plan.env) {
        let text = format!("{} does not act by itself in {}", plan.runbook, text::clean_line(&plan.env, 64));
        found.add(ASK, "runbook-environment", text);
    }
    if let Some(closed) = standing.surroundings.closed.as_ref().filter(|_| rules.business_hours) {
        found.add(
            ASK,
            "runbook-hours",
            format!("{} acts by itself in business hours: {closed}", plan.runbook),
        );
    }
}

/// Where one person would be asked, more are: as many as the service wants, and two where the director said so.
fn shared(proposal: &Proposal<'_>, standing: &Standing<'_>, tier: u8, found: &mut Found) {
    let asks = found.list.iter().any(|(outcome, _)| matches!(outcome, RulingOutcome::Ask { .. }));
    if !asks {
        return;
    }
    let service = standing.surroundings.service.as_ref();
    if let Some(service) = service.filter(|service| service.approvers > 1) {
        let text = format!("{} wants {}", service.name, text::count(service.approvers, "approval"));
        found.add(RulingOutcome::Ask { approvals: service.approvers }, "approvers", text);
    }
    let tier = format!("tier-{tier}");
    let env = match &proposal.action {
        Action::Runbook(plan) => plan.env.as_str(),
        Action::Patch { target: Target::Production, .. } => "production",
        Action::Patch { target: Target::Staging, .. } => "staging",
        _ => service.map_or("", |service| service.env.as_str()),
    };
    let named = |word: &&String| **word == tier || (!env.is_empty() && word.eq_ignore_ascii_case(env));
    if let Some(word) = standing.policy.two_persons.iter().find(named) {
        let text = format!("two people must say yes: {word} stands in two_persons");
        found.add(RulingOutcome::Ask { approvals: 2 }, "two-persons", text);
    }
}

/// Whether it changes code.
fn code(proposal: &Proposal<'_>) -> bool {
    matches!(proposal.action, Action::Patch { .. } | Action::Revert)
}

fn grave(proposal: &Proposal<'_>, standing: &Standing<'_>, tier: u8, found: &mut Found) {
    let world = &standing.surroundings;
    let people = format!("{} affected", text::count(world.affected, "person"));
    let why = match (urgent(standing), world.affected >= AFFECTED_MANY) {
        (true, true) => Some(format!("it is urgent, and {people}")),
        (true, false) => Some("it is urgent".to_owned()),
        (false, true) => Some(people),
        (false, false) => None,
    };
    if let Some(why) = why.filter(|_| tier::level(standing) == 2 && tier > 1) {
        found.add(ASK, "severity", why);
    }
    if code(proposal) && world.severity == Some(Severity::P0) && world.affected > AFFECTED_MASS {
        found.add(ASK, "mass-severity", format!("P0 with {} people affected", world.affected));
    }
}

fn deploys(proposal: &Proposal<'_>) -> bool {
    matches!(
        proposal.action,
        Action::Patch { target: Target::Staging | Target::Production, .. } | Action::Revert
    )
}

#[cfg(test)]
mod tests;
