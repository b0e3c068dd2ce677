//! A candidate's service beside its diff: which team's is looked at, how wide its page is laid out, how far it is
//! scrolled; and what the keys do. What is seen comes with [`App::previews`](crate::tui::app::App::previews).

mod deeds;
pub mod easel;
pub mod eyes;

use crate::{
    domain::{
        feed::Channel,
        preview::{Preview, Viewport},
    },
    tui::wrap,
};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whose.
    pub channel: Channel,
    /// Which of the widths.
    pub width: usize,
    /// Rows scrolled.
    pub at: usize,
    /// The photo that was asked for.
    pub asked: Option<Viewport>,
}

/// Status, address and first answer in words.
#[must_use]
pub fn words(preview: &Preview) -> String {
    let mut words = match preview.stage.why() {
        Some(why) => format!("{}: {why}", preview.stage.word()),
        None => preview.stage.word().to_owned(),
    };
    if preview.stage.lives() && !preview.url.is_empty() {
        words.push_str(&format!("  {}", preview.url));
    }
    if let Some(answer) = &preview.answer {
        let title = if answer.title.is_empty() { String::new() } else { format!("  \"{}\"", answer.title) };
        words.push_str(&format!(
            "  {}  {} bytes  {} ms{title}",
            answer.status, answer.bytes, answer.latency.0
        ));
    }
    words
}

/// How its address is reached from here, where it has one and that is another machine's.
#[must_use]
pub fn reach(preview: &Preview) -> Option<&str> {
    preview.reach.as_deref().filter(|_| preview.stage.lives())
}

/// The page's text in rows of a width.
#[must_use]
pub fn page(preview: &Preview, columns: usize) -> Vec<String> {
    let text = preview.answer.as_ref().map(|answer| answer.text.replace('\t', "    ")).unwrap_or_default();
    text.lines().flat_map(|line| rows(line, columns)).collect()
}

/// The rows that a line takes.
#[must_use]
pub fn rows(line: &str, columns: usize) -> Vec<String> {
    let ranges = wrap::rows(line, columns).into_iter();
    ranges.filter_map(|range| line.get(range)).map(|row| row.trim_end().to_owned()).collect()
}
