//! Whether one rule fits the facts, and how well that is founded. Three-valued throughout: what is not known never
//! makes a rule fit.

use super::rule::{Clause, Rule};
use crate::{
    domain::{
        expr::Answer,
        incident::{ClueSort, Grade},
    },
    monitor::investigate::book::{Book, Fact, Standing, Trust},
};

/// A rule that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit<'r> {
    /// Which.
    pub rule: &'r Rule,
    /// How well it is founded.
    pub grade: Grade,
    /// Whether something other than text speaks for it.
    pub trusted: bool,
    /// Whether the state of things now speaks for it.
    pub now: bool,
    /// Clauses that hold.
    pub held: usize,
    /// Numbers of the clues behind them, in order.
    pub clues: Vec<u16>,
    /// What could not be told, and what speaks against it, in words.
    pub said: Vec<String>,
}

/// Asks one rule.
#[must_use]
pub fn fit<'r>(rule: &'r Rule, book: &Book) -> Option<Fit<'r>> {
    let mut fit = Fit {
        rule,
        grade: Grade::B,
        trusted: false,
        now: false,
        held: 0,
        clues: Vec::new(),
        said: Vec::new(),
    };
    let mut sorts: Vec<ClueSort> = Vec::new();
    let mut open = false;
    for clause in &rule.when {
        let seen = Seen::of(clause, book);
        match clause.ask.ask(book) {
            Answer::True if clause.now && seen.is_now() => {
                sorts.push(clause.sort);
                fit.hold(&seen);
            }
            Answer::True if !clause.now => fit.hold(&seen),
            Answer::False => return None,
            // Neither what text says nor what was so once answers a question about now.
            Answer::True | Answer::Unknown(_) if clause.needed => return None,
            Answer::True | Answer::Unknown(_) => {
                open = true;
                fit.said.push(format!("could not tell whether {}", clause.text));
            }
        }
    }
    if fit.held == 0 || rule.unless.iter().any(|clause| is_seen(clause, book)) {
        return None;
    }
    fit.now = !sorts.is_empty();
    let agrees = second(rule, book, &sorts);
    if let Some(seen) = agrees.filter(|_| fit.now && !open) {
        fit.grade = Grade::A;
        fit.hold(&seen);
    }
    for (clause, say) in &rule.against {
        if is_seen(clause, book) {
            fit.grade = lower(fit.grade);
            fit.said.push(format!("against it: {say}"));
        }
    }
    Some(fit)
}

/// Whether something other than text says so, and not of the past.
fn is_seen(clause: &Clause, book: &Book) -> bool {
    let seen = Seen::of(clause, book);
    let counts = if clause.now { seen.standing == Standing::Now } else { seen.standing != Standing::Past };
    counts && seen.trust == Trust::Own && clause.ask.ask(book) == Answer::True
}

/// One grade less.
#[must_use]
pub fn lower(grade: Grade) -> Grade {
    match grade {
        Grade::A => Grade::B,
        Grade::B | Grade::C => Grade::C,
    }
}

/// Trusted evidence of another sort that agrees.
fn second(rule: &Rule, book: &Book, sorts: &[ClueSort]) -> Option<Seen> {
    let agrees = |clause: &&Clause| !sorts.contains(&clause.sort) && is_seen(clause, book);
    rule.second.iter().find(agrees).map(|clause| Seen::of(clause, book))
}

impl Fit<'_> {
    fn hold(&mut self, seen: &Seen) {
        self.held += 1;
        self.trusted |= seen.trust == Trust::Own;
        for clue in &seen.clues {
            if let Err(at) = self.clues.binary_search(clue) {
                self.clues.insert(at, *clue);
            }
        }
    }
}

/// What a clause looked at, taken at its weakest.
struct Seen {
    trust: Trust,
    standing: Standing,
    clues: Vec<u16>,
}

impl Seen {
    fn of(clause: &Clause, book: &Book) -> Self {
        let facts: Vec<&Fact> = clause.facts.iter().filter_map(|name| book.get(name)).collect();
        Self {
            trust: facts.iter().map(|fact| fact.trust).max().unwrap_or(Trust::Told),
            standing: facts.iter().map(|fact| fact.standing).max().unwrap_or(Standing::Past),
            clues: facts.iter().map(|fact| fact.clue).collect(),
        }
    }

    fn is_now(&self) -> bool {
        self.trust == Trust::Own && self.standing == Standing::Now
    }
}
