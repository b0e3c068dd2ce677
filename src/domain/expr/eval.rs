//! Asking an expression: three-valued (Kleene) logic over facts. What is not known, not a number or of the wrong sort is
//! unknown, with the reason in words; it is never true and never false.

use super::tree::{Answer, Call, Comparison, Expr, Fact, Facts, Node, Operation, Part, Value};

/// Two numbers this near, as a share of the larger, are equal: facts are measured.
const NEAR: f64 = 1e-9;

impl Expr {
    /// What it comes to.
    #[must_use]
    pub fn ask(&self, facts: &dyn Facts) -> Answer {
        match (Asking { facts, back: 0 }).truth(&self.root) {
            Ok(true) => Answer::True,
            Ok(false) => Answer::False,
            Err(reasons) => Answer::Unknown(reasons.0),
        }
    }
}

/// What is missing.
struct Missing(Vec<String>);

impl Missing {
    fn of(what: impl Into<String>) -> Self {
        Self(vec![what.into()])
    }
    fn and(mut self, other: Self) -> Self {
        for reason in other.0 {
            if self.0.len() < Answer::REASONS_MOST && !self.0.contains(&reason) {
                self.0.push(reason);
            }
        }
        self
    }
}

struct Asking<'a> {
    facts: &'a dyn Facts,
    back: u32,
}

impl Asking<'_> {
    fn truth(&self, node: &Node) -> Result<bool, Missing> {
        match &node.part {
            Part::Not(inner) => self.truth(inner).map(|truth| !truth),
            Part::All(list) => self.first(list, false),
            Part::Any(list) => self.first(list, true),
            Part::Lasting(inner, checks) => self.lasting(inner, *checks),
            Part::Compare(comparison, left, right) => {
                let (left, right) = self.both(left, right)?;
                compare(*comparison, &left, &right)
            }
            Part::Within(left, list) => {
                let left = self.value(left)?;
                for node in list {
                    if compare(Comparison::Equal, &left, &self.value(node)?)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Part::Matches(left, pattern) => match self.value(left)? {
                Value::Text(text) => Ok(fits(pattern, &text)),
                other => Err(Missing::of(format!("{other} is no text"))),
            },
            Part::Exists(fact) => self.fact(fact).map(|_| true),
            Part::Literal(..) | Part::Fact(_) | Part::Negative(_) | Part::Sum(..) => {
                match self.value(node)? {
                    Value::Truth(truth) => Ok(truth),
                    other => Err(Missing::of(format!("{other} is neither yes nor no"))),
                }
            }
        }
    }

    /// The first `deciding` one decides; where there is none, anything missing leaves it open.
    fn first(&self, list: &[Node], deciding: bool) -> Result<bool, Missing> {
        let mut missing: Option<Missing> = None;
        for node in list {
            match self.truth(node) {
                Ok(truth) if truth == deciding => return Ok(deciding),
                Ok(_) => {}
                Err(more) => {
                    missing = Some(match missing {
                        Some(before) => before.and(more),
                        None => more,
                    });
                }
            }
        }
        missing.map_or(Ok(!deciding), Err)
    }

    /// Held at each of the last so many checks.
    fn lasting(&self, inner: &Node, checks: u32) -> Result<bool, Missing> {
        let mut missing = None;
        for back in 0..checks {
            match (Asking { facts: self.facts, back }).truth(inner) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(more) => missing = missing.or(Some(more)),
            }
        }
        missing.map_or(Ok(true), Err)
    }

    fn both(&self, left: &Node, right: &Node) -> Result<(Value, Value), Missing> {
        match (self.value(left), self.value(right)) {
            (Ok(left), Ok(right)) => Ok((left, right)),
            (Err(left), Err(right)) => Err(left.and(right)),
            (Err(missing), _) | (_, Err(missing)) => Err(missing),
        }
    }

    fn value(&self, node: &Node) -> Result<Value, Missing> {
        match &node.part {
            Part::Literal(value, _) => Ok(value.clone()),
            Part::Fact(fact) => self.fact(fact),
            Part::Negative(inner) => self.number(inner).map(|number| Value::Number(-number)),
            Part::Sum(operation, left, right) => {
                let (left, right) = match (self.number(left), self.number(right)) {
                    (Ok(left), Ok(right)) => (left, right),
                    (Err(left), Err(right)) => return Err(left.and(right)),
                    (Err(missing), _) | (_, Err(missing)) => return Err(missing),
                };
                finite(match operation {
                    Operation::Plus => left + right,
                    Operation::Minus => left - right,
                    Operation::Times => left * right,
                    Operation::Over => left / right,
                })
            }
            Part::Exists(_)
            | Part::Compare(..)
            | Part::Within(..)
            | Part::Matches(..)
            | Part::Not(_)
            | Part::All(_)
            | Part::Any(_)
            | Part::Lasting(..) => self.truth(node).map(Value::Truth),
        }
    }

    fn number(&self, node: &Node) -> Result<f64, Missing> {
        match self.value(node)? {
            Value::Number(number) => Ok(number),
            other => Err(Missing::of(format!("{other} is no number"))),
        }
    }

    fn fact(&self, fact: &Fact) -> Result<Value, Missing> {
        let call = Call { back: self.back, ..fact.call.clone() };
        let missing = || match self.back {
            0 => Missing::of(format!("{call} is not known")),
            back => Missing::of(format!("{call} is not known {back} checks back")),
        };
        match self.facts.fact(&call) {
            None => Err(missing()),
            Some(Value::Number(number)) if !number.is_finite() => Err(missing()),
            Some(value) => Ok(value),
        }
    }
}

fn finite(number: f64) -> Result<Value, Missing> {
    match number.is_finite() {
        true => Ok(Value::Number(number)),
        false => Err(Missing::of("a calculation has no result, such as a division by zero")),
    }
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, Missing> {
    let equal = match (left, right) {
        (Value::Number(a), Value::Number(b)) => (a - b).abs() <= NEAR * a.abs().max(b.abs()),
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Truth(a), Value::Truth(b)) => a == b,
        _ => return Err(Missing::of(format!("{left} and {right} cannot be compared"))),
    };
    let less = match (left, right) {
        (Value::Number(a), Value::Number(b)) => Some(a < b && !equal),
        _ => None,
    };
    match comparison {
        Comparison::Equal => Ok(equal),
        Comparison::Unequal => Ok(!equal),
        _ => {
            let less = less.ok_or_else(|| Missing::of(format!("{left} and {right} have no order")))?;
            Ok(match comparison {
                Comparison::Less => less,
                Comparison::LessOrEqual => less || equal,
                Comparison::More => !less && !equal,
                _ => !less,
            })
        }
    }
}

/// Whether a text fits a pattern: `*` is any run of characters, `?` any one. Never more than pattern times text steps.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == c => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, from)) = star else { return false };
                star = Some((after, from + 1));
                p = after;
                t = from + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|&c| c == '*')
}
