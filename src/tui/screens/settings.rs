//! Settings: how the program is set up, and who says so.

use crate::{
    config::book::{Book, Group, Setting},
    domain::{team::Vendor, text::clean_line, time::Millis},
};
use std::{collections::BTreeMap, sync::Arc};

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Settings {
    /// The setting under the cursor, among those shown.
    pub at: usize,
    /// Words that shown settings have in their name; empty: all are shown.
    pub filter: String,
    /// Everything, once it was read.
    pub book: Option<Result<Arc<Book>, String>>,
    /// Vendors that were asked: what came of it, in words, and whether it was an answer. `None`: not yet.
    pub tried: BTreeMap<Vendor, Option<(bool, String)>>,
}

/// A row of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Row<'a> {
    /// A heading.
    Group(Group),
    /// A setting, and its number among those shown.
    Setting(usize, &'a Setting),
}

impl Settings {
    /// The settings that are shown.
    #[must_use]
    pub fn shown(&self) -> Vec<&Setting> {
        let Some(Ok(book)) = &self.book else { return Vec::new() };
        let wanted = self.filter.to_lowercase();
        let named = |setting: &&Setting| {
            setting.path.to_lowercase().contains(&wanted)
                || setting.group.word().to_lowercase().contains(&wanted)
        };
        book.settings.iter().filter(named).collect()
    }

    /// The same with their headings.
    #[must_use]
    pub fn rows(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::new();
        let mut group = None;
        for (at, setting) in self.shown().into_iter().enumerate() {
            if group.replace(setting.group) != Some(setting.group) {
                rows.push(Row::Group(setting.group));
            }
            rows.push(Row::Setting(at, setting));
        }
        rows
    }

    /// The one under the cursor.
    #[must_use]
    pub fn chosen(&self) -> Option<&Setting> {
        self.shown().get(self.at).copied()
    }

    /// Settings were read anew; the cursor stays on the one it was on.
    pub fn fill(&mut self, book: Result<Arc<Book>, String>) {
        let was = self.chosen().map(|setting| setting.path.clone());
        self.book = Some(book);
        let found = was.and_then(|path| self.shown().iter().position(|setting| setting.path == path));
        self.at = found.unwrap_or(self.at).min(self.shown().len().saturating_sub(1));
    }

    /// A vendor was asked.
    pub fn answered(&mut self, vendor: Vendor, answer: &Result<(Vec<String>, Millis), String>) {
        let words = match answer {
            Ok((models, took)) => {
                let first: Vec<String> =
                    models.iter().take(3).map(|m| clean_line(m, 60).to_string()).collect();
                let more = if models.len() > first.len() { ", …" } else { "" };
                (
                    true,
                    format!(
                        "answered in {} ms with {} models: {}{more}",
                        took.0,
                        models.len(),
                        first.join(", ")
                    ),
                )
            }
            Err(why) => (false, clean_line(why, 400).to_string()),
        };
        self.tried.insert(vendor, Some(words));
    }
}

/// The vendor a setting belongs to.
#[must_use]
pub fn vendor_of(setting: &Setting) -> Option<Vendor> {
    setting.path.strip_prefix("providers.")?.split('.').next()?.parse().ok()
}
