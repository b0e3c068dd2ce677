//! On which terms a command is allowed for a while, as a person writes them in one line.

use crate::domain::{
    grant::{Pattern, Reach, Terms},
    text::count,
    time::Millis,
};

/// What stands in the line when it is opened.
pub const USUAL: &str = "mission exact 10 8h";

/// What a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// For whom.
    pub reach: Reach,
    /// Every line that begins with so many of the words; `None`: this line alone.
    pub first: Option<usize>,
    /// How often.
    pub uses: u32,
    /// How long.
    pub lasts: Millis,
}

/// Reads words in any order: `mission` or `project`, `exact` or `first <n>`, a number of uses, a span. What is not said
/// is as usual.
///
/// # Errors
/// A word that is none of these, or a number that makes no sense.
pub fn read(text: &str) -> Result<Wish, String> {
    let (mut reach, mut first, mut uses, mut lasts) = (Reach::Mission, None, Terms::USES_USUAL, None);
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "mission" => reach = Reach::Mission,
            "project" => reach = Reach::Project,
            "exact" => first = None,
            "first" => {
                let number = words.next().and_then(|word| word.parse().ok()).filter(|n| *n > 0);
                first = Some(number.ok_or("\"first\" needs a number: how many words stay as they are")?);
            }
            _ => match (word.parse::<u32>(), word.parse::<Millis>()) {
                (Ok(number), _) => uses = number,
                (_, Ok(span)) => lasts = Some(span),
                _ => {
                    return Err(format!(
                        "{word:?} is neither mission, project, exact, first N, a number of uses nor a span such as 8h"
                    ));
                }
            },
        }
    }
    if !(1..=Terms::USES_MOST).contains(&uses) {
        return Err(format!("{uses} uses: from 1 to {}", Terms::USES_MOST));
    }
    let lasts = lasts.unwrap_or_else(|| reach.usual_span());
    if lasts == Millis(0) || lasts > Terms::SPAN_MOST {
        return Err(format!("as long as that: up to {}", count(Terms::SPAN_MOST.0 / 86_400_000, "day")));
    }
    Ok(Wish { reach, first, uses, lasts })
}

/// The terms of a wish for a command line.
#[must_use]
pub fn terms(wish: Wish, argv: &[String]) -> Terms {
    let pattern = match wish.first.and_then(|first| argv.get(..first)) {
        Some(first) if wish.first.is_some() => Pattern::Prefix(first.to_vec()),
        _ => Pattern::Exact(argv.to_vec()),
    };
    Terms { pattern, reach: wish.reach, uses: wish.uses, lasts: wish.lasts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_in_any_order_and_what_is_not_said_is_as_usual() {
        let usual = Wish { reach: Reach::Mission, first: None, uses: 10, lasts: Millis::hours(8) };
        assert_eq!(read(USUAL), Ok(usual));
        assert_eq!(read(""), Ok(usual));
        assert_eq!(read("project"), Ok(Wish { reach: Reach::Project, lasts: Millis::hours(24), ..usual }));
        assert_eq!(
            read("30m first 2 3"),
            Ok(Wish { first: Some(2), uses: 3, lasts: Millis::mins(30), ..usual })
        );
        for bad in ["always", "0", "1001", "first", "first 0", "0s", "99d"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let argv = vec!["git".to_owned(), "log".to_owned(), "-3".to_owned()];
        let wish = Wish { first: Some(2), ..usual };
        assert_eq!(terms(wish, &argv).pattern, Pattern::Prefix(argv[..2].to_vec()));
    }
}
