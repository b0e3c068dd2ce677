//! What a key can hold: how its value is read from TOML, an environment variable or a flag, checked, and shown.
//!
//! A slot is generic over the struct it writes to, so the same few forms serve the settings, a vendor and a
//! team. A value is either written whole or refused with words; nothing here knows files or layers.

use super::document::Raw;
use crate::domain::{money::Money, team::ModelRef, text, time::Millis};

/// Elements of one list.
pub const LIST_MOST: usize = 200;
/// Bytes of one text value.
pub const TEXT_MOST: usize = 4_096;

/// Reads and writes one field of `S`.
pub struct Lens<S, T> {
    /// The field.
    pub get: fn(&S) -> &T,
    /// The field, to write.
    pub edit: fn(&mut S) -> &mut T,
}

/// Says in words what is wrong with a text.
pub type Check = fn(&str) -> Result<(), String>;

/// Where a value goes and what it must look like.
pub enum Slot<S: 'static> {
    /// A whole number within bounds.
    Number {
        /// Smallest.
        least: u64,
        /// Largest.
        most: u64,
        /// Reads it.
        get: fn(&S) -> u64,
        /// Writes it.
        set: fn(&mut S, u64),
    },
    /// US dollars.
    Dollars(Lens<S, Money>),
    /// A span of time, longer than nothing.
    Span(Lens<S, Millis>),
    /// The same, where it may be absent.
    MaybeSpan(Lens<S, Option<Millis>>),
    /// true or false.
    Switch(Lens<S, bool>),
    /// One of these words.
    Word {
        /// The words.
        words: &'static [&'static str],
        /// Reads it.
        get: fn(&S) -> &'static str,
        /// Writes it.
        set: fn(&mut S, &str),
    },
    /// A text that is always there.
    Text(Check, Lens<S, String>),
    /// A text that may be absent.
    Maybe(Check, Lens<S, Option<String>>),
    /// Several texts, none twice.
    Texts(Check, Lens<S, Vec<String>>),
    /// A command: program and arguments, as they are.
    Argv(Lens<S, Vec<String>>),
    /// A model.
    Model(Lens<S, Option<ModelRef>>),
    /// Models in order of preference: one, or a list.
    Models(Lens<S, Vec<ModelRef>>),
}

/// What is wrong with a value, and with which element of a list.
#[derive(Debug, PartialEq)]
pub struct Fault {
    /// In words.
    pub message: String,
    /// Element of a list, from 0.
    pub element: Option<usize>,
}

impl Fault {
    fn whole(message: impl Into<String>) -> Self {
        Self { message: message.into(), element: None }
    }
}

impl<S> Slot<S> {
    /// What is expected, in words.
    #[must_use]
    pub fn form(&self) -> String {
        match self {
            Self::Number { least, most, .. } => format!("whole number, {least} to {most}"),
            Self::Dollars(_) => "US dollars, such as 0.50".into(),
            Self::Span(_) | Self::MaybeSpan(_) => "duration, such as \"90s\", \"5m\" or \"1h\"".into(),
            Self::Switch(_) => "true or false".into(),
            Self::Word { words, .. } => {
                words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ")
            }
            Self::Text(..) | Self::Maybe(..) => "text".into(),
            Self::Texts(..) => "list of texts".into(),
            Self::Argv(_) => "command as a list: program and arguments".into(),
            Self::Model(_) => "model, as \"vendor/model\"".into(),
            Self::Models(_) => "model as \"vendor/model\", or a list in order of preference".into(),
        }
    }

    /// Writes a value, or says what is wrong with it and leaves everything as it was.
    ///
    /// # Errors
    /// The value is of another form, or its check refuses it.
    pub fn set(&self, target: &mut S, raw: &Raw) -> Result<(), Fault> {
        let wrong = || Fault::whole(format!("expected {}, found {}", self.form(), raw.sort()));
        match self {
            Self::Number { least, most, set, .. } => {
                let digits = raw.number().ok_or_else(wrong)?;
                let number: u64 = digits.parse().map_err(|_| wrong())?;
                if !(*least..=*most).contains(&number) {
                    return Err(Fault::whole(format!("{number} is not within {least} to {most}")));
                }
                set(target, number);
            }
            Self::Dollars(lens) => {
                let digits = raw.number().or_else(|| raw.text()).ok_or_else(wrong)?;
                *(lens.edit)(target) = digits
                    .parse()
                    .map_err(|e: crate::domain::money::BadMoney| Fault::whole(e.to_string()))?;
            }
            Self::Span(lens) => *(lens.edit)(target) = lasting(&raw.text().ok_or_else(wrong)?)?,
            Self::MaybeSpan(lens) => {
                *(lens.edit)(target) = Some(lasting(&raw.text().ok_or_else(wrong)?)?);
            }
            Self::Switch(lens) => *(lens.edit)(target) = raw.switch().ok_or_else(wrong)?,
            Self::Word { words, set, .. } => {
                let word = raw.text().ok_or_else(wrong)?;
                if !words.contains(&word.as_str()) {
                    return Err(Fault::whole(format!("{word:?} is not {}", self.form())));
                }
                set(target, &word);
            }
            Self::Text(check, lens) => {
                *(lens.edit)(target) = checked(*check, &raw.text().ok_or_else(wrong)?)?;
            }
            Self::Maybe(check, lens) => {
                *(lens.edit)(target) = Some(checked(*check, &raw.text().ok_or_else(wrong)?)?);
            }
            Self::Texts(check, lens) => {
                *(lens.edit)(target) = texts(*check, &raw.list().ok_or_else(wrong)?)?;
            }
            Self::Argv(lens) => *(lens.edit)(target) = argv(&raw.list().ok_or_else(wrong)?)?,
            Self::Model(lens) => *(lens.edit)(target) = Some(model(&raw.text().ok_or_else(wrong)?)?),
            Self::Models(lens) => {
                let words = raw.list().or_else(|| raw.text().map(|one| vec![Some(one)])).ok_or_else(wrong)?;
                *(lens.edit)(target) = models(&words)?;
            }
        }
        Ok(())
    }

    /// The value as a number where smaller means stricter; `None` for forms without an order.
    #[must_use]
    pub fn measure(&self, source: &S) -> Option<u64> {
        match self {
            Self::Number { get, .. } => Some(get(source)),
            Self::Dollars(lens) => u64::try_from((lens.get)(source).0).ok(),
            _ => None,
        }
    }

    /// Puts what `before` held in front of what `target` holds now. Lists only.
    pub fn join(&self, before: &S, target: &mut S) {
        if let Self::Texts(_, lens) = self {
            let mut whole = (lens.get)(before).clone();
            let added = std::mem::take((lens.edit)(target));
            whole.extend(added.into_iter().filter(|one| !(lens.get)(before).contains(one)));
            *(lens.edit)(target) = whole;
        }
    }

    /// The value as TOML; `None` where there is none.
    #[must_use]
    pub fn show(&self, source: &S) -> Option<String> {
        Some(match self {
            Self::Number { get, .. } => get(source).to_string(),
            Self::Dollars(lens) => dollars((lens.get)(source)),
            Self::Span(lens) => quoted(&span((lens.get)(source))),
            Self::MaybeSpan(lens) => quoted(&span((lens.get)(source).as_ref()?)),
            Self::Switch(lens) => (lens.get)(source).to_string(),
            Self::Word { get, .. } => quoted(get(source)),
            Self::Text(_, lens) => quoted((lens.get)(source)),
            Self::Maybe(_, lens) => quoted((lens.get)(source).as_deref()?),
            Self::Texts(_, lens) | Self::Argv(lens) => list((lens.get)(source).iter().map(String::as_str)),
            Self::Model(lens) => quoted(&(lens.get)(source).as_ref()?.to_string()),
            Self::Models(lens) => {
                let shown: Vec<String> = (lens.get)(source).iter().map(ToString::to_string).collect();
                list(shown.iter().map(String::as_str))
            }
        })
    }
}

fn lasting(words: &str) -> Result<Millis, Fault> {
    let span: Millis =
        words.parse().map_err(|e: crate::domain::time::BadSpan| Fault::whole(e.to_string()))?;
    if span.0 == 0 {
        return Err(Fault::whole("a duration must be longer than nothing"));
    }
    Ok(span)
}

fn checked(check: Check, value: &str) -> Result<String, Fault> {
    if value.len() > TEXT_MOST {
        return Err(Fault::whole(format!("longer than {TEXT_MOST} bytes")));
    }
    check(value).map_err(Fault::whole)?;
    Ok(value.to_owned())
}

fn texts(check: Check, elements: &[Option<String>]) -> Result<Vec<String>, Fault> {
    if elements.len() > LIST_MOST {
        return Err(Fault::whole(format!("more than {LIST_MOST} elements")));
    }
    let mut seen: Vec<String> = Vec::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        let fault = |message: String| Fault { message, element: Some(at) };
        let Some(words) = element else { return Err(fault("every element must be a text".into())) };
        let words = checked(check, words).map_err(|e| fault(e.message))?;
        if seen.contains(&words) {
            return Err(fault(format!("{words:?} stands twice in this list")));
        }
        seen.push(words);
    }
    Ok(seen)
}

/// Words of a command: any text without a NUL, the first not empty; the same word may come twice.
fn argv(elements: &[Option<String>]) -> Result<Vec<String>, Fault> {
    if elements.len() > LIST_MOST {
        return Err(Fault::whole(format!("more than {LIST_MOST} elements")));
    }
    let read = |(at, element): (usize, &Option<String>)| {
        let fault = |message: &str| Fault { message: message.to_owned(), element: Some(at) };
        let word = element.clone().ok_or_else(|| fault("every element must be a text"))?;
        match word.as_str() {
            "" if at == 0 => Err(fault("a command begins with the name of a program")),
            text if text.contains('\0') => Err(fault("holds a NUL")),
            text if text.len() > TEXT_MOST => Err(Fault::whole(format!("longer than {TEXT_MOST} bytes"))),
            _ => Ok(word),
        }
    };
    elements.iter().enumerate().map(read).collect()
}

fn model(words: &str) -> Result<ModelRef, Fault> {
    words.parse().map_err(|_| {
        Fault::whole(format!(
            "{words:?} is not a model; write vendor/model, with vendor one of anthropic, google, openrouter, openai"
        ))
    })
}

fn models(elements: &[Option<String>]) -> Result<Vec<ModelRef>, Fault> {
    if elements.len() > LIST_MOST {
        return Err(Fault::whole(format!("more than {LIST_MOST} elements")));
    }
    let read = |(at, element): (usize, &Option<String>)| {
        let fault = |message: String| Fault { message, element: Some(at) };
        let words = element.as_deref().ok_or_else(|| fault("every element must be a text".into()))?;
        model(words).map_err(|e| fault(e.message))
    };
    elements.iter().enumerate().map(read).collect()
}

/// A TOML basic string.
#[must_use]
pub fn quoted(value: &str) -> String {
    toml_edit::Value::from(&*text::clean(value)).to_string().trim().to_owned()
}

fn list<'a>(elements: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", elements.map(quoted).collect::<Vec<_>>().join(", "))
}

/// Dollars as TOML: at least two decimals, at most six.
fn dollars(amount: &Money) -> String {
    let digits = format!("{}.{:06}", amount.0 / 1_000_000, amount.0 % 1_000_000);
    let cut = digits.trim_end_matches('0').len().max(digits.len() - 4);
    digits.chars().take(cut).collect()
}

/// A span in the largest unit that shows it exactly.
#[must_use]
pub fn span(value: &Millis) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let (unit, size) = units.into_iter().find(|(_, size)| value.0.is_multiple_of(*size)).unwrap_or(("ms", 1));
    format!("{}{unit}", value.0 / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_they_are_written() {
        for (millis, shown) in [(90_000, "90s"), (14_400_000, "4h"), (250, "250ms"), (604_800_000, "7d")] {
            assert_eq!(span(&Millis(millis)), shown);
            assert_eq!(shown.parse(), Ok(Millis(millis)));
        }
        for (micros, shown) in
            [(500_000, "0.50"), (2_000_000, "2.00"), (1_250, "0.00125"), (50_000_000, "50.00")]
        {
            assert_eq!(dollars(&Money(micros)), shown);
            assert_eq!(shown.parse(), Ok(Money(micros)));
        }
        assert_eq!(quoted("a \"b\" \\"), "'a \"b\" \\'");
    }
}
