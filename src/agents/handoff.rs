//! What one agent hands to the next: the goal, the steps, the files, and what is pinned. The words are made
//! from the data and checked to hold every pinned rule, so that a handoff cannot lose one.

use crate::{
    agents::{failure::AgentFailure, prompt},
    domain::brief::{Answer, Brief},
};

/// A job handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// The goal in one sentence.
    pub goal: String,
    /// Steps in order.
    pub steps: Vec<String>,
    /// What must never be lost: the brief's words, its rules, the director's answers.
    pub pinned: Vec<String>,
    /// Files likely to matter.
    pub files: Vec<String>,
}

/// What is pinned of a brief and its answers, each a rule of its own.
#[must_use]
pub fn pinned(brief: &Brief, answers: &[Answer]) -> Vec<String> {
    let mut rules = vec![format!("The director's brief:\n{}", brief.text.trim())];
    rules.extend(brief.constraints.iter().map(|rule| format!("Constraint: {}", rule.trim())));
    rules.extend(brief.checks.iter().map(|check| format!("Must succeed in the end: {}", check.trim())));
    rules.extend(answers.iter().map(|answer| {
        let who = if answer.assumed { "assumed, nobody answered" } else { "the director" };
        format!("Decided ({who}): {} -> {}", answer.question.trim(), answer.text.trim())
    }));
    rules
}

impl Handoff {
    /// A handoff without a plan.
    #[must_use]
    pub fn of(brief: &Brief, answers: &[Answer]) -> Self {
        Self { goal: String::new(), steps: Vec::new(), pinned: pinned(brief, answers), files: Vec::new() }
    }

    /// The plan in words, itself pinned for the worker.
    fn plan_words(&self) -> Option<String> {
        if self.goal.is_empty() && self.steps.is_empty() {
            return None;
        }
        let steps: Vec<_> =
            self.steps.iter().enumerate().map(|(n, step)| format!("{}. {}", n + 1, step.trim())).collect();
        Some(format!(
            "The plan (a proposal: leave it where the code says otherwise, and say so):\nGoal: {}\n{}\nFiles likely to matter:\n{}",
            self.goal.trim(),
            steps.join("\n"),
            prompt::bullets(&self.files, "not known")
        ))
    }

    /// Everything pinned for the one who takes over, checked: nothing of the giver's rules is missing.
    ///
    /// # Errors
    /// When a rule would be lost.
    pub fn rules(&self, must_hold: &[String]) -> Result<Vec<String>, AgentFailure> {
        let lost: Vec<_> = must_hold.iter().filter(|rule| !self.pinned.contains(rule)).collect();
        if let Some(first) = lost.first() {
            let first: String = first.chars().take(80).collect();
            return Err(AgentFailure::permanent(format!(
                "the handoff lost {} rules, first: {first}",
                lost.len()
            )));
        }
        let mut rules = self.pinned.clone();
        rules.extend(self.plan_words());
        Ok(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::brief;

    #[test]
    fn b9_rules_survive_a_handoff_and_a_lost_one_is_an_error() {
        let brief = brief();
        let answers = [Answer { question: "404?".to_owned(), text: "yes".to_owned(), assumed: true }];
        let must = pinned(&brief, &answers);
        let mut handoff = Handoff::of(&brief, &answers);
        handoff.goal = "guard".to_owned();
        handoff.steps = vec!["test".to_owned(), "fix".to_owned()];
        let rules = handoff.rules(&must).unwrap();
        assert_eq!(rules.len(), must.len() + 1);
        assert!(rules.iter().any(|rule| rule == "Constraint: no new deps"));
        assert!(rules.iter().any(|rule| rule.contains("assumed, nobody answered")));
        assert!(rules[must.len()].contains("1. test\n2. fix"));
        handoff.pinned.remove(1);
        assert!(handoff.rules(&must).unwrap_err().reason.contains("no new deps"));
    }
}
