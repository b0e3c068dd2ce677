//! What the person is told who looks elsewhere: the window's title says how things stand, and when something begins to
//! wait or a mission ends while the terminal does not have the keys, it calls. Pure: a state goes in, bytes come out.

use super::{carrier::Carrier, words};
use crate::{
    config::settings::Notify,
    domain::ids::{IncidentId, MissionId, RequestId},
    engine::state::State,
};
use std::collections::BTreeSet;

/// Tells.
#[derive(Debug)]
pub struct Herald {
    carrier: Carrier,
    how: Notify,
    focused: bool,
    title: String,
    /// What waited and what was open when it was looked at last; `None` before the first look.
    seen: Option<Seen>,
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    requests: BTreeSet<RequestId>,
    questions: BTreeSet<MissionId>,
    helpless: BTreeSet<IncidentId>,
    open: BTreeSet<MissionId>,
}

impl Herald {
    /// Nothing is told yet. A terminal that never says that it lost the keys has them.
    #[must_use]
    pub fn new(carrier: Carrier, how: Notify) -> Self {
        Self { carrier, how, focused: true, title: String::new(), seen: None }
    }

    /// The terminal has the keys, or no more.
    pub fn focus(&mut self, focused: bool) {
        self.focused = focused;
    }

    /// Bytes that tell what is new in this state; none if nothing is.
    pub fn look(&mut self, state: &State, place: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let title = format!("{} · {place} · Chimera", standing(state));
        if title != self.title
            && let Some(told) = self.carrier.title(&title)
        {
            bytes.extend(told);
        }
        self.title = title;
        let open = |done: bool| {
            let missions =
                state.missions.values().filter(move |mission| mission.result.ending.is_some() == done);
            missions.map(|mission| mission.id).collect::<BTreeSet<_>>()
        };
        let asked = state.missions.values().filter(|mission| words::questions(mission).is_some());
        let now = Seen {
            requests: state.desk.keys().copied().collect(),
            questions: asked.map(|mission| mission.id).collect(),
            helpless: words::helpless(state).iter().map(|incident| incident.id).collect(),
            open: open(false),
        };
        if let Some(seen) = &self.seen
            && !self.focused
        {
            let waits = !now.requests.is_subset(&seen.requests)
                || !now.questions.is_subset(&seen.questions)
                || !now.helpless.is_subset(&seen.helpless);
            let ended = open(true).intersection(&seen.open).last().copied();
            let words = match (waits, ended) {
                (true, _) => format!("Chimera: {} waiting for you · {place}", words::waiting_count(state)),
                (false, Some(mission)) => {
                    let known = state.missions.get(&mission);
                    let word = known.map_or("ENDED", |mission| words::mission_sign(state, mission).word);
                    format!("Chimera: {mission} {word} · {place}")
                }
                (false, None) => String::new(),
            };
            if !words.is_empty() {
                bytes.extend(self.carrier.call(self.how, &words));
            }
        }
        self.seen = Some(now);
        bytes
    }
}

/// How things stand, in a glyph and a word or two.
fn standing(state: &State) -> String {
    let waiting = words::waiting_count(state);
    if waiting > 0 {
        return format!("⚑ {waiting} waiting");
    }
    let works = state.missions.values().any(|mission| mission.result.ending.is_none());
    if works { "✻ working".into() } else { "○ idle".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::mission::{Ending, Step},
        engine::state::TeamPhase,
        tui::fixtures::{clarifying, ended, mission, state_of, waiting},
    };

    fn herald(how: Notify) -> Herald {
        let env = |name: &str| (name == "TERM").then(|| "xterm-kitty".to_owned());
        Herald::new(Carrier::of(env), how)
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    fn drafting() -> State {
        state_of(mission(Some(Step::Draft), &TeamPhase::Drafting), vec![])
    }

    #[test]
    fn s6_the_title_says_how_things_stand_and_is_told_once() {
        let mut herald = herald(Notify::Auto);
        let title = |words: &str| format!("\x1b]2;{words} · shop@main · Chimera\x07");
        assert_eq!(text(herald.look(&State::default(), "shop@main")), title("○ idle"));
        assert_eq!(text(herald.look(&State::default(), "shop@main")), "");
        assert_eq!(text(herald.look(&drafting(), "shop@main")), title("✻ working"));
        assert_eq!(text(herald.look(&waiting(), "shop@main")), title("⚑ 1 waiting"));
        let evil = text(herald.look(&waiting(), "x\x07\x1b]52;c;eA==\x07"));
        assert_eq!(evil.chars().filter(|c| c.is_control()).count(), 2, "{evil:?}");
    }

    #[test]
    fn s6_who_looks_elsewhere_is_called_when_something_begins_to_wait_or_ends_and_once() {
        let calls = |bytes: Vec<u8>| text(bytes).matches("\x1b]9;").count();
        for (before, after, wanted) in [
            (drafting(), waiting(), 1),
            (State::default(), clarifying(), 1),
            (drafting(), ended(Ending::Landed), 1),
            (drafting(), drafting(), 0),
            (waiting(), drafting(), 0),
            (State::default(), ended(Ending::Landed), 0),
        ] {
            let mut herald = herald(Notify::Auto);
            assert_eq!(calls(herald.look(&before, "shop")), 0);
            herald.focus(false);
            assert_eq!(calls(herald.look(&after, "shop")), wanted);
            assert_eq!(calls(herald.look(&after, "shop")), 0, "called twice");
        }
        let mut herald = herald(Notify::Auto);
        herald.look(&drafting(), "shop");
        assert_eq!(calls(herald.look(&waiting(), "shop")), 0, "the person is here");
        let mut off = self::herald(Notify::Off);
        off.look(&drafting(), "shop");
        off.focus(false);
        assert!(!text(off.look(&waiting(), "shop")).contains("]9;"));
    }
}
