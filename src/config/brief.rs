//! A brief out of what somebody says and what the settings say: one way for the command line and the network. The words
//! themselves and the files are whoever's who asks.

use super::{
    environment::Environment,
    settings::{BriefDefaults, CommandNetwork, OnAir, Settings},
};
use crate::domain::{
    brief::{Approval, Brief},
    feature::{Feature, Place},
    money::Money,
    team::{ModelRef, TeamSpec},
    text::clean_line,
    time::Millis,
};
use std::fmt;

/// Priority where nothing is said.
const PRIORITY: u8 = 5;
/// Characters of a name made from a model, and of a value that is quoted.
const NAME_MOST: usize = 40;

/// What somebody says; what is left out is as the settings have it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wish {
    /// Teams of the roster by name, or `vendor/model`.
    pub teams: Vec<String>,
    /// Acceptance checks.
    pub checks: Vec<String>,
    /// Rules beside those of the settings.
    pub constraints: Vec<String>,
    /// Cap of the mission.
    pub budget: Option<Money>,
    /// `none`, `best` or a team's name.
    pub approve: Option<String>,
    /// From opening to decision.
    pub timeout: Option<Millis>,
    /// 1 (last) to 10 (first).
    pub priority: Option<u8>,
    /// Where the service is and where it is staged, if it is a feature: `target_url`, `staging_url`.
    pub feature: Option<(String, String)>,
}

/// What is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which part, by its word on the command line and, in the plural where it is a list, on the network; empty: none of them.
    pub part: &'static str,
    /// What was said there, clean; empty where that does not help.
    pub said: String,
    /// What is wrong, in words.
    pub what: String,
    /// What to do.
    pub hint: String,
    /// Whether it makes no sense as it is said, whatever the settings are.
    pub nonsense: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.part, self.said.as_str()) {
            ("", _) => f.write_str(&self.what),
            (part, "") => write!(f, "{part} {}", self.what),
            (part, said) => write!(f, "{part} {said}: {}", self.what),
        }
    }
}

impl Fault {
    fn said(part: &'static str, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { part, said: String::new(), what: what.into(), hint: hint.into(), nonsense: true }
    }

    fn of(mut self, said: &str) -> Self {
        self.said = clean_line(said, 4 * NAME_MOST).to_string();
        self
    }
}

/// What parses and still means nothing. An empty check would always succeed.
///
/// # Errors
/// The first thing that makes no sense.
pub fn sensible(wish: &Wish) -> Result<(), Fault> {
    for (part, values) in [("check", &wish.checks), ("constraint", &wish.constraints)] {
        if values.iter().any(|value| value.trim().is_empty()) {
            return Err(Fault::said(part, "is empty", "leave it out, or say what is meant"));
        }
    }
    if wish.timeout.is_some_and(|limit| limit.0 == 0) {
        let hint = "leave it out for no limit, or write one such as 20m";
        return Err(Fault::said("timeout", "must be longer than nothing", hint));
    }
    if wish.priority.is_some_and(|priority| !(1..=10).contains(&priority)) {
        return Err(Fault::said("priority", "is 1 (last) to 10 (first)", "leave it out for 5"));
    }
    Ok(())
}

/// Everything but the words and the files; and what a person should know of teams that were left out.
///
/// # Errors
/// The first thing that cannot be so.
pub fn build(
    wish: &Wish,
    (settings, environment): (&Settings, &Environment),
    repo: String,
) -> Result<(Brief, Vec<String>), Fault> {
    let (teams, notes) = teams(&wish.teams, settings, environment)?;
    let approve = approval(wish.approve.as_deref(), &teams)?;
    let mut constraints = settings.brief.constraints.clone();
    constraints
        .extend(wish.constraints.iter().filter(|one| !settings.brief.constraints.contains(one)).cloned());
    let checks = if wish.checks.is_empty() { settings.brief.checks.clone() } else { wish.checks.clone() };
    let budget = wish.budget.unwrap_or(settings.policy.budget.per_mission);
    if budget <= Money::ZERO {
        return Err(Fault::said(
            "budget",
            "must be more than nothing",
            "leave it out for that of the settings",
        ));
    }
    let brief = Brief {
        text: String::new(),
        constraints,
        checks,
        budget,
        attachments: Vec::new(),
        teams,
        approve,
        repo,
        timeout: wish.timeout,
        priority: wish.priority.unwrap_or(PRIORITY),
        heals: None,
        patch: None,
        once: None,
        feature: wish.feature.as_ref().map(|urls| feature(urls, settings)).transpose()?,
        withheld: 0,
    };
    Ok((brief, notes))
}

/// What a brief from a screen elsewhere says nothing of is as the settings have it: a screen that does not know them loses
/// none of them.
pub fn fill(brief: &mut Brief, defaults: &BriefDefaults) {
    if brief.constraints.is_empty() {
        brief.constraints.clone_from(&defaults.constraints);
    }
    if brief.checks.is_empty() {
        brief.checks.clone_from(&defaults.checks);
    }
}

/// A feature by its two addresses and the settings.
fn feature((target, staging): &(String, String), settings: &Settings) -> Result<Feature, Fault> {
    let laid_down = &settings.feature;
    let fault = |part, said: &str, what: &str, hint: &str| Fault {
        nonsense: false,
        ..Fault::said(part, what, hint).of(said)
    };
    for (part, url) in [("target-url", target), ("staging-url", staging)] {
        let Some(place) = Place::of(url) else {
            let what = "is no address without a name or password in it";
            return Err(Fault::said(part, what, "write http://HOST[:PORT]/… or https://…").of(url));
        };
        if !place.is_loopback() && settings.reach.network != CommandNetwork::All {
            let what = "the end-to-end test runs in the sandbox and reaches this machine only";
            return Err(fault(
                part,
                url,
                what,
                "set sandbox.network to \"all\", or use an address of this machine",
            ));
        }
    }
    let feature = Feature {
        target_url: target.clone(),
        staging_url: staging.clone(),
        path: laid_down.path.trim_matches('/').to_owned(),
        test: laid_down.test.clone(),
        branch: laid_down.branch.clone(),
    };
    feature.check().map_err(|wrong| fault("", "", &wrong, "see [feature] in docs/configuration.md"))?;
    if laid_down.deploy.is_empty() && laid_down.release.is_none() && laid_down.branch.is_none() {
        let what = "nothing says how a feature reaches the staging environment";
        return Err(fault(
            "",
            "",
            what,
            "set feature.deploy, feature.release, or feature.branch where a push does it",
        ));
    }
    Ok(feature)
}

/// The teams that are named, else those of `brief.teams`, else the roster; and why others are left out.
///
/// # Errors
/// No team can race, a name means none, or one is named twice.
pub fn teams(
    named: &[String],
    settings: &Settings,
    environment: &Environment,
) -> Result<(Vec<TeamSpec>, Vec<String>), Fault> {
    let on_air = settings.on_air(environment);
    let wanted = if named.is_empty() { &settings.brief.teams } else { named };
    if wanted.is_empty() {
        if on_air.teams.is_empty() {
            let what = format!("no team can race\n{}", on_air.left_out.join("\n"));
            let hint = "`chimera demo` runs without any key".to_owned();
            return Err(Fault { part: "", said: String::new(), what, hint, nonsense: false });
        }
        return Ok((on_air.teams, on_air.left_out));
    }
    let mut teams: Vec<TeamSpec> = Vec::new();
    for name in wanted {
        let team = team(name, (settings, environment), &on_air)?;
        if teams.iter().any(|other| other.name == team.name) {
            return Err(Fault::said("team", "is named twice", "name each team once").of(name));
        }
        teams.push(team);
    }
    Ok((teams, Vec::new()))
}

fn team(
    name: &str,
    (settings, environment): (&Settings, &Environment),
    on_air: &OnAir,
) -> Result<TeamSpec, Fault> {
    let same = |other: &str| other.to_lowercase() == name.to_lowercase();
    if let Some(team) = on_air.teams.iter().find(|team| same(&team.name)) {
        return Ok(team.clone());
    }
    if settings.roster.iter().any(|team| same(&team.name)) {
        let (what, hint) = (on_air.left_out.join("\n"), "name a team whose vendor has a key".to_owned());
        return Err(Fault { part: "", said: String::new(), what, hint, nonsense: false });
    }
    let Ok(model) = name.parse::<ModelRef>() else {
        let names: Vec<&str> = settings.roster.iter().map(|team| team.name.as_str()).collect();
        let hint = format!("there are {}; or write VENDOR/MODEL", names.join(", "));
        return Err(Fault::said("team", "there is no such team", hint).of(name));
    };
    if !settings.usable(model.vendor, environment) {
        let what = format!("there is no key for {}", model.vendor);
        let fault = Fault::said("team", what, "name a team whose vendor has a key").of(name);
        return Err(Fault { nonsense: false, ..fault });
    }
    let shown: String = name.chars().take(NAME_MOST).collect();
    Ok(TeamSpec { name: shown, model, fallback: Vec::new() })
}

/// Who may say yes, by its word.
fn approval(word: Option<&str>, teams: &[TeamSpec]) -> Result<Approval, Fault> {
    let Some(word) = word else { return Ok(Approval::Ask) };
    match word {
        "none" => Ok(Approval::None),
        "best" => Ok(Approval::Best),
        name => {
            let team = teams.iter().find(|team| team.name.to_lowercase() == name.to_lowercase());
            let names: Vec<&str> = teams.iter().map(|team| team.name.as_str()).collect();
            team.map(|team| Approval::Team(team.name.clone())).ok_or_else(|| {
                let hint = format!("write none, best, or one of {}", names.join(", "));
                Fault::said("approve", "no team of this brief is named so", hint).of(name)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_say_yes() {
        let team = TeamSpec { name: "Team A".into(), model: "google/x".parse().unwrap(), fallback: vec![] };
        let teams = [team];
        assert_eq!(approval(None, &teams), Ok(Approval::Ask));
        assert_eq!(approval(Some("none"), &teams), Ok(Approval::None));
        assert_eq!(approval(Some("best"), &teams), Ok(Approval::Best));
        assert_eq!(approval(Some("team a"), &teams), Ok(Approval::Team("Team A".into())));
        let refused = approval(Some("Team B"), &teams).unwrap_err();
        assert!(refused.nonsense && refused.hint.contains("Team A"));
        assert_eq!(refused.to_string(), "approve Team B: no team of this brief is named so");
    }

    #[test]
    fn what_means_nothing_is_said_by_its_part() {
        let said = |wish: Wish| sensible(&wish).unwrap_err().to_string();
        assert_eq!(said(Wish { checks: vec![" ".into()], ..Wish::default() }), "check is empty");
        let never = Wish { timeout: Some(Millis(0)), ..Wish::default() };
        assert_eq!(said(never), "timeout must be longer than nothing");
        assert_eq!(
            said(Wish { priority: Some(11), ..Wish::default() }),
            "priority is 1 (last) to 10 (first)"
        );
        assert_eq!(sensible(&Wish::default()), Ok(()));
    }
}
