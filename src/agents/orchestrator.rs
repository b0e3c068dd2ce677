//! The orchestrator: asks up to three questions before work starts, and plans. One typed answer each; it sees
//! the survey, never runs anything.

use crate::{
    agents::{
        answer::{self, Question as Asked},
        attachments,
        context::Found,
        failure::AgentFailure,
        handoff,
        office::{Office, until_stopped},
        prompt,
        tools::finish::percent,
    },
    domain::{
        brief::{Answer, AnswerForm, Brief, Question},
        team::ModelRef,
        text,
    },
    providers::wire::{Block, Switchboard},
};
use schemars::JsonSchema;
use serde::Deserialize;

const CLARIFY: &str = include_str!("../../assets/prompts/clarify.md");
const PLAN: &str = include_str!("../../assets/prompts/plan.md");
/// Tokens of an answer.
const OUTPUT: u32 = 4_000;
/// Tokens of reasoning.
const THINKING: u32 = 2_000;
/// Characters of a question or choice.
const LINE_MOST: usize = 400;
/// Choices of a question, steps and files of a plan.
const ITEMS_MOST: usize = 12;

/// What the orchestrator works with.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The house.
    pub office: &'a dyn Office,
    /// Calls models.
    pub switchboard: &'a dyn Switchboard,
    /// Who answers, and who instead.
    pub chain: &'a [ModelRef],
    /// What was asked for.
    pub brief: &'a Brief,
    /// The repository.
    pub found: &'a Found,
}

/// What the orchestrator wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The goal in one sentence.
    pub goal: String,
    /// Steps in order.
    pub steps: Vec<String>,
    /// Files likely to matter.
    pub files: Vec<String>,
    /// Confidence, 0 to 100.
    pub confidence: u8,
    /// Who planned.
    pub by: ModelRef,
}

/// Questions before work starts.
#[derive(Debug, Deserialize, JsonSchema)]
struct Questions {
    /// At most three; none if the brief can be worked on as it is.
    #[serde(default)]
    questions: Vec<OneQuestion>,
}

/// One question.
#[derive(Debug, Deserialize, JsonSchema)]
struct OneQuestion {
    /// The question, in one sentence.
    text: String,
    /// One of: `yes_no`, `single`, `multi`, `free`.
    #[serde(default)]
    form: String,
    /// The choices of a `single` or `multi` question.
    #[serde(default)]
    choices: Vec<String>,
    /// What is assumed if nobody answers; one of the choices where there are some.
    #[serde(default)]
    default: String,
}

/// A plan.
#[derive(Debug, Deserialize, JsonSchema)]
struct PlanAnswer {
    /// The goal in one sentence.
    goal: String,
    /// Steps for every team, in order, the reproducing test first where there is a problem to be shown.
    steps: Vec<String>,
    /// Paths of files likely to matter.
    #[serde(default)]
    files: Vec<String>,
    /// How sure you are that this plan solves the brief, 0 to 100.
    #[serde(deserialize_with = "percent")]
    #[schemars(range(min = 0, max = 100))]
    confidence: u8,
}

/// Asks what must be known before work starts: at most three questions, each with a default.
///
/// # Errors
/// When no model answers in the form asked for, a cap is reached, or work is stopped.
pub async fn clarify(desk: Desk<'_>) -> Result<Vec<Question>, AgentFailure> {
    let asked = Asked {
        name: "questions",
        system: CLARIFY,
        blocks: desk.blocks(&[]),
        output: OUTPUT,
        thinking: THINKING,
    };
    let answer = answer::ask::<Questions>(desk.office, desk.switchboard, desk.chain, asked);
    let answered = until_stopped(desk.office, answer).await?;
    Ok(answered.value.questions.into_iter().filter_map(question).take(Question::MOST).collect())
}

/// Plans the work for every team.
///
/// # Errors
/// When no model answers in the form asked for, a cap is reached, or work is stopped.
pub async fn plan(desk: Desk<'_>, answers: &[Answer]) -> Result<Planned, AgentFailure> {
    let asked = Asked {
        name: "plan",
        system: PLAN,
        blocks: desk.blocks(answers),
        output: OUTPUT,
        thinking: THINKING,
    };
    let answer = answer::ask::<PlanAnswer>(desk.office, desk.switchboard, desk.chain, asked);
    let answered = until_stopped(desk.office, answer).await?;
    let lines = |items: Vec<String>| -> Vec<String> {
        let clean = items.iter().map(|item| String::from(text::clean_line(item.trim(), LINE_MOST)));
        clean.filter(|item| !item.is_empty()).take(ITEMS_MOST).collect()
    };
    Ok(Planned {
        goal: text::clean_line(answered.value.goal.trim(), LINE_MOST).into(),
        steps: lines(answered.value.steps),
        files: lines(answered.value.files),
        confidence: answered.value.confidence,
        by: answered.by,
    })
}

impl Desk<'_> {
    /// The brief first, then the repository, then what is attached.
    fn blocks(&self, answers: &[Answer]) -> Vec<Block> {
        let rules = handoff::pinned(self.brief, answers);
        let words = format!("{}\n\nThe repository:\n\n{}", prompt::bullets(&rules, ""), self.found.words);
        let mut blocks = vec![Block::Text(words)];
        blocks.extend(attachments::blocks(self.office, &self.brief.attachments));
        blocks
    }
}

fn question(raw: OneQuestion) -> Option<Question> {
    let line = |words: &str| String::from(text::clean_line(words.trim(), LINE_MOST));
    let text = line(&raw.text);
    let choices: Vec<String> = raw
        .choices
        .iter()
        .map(|choice| line(choice))
        .filter(|choice| !choice.is_empty())
        .take(ITEMS_MOST)
        .collect();
    let word: String = raw.form.to_lowercase().chars().filter(char::is_ascii_alphabetic).collect();
    let form = match word.as_str() {
        "yesno" | "boolean" | "bool" => AnswerForm::YesNo,
        "single" if choices.len() > 1 => AnswerForm::Single(choices),
        "multi" | "multiple" if choices.len() > 1 => AnswerForm::Multi(choices),
        "" if choices.len() > 1 => AnswerForm::Single(choices),
        _ => AnswerForm::Free,
    };
    let default = match (&form, line(&raw.default)) {
        (AnswerForm::YesNo, said) => {
            let said = said.to_lowercase();
            if said.starts_with('y') || said == "true" {
                "yes"
            } else if said.is_empty() {
                ""
            } else {
                "no"
            }
            .to_owned()
        }
        (AnswerForm::Single(choices), said) => {
            choices.iter().find(|choice| choice.eq_ignore_ascii_case(&said)).cloned().unwrap_or_default()
        }
        (_, said) => said,
    };
    (!text.is_empty()).then_some(Question { text, form, default })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agents::testing::{Desk as House, Script, brief, calls, model, words},
        domain::team::Vendor,
    };
    use serde_json::json;

    fn found() -> Found {
        Found { words: "Language: rust.".to_owned(), ..Found::default() }
    }

    #[tokio::test]
    async fn a3_at_most_three_clean_questions_with_fitting_defaults() {
        let (house, brief, found, chain) = (House::default(), brief(), found(), [model(Vendor::Anthropic)]);
        let script = Script::new([calls(
            "1",
            "questions",
            json!({"questions": [
                {"text": "Break the API?\u{1b}[2J", "form": "yes/no", "default": "No"},
                {"text": "Which?", "form": "single", "choices": ["404", "400"], "default": "400"},
                {"text": "", "form": "free"},
                {"text": "Which ones?", "choices": ["a", "b"], "default": "zzz"},
                {"text": "too many"}
            ]}),
        )]);
        let desk = Desk { office: &house, switchboard: &script, chain: &chain, brief: &brief, found: &found };
        let questions = clarify(desk).await.unwrap();
        let choices = |a: &str, b: &str| AnswerForm::Single(vec![a.to_owned(), b.to_owned()]);
        assert_eq!(questions.len(), Question::MOST);
        assert_eq!(
            questions[0],
            Question { text: "Break the API?".to_owned(), form: AnswerForm::YesNo, default: "no".to_owned() }
        );
        assert_eq!((&questions[1].form, questions[1].default.as_str()), (&choices("404", "400"), "400"));
        assert_eq!((&questions[2].form, questions[2].default.as_str()), (&choices("a", "b"), ""));
        let sent = script.asked(0);
        assert!(
            matches!(&sent.messages[0].blocks[0], Block::Text(w) if w.contains("Constraint: no new deps") && w.contains("Language: rust."))
        );
    }

    #[tokio::test]
    async fn plans_are_read_from_words_too() {
        let (house, brief, found, chain) = (House::default(), brief(), found(), [model(Vendor::Google)]);
        let script = Script::new([words(
            "```json\n{\"goal\": \"guard\", \"steps\": [\"test\", \" \", \"fix\"], \"confidence\": \"80%\"}\n```",
        )]);
        let desk = Desk { office: &house, switchboard: &script, chain: &chain, brief: &brief, found: &found };
        let planned = plan(desk, &[]).await.unwrap();
        assert_eq!((planned.goal.as_str(), planned.steps.len(), planned.confidence), ("guard", 2, 80));
    }

    #[tokio::test]
    async fn stop_ends_a_call_that_hangs() {
        let (house, brief, found, chain) = (House::default(), brief(), found(), [model(Vendor::Google)]);
        let script = Script::new([crate::agents::testing::Line::Hang]);
        house.stop.notify_one();
        let desk = Desk { office: &house, switchboard: &script, chain: &chain, brief: &brief, found: &found };
        assert_eq!(plan(desk, &[]).await.unwrap_err(), AgentFailure::cancelled());
    }
}
