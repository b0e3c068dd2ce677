//! One runbook file as it is being read: its values by path, with their places, and the mistakes found so far. Knows
//! which keys there are; what they mean together is in `rules`.

use super::problem::RunbookProblem;
use crate::{
    config::{
        document::{self, At, Leaf, Raw},
        nearest::nearest,
    },
    domain::{text, time::Millis},
};

/// Mistakes told of one file.
const PROBLEMS_MOST: usize = 50;
/// Elements of a list.
pub(super) const LIST_MOST: usize = 64;
/// Bytes of one text.
pub(super) const TEXT_MOST: usize = 4_096;

/// Tables, `[]` for each of several.
const SECTIONS: &[&str] = &[
    "runbook",
    "match",
    "precheck[]",
    "limits",
    "step[]",
    "step[].expect",
    "verify",
    "autonomy",
    "variables",
    "variables.service",
];

/// Keys, `[]` for each of several tables; those under `variables` are free.
const KEYS: &[&str] = &[
    "runbook.id",
    "runbook.version",
    "runbook.summary",
    "runbook.tier",
    "runbook.reversible",
    "runbook.idempotent",
    "runbook.owner",
    "match.kinds",
    "match.services",
    "match.min_severity",
    "match.requires_grade",
    "precheck[].id",
    "precheck[].expr",
    "limits.cooldown",
    "limits.max_per_target",
    "limits.max_per_fingerprint",
    "limits.max_parallel",
    "limits.timeout",
    "step[].id",
    "step[].run",
    "step[].dry_run",
    "step[].expect.exit",
    "step[].undo",
    "verify.after",
    "verify.window",
    "verify.all",
    "verify.on_fail",
    "autonomy.levels",
    "autonomy.hours",
    "autonomy.environments",
];

/// Whether a key has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Must,
    May,
}

/// A file being read.
pub(super) struct Page<'a> {
    file: &'a str,
    text: &'a str,
    leaves: Vec<Leaf>,
    pub problems: Vec<RunbookProblem>,
}

impl<'a> Page<'a> {
    /// Cuts a file into its values; keys that nobody knows are mistakes.
    pub(super) fn of(file: &'a str, text: &'a str) -> Self {
        let mut page = Self { file, text, leaves: Vec::new(), problems: Vec::new() };
        match document::read(text) {
            Ok(leaves) => page.leaves = leaves,
            Err((byte, what)) => page.wrong(byte, what.lines().collect::<Vec<_>>().join(" "), None),
        }
        page.unknown();
        page
    }

    fn unknown(&mut self) {
        let mut told: Vec<String> = Vec::new();
        for leaf in self.leaves.clone() {
            let plain = plain(&leaf.path);
            let within = |section: &String| plain.starts_with(&format!("{section}."));
            if plain.starts_with("variables.") && leaf.raw != Raw::Section || told.iter().any(within) {
                continue;
            }
            let section = SECTIONS.contains(&plain.as_str());
            if section && leaf.raw != Raw::Section {
                let what = format!("{} is a table, found {}", leaf.path, leaf.raw.sort());
                self.wrong(leaf.value, what, None);
            } else if !section && !KEYS.contains(&plain.as_str()) {
                let hint = own_hint(&plain).or_else(|| Some(format!("did you mean {}?", near(&plain)?)));
                let sort = if leaf.raw == Raw::Section { "table" } else { "key" };
                self.wrong(leaf.key, format!("unknown {sort} {}", leaf.path), hint);
                told.push(plain);
            }
        }
    }

    /// Adds a mistake at a byte.
    pub(super) fn wrong(&mut self, byte: usize, what: impl Into<String>, hint: Option<String>) {
        if self.problems.len() < PROBLEMS_MOST {
            let at = At::of(self.file, self.text, byte);
            let what = text::clean_line(&what.into(), 600).to_string();
            self.problems.push(RunbookProblem { at, what, hint });
        }
    }

    /// Adds a mistake at the value of a key, or at an element of it.
    pub(super) fn wrong_at(&mut self, path: &str, element: Option<usize>, what: impl Into<String>) {
        self.wrong(self.byte(path, element), what, None);
    }

    /// Where a value begins; the start of its table where it is not there.
    pub(super) fn byte(&self, path: &str, element: Option<usize>) -> usize {
        let table = path.rsplit_once('.').map_or(path, |(table, _)| table);
        let within = format!("{table}.");
        let Some(leaf) = self.leaf(path) else {
            let first = self.leaves.iter().find(|leaf| leaf.path == table || leaf.path.starts_with(&within));
            return first.map_or(0, |leaf| leaf.key);
        };
        element.and_then(|at| leaf.elements.get(at).copied()).unwrap_or(leaf.value)
    }

    /// Where byte `at` of a text stands, if it is written as it is read: without escapes, in one line.
    pub(super) fn inside(&self, (path, element): (&str, Option<usize>), words: &str, at: usize) -> usize {
        let start = self.byte(path, element);
        let verbatim = self.text.get(start + 1..).is_some_and(|rest| rest.starts_with(words));
        if verbatim { start + 1 + at } else { start }
    }

    /// The place of a key.
    pub(super) fn at(&self, path: &str) -> At {
        At::of(self.file, self.text, self.byte(path, None))
    }

    pub(super) fn leaf(&self, path: &str) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.path == path)
    }

    /// How many tables of this name there are.
    pub(super) fn tables(&self, name: &str) -> usize {
        let start = format!("{name}[");
        let numbers = self
            .leaves
            .iter()
            .filter_map(|leaf| leaf.path.strip_prefix(&start)?.split(']').next()?.parse().ok());
        numbers.max().map_or(0, |most: usize| most + 1)
    }

    /// Names and values directly under `variables`.
    pub(super) fn variables(&self) -> Vec<(String, Leaf)> {
        let under = self.leaves.iter().filter(|leaf| leaf.raw != Raw::Section);
        under
            .filter_map(|leaf| Some((leaf.path.strip_prefix("variables.")?.to_owned(), leaf.clone())))
            .collect()
    }

    fn take<T>(&mut self, path: &str, need: Need, read: impl FnOnce(&Raw) -> Result<T, String>) -> Option<T> {
        let Some(leaf) = self.leaf(path).cloned() else {
            if need == Need::Must {
                self.wrong(self.byte(path, None), format!("{} is missing", written(&plain(path))), None);
            }
            return None;
        };
        match read(&leaf.raw) {
            Ok(value) => Some(value),
            Err(why) => {
                self.wrong(leaf.value, format!("{path}: {why}"), None);
                None
            }
        }
    }

    /// A text, read further.
    pub(super) fn text<T>(
        &mut self,
        path: &str,
        need: Need,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.take(path, need, |raw| match raw {
            Raw::Text(words) if words.len() > TEXT_MOST => Err(format!("longer than {TEXT_MOST} bytes")),
            Raw::Text(words) => read(words),
            other => Err(format!("expected a text, found {}", other.sort())),
        })
    }

    /// A duration, longer than nothing.
    pub(super) fn span(&mut self, path: &str, most: Millis) -> Option<Millis> {
        self.text(path, Need::Must, |words| span(words, most))
    }

    /// A whole number within bounds.
    pub(super) fn number(
        &mut self,
        path: &str,
        need: Need,
        bounds: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        self.take(path, need, |raw| {
            let wrong = || format!("expected a whole number, {} to {}", bounds.start(), bounds.end());
            let Raw::Number(digits) = raw else { return Err(format!("{}, found {}", wrong(), raw.sort())) };
            let number = digits.replace('_', "").parse::<u32>().ok().filter(|number| bounds.contains(number));
            number.ok_or_else(|| format!("{}, found {digits}", wrong()))
        })
    }

    pub(super) fn switch(&mut self, path: &str) -> Option<bool> {
        self.take(path, Need::Must, |raw| match raw {
            Raw::Switch(on) => Ok(*on),
            other => Err(format!("expected true or false, found {}", other.sort())),
        })
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, path: &str) -> Option<Vec<String>> {
        let list = self.take(path, Need::Must, |raw| match raw {
            Raw::List(list) if list.len() > LIST_MOST => Err(format!("more than {LIST_MOST} elements")),
            Raw::List(list) => Ok(list.clone()),
            other => Err(format!("expected a list of texts, found {}", other.sort())),
        })?;
        let mut texts = Vec::new();
        for (at, element) in list.into_iter().enumerate() {
            match element {
                Some(words) if words.len() <= TEXT_MOST => texts.push(words),
                Some(_) => self.wrong_at(path, Some(at), format!("{path}: longer than {TEXT_MOST} bytes")),
                None => self.wrong_at(path, Some(at), format!("{path}: expected a text")),
            }
        }
        Some(texts)
    }

    /// A list of whole numbers within bounds; they are read from where they stand.
    pub(super) fn numbers(&mut self, path: &str, bounds: std::ops::RangeInclusive<i32>) -> Option<Vec<i32>> {
        let list = self.take(path, Need::May, |raw| match raw {
            Raw::List(list) if list.len() > LIST_MOST => Err(format!("more than {LIST_MOST} elements")),
            Raw::List(list) => Ok(list.len()),
            other => Err(format!("expected a list of whole numbers, found {}", other.sort())),
        })?;
        let mut numbers = Vec::new();
        for at in 0..list {
            let written = self.text.get(self.byte(path, Some(at))..).unwrap_or_default();
            let end = written.find(|c: char| c == ',' || c == ']' || c == '#' || c.is_whitespace());
            let number = written[..end.unwrap_or(written.len())].parse().ok().filter(|n| bounds.contains(n));
            match number {
                Some(number) => numbers.push(number),
                None => {
                    let what =
                        format!("{path}: expected a whole number, {} to {}", bounds.start(), bounds.end());
                    self.wrong_at(path, Some(at), what);
                }
            }
        }
        Some(numbers)
    }
}

/// A duration longer than nothing and no longer than `most`.
pub(super) fn span(words: &str, most: Millis) -> Result<Millis, String> {
    let span: Millis = words.parse().map_err(|e: crate::domain::time::BadSpan| e.to_string())?;
    match span {
        Millis(0) => Err("a duration must be longer than nothing".into()),
        span if span > most => Err(format!("{words} is longer than {most}, the most there is")),
        span => Ok(span),
    }
}

/// `step[3].run` -> `step[].run`.
fn plain(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((number, after)) = after.split_once(']') else { break };
        let counted = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        plain.push_str(before);
        plain.push_str(&if counted { "[]".into() } else { format!("[{number}]") });
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// A key as it is written in a file: `[[step]] run`, `[limits] timeout`.
fn written(plain: &str) -> String {
    let (section, key) = plain.split_once('.').unwrap_or((plain, ""));
    let section = match section.strip_suffix("[]") {
        Some(name) => format!("[[{name}]]"),
        None => format!("[{section}]"),
    };
    format!("{section} {key}").trim_end().to_owned()
}

/// The known key nearest to a mistyped one: of its own table where that is known.
fn near(plain: &str) -> Option<String> {
    let all = || KEYS.iter().chain(SECTIONS).copied();
    let Some((table, key)) = plain.rsplit_once('.').filter(|(table, _)| SECTIONS.contains(table)) else {
        return nearest(plain, all()).map(written);
    };
    let own = all().filter_map(|known| known.rsplit_once('.')).filter(|(other, _)| *other == table);
    nearest(key, own.map(|(_, key)| key)).map(|key| written(&format!("{table}.{key}")))
}

/// What to say of keys that others know and this program does not.
fn own_hint(plain: &str) -> Option<String> {
    let hint = match plain {
        "step[].sandbox" => {
            "steps run as this program's user, bounded in time and output, and behind no walls"
        }
        "step[].shell" | "step[].cmd" | "step[].command" => {
            "a step is `run`, a list of program and arguments; there is no shell"
        }
        _ => return None,
    };
    Some(hint.into())
}
