//! The answer: what the investigator says in the end, read strictly. Pure. What does not exist and is cited all the same
//! is told to the model once, and dropped after that.

use crate::agents::tools::finish::percent;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// Hypotheses that are read.
pub const HYPOTHESES_MOST: usize = 4;

/// What an investigation came to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Answer {
    /// Whether a cause was found, nothing is wrong any more, or it is not known.
    pub verdict: Verdict,
    /// Possible causes, the best first, at most four. Empty unless a cause was found.
    #[serde(default)]
    pub hypotheses: Vec<Hypothesis>,
    /// Where nothing is wrong any more: numbers of the evidence that shows it, such as E2.
    #[serde(default)]
    pub healthy_by: Vec<String>,
    /// Where nothing is wrong any more: how sure you are, 0 to 100.
    #[serde(default, deserialize_with = "percent")]
    #[schemars(range(min = 0, max = 100))]
    pub healthy_confidence: u8,
    /// What you could not look at and would have had to, one each.
    #[serde(default)]
    pub gaps: Vec<String>,
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There is at least one hypothesis with evidence.
    Cause,
    /// Nothing is wrong any more.
    Healthy,
    /// The cause is not known.
    NotKnown,
}

/// One possible cause.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Hypothesis {
    /// The cause, in one line.
    pub cause: String,
    /// Numbers of the evidence that speaks for it, such as E2.
    pub evidence: Vec<String>,
    /// Numbers of the evidence that speaks against it.
    #[serde(default)]
    pub against: Vec<String>,
    /// File at fault, relative to the top of the repository; left out: none.
    #[serde(default)]
    pub file: Option<String>,
    /// First line at fault.
    #[serde(default)]
    pub from_line: Option<u32>,
    /// Last line at fault.
    #[serde(default)]
    pub to_line: Option<u32>,
    /// Function at fault.
    #[serde(default)]
    pub function: Option<String>,
    /// How sure you are, 0 to 100.
    #[serde(deserialize_with = "percent")]
    #[schemars(range(min = 0, max = 100))]
    pub confidence: u8,
    /// What should be done.
    pub strategy: Strategy,
    /// The runbook, where that is the strategy; one of those that are offered.
    #[serde(default)]
    pub runbook: Option<String>,
    /// What is to be changed and how it can be seen that it helped, in two or three sentences.
    #[serde(default)]
    pub what: String,
    /// Minutes that it will take.
    #[serde(default, deserialize_with = "minutes")]
    pub minutes: Option<u32>,
}

/// What should be done about a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Carry out one of the offered runbooks.
    Runbook,
    /// Take back the commit that the case holds for the cause.
    Revert,
    /// Change code.
    Code,
    /// A person must look.
    Person,
}

impl Strategy {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Runbook => "runbook",
            Self::Revert => "revert",
            Self::Code => "code",
            Self::Person => "a person",
        }
    }
}

/// What an answer is checked against.
pub struct Known<'a> {
    /// Whether evidence of this number exists.
    pub evidence: &'a (dyn Fn(u16) -> bool + Sync),
    /// Whether a file of the repository has this path.
    pub file: &'a (dyn Fn(&str) -> bool + Sync),
    /// Runbooks that are offered.
    pub offers: &'a [String],
    /// Whether a commit is held for the cause.
    pub culprit: bool,
}

/// Numbers as models write them: `E3`, `e3`, `[E3]`, `3`.
#[must_use]
pub fn numbers(written: &[String]) -> Vec<u16> {
    let number = |word: &String| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.strip_prefix(['E', 'e']).unwrap_or(word).parse::<u16>().ok()
    };
    let mut all: Vec<u16> = written.iter().filter_map(number).collect();
    all.sort_unstable();
    all.dedup();
    all
}

impl Answer {
    /// What in it does not exist or is missing, in words for the model.
    #[must_use]
    pub fn faults(&self, known: &Known<'_>) -> Vec<String> {
        let mut faults = Vec::new();
        let unknown = |written: &[String]| {
            let read = numbers(written);
            let gone = read.iter().filter(|id| !(known.evidence)(**id)).map(|id| format!("E{id}"));
            let gone = gone.collect::<Vec<_>>();
            (!gone.is_empty()).then(|| format!("there is no evidence {}", gone.join(", ")))
        };
        match self.verdict {
            Verdict::NotKnown => {}
            Verdict::Healthy if numbers(&self.healthy_by).is_empty() => {
                faults.push("`healthy` needs evidence in `healthy_by`".into());
            }
            Verdict::Healthy => faults.extend(unknown(&self.healthy_by)),
            Verdict::Cause if self.hypotheses.is_empty() => {
                faults.push("`cause` needs a hypothesis; say `not_known` if there is none".into());
            }
            Verdict::Cause => {
                for one in self.hypotheses.iter().take(HYPOTHESES_MOST) {
                    if numbers(&one.evidence).is_empty() {
                        faults.push("a hypothesis needs numbers of evidence that speaks for it".into());
                    }
                    faults.extend(unknown(&one.evidence));
                    faults.extend(unknown(&one.against));
                    faults.extend(one.fault(known));
                }
            }
        }
        faults
    }
}

impl Hypothesis {
    fn fault(&self, known: &Known<'_>) -> Option<String> {
        if let Some(file) = self.file.as_deref().filter(|file| !file.is_empty() && !(known.file)(file)) {
            return Some(format!("the repository has no file {file:?}"));
        }
        match self.strategy {
            Strategy::Runbook if !self.runbook.as_ref().is_some_and(|id| known.offers.contains(id)) => {
                let offers = if known.offers.is_empty() { "none".into() } else { known.offers.join(", ") };
                Some(format!("`runbook` must be one that is offered: {offers}"))
            }
            Strategy::Revert if !known.culprit => {
                Some("no commit is held for the cause, so none can be taken back".into())
            }
            _ => None,
        }
    }
}

/// A number of minutes, or nothing.
fn minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    let number = value.and_then(|value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()));
    // An estimate that is none is left out; a hundred thousand minutes are as good as more.
    Ok(number.filter(|n| n.is_finite() && *n >= 0.0).map(|n| n.min(100_000.0).round() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(answer: serde_json::Value) -> String {
        let answer: Answer = serde_json::from_value(answer).unwrap();
        let known = Known {
            evidence: &|id| id <= 3,
            file: &|path| path == "src/cart.rs",
            offers: &["restart".to_owned()],
            culprit: false,
        };
        answer.faults(&known).join("; ")
    }

    fn cause(change: impl FnOnce(&mut serde_json::Value)) -> serde_json::Value {
        let mut one =
            json!({"cause": "c", "evidence": ["E1", "[e2]"], "confidence": "70%", "strategy": "code"});
        change(&mut one);
        json!({"verdict": "cause", "hypotheses": [one]})
    }

    #[test]
    fn what_is_cited_must_exist() {
        assert_eq!(faults(cause(|_| {})), "");
        assert_eq!(faults(json!({"verdict": "not_known", "gaps": ["x"]})), "");
        for (answer, said) in [
            (cause(|one| one["evidence"] = json!(["E9"])), "no evidence E9"),
            (cause(|one| one["evidence"] = json!(["the log"])), "needs numbers"),
            (cause(|one| one["file"] = json!("src/other.rs")), "no file"),
            (cause(|one| one["strategy"] = json!("runbook")), "offered: restart"),
            (cause(|one| one["strategy"] = json!("revert")), "no commit"),
            (json!({"verdict": "cause"}), "needs a hypothesis"),
            (json!({"verdict": "healthy"}), "healthy_by"),
            (json!({"verdict": "healthy", "healthy_by": ["E4"]}), "no evidence E4"),
        ] {
            let faults = faults(answer);
            assert!(faults.contains(said), "{said}: {faults}");
        }
    }

    #[test]
    fn forms_are_strict_where_it_matters_and_lenient_where_models_differ() {
        assert_eq!(numbers(&["E3".into(), "3".into(), "(e1)".into(), "x".into()]), [1, 3]);
        let read = |value| serde_json::from_value::<Answer>(cause(|one| one["minutes"] = value)).unwrap();
        assert_eq!(read(json!("20")).hypotheses[0].minutes, Some(20));
        assert_eq!(read(json!("soon")).hypotheses[0].minutes, None);
        assert!(serde_json::from_value::<Answer>(json!({"verdict": "surely"})).is_err());
        let sure = cause(|one| one["confidence"] = json!(400));
        assert!(serde_json::from_value::<Answer>(sure).is_err());
    }
}
