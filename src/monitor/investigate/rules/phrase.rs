//! Sentences of rules with typed places in them: `{disk.used_pct:percent}`. A place is filled with a fact or a word of
//! the service and in no other way; what is filled in is never read again, so a fact cannot bring a place of its own.
//!
//! What only text speaks for can be put into a place of type `quote` alone, where it stands between quotation marks;
//! such a place is refused in variables of remedies.

use crate::{
    domain::{expr::Value, service::Service, text},
    monitor::investigate::{
        book::{Book, Fact, Trust},
        vocabulary::{self, Gives},
    },
};

/// Bytes of a sentence in a rule.
const TEXT_MOST: usize = 400;
/// Characters of a quotation.
const QUOTE_MOST: usize = 120;
/// Characters of a name that is filled in.
const NAME_MOST: usize = 160;
/// What stands where a fact is not known.
const UNKNOWN: &str = "(not known)";

/// A sentence with places.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Phrase {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Words(String),
    Fact(String, Kind),
    /// `service`, `env`, or `service.NAME`.
    Service(String),
}

/// How a fact is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Number,
    Percent,
    Bytes,
    Span,
    Days,
    Quote,
}

impl Kind {
    const ALL: [(&'static str, Self); 7] = [
        ("name", Self::Name),
        ("number", Self::Number),
        ("percent", Self::Percent),
        ("bytes", Self::Bytes),
        ("span", Self::Span),
        ("days", Self::Days),
        ("quote", Self::Quote),
    ];
}

/// Where a phrase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// In words for people.
    Words,
    /// In a variable of a remedy.
    Variable,
}

impl Phrase {
    /// Reads one.
    ///
    /// # Errors
    /// In words, with the byte within the text: a place that is not closed, an unknown fact or type, a type that does not fit.
    pub fn parse(text: &str, place: Use) -> Result<Self, (usize, String)> {
        if text.len() > TEXT_MOST {
            return Err((0, format!("longer than {TEXT_MOST} bytes")));
        }
        let (mut parts, mut at) = (Vec::new(), 0);
        while let Some(open) = text[at..].find('{') {
            let open = at + open;
            if open > at {
                parts.push(Part::Words(text[at..open].to_owned()));
            }
            let close =
                text[open..].find('}').ok_or((open, "this place is not closed with `}`".to_owned()))?;
            parts.push(part(&text[open + 1..open + close], place).map_err(|why| (open + 1, why))?);
            at = open + close + 1;
        }
        if at < text.len() {
            parts.push(Part::Words(text[at..].to_owned()));
        }
        Ok(Self { parts })
    }

    /// Filled in for people; what is not known is said to be so.
    #[must_use]
    pub fn words(&self, book: &Book, service: &Service, most: usize) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Words(words) => out.push_str(words),
                Part::Service(name) => {
                    out.push_str(&of_service(service, name).unwrap_or_else(|| UNKNOWN.into()))
                }
                Part::Fact(name, kind) => {
                    let shown = book.get(name).and_then(|fact| shown(fact, *kind));
                    out.push_str(&shown.unwrap_or_else(|| UNKNOWN.into()));
                }
            }
        }
        text::clean_line(&out, most).into()
    }

    /// Filled in for a remedy.
    ///
    /// # Errors
    /// In words: a fact that is not known, or that only text speaks for.
    pub fn value(&self, book: &Book, service: &Service) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Words(words) => out.push_str(words),
                Part::Service(name) => {
                    let value = of_service(service, name);
                    out.push_str(&value.ok_or_else(|| format!("the service has no `{name}`"))?);
                }
                Part::Fact(name, kind) => {
                    let fact = book.get(name).ok_or_else(|| format!("`{name}` is not known"))?;
                    if fact.trust != Trust::Own {
                        return Err(format!("only text speaks for `{name}`"));
                    }
                    out.push_str(&plain(fact, *kind).ok_or_else(|| format!("`{name}` is not of its type"))?);
                }
            }
        }
        Ok(out)
    }
}

fn part(inside: &str, place: Use) -> Result<Part, String> {
    let (name, kind) = inside.split_once(':').map_or((inside, None), |(name, kind)| (name, Some(kind)));
    if matches!(name, "service" | "env" | "service.health" | "service.repo") || name.starts_with("service.") {
        return match kind {
            None => Ok(Part::Service(name.to_owned())),
            Some(_) => Err(format!("`{name}` has no type")),
        };
    }
    let Some(entry) = vocabulary::entry(name) else {
        let known = vocabulary::ENTRIES.iter().map(|entry| entry.name);
        let near = super::nearest::nearest(name, known).map(|near| format!("; did you mean `{near}`?"));
        return Err(format!("`{name}` is no fact{}", near.unwrap_or_default()));
    };
    let kind = match kind {
        None if entry.gives == Gives::Number => Kind::Number,
        None => Kind::Name,
        Some(word) => {
            let found = Kind::ALL.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind);
            found.ok_or_else(|| format!("`{word}` is no type: name number percent bytes span days quote"))?
        }
    };
    let fits = match entry.gives {
        Gives::Words => matches!(kind, Kind::Name | Kind::Quote),
        Gives::Number => matches!(kind, Kind::Number | Kind::Percent | Kind::Bytes | Kind::Span | Kind::Days),
        Gives::Truth => false,
    };
    match (fits, kind, place) {
        (false, ..) => Err(format!("`{name}` cannot be shown as that type")),
        (true, Kind::Quote, Use::Variable) => Err("a quotation never fills in a variable".into()),
        _ => Ok(Part::Fact(name.to_owned(), kind)),
    }
}

fn of_service(service: &Service, name: &str) -> Option<String> {
    match name {
        "service" => Some(service.name.clone()),
        "env" => Some(service.env.clone()),
        "service.health" => service.health.clone(),
        "service.repo" => service.repo.clone(),
        name => service.variables.get(name.strip_prefix("service.")?).cloned(),
    }
}

/// For people: what only text speaks for stands between quotation marks, whatever the type says.
fn shown(fact: &Fact, kind: Kind) -> Option<String> {
    let plain = plain(fact, kind)?;
    if kind == Kind::Quote || fact.trust == Trust::Told {
        let bare = plain.replace(['“', '”'], "\"");
        return Some(format!("“{}”", text::clean_line(&bare, QUOTE_MOST)));
    }
    Some(plain)
}

fn plain(fact: &Fact, kind: Kind) -> Option<String> {
    match (&fact.value, kind) {
        (Value::Text(words), Kind::Name | Kind::Quote) => Some(text::clean_line(words, NAME_MOST).into()),
        (Value::Number(number), Kind::Number) => Some(rounded(*number)),
        (Value::Number(number), Kind::Percent) => Some(format!("{} %", rounded(*number))),
        (Value::Number(number), Kind::Bytes) => Some(bytes(*number)),
        (Value::Number(number), Kind::Span) => Some(span(*number)),
        (Value::Number(number), Kind::Days) => Some(days(*number)),
        _ => None,
    }
}

fn rounded(number: f64) -> String {
    if number.fract() == 0.0 || number.abs() >= 100.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.1}")
    }
}

fn bytes(number: f64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let found = units.iter().find(|(_, bits)| number >= f64::from(2_u32).powi(*bits));
    found.map_or_else(
        || format!("{number:.0} bytes"),
        |(unit, bits)| format!("{:.1} {unit}", number / f64::from(2_u32).powi(*bits)),
    )
}

fn span(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7_200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.0} h", seconds / 3_600.0),
        _ => format!("{:.0} days", seconds / 86_400.0),
    }
}

/// When something ends or has ended, of the whole days that are left: below zero one has begun and is not over.
fn days(left: f64) -> String {
    let count = |days: f64| if days <= 1.0 { "1 day".to_owned() } else { format!("{days:.0} days") };
    match left {
        ..-1.0 => format!("ended {} ago", count(-left - 1.0)),
        ..0.0 => "ended less than a day ago".to_owned(),
        ..1.0 => "ends within a day".to_owned(),
        _ => format!("ends in {}", count(left)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::incident::ClueSort, monitor::investigate::book::Standing};

    fn book(name: &str, value: Value, trust: Trust) -> Book {
        let mut book = Book::default();
        book.put(name, Fact { value, sort: ClueSort::Host, trust, standing: Standing::Now, clue: 1 });
        book
    }

    #[test]
    fn places_are_filled_once_and_by_type() {
        let phrase = Phrase::parse("{disk.path} is {disk.used_pct:percent} full", Use::Words).unwrap();
        let mut facts = book("disk.used_pct", Value::Number(97.44), Trust::Own);
        assert_eq!(phrase.words(&facts, &Service::default(), 99), "(not known) is 97.4 % full");
        let path = Value::Text("/var/{disk.used_pct}".into());
        let fact =
            Fact { value: path, sort: ClueSort::Host, trust: Trust::Own, standing: Standing::Now, clue: 1 };
        facts.put("disk.path", fact);
        assert_eq!(phrase.words(&facts, &Service::default(), 99), "/var/{disk.used_pct} is 97.4 % full");
        assert_eq!(
            (span(90.0), span(600.0), bytes(1_536.0)),
            ("90 s".into(), "10 min".into(), "1.5 KiB".into())
        );
    }

    #[test]
    fn what_has_ended_does_not_end_in_days_below_zero() {
        let said = [-30.0, -2.0, -1.0, 0.0, 1.0, 12.0].map(days);
        assert_eq!(
            said,
            [
                "ended 29 days ago",
                "ended 1 day ago",
                "ended less than a day ago",
                "ends within a day",
                "ends in 1 day",
                "ends in 12 days"
            ]
        );
    }

    #[test]
    fn what_text_says_is_quoted_and_never_a_variable() {
        let facts = book("log.quote", Value::Text("x” and \u{1b}[2Jmore".into()), Trust::Told);
        let phrase = Phrase::parse("the log says {log.quote:quote}", Use::Words).unwrap();
        assert_eq!(phrase.words(&facts, &Service::default(), 99), "the log says “x\" and more”");
        assert!(Phrase::parse("{log.quote:quote}", Use::Variable).is_err());
        let facts = book("disk.path", Value::Text("/x".into()), Trust::Told);
        let phrase = Phrase::parse("{disk.path}", Use::Variable).unwrap();
        assert_eq!(phrase.value(&facts, &Service::default()), Err("only text speaks for `disk.path`".into()));
    }

    #[test]
    fn unknown_facts_and_types_are_refused_with_the_nearest() {
        for (text, says) in [
            ("{disk.use_pct}", "did you mean `disk.used_pct`?"),
            ("{disk.used_pct:parcent}", "is no type"),
            ("{disk.path:bytes}", "cannot be shown"),
            ("{unit.failed}", "cannot be shown"),
            ("{disk.path", "not closed"),
        ] {
            assert!(Phrase::parse(text, Use::Words).unwrap_err().1.contains(says), "{text}");
        }
    }
}
