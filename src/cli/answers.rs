//! Answers to the orchestrator's questions when nobody sits at the screen: from `--answers`, else the defaults,
//! which are marked as assumed.

use super::exit::Complaint;
use crate::domain::brief::{Answer, AnswerForm, Question};
use std::path::Path;

/// Bytes of an answers file.
const FILE_MOST: usize = 64 * 1024;

/// What was said beforehand: question (its number from 1, or its words) and answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers(Vec<(String, String)>);

impl Answers {
    /// Reads `k=v` pairs and files of them: lines `k=v` (`#` begins a comment), a JSON object, or a JSON array in
    /// order of the questions.
    ///
    /// # Errors
    /// A file cannot be read, or something in it is no answer; with file and line.
    pub fn read(given: &[String], here: &Path) -> Result<Self, Complaint> {
        let mut pairs = Vec::new();
        for given in given {
            let file = here.join(given);
            if file.is_file() {
                let text = std::fs::read_to_string(&file)
                    .map_err(|e| Complaint::usage(format!("--answers {given}: cannot be read: {e}")))?;
                if text.len() > FILE_MOST {
                    return Err(Complaint::usage(format!(
                        "--answers {given}: longer than {FILE_MOST} bytes"
                    )));
                }
                pairs.extend(of_file(given, &text)?);
            } else if let Some(pair) = pair(given) {
                pairs.push(pair);
            } else {
                let what = format!("--answers {given}: is neither a file nor of the form QUESTION=ANSWER");
                return Err(Complaint::usage(what));
            }
        }
        Ok(Self(pairs))
    }

    /// An answer for each question, and what went wrong with those that were given.
    #[must_use]
    pub fn to(&self, questions: &[Question]) -> (Vec<Answer>, Vec<String>) {
        let mut complaints = Vec::new();
        let mut used = vec![false; self.0.len()];
        let mut answers = Vec::new();
        for (at, question) in questions.iter().enumerate() {
            let given = self.0.iter().position(|(key, _)| means(key, at, &question.text));
            let fitted = given.and_then(|at| {
                used[at] = true;
                let given = &self.0[at].1;
                let fitted = fit(&question.form, given);
                if fitted.is_none() {
                    complaints
                        .push(format!("{given:?} does not answer {:?}; its default is taken", question.text));
                }
                fitted
            });
            answers.push(Answer {
                question: question.text.clone(),
                assumed: fitted.is_none(),
                text: fitted.unwrap_or_else(|| question.default.clone()),
            });
        }
        let unused = self.0.iter().zip(&used).filter(|(_, used)| !**used);
        complaints
            .extend(unused.map(|((key, _), _)| format!("nobody asked {key:?}; that answer is not used")));
        (answers, complaints)
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (key, answer) = text.split_once('=')?;
    let (key, answer) = (key.trim(), answer.trim());
    (!key.is_empty() && !answer.is_empty()).then(|| (key.to_owned(), answer.to_owned()))
}

fn of_file(name: &str, text: &str) -> Result<Vec<(String, String)>, Complaint> {
    let bad = |what: String| Complaint::usage(format!("--answers {name}: {what}"));
    if text.trim_start().starts_with(['{', '[']) {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| bad(format!("no JSON: {e}")))?;
        let word = |value: &serde_json::Value| match value {
            serde_json::Value::String(words) => Some(words.clone()),
            serde_json::Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let pairs: Option<Vec<_>> = match &value {
            serde_json::Value::Object(map) => map.iter().map(|(k, v)| Some((k.clone(), word(v)?))).collect(),
            serde_json::Value::Array(list) => {
                list.iter().enumerate().map(|(at, v)| Some(((at + 1).to_string(), word(v)?))).collect()
            }
            _ => None,
        };
        return pairs.ok_or_else(|| bad("every answer must be a text, a number or true/false".into()));
    }
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(at, line)| {
            pair(line)
                .ok_or_else(|| Complaint::usage(format!("{name}:{at}: is not of the form QUESTION=ANSWER")))
        })
        .collect()
}

/// Whether a key names this question: by number from 1, or by its words without regard to case and end marks.
fn means(key: &str, at: usize, question: &str) -> bool {
    let bare = |text: &str| text.trim().trim_end_matches(['?', '.', '!', ' ']).to_lowercase();
    key.trim().parse() == Ok(at + 1) || bare(key) == bare(question)
}

/// The answer in the question's own words, if it is one.
fn fit(form: &AnswerForm, given: &str) -> Option<String> {
    let choice = |choices: &[String], given: &str| {
        let given = given.trim();
        let by_number = given.parse::<usize>().ok().and_then(|n| choices.get(n.checked_sub(1)?));
        choices.iter().find(|choice| choice.to_lowercase() == given.to_lowercase()).or(by_number).cloned()
    };
    match form {
        AnswerForm::Free => Some(given.to_owned()),
        AnswerForm::YesNo => match given.to_lowercase().as_str() {
            "yes" | "y" | "true" | "1" => Some("yes".into()),
            "no" | "n" | "false" | "0" => Some("no".into()),
            _ => None,
        },
        AnswerForm::Single(choices) => choice(choices, given),
        AnswerForm::Multi(choices) => {
            let picked: Option<Vec<String>> = given.split(',').map(|one| choice(choices, one)).collect();
            picked.map(|picked| picked.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str, form: AnswerForm) -> Question {
        Question { text: text.into(), form, default: "default".into() }
    }

    #[test]
    fn a3_answers_are_found_by_number_or_words_and_fitted() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.txt"), "# mine\nwhich database? = 2\n").unwrap();
        std::fs::write(dir.path().join("b.json"), "{\"1\": true, \"Else\": \"words\"}").unwrap();
        let given = ["a.txt", "b.json", "Colours=red, 3"].map(str::to_owned);
        let answers = Answers::read(&given, dir.path()).unwrap();
        let choices = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let questions = [
            question("Keep the old API?", AnswerForm::YesNo),
            question("Which database?", AnswerForm::Single(choices(&["sled", "sqlite"]))),
            question("Colours?", AnswerForm::Multi(choices(&["Red", "green", "blue"]))),
        ];
        let (said, complaints) = answers.to(&questions);
        let texts: Vec<&str> = said.iter().map(|answer| answer.text.as_str()).collect();
        assert_eq!(texts, ["yes", "sqlite", "Red, blue"]);
        assert!(said.iter().all(|answer| !answer.assumed));
        assert_eq!(complaints, ["nobody asked \"Else\"; that answer is not used"]);
    }

    #[test]
    fn a3_without_answers_the_defaults_are_marked_as_assumed() {
        let questions = [question("One?", AnswerForm::YesNo), question("Two?", AnswerForm::Free)];
        let given = Answers::read(&["1=perhaps".to_owned()], Path::new("/")).unwrap();
        let (said, complaints) = given.to(&questions);
        assert!(said.iter().all(|answer| answer.assumed && answer.text == "default"));
        assert!(complaints[0].contains("\"perhaps\" does not answer \"One?\""), "{complaints:?}");
    }

    #[test]
    fn mistakes_are_named_by_file_and_line() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.txt"), "1=yes\nno\n").unwrap();
        for (given, words) in
            [("a.txt", "a.txt:2: is not"), ("nowhere", "neither a file nor"), ("=x", "neither")]
        {
            let complaint = Answers::read(&[given.to_owned()], dir.path()).unwrap_err();
            assert!(complaint.what.contains(words), "{complaint:?}");
            assert_eq!(complaint.exit.code(), 64);
        }
    }
}
