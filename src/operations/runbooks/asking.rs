//! Asking expressions about the world: every fact is looked at once a round, each look bounded, and the last rounds are
//! kept for `for N checks`.

use super::ground::Looking;
use crate::domain::{
    expr::{self, Answer, Call, Expr, Facts, Value},
    time::Millis,
};
use futures::future::join_all;
use std::collections::{BTreeMap, VecDeque};

/// How long one look may take.
const LOOK_MOST: Millis = Millis::secs(20);
/// Rounds kept; no expression asks for more.
const ROUNDS_MOST: usize = 10;

/// Facts by what their call reads as.
type Round = BTreeMap<String, Value>;

/// Expressions with what was seen.
pub(super) struct Asking {
    exprs: Vec<(String, Result<Expr, String>)>,
    calls: Vec<Call>,
    rounds: VecDeque<Round>,
}

/// What a fact is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Each check by itself.
    Checks,
    /// Now only: a condition for several checks is asked as one for now.
    Now,
}

impl Asking {
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let exprs: Vec<_> =
            texts.map(|text| (text.to_owned(), expr::parse(text).map_err(|e| e.to_string()))).collect();
        let mut calls: Vec<Call> = Vec::new();
        for call in exprs.iter().filter_map(|(_, expr)| expr.as_ref().ok()).flat_map(Expr::calls) {
            if !calls.contains(&call) {
                calls.push(call);
            }
        }
        Self { exprs, calls, rounds: VecDeque::new() }
    }

    /// Checks that any of them asks for.
    pub(super) fn checks(&self) -> u32 {
        let checks = self.exprs.iter().filter_map(|(_, expr)| expr.as_ref().ok()).map(Expr::checks);
        checks.max().unwrap_or(1)
    }

    /// Looks at every fact once.
    pub(super) async fn look(&mut self, looking: &dyn Looking) {
        let looks = self.calls.iter().map(|call| async move {
            let value = tokio::time::timeout(LOOK_MOST.to_std(), looking.look(call)).await.ok().flatten()?;
            Some((call.to_string(), value))
        });
        let round = join_all(looks).await.into_iter().flatten().collect();
        self.rounds.push_front(round);
        self.rounds.truncate(ROUNDS_MOST);
    }

    /// What each came to.
    pub(super) fn answers(&self, depth: Depth) -> Vec<Asked> {
        let seen = Seen { rounds: &self.rounds, depth };
        let asked = |(text, expr): &(String, Result<Expr, String>)| match expr {
            Ok(expr) => Asked {
                text: text.clone(),
                answer: expr.ask(&seen),
                found: self.found(expr),
                of: Of::this(expr),
            },
            Err(why) => {
                let answer = Answer::Unknown(vec![format!("it cannot be read: {why}")]);
                Asked { text: text.clone(), answer, found: Vec::new(), of: Of::Else }
            }
        };
        self.exprs.iter().map(asked).collect()
    }

    /// What the last look found of whatever is more than a yes or no.
    fn found(&self, expr: &Expr) -> Vec<String> {
        let Some(last) = self.rounds.front() else { return Vec::new() };
        let calls = expr.calls().into_iter().filter_map(|call| {
            let key = call.to_string();
            let value = last.get(&key).filter(|value| !matches!(value, Value::Truth(_)))?;
            Some(format!("{key} is {value}"))
        });
        calls.collect()
    }
}

/// What one expression came to.
pub(super) struct Asked {
    /// As it was written.
    pub text: String,
    /// Whether it holds.
    pub answer: Answer,
    /// What was found, in words.
    found: Vec<String>,
    /// What it is about.
    pub of: Of,
}

/// What an expression is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Whether what was acted on is there at all.
    Life,
    /// Whether it does well, for so many checks in a row.
    Health(u32),
    /// Anything else.
    Else,
}

/// Facts that say whether what was acted on is there at all.
const LIFE: [&str; 3] = ["process_running", "unit_state", "container_state"];

impl Of {
    fn this(expr: &Expr) -> Self {
        let names = expr.names();
        let all = |of: &[&str]| !names.is_empty() && names.iter().all(|name| of.contains(&name.as_str()));
        match (all(&LIFE), all(&["health"])) {
            (true, _) => Self::Life,
            (_, true) => Self::Health(expr.checks()),
            _ => Self::Else,
        }
    }
}

impl Asked {
    pub(super) fn holds(&self) -> bool {
        self.answer == Answer::True
    }

    /// In words, for what does not hold: with what was found instead.
    pub(super) fn words(&self) -> String {
        let text = &self.text;
        match &self.answer {
            Answer::True => format!("{text} holds"),
            Answer::False if self.found.is_empty() => format!("{text} does not hold"),
            Answer::False => format!("{text} does not hold: {}", self.found.join(", ")),
            Answer::Unknown(missing) => format!("{text} cannot be told: {}", missing.join(", ")),
        }
    }
}

struct Seen<'a> {
    rounds: &'a VecDeque<Round>,
    depth: Depth,
}

impl Facts for Seen<'_> {
    fn fact(&self, call: &Call) -> Option<Value> {
        let back = match self.depth {
            Depth::Checks => usize::try_from(call.back).ok()?,
            Depth::Now => 0,
        };
        self.rounds.get(back)?.get(&call.to_string()).cloned()
    }
}
