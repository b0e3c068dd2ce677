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

    /// What each came to, with its text.
    pub(super) fn answers(&self, depth: Depth) -> Vec<(String, Answer)> {
        let seen = Seen { rounds: &self.rounds, depth };
        let answer = |expr: &Result<Expr, String>| match expr {
            Ok(expr) => expr.ask(&seen),
            Err(why) => Answer::Unknown(vec![format!("it cannot be read: {why}")]),
        };
        self.exprs.iter().map(|(text, expr)| (text.clone(), answer(expr))).collect()
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

/// An answer in words, for those that are not true.
pub(super) fn words(text: &str, answer: &Answer) -> String {
    match answer {
        Answer::True => format!("{text} holds"),
        Answer::False => format!("{text} does not hold"),
        Answer::Unknown(missing) => format!("{text} cannot be told: {}", missing.join(", ")),
    }
}
