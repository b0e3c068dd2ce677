//! Who said yes so far where several must, and to what: as every face tells it to whoever is to say yes to the same.

use super::state::{Mission, State};
use crate::domain::{
    request::{Decision, Modification, Request},
    text::clean_line,
};
use std::fmt;

/// Characters of other words and of another command.
const WORDS_MOST: usize = 120;

/// One yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yes {
    /// Who.
    pub by: String,
    /// To what; `None`: to what is asked, as it is.
    pub to: Option<String>,
}

impl fmt::Display for Yes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Some(to) => write!(f, "{}, to {to}", self.by),
            None => f.write_str(&self.by),
        }
    }
}

/// Every yes to a request so far, the first one first.
#[must_use]
pub fn of(state: &State, request: &Request) -> Vec<Yes> {
    let mission = state.missions.get(&request.mission).map(AsRef::as_ref);
    let to = request.approved.iter().map(|consent| to_what(mission, &consent.decision));
    // Those of a remedy are to its plan, and fall with it.
    let to = to.chain(std::iter::repeat(None));
    request.said_yes().into_iter().zip(to).map(|(by, to)| Yes { by: by.to_string(), to }).collect()
}

/// What a decision says yes to, where that is more than what is asked.
#[must_use]
pub fn to_what(mission: Option<&Mission>, decision: &Decision) -> Option<String> {
    let name = |team| mission.map_or_else(|| format!("{team}"), |mission| mission.team_name(team));
    match decision {
        Decision::Approve { team } => team.map(name),
        Decision::Modify { team, change } => {
            let change = match change {
                Modification::Patch(patch) => format!("another patch, {}", patch.short()),
                Modification::Argv(argv) => format!("another command, {}", line(&format!("{argv:?}"))),
                Modification::Prompt(words) => format!("other words, {}", line(words)),
                Modification::Amount(amount) => amount.to_string(),
            };
            Some(team.map(name).map_or(change.clone(), |name| format!("{name} with {change}")))
        }
        Decision::Grant { .. } => Some("the command and the same for a while".to_owned()),
        Decision::Reject { .. } | Decision::Retry { .. } | Decision::Expired | Decision::Withdrawn => None,
    }
}

fn line(words: &str) -> String {
    clean_line(words, WORDS_MOST).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::TeamId, money::Money};

    #[test]
    fn a_yes_says_to_what_where_that_is_more_than_what_is_asked() {
        let modify = |team: Option<u8>, change| Decision::Modify { team: team.map(TeamId), change };
        let words = |decision: Decision| to_what(None, &decision);
        assert_eq!(words(Decision::Approve { team: None }), None);
        assert_eq!(words(Decision::Approve { team: Some(TeamId(2)) }).as_deref(), Some("T-2"));
        assert_eq!(words(modify(None, Modification::Amount(Money::usd(5)))), Some(Money::usd(5).to_string()),);
        let told = words(modify(Some(1), Modification::Prompt("do\nless".into()))).unwrap();
        assert!(told.starts_with("T-1 with other words, do") && !told.contains('\n'), "{told}");
        let yes = Yes { by: "ada".into(), to: Some("T-2".into()) };
        assert_eq!(
            (yes.to_string(), Yes { to: None, ..yes }.to_string()),
            ("ada, to T-2".into(), "ada".into())
        );
    }
}
