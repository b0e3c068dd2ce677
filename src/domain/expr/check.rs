//! Checking an expression against the facts there are: names, arguments, and whether what is compared can be.

use super::{
    facts::{ArgKind, FACTS, FactSpec, Gives},
    lex::ExprError,
    tree::{Expr, Fact, Node, Operation, Part, Unit, Value},
};

/// Mistakes told of one expression.
const MISTAKES_MOST: usize = 8;

/// What a part gives.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sort {
    Truth,
    Number(Unit),
    /// A text; the words it can be, where those are known.
    Text(&'static [&'static str]),
}

impl Sort {
    fn words(self) -> &'static str {
        match self {
            Self::Truth => "yes or no",
            Self::Number(unit) => unit.word(),
            Self::Text(_) => "a text",
        }
    }
}

/// Every mistake in an expression that was read from `text`: a fact that is not `known`, wrong arguments, things that
/// cannot be compared, words that a fact never gives. Empty: it can be asked.
#[must_use]
pub fn check(text: &str, expr: &Expr, known: &[FactSpec]) -> Vec<ExprError> {
    let mut checking = Checking { text, known, found: Vec::new() };
    checking.truth(&expr.root);
    checking.found.truncate(MISTAKES_MOST);
    checking.found
}

struct Checking<'a> {
    text: &'a str,
    known: &'a [FactSpec],
    found: Vec<ExprError>,
}

impl Checking<'_> {
    fn wrong(&mut self, at: usize, what: impl Into<String>) -> Option<&mut ExprError> {
        self.found.push(ExprError::new(self.text, at, what));
        self.found.last_mut()
    }

    fn truth(&mut self, node: &Node) {
        if let Some(sort) = self.sort(node)
            && sort != Sort::Truth
        {
            self.wrong(node.at, format!("expected yes or no, found {}", sort.words()));
        }
    }

    fn number(&mut self, node: &Node) -> Option<Unit> {
        match self.sort(node)? {
            Sort::Number(unit) => Some(unit),
            other => {
                self.wrong(node.at, format!("expected a number, found {}", other.words()));
                None
            }
        }
    }

    /// `None`: a mistake was told already.
    fn sort(&mut self, node: &Node) -> Option<Sort> {
        Some(match &node.part {
            Part::Literal(Value::Number(_), unit) => Sort::Number(*unit),
            Part::Literal(Value::Text(_), _) => Sort::Text(&[]),
            Part::Literal(Value::Truth(_), _) => Sort::Truth,
            Part::Fact(fact) => self.fact(node.at, fact)?,
            Part::Exists(fact) => {
                self.fact(node.at, fact)?;
                Sort::Truth
            }
            Part::Negative(inner) => Sort::Number(self.number(inner)?),
            Part::Sum(operation, left, right) => {
                Sort::Number(self.sum(node.at, *operation, (left, right))?)
            }
            Part::Not(inner) | Part::Lasting(inner, _) => {
                self.truth(inner);
                Sort::Truth
            }
            Part::All(list) | Part::Any(list) => {
                list.iter().for_each(|node| self.truth(node));
                Sort::Truth
            }
            Part::Compare(comparison, left, right) => {
                let ordered =
                    !matches!(comparison, super::tree::Comparison::Equal | super::tree::Comparison::Unequal);
                self.alike(node.at, left, right);
                if ordered && let (Some(_), Some(_)) = (self.quiet(left), self.quiet(right)) {
                    self.number(left);
                }
                Sort::Truth
            }
            Part::Within(left, list) => {
                list.iter().for_each(|element| self.alike(element.at, left, element));
                Sort::Truth
            }
            Part::Matches(left, _) => {
                if let Some(sort) = self.sort(left)
                    && !matches!(sort, Sort::Text(_))
                {
                    self.wrong(left.at, format!("`matches` wants a text, found {}", sort.words()));
                }
                Sort::Truth
            }
        })
    }

    /// The sort without telling mistakes a second time.
    fn quiet(&mut self, node: &Node) -> Option<Sort> {
        let told = self.found.len();
        let sort = self.sort(node);
        self.found.truncate(told);
        sort
    }

    fn sum(&mut self, at: usize, operation: Operation, sides: (&Node, &Node)) -> Option<Unit> {
        let (left, right) = (self.number(sides.0), self.number(sides.1));
        let (left, right) = (left?, right?);
        match (operation, left, right) {
            (_, unit, other) | (_, other, unit) if other == Unit::Any => Some(match operation {
                Operation::Plus | Operation::Minus => unit,
                Operation::Times | Operation::Over => Unit::Any,
            }),
            (Operation::Plus | Operation::Minus, left, right) if left == right => Some(left),
            (Operation::Times, unit, Unit::Plain) | (Operation::Times, Unit::Plain, unit) => Some(unit),
            (Operation::Over, unit, Unit::Plain) => Some(unit),
            (Operation::Over, left, right) if left == right => Some(Unit::Plain),
            _ => {
                self.wrong(at, format!("{} and {} do not go together", left.word(), right.word()));
                None
            }
        }
    }

    /// That two sides can be compared.
    fn alike(&mut self, at: usize, left: &Node, right: &Node) {
        let (a, b) = (self.sort(left), self.sort(right));
        let (Some(a), Some(b)) = (a, b) else { return };
        match (a, b) {
            (Sort::Number(Unit::Any), Sort::Number(_)) | (Sort::Number(_), Sort::Number(Unit::Any)) => {}
            (Sort::Text(words), Sort::Text(_)) => self.gives(words, right),
            (a, b) if a == b => {}
            (a, b) => {
                let error = self.wrong(at, format!("{} is compared with {}", a.words(), b.words()));
                let percent = [a, b].contains(&Sort::Number(Unit::Percent));
                if let (Some(error), true) = (error, percent && [a, b].contains(&Sort::Number(Unit::Plain))) {
                    error.hint = Some("facts in percent are compared with 85%, shares with 0.85".into());
                }
            }
        }
    }

    /// That a word is one that the fact on the other side gives.
    fn gives(&mut self, words: &[&str], node: &Node) {
        let Part::Literal(Value::Text(word), _) = &node.part else { return };
        if !words.is_empty() && !words.contains(&word.as_str()) {
            let what = format!("this is never `{word}`");
            if let Some(error) = self.wrong(node.at, what) {
                error.hint = Some(format!("it is one of {}", words.join(", ")));
            }
        }
    }

    fn fact(&mut self, at: usize, fact: &Fact) -> Option<Sort> {
        let name = &fact.call.name;
        let Some(spec) = self.known.iter().find(|spec| spec.name == name.as_str()) else {
            let near = nearest(name, self.known.iter().map(|spec| spec.name).chain(super::facts::words()));
            let error = self.wrong(at, format!("no fact is called `{name}`"));
            if let Some(error) = error {
                error.hint = near.map(|near| format!("did you mean {near}?"));
            }
            return None;
        };
        if spec.args.len() != fact.call.args.len() {
            let wanted: Vec<_> = spec.args.iter().map(|kind| kind.words()).collect();
            let wanted = if wanted.is_empty() { "no argument".into() } else { wanted.join(", ") };
            self.wrong(at, format!("`{name}` takes {wanted}; {} given", fact.call.args.len()));
            return None;
        }
        let args = spec.args.iter().zip(&fact.call.args).zip(&fact.args);
        let wrong: Vec<_> = args
            .filter(|((kind, value), (unit, _))| !suits(**kind, value, *unit))
            .map(|((kind, value), (_, at))| (*at, format!("`{name}` wants {}, found {value}", kind.words())))
            .collect();
        for (at, what) in wrong {
            self.wrong(at, what);
        }
        Some(match spec.gives {
            Gives::Truth => Sort::Truth,
            Gives::Word(words) => Sort::Text(words),
            // What a metric counts is what its arguments name.
            Gives::Number(Unit::Any, ..) if name != "slope" => Sort::Number(unit_of(fact)),
            Gives::Number(unit, ..) => Sort::Number(unit),
        })
    }
}

/// The unit of the metric that a fact is asked with, where that is a fact itself.
fn unit_of(fact: &Fact) -> Unit {
    let metric = fact.call.text(0).and_then(|name| FACTS.iter().find(|spec| spec.name == name));
    match metric.map(|spec| spec.gives) {
        Some(Gives::Number(unit, ..)) => unit,
        _ => Unit::Any,
    }
}

/// Whether an argument is what is wanted. Texts with a variable in them are judged once that is filled in.
fn suits(kind: ArgKind, value: &Value, unit: Unit) -> bool {
    match (kind, value) {
        (ArgKind::Number, Value::Number(number)) => {
            unit == Unit::Plain && number.fract() == 0.0 && *number >= 0.0
        }
        (ArgKind::Span, Value::Number(span)) => unit == Unit::Span && *span > 0.0,
        (ArgKind::Number | ArgKind::Span, Value::Text(_)) => false,
        (_, Value::Text(text)) if text.contains("${") || text.starts_with("service.") => true,
        (ArgKind::Path, Value::Text(text)) => text.starts_with('/'),
        (ArgKind::Url, Value::Text(text)) => text.starts_with("http://") || text.starts_with("https://"),
        (ArgKind::Address, Value::Text(text)) => {
            text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        }
        (ArgKind::Service | ArgKind::Name | ArgKind::Metric, Value::Text(text)) => !text.is_empty(),
        _ => false,
    }
}

/// The candidate that shares the longest start with a mistyped word and is about as long; good enough for a hint.
fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let shared = |candidate: &str| {
        let start = candidate.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
        let end = candidate.chars().rev().zip(word.chars().rev()).take_while(|(a, b)| a == b).count();
        (start + end).min(candidate.chars().count())
    };
    candidates
        .map(|candidate| (shared(candidate), candidate))
        .filter(|(shared, candidate)| {
            let longer = candidate.chars().count().max(word.chars().count());
            shared * 2 > longer && longer.abs_diff(*shared) <= 1 + longer / 3
        })
        .max_by_key(|(shared, _)| *shared)
        .map(|(_, candidate)| candidate)
}
