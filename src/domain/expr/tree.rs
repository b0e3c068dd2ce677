//! What an expression is once it has been read, what it asks of the world, and what may come back. Plain data.

/// What a fact is, or a literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number: plain, percent (85 for 85 %), seconds or bytes, as the fact says.
    Number(f64),
    /// A text or a word such as `ok`.
    Text(String),
    /// Yes or no.
    Truth(bool),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Truth(truth) => write!(f, "{truth}"),
        }
    }
}

/// One question to the world: a fact by its name, with arguments that are all known.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Name of the fact.
    pub name: String,
    /// Arguments. A bare name in the source, such as `service` or `rss_bytes`, arrives as text.
    pub args: Vec<Value>,
    /// Checks back: 0 is now, 1 the check before. Only `for N checks` asks for more than 0.
    pub back: u32,
}

impl Call {
    /// A fact asked about now.
    #[must_use]
    pub fn new(name: impl Into<String>, args: Vec<Value>) -> Self {
        Self { name: name.into(), args, back: 0 }
    }

    /// An argument that is a text.
    #[must_use]
    pub fn text(&self, at: usize) -> Option<&str> {
        match self.args.get(at) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// An argument that is a number: seconds where a span was written.
    #[must_use]
    pub fn number(&self, at: usize) -> Option<f64> {
        match self.args.get(at) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

impl std::fmt::Display for Call {
    /// `rss_bytes`, `slope("rss_bytes", 600)`: the same call always reads the same, so this serves as a key, apart from [`Call::back`].
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.args.is_empty() {
            return Ok(());
        }
        for (at, arg) in self.args.iter().enumerate() {
            write!(f, "{}{arg}", if at == 0 { "(" } else { ", " })?;
        }
        f.write_str(")")
    }
}

/// Who knows the facts.
pub trait Facts {
    /// The fact as it is, or `None` where it is not known. "Not known" is never "well".
    fn fact(&self, call: &Call) -> Option<Value>;
}

/// What an expression came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It cannot be told: what is missing, in words, at most [`Answer::REASONS_MOST`].
    Unknown(Vec<String>),
}

impl Answer {
    /// Reasons kept.
    pub const REASONS_MOST: usize = 8;
}

/// An expression that has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub(super) root: Node,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nothing in particular.
    Plain,
    /// Hundredths.
    Percent,
    /// Seconds.
    Span,
    /// Bytes.
    Bytes,
    /// Whatever the other side counts.
    Any,
}

impl Unit {
    /// The word in messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "a plain number",
            Self::Percent => "a percentage",
            Self::Span => "a span of time",
            Self::Bytes => "bytes",
            Self::Any => "a number",
        }
    }
}

/// A part with the byte where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub at: usize,
    pub part: Part,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Literal(Value, Unit),
    Fact(Fact),
    Exists(Fact),
    Negative(Box<Node>),
    Sum(Operation, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Within(Box<Node>, Vec<Node>),
    Matches(Box<Node>, String),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Lasting(Box<Node>, u32),
}

/// A fact as it stands in an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    pub call: Call,
    /// What each argument counts, where it is a number, and where it stands.
    pub args: Vec<(Unit, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

impl Node {
    /// Every fact below, in order.
    pub(super) fn facts<'a>(&'a self, found: &mut Vec<&'a Fact>) {
        match &self.part {
            Part::Literal(..) => {}
            Part::Fact(fact) | Part::Exists(fact) => found.push(fact),
            Part::Negative(inner) | Part::Not(inner) | Part::Matches(inner, _) | Part::Lasting(inner, _) => {
                inner.facts(found);
            }
            Part::Sum(_, left, right) | Part::Compare(_, left, right) => {
                left.facts(found);
                right.facts(found);
            }
            Part::Within(left, list) => {
                left.facts(found);
                list.iter().for_each(|node| node.facts(found));
            }
            Part::All(list) | Part::Any(list) => list.iter().for_each(|node| node.facts(found)),
        }
    }

    /// Every number written below.
    pub(super) fn numbers(&self, found: &mut Vec<f64>) {
        match &self.part {
            Part::Literal(Value::Number(number), _) => found.push(*number),
            Part::Literal(..) | Part::Fact(_) | Part::Exists(_) => {}
            Part::Negative(inner) | Part::Not(inner) | Part::Matches(inner, _) | Part::Lasting(inner, _) => {
                inner.numbers(found);
            }
            Part::Sum(_, left, right) | Part::Compare(_, left, right) => {
                left.numbers(found);
                right.numbers(found);
            }
            Part::Within(left, list) => {
                left.numbers(found);
                list.iter().for_each(|node| node.numbers(found));
            }
            Part::All(list) | Part::Any(list) => list.iter().for_each(|node| node.numbers(found)),
        }
    }
}

impl Expr {
    /// Names of the facts it asks for, each once, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for call in self.calls() {
            if !names.contains(&call.name) {
                names.push(call.name);
            }
        }
        names
    }

    /// Every question it may ask about now, each once, in order: arguments are literals, so all are known beforehand.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        let mut facts = Vec::new();
        self.root.facts(&mut facts);
        let mut calls: Vec<Call> = Vec::new();
        for fact in facts {
            if !calls.contains(&fact.call) {
                calls.push(fact.call.clone());
            }
        }
        calls
    }

    /// The most checks that a `for N checks` in it asks for; 1 where there is none.
    #[must_use]
    pub fn checks(&self) -> u32 {
        fn most(node: &Node) -> u32 {
            match &node.part {
                Part::Lasting(_, checks) => *checks,
                Part::Not(inner) => most(inner),
                Part::All(list) | Part::Any(list) => list.iter().map(most).max().unwrap_or(1),
                _ => 1,
            }
        }
        most(&self.root).max(1)
    }
}
