//! What must hold between values once every layer is laid: caps within caps, what is always protected, teams
//! that can be told apart. A built-in value gives way to a written one; two written ones that clash are a mistake.

use super::{
    keys::{ALWAYS_DENIED, EXPIRY_LEAST},
    layers::{self, Layer, Stack},
    network,
    settings::Settings,
};
use crate::domain::{ids::TeamId, money::Money, team::Vendor};

/// A cap: its key and its field.
type Cap = (&'static str, fn(&mut Settings) -> &mut Money);

/// From the widest to the narrowest.
const CAPS: [Cap; 4] = [
    ("budget.daily_usd", |s| &mut s.policy.budget.per_day),
    ("budget.per_mission_usd", |s| &mut s.policy.budget.per_mission),
    ("budget.per_team_usd", |s| &mut s.policy.budget.per_team),
    ("budget.per_call_usd", |s| &mut s.policy.budget.per_call),
];

/// Checks and completes.
pub(super) fn finish(stack: &mut Stack) {
    caps(stack);
    expiry(stack);
    protected(stack);
    routers(stack);
    roster(stack);
    chosen_teams(stack);
    healing(stack);
    escalation(stack);
    if let Some((path, what)) = network::wrong(&stack.settings) {
        stack.problem(place(stack, path), &format!("{path}: {what}"));
    }
}

/// What the monitor keeps to must hold together.
fn healing(stack: &mut Stack) {
    let rules = stack.settings.policy.healing.clone();
    let minute = crate::domain::time::Millis::mins(1);
    let wrong = [
        (rules.flap.stop_pct >= rules.flap.start_pct, "flap.stop_pct", "must be less than flap.start_pct"),
        (rules.hours.veto_window < minute, "autonomy.veto_window", "nobody can say no within less than 1m"),
        (
            rules.hours.veto_window_p0 < minute,
            "autonomy.veto_window_p0",
            "nobody can say no within less than 1m",
        ),
        (
            rules.hours.urgent_expiry < minute,
            "autonomy.urgent_expiry",
            "nobody can answer within less than 1m",
        ),
        (
            rules.grouping.confirm.0 > rules.grouping.confirm.1,
            "dedup.confirm_least",
            "is more than dedup.confirm_of",
        ),
        (rules.soak.sample > rules.soak.duration, "soak.sample", "is longer than soak.duration"),
    ];
    for (is_wrong, path, what) in wrong {
        if is_wrong {
            stack.problem(place(stack, path), &format!("{path}: {what}"));
        }
    }
    // A built-in amount gives way to a smaller day.
    let day = stack.settings.policy.budget.per_day;
    let one = &mut stack.settings.policy.healing.inquiry.per_incident;
    if *one > day {
        if stack.origins.contains_key("inquiry.per_incident_usd") {
            let what = format!("inquiry.per_incident_usd: {one} exceeds budget.daily_usd of {day}");
            stack.problem(place(stack, "inquiry.per_incident_usd"), &what);
        } else {
            *one = day;
        }
    }
}

/// Whoever hears of what nobody answers is told by a way that there is, when the engine says so.
fn escalation(stack: &mut Stack) {
    let all = stack.settings.notify.escalations();
    for (path, .., way, _) in all.iter().filter(|(_, after, _, exists)| after.is_some() && !exists) {
        stack.problem(place(stack, path), &format!("{path}: nobody is told that way; set {way} as well"));
    }
    let mut spans: Vec<_> = all.into_iter().filter_map(|(_, after, ..)| after).collect();
    spans.sort_unstable();
    spans.dedup();
    stack.settings.policy.healing.grouping.escalate = spans;
}

fn place(stack: &Stack, path: &str) -> String {
    layers::place(&stack.origins, path)
}

fn caps(stack: &mut Stack) {
    for pair in CAPS.windows(2) {
        let [(wide_path, wide), (path, narrow)] = pair else { continue };
        let most = *wide(&mut stack.settings);
        let asked = *narrow(&mut stack.settings);
        if asked <= most {
            continue;
        }
        if stack.origins.contains_key(*path) && stack.origins.contains_key(*wide_path) {
            let what = format!(
                "{path}: {asked} exceeds {wide_path} of {most}; the narrower cap must be the smaller"
            );
            stack.problem(place(stack, path), &what);
        } else if stack.origins.contains_key(*path) {
            let what =
                format!("{path}: {asked} exceeds the built-in {wide_path} of {most}; set that as well");
            stack.problem(place(stack, path), &what);
        } else {
            *narrow(&mut stack.settings) = most;
        }
    }
}

fn expiry(stack: &mut Stack) {
    if stack.settings.policy.approval_expiry < EXPIRY_LEAST {
        let path = "autonomy.approval_expiry";
        stack.problem(place(stack, path), &format!("{path}: nobody can answer within less than 1m"));
    }
}

fn protected(stack: &mut Stack) {
    let deny = &mut stack.settings.policy.protected.deny;
    for glob in ALWAYS_DENIED {
        if !deny.iter().any(|kept| kept == glob) {
            deny.push(glob.to_owned());
        }
    }
}

/// Only OpenRouter chooses among models by itself; what would do nothing is refused.
fn routers(stack: &mut Stack) {
    for vendor in Vendor::ALL.into_iter().filter(|vendor| *vendor != Vendor::Openrouter) {
        if !stack.settings.provider(vendor).fallback.is_empty() {
            let path = format!("providers.{vendor}.fallback");
            let what =
                format!("{path}: {vendor} has no models to fall back to; name them in a team's fallback");
            stack.problem(place(stack, &path), &what);
        }
    }
}

fn roster(stack: &mut Stack) {
    let most = usize::from(TeamId::MOST);
    if stack.settings.roster.len() > most {
        stack.problem(place(stack, "teams"), &format!("[[teams]]: more than {most} teams"));
    }
    let teams: Vec<_> = stack.settings.roster.iter().map(|t| (t.name.clone(), t.model.is_some())).collect();
    for (at, (name, has_model)) in teams.iter().enumerate() {
        let path = |key: &str| format!("teams[{at}].{key}");
        // What was written and refused is said already.
        let missing = |key: &str| !stack.origins.contains_key(&path(key));
        let any = ["name", "model", "fallback"].map(path);
        let there = any.iter().find(|path| stack.origins.contains_key(*path)).map_or("teams", String::as_str);
        let there = place(stack, there);
        let (no_name, no_model) = (name.is_empty() && missing("name"), !has_model && missing("model"));
        let named_so = |(other, _): &(String, bool)| other.to_lowercase() == name.to_lowercase();
        if no_name {
            stack.problem(&there, "a team in [[teams]] needs a name");
        } else if !name.is_empty() && teams.iter().take(at).any(named_so) {
            stack.problem(&there, &format!("two teams are named {name:?}"));
        }
        if no_model {
            stack.problem(&there, "a team in [[teams]] needs a model, as \"vendor/model\"");
        }
    }
}

fn chosen_teams(stack: &mut Stack) {
    let roster: Vec<String> = stack.settings.roster.iter().map(|team| team.name.clone()).collect();
    if roster.iter().any(String::is_empty) {
        // Refused already; which names there would be is not known.
        return;
    }
    let chosen = std::mem::take(&mut stack.settings.brief.teams);
    let from_repository = matches!(stack.origins.get("brief.teams"), Some(Layer::Repository(_)));
    for name in chosen {
        if roster.contains(&name) {
            stack.settings.brief.teams.push(name);
            continue;
        }
        let place = place(stack, "brief.teams");
        let what = format!("brief.teams: no team is named {name:?}; there are {}", roster.join(", "));
        // A repository cannot know the director's teams: what it names in vain is said, not refused.
        if from_repository {
            stack.notes.push(format!("{place}: {what}; ignored"));
        } else {
            stack.problem(place, &what);
        }
    }
}
