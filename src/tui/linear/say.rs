//! How a line is made: a plain word, a colon, clean words, never more than a stated length.

use crate::domain::text::{clean, clean_line};

/// Characters of one line, its first word apart.
pub const LINE_MOST: usize = 1_000;
/// Lines of one text that are said, such as a patch or a page.
pub const TEXT_MOST: usize = 2_000;

/// One line.
#[must_use]
pub fn line(word: &str, words: &str) -> String {
    format!("{word}: {}", clean_line(words, LINE_MOST))
}

/// One line that belongs to the one before.
#[must_use]
pub fn under(words: &str) -> String {
    format!("  {}", clean_line(words, LINE_MOST))
}

/// A text from outside, each of its lines one line below another; what is left out is counted.
#[must_use]
pub fn text(raw: &str) -> Vec<String> {
    let whole = clean(raw);
    let all = whole.lines().count();
    let mut lines: Vec<String> =
        whole.lines().take(TEXT_MOST).map(|line| under(&line.replace('\t', "    "))).collect();
    if all > TEXT_MOST {
        lines.push(line("cut", &format!("{} more lines are not said", all - TEXT_MOST)));
    }
    lines
}
