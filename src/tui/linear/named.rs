//! How missions, requests and teams are named in a line, and how a name is read: `M-12`, `R-3`, `B`, `2`, `google`.

use crate::{
    domain::{
        ids::{IncidentId, MissionId, RequestId, Revision, TeamId},
        text::clean_line,
    },
    engine::state::Mission,
};

/// Words a team's name may have.
const NAME_WORDS: usize = 6;

/// The letter of a team: `A` for the first.
#[must_use]
pub fn letter(team: TeamId) -> char {
    char::from(b'A' + team.0.saturating_sub(1).min(25))
}

/// Letter and name, without the word that stands there anyway.
#[must_use]
pub fn label(mission: &Mission, team: TeamId) -> String {
    let name = mission.team_name(team);
    let short = name.strip_prefix("Team ").or_else(|| name.strip_prefix("team ")).map(str::trim);
    let short = short.filter(|short| !short.is_empty()).unwrap_or(&name);
    format!("{} {}", letter(team), clean_line(short, 40))
}

/// The team that a word or a name means: its letter, number, name or vendor, if only one is of that vendor.
#[must_use]
pub fn team(mission: &Mission, word: &str) -> Option<TeamId> {
    let wanted = word.trim().to_lowercase();
    let short = |name: &str| name.to_lowercase().trim_start_matches("team ").to_owned();
    let exact = mission.teams.iter().find(|team| {
        wanted == letter(team.id).to_lowercase().to_string()
            || wanted == team.id.0.to_string()
            || wanted == team.id.to_string().to_lowercase()
            || short(&team.spec.name) == wanted.trim_start_matches("team ")
    });
    if let Some(team) = exact {
        return Some(team.id);
    }
    let mut of_vendor = mission.teams.iter().filter(|team| team.spec.model.vendor.to_string() == wanted);
    match (of_vendor.next(), of_vendor.next()) {
        (Some(only), None) => Some(only.id),
        _ => None,
    }
}

/// The names there are, for a complaint.
#[must_use]
pub fn teams(mission: &Mission) -> String {
    mission.teams.iter().map(|team| label(mission, team.id)).collect::<Vec<_>>().join(", ")
}

/// The first word, and the rest.
#[must_use]
pub fn first(rest: &str) -> (&str, &str) {
    let rest = rest.trim();
    rest.split_once(char::is_whitespace).map_or((rest, ""), |(word, rest)| (word, rest.trim_start()))
}

/// A mission's name at the beginning, and the rest.
#[must_use]
pub fn take_mission(rest: &str) -> (Option<MissionId>, &str) {
    let (word, after) = first(rest);
    let named = word.starts_with("M-") || word.starts_with("m-");
    match named.then(|| word.parse().ok()).flatten() {
        Some(id) => (Some(id), after),
        None => (None, rest.trim()),
    }
}

/// A request's name at the beginning, and the rest.
#[must_use]
pub fn take_request(rest: &str) -> (Option<RequestId>, &str) {
    let (word, after) = first(rest);
    let named = word.starts_with("R-") || word.starts_with("r-");
    match named.then(|| word.parse().ok()).flatten() {
        Some(id) => (Some(id), after),
        None => (None, rest.trim()),
    }
}

/// An incident's name at the beginning, and the rest.
#[must_use]
pub fn take_incident(rest: &str) -> (Option<IncidentId>, &str) {
    let (word, after) = first(rest);
    let named = word.starts_with("I-") || word.starts_with("i-");
    match named.then(|| word.parse().ok()).flatten() {
        Some(id) => (Some(id), after),
        None => (None, rest.trim()),
    }
}

/// A revision at the beginning, as `r2`, and the rest.
#[must_use]
pub fn take_revision(rest: &str) -> (Option<Revision>, &str) {
    let (word, after) = first(rest);
    match word.strip_prefix('r').and_then(|number| number.parse().ok()) {
        Some(number) => (Some(Revision(number)), after),
        None => (None, rest.trim()),
    }
}

/// A team's name at the beginning, the longest that is one, and the rest.
#[must_use]
pub fn take_team<'a>(mission: &Mission, rest: &'a str) -> (Option<TeamId>, &'a str) {
    let rest = rest.trim();
    let ends = rest.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    let mut ends: Vec<usize> = ends.take(NAME_WORDS).collect();
    ends.push(rest.len());
    for end in ends.into_iter().rev() {
        let (name, after) = rest.split_at(end);
        if let Some(id) = team(mission, name).filter(|_| !name.trim().is_empty()) {
            return (Some(id), after.trim_start());
        }
    }
    (None, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixtures;

    #[test]
    fn names_are_read_in_every_form_they_are_said() {
        let state = fixtures::waiting();
        let mission = &state.missions[&MissionId(12)];
        for word in ["B", "b", "2", "T-2", "Google", "team google", "google"] {
            assert_eq!(team(mission, word), Some(TeamId(2)), "{word}");
        }
        assert_eq!(team(mission, "C"), None);
        assert_eq!(label(mission, TeamId(1)), "A Anthropic");
        assert_eq!(take_mission(" m-12 now"), (Some(MissionId(12)), "now"));
        assert_eq!(take_mission("again and again"), (None, "again and again"));
        assert_eq!(take_request("R-3 r2 B"), (Some(RequestId(3)), "r2 B"));
        assert_eq!(take_revision("r2 B"), (Some(Revision(2)), "B"));
        assert_eq!(take_revision("reason"), (None, "reason"));
        assert_eq!(take_team(mission, "team google look again"), (Some(TeamId(2)), "look again"));
        assert_eq!(take_team(mission, "nobody else"), (None, "nobody else"));
    }
}
