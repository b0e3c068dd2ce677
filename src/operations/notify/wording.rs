//! The words of a notice, out of two templates: a subject of one line and a text. A template is plain text in which
//! `${name}` stands for what the notice says and `$$` for a dollar; a line whose only name says nothing is left out.

use super::{Member, Notice};
use crate::domain::{
    fill::{Piece, names, pieces},
    text::{clean_line, count},
};

/// The subject where the director has none.
const SUBJECT: &str = include_str!("../../../assets/notify/subject.txt");
/// The text where the director has none.
const TEXT: &str = include_str!("../../../assets/notify/text.txt");
/// Characters of a subject.
const SUBJECT_MOST: usize = 200;
/// Bytes of a template.
pub const TEMPLATE_MOST: usize = 16 * 1024;
/// Names that a template may use.
pub const NAMES: [&str; 15] = [
    "id", "incident", "event", "severity", "service", "env", "title", "phase", "cause", "request", "count",
    "affected", "others", "more", "again",
];
/// Characters of the line of one of the others.
const LINE_MOST: usize = 240;

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its file, and the line where there is one: `text.txt:2`.
    pub place: String,
    /// In words.
    pub what: String,
}

/// Templates that can be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    subject: String,
    text: String,
}

impl Default for Wording {
    fn default() -> Self {
        Self { subject: SUBJECT.trim().to_owned(), text: TEXT.to_owned() }
    }
}

/// A notice in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub subject: String,
    /// Several.
    pub text: String,
}

impl Wording {
    /// These templates; what is missing is the built-in one.
    ///
    /// # Errors
    /// The line, and the name in it that no notice has.
    pub fn new(subject: Option<&str>, text: Option<&str>) -> Result<Self, Fault> {
        let built_in = Self::default();
        let subject = subject.map_or(built_in.subject, |own| own.trim().to_owned());
        let text = text.map_or(built_in.text, str::to_owned);
        for (what, template) in [("subject", &subject), ("text", &text)] {
            if template.len() > TEMPLATE_MOST {
                let words = format!("it is longer than {TEMPLATE_MOST} bytes");
                return Err(Fault { place: format!("{what}.txt"), what: words });
            }
            for (nth, line) in template.lines().enumerate() {
                if let Some(stray) = names(line).find(|name| !NAMES.contains(name)) {
                    let (stray, known) = (clean_line(stray, 40), NAMES.join(", "));
                    let words = format!("a notice has no ${{{stray}}}; it has {known}");
                    return Err(Fault { place: format!("{what}.txt:{}", nth + 1), what: words });
                }
            }
        }
        Ok(Self { subject, text })
    }

    /// A notice in these words.
    #[must_use]
    pub fn of(&self, notice: &Notice) -> Words {
        let subject = clean_line(&filled(&self.subject, notice), SUBJECT_MOST).to_string();
        let says = |line: &&str| {
            let mut names = names(line).peekable();
            names.peek().is_none() || names.any(|name| !value(notice, name).is_empty())
        };
        let mut lines: Vec<String> =
            self.text.lines().filter(says).map(|line| filled(line, notice)).collect();
        // Nobody is left out of what people are told because a template is older than this.
        if !names(&self.text).any(|name| name == "others") && !notice.others.is_empty() {
            lines.extend([String::new(), value(notice, "others")]);
        }
        Words { subject, text: lines.join("\n") }
    }
}

fn filled(template: &str, notice: &Notice) -> String {
    let mut words = String::with_capacity(template.len());
    for piece in pieces(template) {
        match piece {
            Piece::Text(plain) => words.push_str(plain),
            Piece::Name(name) => words.push_str(&value(notice, name)),
            // A template is prose: a dollar that begins nothing is one.
            Piece::Dollar | Piece::Stray => words.push('$'),
        }
    }
    words
}

fn value(notice: &Notice, name: &str) -> String {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    match name {
        "id" => notice.id.clone(),
        "incident" => notice.first.incident.clone(),
        "event" => notice.first.event.clone(),
        "severity" => notice.first.severity.clone(),
        "service" => notice.first.service.clone(),
        "env" if notice.first.env.is_empty() => "every environment".to_owned(),
        "env" => notice.first.env.clone(),
        "title" => notice.first.title.clone(),
        "phase" => notice.first.phase.clone(),
        "cause" => some(&notice.cause),
        "request" => some(&notice.first.request),
        "count" => notice.count.to_string(),
        "affected" => notice.affected.to_string(),
        "others" => others(notice),
        "more" if all_others(notice) > 0 => format!(" and {} more", all_others(notice)),
        "again" if notice.is_again() => "told again: it may have come before".to_owned(),
        _ => String::new(),
    }
}

/// How many others there are.
fn all_others(notice: &Notice) -> u64 {
    notice.more.saturating_add(u64::try_from(notice.others.len()).unwrap_or(u64::MAX))
}

/// How many others there are, and a line of each.
fn others(notice: &Notice) -> String {
    let all = all_others(notice);
    if all == 0 {
        return String::new();
    }
    let mut lines = vec![format!("With it   {}:", count(all, "other incident"))];
    lines.extend(notice.others.iter().map(|other| format!("  {}", clean_line(&line(other), LINE_MOST))));
    if notice.more > 0 {
        lines.push(format!("  and {} more", notice.more));
    }
    lines.join("\n")
}

fn line(other: &Member) -> String {
    let Member { incident, severity, service, title, event, request, .. } = other;
    let waits = request.as_ref().map(|request| format!("{request}: ")).unwrap_or_default();
    format!("{incident} [{severity}] {service}: {title}; {waits}{event}")
}

#[cfg(test)]
mod tests {
    use super::{super::tests::notice, *};

    #[test]
    fn c16_a_notice_is_told_in_the_words_of_its_templates() {
        let words = Wording::default().of(&notice());
        assert_eq!(words.subject, "[P1] web: it answers 500 (I-7)");
        assert!(
            words.text.contains("needs a person: no rule knows it") && words.text.contains("R-3"),
            "{words:?}"
        );
        let mut bare = Notice { cause: None, ..notice() };
        bare.first.request = None;
        let text = Wording::default().of(&bare).text;
        assert!(!text.contains("Cause") && !text.contains("R-3") && !text.contains("told again"), "{text}");
        let again = Wording::default().of(&Notice { attempt: 2, ..notice() }).text;
        assert!(again.contains("told again"), "{again}");
        let own = Wording::new(Some("${service} ${count}\n"), Some("${unfinished")).unwrap().of(&notice());
        assert_eq!((own.subject.as_str(), own.text.as_str()), ("web 12", "${unfinished"));
    }

    #[test]
    fn c16_a_notice_of_a_group_says_how_many_there_are_and_names_each_in_whatever_words() {
        let other = |n: u8| Member {
            incident: format!("I-{n}"),
            event: "opened".into(),
            severity: "P2".into(),
            title: "it is slow\nI-99".into(),
            request: None,
            ..notice().first
        };
        let group = Notice { others: vec![other(8), other(9)], more: 3, ..notice() };
        let words = Wording::default().of(&group);
        assert_eq!(words.subject, "[P1] web: it answers 500 (I-7 and 5 more)");
        let lines: Vec<&str> = words.text.lines().collect();
        let at = lines.iter().position(|line| *line == "With it   5 other incidents:").unwrap();
        assert!(
            lines[at + 1].starts_with("  I-8 [P2] web: it is slow") && lines[at + 1].ends_with("; opened")
        );
        assert_eq!((lines[at + 2].starts_with("  I-9 "), lines[at + 3]), (true, "  and 3 more"));
        let own = Wording::new(None, Some("${incident}")).unwrap();
        assert!(own.of(&group).text.starts_with("I-7\n\nWith it   5 other incidents:\n  I-8 "));
        assert_eq!(own.of(&notice()).text, "I-7");
    }

    #[test]
    fn c16_a_template_with_a_name_that_no_notice_has_is_refused_with_its_line() {
        let why = Wording::new(None, Some("one\n${titel}\n")).unwrap_err();
        assert_eq!(why.place, "text.txt:2");
        assert!(why.what.starts_with("a notice has no ${titel}; it has id, incident"), "{why:?}");
        assert!(Wording::new(Some(&"x".repeat(TEMPLATE_MOST + 1)), None).is_err());
    }

    #[test]
    fn c16_what_comes_from_outside_is_no_template_and_no_second_line_of_a_subject() {
        let mut hostile = notice();
        hostile.first.title = "${id}\nBcc: all@example.com".into();
        let words = Wording::default().of(&hostile);
        assert!(!words.subject.contains('\n') && words.subject.contains("${id}"), "{words:?}");
    }
}
