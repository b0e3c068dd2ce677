//! One entry of `[[service]]` or `[[probe]]` while it is read: values are taken by name, with the place of each mistake;
//! what nobody took is unknown.

use super::{
    super::{
        document::{At, Leaf, Problem, Raw},
        nearest::nearest,
    },
    EntryKey,
};
use crate::domain::{incident::Severity, text::clean_line, time::Millis};

/// Bytes of one text.
const TEXT_MOST: usize = 4_096;

/// Characters of a value that are shown in a mistake.
const SHOWN_MOST: usize = 40;

/// An entry being read.
pub(super) struct Entry<'a> {
    table: &'static str,
    leaves: &'a [(&'a str, &'a Leaf)],
    taken: Vec<&'a str>,
    known: Vec<&'static str>,
    page: (&'a str, &'a str),
    problems: Vec<Problem>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(
        table: &'static str,
        leaves: &'a [(&'a str, &'a Leaf)],
        page: (&'a str, &'a str),
    ) -> Self {
        Self { table, leaves, taken: Vec::new(), known: Vec::new(), page, problems: Vec::new() }
    }

    /// These keys mean something here.
    pub(super) fn knows(&mut self, keys: &[EntryKey]) {
        self.known.extend(keys.iter().map(|key| key.name));
    }

    fn place(&self, byte: usize) -> String {
        At::of(self.page.0, self.page.1, byte).to_string()
    }

    /// A mistake at a key, or where the entry begins.
    pub(super) fn wrong(&mut self, name: &str, what: &str) {
        let leaf = self.leaves.iter().find(|(known, _)| *known == name).or(self.leaves.first());
        let place = self.place(leaf.map_or(0, |(_, leaf)| leaf.value));
        let what = format!("{} in [[{}]]: {what}", name, self.table);
        self.problems.push(Problem { place, what });
    }

    fn raw(&mut self, name: &str) -> Option<&'a Raw> {
        let (name, leaf) = self.leaves.iter().find(|(known, _)| *known == name)?;
        self.taken.push(name);
        Some(&leaf.raw)
    }

    fn read<T>(&mut self, name: &str, form: &str, of: impl FnOnce(&Raw) -> Option<T>) -> Option<T> {
        let raw = self.raw(name)?;
        let value = of(raw);
        if value.is_none() {
            // A text in the place of one that has a form is shown; of another sort, or long and maybe secret, it is named.
            let formed = form.starts_with("a duration") || form.starts_with("one of");
            let found = match raw.text().filter(|_| formed) {
                Some(text) => format!("{:?}", clean_line(&text, SHOWN_MOST).to_string()),
                None => raw.sort().to_owned(),
            };
            self.wrong(name, &format!("expected {form}, found {found}"));
        }
        value
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let fits = |text: &String| text.len() <= TEXT_MOST && !text.contains('\0') && !text.trim().is_empty();
        let form = "a text that says something";
        self.read(name, form, |raw| raw.text().filter(fits))
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, name: &str) -> Option<String> {
        if !self.has(name) {
            self.wrong(name, "is missing");
            return None;
        }
        self.text(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.leaves.iter().any(|(known, _)| *known == name)
    }

    pub(super) fn number(&mut self, name: &str, (least, most): (u64, u64)) -> Option<u64> {
        let form = format!("a whole number, {least} to {most}");
        let digits = |raw: &Raw| raw.number()?.parse().ok().filter(|n| (least..=most).contains(n));
        self.read(name, &form, digits)
    }

    pub(super) fn span(&mut self, name: &str) -> Option<Millis> {
        let form = "a duration such as \"10s\" or \"5m\", longer than nothing";
        self.read(name, form, |raw| raw.text()?.parse().ok().filter(|span: &Millis| span.0 > 0))
    }

    pub(super) fn severity(&mut self, name: &str) -> Option<Severity> {
        self.read(name, "one of \"P0\" to \"P4\"", |raw| Severity::of(&raw.text()?))
    }

    /// Program and arguments: never one text for a shell.
    pub(super) fn argv(&mut self, name: &str) -> Option<Vec<String>> {
        let form = "a command as a list: program and arguments";
        self.read(name, form, |raw| match raw {
            Raw::List(_) => texts(raw).filter(|argv| argv.first().is_some_and(|program| !program.is_empty())),
            _ => None,
        })
    }

    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        self.read(name, "a list of texts", texts)
    }

    pub(super) fn numbers(&mut self, name: &str) -> Option<String> {
        self.read(name, "a number or a text", |raw| raw.number().or_else(|| raw.text()))
    }

    /// All texts below a table of names.
    pub(super) fn below(&mut self, table: &str) -> Vec<(String, String)> {
        let start = format!("{table}.");
        let found: Vec<(&'a str, &'a Leaf)> = self
            .leaves
            .iter()
            .filter(|(name, _)| *name == table || name.starts_with(&start))
            .copied()
            .collect();
        let mut all = Vec::new();
        for (name, leaf) in found {
            self.taken.push(name);
            let Some(short) = name.strip_prefix(&start) else { continue };
            match leaf.raw.text().or_else(|| leaf.raw.number()) {
                Some(value) if value.len() <= TEXT_MOST && !value.contains('\0') => {
                    all.push((short.to_owned(), value));
                }
                _ => self.wrong(name, "expected a text or a number"),
            }
        }
        all
    }

    /// Mistakes, with what nobody knew.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for (name, leaf) in self.leaves {
            if self.taken.contains(name) || leaf.raw == Raw::Section {
                continue;
            }
            let near = nearest(name, self.known.iter().copied());
            let hint = near.map_or_else(
                || "docs/configuration.md lists the keys".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            let what = if self.known.contains(name) {
                format!("{name} in [[{}]] means nothing for this type", self.table)
            } else {
                format!("unknown key {name} in [[{}]]; {hint}", self.table)
            };
            self.problems.push(Problem { place: self.place(leaf.key), what });
        }
        self.problems
    }
}

fn texts(raw: &Raw) -> Option<Vec<String>> {
    raw.list()?.into_iter().collect()
}
