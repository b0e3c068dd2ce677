//! Questions before a mission starts, one after the other, choices with numbers; and what an agent asks at the desk.

use super::{
    face::{Linear, Typing, Want, send},
    named::{take_mission, take_request, take_revision},
    say,
};
use crate::{
    domain::{
        brief::{Answer, AnswerForm, Question},
        ids::MissionId,
        request::{Decision, Modification, Subject},
    },
    engine::command::{Command, MissionCommand},
    tui::words,
};

impl Linear {
    /// `answer` and `skip`.
    pub(super) fn answers(&mut self, verb: &str, rest: &str) -> Vec<Want> {
        if let (Some(id), rest) = take_request(rest) {
            let (named, rest) = take_revision(rest);
            let Some((request, seen)) = self.decidable(id, named) else { return Vec::new() };
            if !matches!(request.subject, Subject::Ask { .. }) {
                self.say("not done", &format!("{id} asks for no words; say show {id}"));
                return Vec::new();
            }
            if rest.is_empty() {
                self.say("not done", &format!("say the words: answer {id} and the words"));
                return Vec::new();
            }
            let change = Modification::Prompt(rest.to_owned());
            return self.decide_so((id, seen), Decision::Modify { team: None, change });
        }
        let (named, rest) = take_mission(rest);
        let state = self.app.state.clone();
        let begun = match &self.typing {
            Typing::Questions(mission, _) => Some(*mission),
            _ => None,
        };
        let waiting = state.missions.values().find(|mission| words::questions(mission).is_some());
        let Some(id) = named.or(begun).or(waiting.map(|mission| mission.id)) else {
            self.say("not done", "no mission asks anything");
            return Vec::new();
        };
        let asked = state.missions.get(&id).and_then(|mission| words::questions(mission)).map(<[_]>::to_vec);
        let Some(questions) = asked else {
            self.typing = Typing::Verbs;
            self.say("not done", &format!("{id} asks nothing, or not any more"));
            return Vec::new();
        };
        let mut given = match std::mem::replace(&mut self.typing, Typing::Verbs) {
            Typing::Questions(mission, given) if mission == id => given,
            _ => Vec::new(),
        };
        let asks = verb == "answer" && rest.is_empty();
        if let (false, Some(question)) = (asks, questions.get(given.len())) {
            match answer(question, (verb == "answer").then_some(rest)) {
                Ok(answer) => {
                    self.say(if answer.assumed { "assumed" } else { "answered" }, &answer.text);
                    given.push(answer);
                }
                Err(why) => self.say("not done", &why),
            }
        }
        match questions.get(given.len()) {
            Some(question) => {
                let lines = question_lines(id, (given.len() + 1, questions.len()), question);
                self.lines.extend(lines);
                self.typing = Typing::Questions(id, given);
                Vec::new()
            }
            None => {
                let command = MissionCommand::Answer(id, given);
                vec![send(Command::Mission(command), format!("{id} answered"))]
            }
        }
    }
}

fn choices(question: &Question) -> Vec<String> {
    match &question.form {
        AnswerForm::YesNo => vec!["yes".into(), "no".into()],
        AnswerForm::Single(choices) | AnswerForm::Multi(choices) => choices.clone(),
        AnswerForm::Free => Vec::new(),
    }
}

fn question_lines(mission: MissionId, (number, all): (usize, usize), question: &Question) -> Vec<String> {
    let mut lines = vec![say::line("question", &format!("{mission}, {number} of {all}, {}", question.text))];
    let choices = choices(question);
    lines.extend(choices.iter().enumerate().map(|(at, choice)| say::under(&format!("{}: {choice}", at + 1))));
    let how = match &question.form {
        AnswerForm::Multi(_) => "say answer and the numbers of all that hold",
        AnswerForm::YesNo | AnswerForm::Single(_) => "say answer and a number or the words",
        AnswerForm::Free => "say answer and the words",
    };
    let default = if question.default.is_empty() { "nothing" } else { &question.default };
    lines.push(say::under(&format!("{how}; skip assumes {default}")));
    lines
}

/// What words mean as an answer; none: the default.
fn answer(question: &Question, words: Option<&str>) -> Result<Answer, String> {
    let text = match words {
        None => question.default.clone(),
        Some(words) => meant(question, words)?,
    };
    Ok(Answer { question: question.text.clone(), text, assumed: words.is_none() })
}

fn meant(question: &Question, words: &str) -> Result<String, String> {
    let choices = choices(question);
    if choices.is_empty() {
        return Ok(words.to_owned());
    }
    let one = |word: &str| {
        let number = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let by_number = number.and_then(|at| choices.get(at));
        let starts = |choice: &&String| choice.to_lowercase() == word.to_lowercase();
        let letter = |choice: &&String| {
            question.form == AnswerForm::YesNo
                && choice.get(..1).is_some_and(|c| c.eq_ignore_ascii_case(word))
        };
        by_number
            .or_else(|| choices.iter().find(starts))
            .or_else(|| choices.iter().find(letter))
            .cloned()
            .ok_or_else(|| format!("{word} is none of the choices 1 to {}", choices.len()))
    };
    if let (AnswerForm::Multi(_), false) = (&question.form, choices.iter().any(|choice| choice == words)) {
        let split = words.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
        return split.map(one).collect::<Result<Vec<_>, _>>().map(|all| all.join(", "));
    }
    one(words.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(form: AnswerForm) -> Question {
        Question { text: "Which?".into(), form, default: "api".into() }
    }

    #[test]
    fn choices_are_answered_by_number_word_or_not_at_all() {
        let single = question(AnswerForm::Single(vec!["api".into(), "web app".into()]));
        assert_eq!(answer(&single, Some("2")).unwrap().text, "web app");
        assert_eq!(answer(&single, Some("Web App")).unwrap().text, "web app");
        assert!(answer(&single, Some("3")).unwrap_err().contains("1 to 2"));
        let multi = question(AnswerForm::Multi(vec!["api".into(), "web".into(), "db".into()]));
        assert_eq!(answer(&multi, Some("1, 3")).unwrap().text, "api, db");
        let yes = question(AnswerForm::YesNo);
        assert_eq!(answer(&yes, Some("n")).unwrap().text, "no");
        let skipped = answer(&yes, None).unwrap();
        assert_eq!((skipped.text.as_str(), skipped.assumed), ("api", true));
    }
}
