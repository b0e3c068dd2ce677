//! Trying an expression over made-up facts: can it become true, can it become false? What can never be true blocks for
//! ever, and what can never be false guards nothing.

use super::{
    facts::{Gives, known},
    tree::{Answer, Call, Expr, Facts, Value},
};

/// Worlds tried.
const WORLDS_MOST: usize = 20_000;
/// Values tried for one number.
const VALUES_MOST: usize = 48;

/// What several expressions, taken together, can come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// In some world all are true.
    pub can_be_true: bool,
    /// In some world one is false.
    pub can_be_false: bool,
}

/// Asks expressions together in made-up worlds: every value that a comparison in them could turn on, within the bounds of
/// each fact. All worlds where there are few, an even and repeatable choice where there are many.
#[must_use]
pub fn outcomes(exprs: &[&Expr]) -> Outcomes {
    let mut calls: Vec<Call> = Vec::new();
    let mut numbers = vec![0.0, 1.0];
    for expr in exprs {
        calls.extend(expr.calls());
        expr.root.numbers(&mut numbers);
    }
    let mut keys: Vec<(String, Vec<Value>)> = Vec::new();
    for call in calls {
        let key = call.to_string();
        if !keys.iter().any(|(known, _)| *known == key) {
            keys.push((key, values(&call, &numbers)));
        }
    }
    let all = keys.iter().try_fold(1_usize, |worlds, (_, values)| worlds.checked_mul(values.len().max(1)));
    let few = all.is_some_and(|worlds| worlds <= WORLDS_MOST);
    let mut chance = 0x9E37_79B9_7F4A_7C15_u64;
    let mut outcomes = Outcomes::default();
    for world in 0..all.filter(|_| few).unwrap_or(WORLDS_MOST) {
        let mut rest = world;
        let mut pick = |count: usize| {
            if few {
                let pick = rest % count;
                rest /= count;
                return pick;
            }
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(chance >> 33).unwrap_or(0) % count
        };
        let facts = keys
            .iter()
            .filter_map(|(key, values)| Some((key.as_str(), values.get(pick(values.len().max(1)))?)));
        let world = World(facts.collect());
        let answers = exprs.iter().map(|expr| expr.ask(&world)).collect::<Vec<_>>();
        outcomes.can_be_true |= answers.iter().all(|answer| *answer == Answer::True);
        outcomes.can_be_false |= answers.contains(&Answer::False);
        if outcomes.can_be_true && outcomes.can_be_false {
            break;
        }
    }
    outcomes
}

struct World<'a>(Vec<(&'a str, &'a Value)>);

impl Facts for World<'_> {
    fn fact(&self, call: &Call) -> Option<Value> {
        let key = call.to_string();
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| (*value).clone())
    }
}

/// What a fact is tried with.
fn values(call: &Call, numbers: &[f64]) -> Vec<Value> {
    match known(&call.name).map(|spec| spec.gives) {
        Some(Gives::Truth) => vec![Value::Truth(true), Value::Truth(false)],
        Some(Gives::Word(words)) => words.iter().map(|word| Value::Text((*word).to_owned())).collect(),
        Some(Gives::Number(_, least, most)) => around(numbers, least, most),
        None => Vec::new(),
    }
}

/// At, just below and just above each number written, and at the bounds.
fn around(numbers: &[f64], least: f64, most: f64) -> Vec<Value> {
    let near = numbers.iter().flat_map(|n| [*n, n / 2.0, n * 2.0, n - 1.0, n + 1.0, n * 0.99, n * 1.01]);
    let mut found: Vec<f64> = Vec::new();
    for value in [least, most].into_iter().chain(near) {
        if (least..=most).contains(&value) && !found.contains(&value) && found.len() < VALUES_MOST {
            found.push(value);
        }
    }
    found.into_iter().map(Value::Number).collect()
}
