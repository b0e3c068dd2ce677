//! Theme files: a palette of named colours and a look for each role, one file layered over another.
//!
//! A file that says something it must not is refused whole, with its line and what to do: a theme that is
//! half applied is worse than the one before it. Reads text, never a disk.

use super::{
    color::{CONTRAST_LEAST, Rgb, named},
    depth::Depth,
    role::Role,
};
use ratatui::style::Color;
use std::{collections::BTreeMap, ops::Range};
use toml_edit::{Document, Item, TableLike};

/// A theme file is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct ThemeError {
    /// The file as the caller named it.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

/// Bytes of a theme file.
pub const FILE_MOST: usize = 64 * 1024;

/// A colour, and which of the 256 and of the 16 stands for it where the file knows better than nearness does: dark
/// grounds have no near neighbour there and would all become grey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tone {
    pub rgb: Rgb,
    pub indexed: Option<u8>,
    pub named: Option<Color>,
}

impl Tone {
    fn new(rgb: Rgb) -> Self {
        Self { rgb, indexed: None, named: None }
    }
}

/// A colour as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Paint {
    Named(String),
    Exact(Rgb),
}

/// How a role looks, as far as a file says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub fg: Option<Paint>,
    pub bg: Option<Paint>,
    pub bold: Option<bool>,
    pub underline: Option<bool>,
    pub reverse: Option<bool>,
    pub italic: Option<bool>,
}

/// A theme as written: names are looked up late, so that a layer which changes `green` changes every role
/// that uses it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sheet {
    palette: BTreeMap<String, Tone>,
    looks: BTreeMap<Role, Look>,
    contrast: Option<f32>,
    depth: Option<Depth>,
}

impl Sheet {
    /// The palette's `background`, and `text` over it.
    pub fn canvas(&self) -> (Tone, Tone) {
        let of = |name, otherwise| self.palette.get(name).copied().unwrap_or(Tone::new(otherwise));
        (of("text", Rgb(255, 255, 255)), of("background", Rgb(0, 0, 0)))
    }

    /// The contrast that text has at least.
    pub fn contrast(&self) -> f32 {
        self.contrast.unwrap_or(CONTRAST_LEAST)
    }

    /// The most colours it uses.
    pub fn depth(&self) -> Depth {
        self.depth.unwrap_or(Depth::Truecolor)
    }

    pub fn look(&self, role: Role) -> Look {
        self.looks.get(&role).cloned().unwrap_or_default()
    }

    pub fn tone(&self, paint: &Paint) -> Option<Tone> {
        match paint {
            Paint::Exact(rgb) => Some(Tone::new(*rgb)),
            Paint::Named(name) => self.palette.get(name).copied(),
        }
    }

    /// Lays a file over this sheet; on an error the sheet stays as it was.
    pub fn lay(&mut self, file: &str, text: &str) -> Result<(), ThemeError> {
        let mut next = self.clone();
        Reader { file, text, sheet: &mut next }.read()?;
        *self = next;
        Ok(())
    }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    sheet: &'a mut Sheet,
}

impl Reader<'_> {
    fn error(&self, at: Option<Range<usize>>, what: impl Into<String>) -> ThemeError {
        let end = at.map_or(0, |span| span.start).min(self.text.len());
        let line = self.text.as_bytes()[..end].iter().filter(|&&b| b == b'\n').count() + 1;
        ThemeError { file: self.file.to_owned(), line, what: what.into() }
    }

    fn read(&mut self) -> Result<(), ThemeError> {
        if self.text.len() > FILE_MOST {
            let what =
                format!("the file is over {FILE_MOST} bytes; a theme needs a [palette] and [roles] only");
            return Err(self.error(None, what));
        }
        let document = Document::parse(self.text).map_err(|error| {
            self.error(error.span(), format!("not TOML: {}", error.message().replace('\n', "; ")))
        })?;
        for (name, item) in document.as_table() {
            match name {
                "palette" | "roles" => {}
                "base" | "contrast" | "depth" => {
                    self.word(name, item)?;
                    continue;
                }
                _ => {
                    let at = document.as_table().key(name).and_then(|key| key.span());
                    let known = "base, contrast, depth and the tables [palette] and [roles]";
                    return Err(self.error(at, format!("`{name}` is not known here; use {known}")));
                }
            }
            let Some(table) = item.as_table_like() else {
                return Err(self.error(item.span(), format!("`{name}` must be a table: write [{name}]")));
            };
            match name {
                "palette" => self.palette(table)?,
                _ => self.roles(table)?,
            }
        }
        self.names_exist(document.get("roles").and_then(Item::as_table_like))
    }

    /// What is said of the whole theme. Which one `base` is was found out before.
    fn word(&mut self, name: &str, item: &Item) -> Result<(), ThemeError> {
        let number =
            item.as_float().or_else(|| item.as_integer().and_then(|n| i16::try_from(n).ok()).map(f64::from));
        match name {
            "contrast" => {
                let least = number.map(|n| n as f32).filter(|n| (CONTRAST_LEAST..=15.0).contains(n));
                let what = format!("`contrast` is a number from {CONTRAST_LEAST} to 15");
                self.sheet.contrast = Some(least.ok_or_else(|| self.error(item.span(), what))?);
            }
            "depth" => {
                let depth = item.as_str().and_then(Depth::of_word);
                let what = "`depth` is \"mono\", \"16\", \"256\" or \"truecolor\"";
                self.sheet.depth = Some(depth.ok_or_else(|| self.error(item.span(), what))?);
            }
            _ if item.as_str().is_none() => {
                return Err(self.error(item.span(), "`base` is the name of another theme"));
            }
            _ => {}
        }
        Ok(())
    }

    fn palette(&mut self, table: &dyn TableLike) -> Result<(), ThemeError> {
        for (name, item) in table.iter() {
            let tone = tone(item).ok_or_else(|| {
                let what = "must be a colour like \"#1b5233\" or { rgb = \"#1b5233\", indexed = 28, named = \"green\" }";
                let known = "indexed is 16 to 255, named one of the 16 such as \"blue\" or \"lightblue\"";
                self.error(item.span(), format!("palette `{name}` {what}; {known}"))
            })?;
            self.sheet.palette.insert(name.to_owned(), tone);
        }
        Ok(())
    }

    fn roles(&mut self, table: &dyn TableLike) -> Result<(), ThemeError> {
        for (word, item) in table.iter() {
            let at = table.key(word).and_then(|key| key.span());
            let Some(role) = Role::of_word(word) else {
                let known: Vec<_> = Role::ALL.iter().map(|role| role.word()).collect();
                let what = format!("`{word}` is not a role; use one of {}", known.join(", "));
                return Err(self.error(at, what));
            };
            let Some(fields) = item.as_table_like() else {
                let what = format!("role `{word}` must be like {{ fg = \"#1b5233\", bold = true }}");
                return Err(self.error(item.span(), what));
            };
            let mut look = self.sheet.look(role);
            for (field, value) in fields.iter() {
                self.field(&mut look, field, value)?;
            }
            self.sheet.looks.insert(role, look);
        }
        Ok(())
    }

    fn field(&self, look: &mut Look, field: &str, value: &Item) -> Result<(), ThemeError> {
        let flag = || {
            let what = format!("`{field}` must be true or false");
            value.as_bool().ok_or_else(|| self.error(value.span(), what))
        };
        match field {
            "fg" => look.fg = Some(self.paint(value)?),
            "bg" => look.bg = Some(self.paint(value)?),
            "bold" => look.bold = Some(flag()?),
            "underline" => look.underline = Some(flag()?),
            "reverse" => look.reverse = Some(flag()?),
            "italic" => look.italic = Some(flag()?),
            _ => {
                let what = format!("`{field}` is not known; use fg, bg, bold, underline, reverse, italic");
                return Err(self.error(value.span(), what));
            }
        }
        Ok(())
    }

    fn paint(&self, value: &Item) -> Result<Paint, ThemeError> {
        let bad = || self.error(value.span(), "a colour is \"#rrggbb\" or a name of [palette]");
        let text = value.as_str().ok_or_else(bad)?;
        if text.starts_with('#') {
            return Rgb::parse(text).map(Paint::Exact).ok_or_else(bad);
        }
        Ok(Paint::Named(text.to_owned()))
    }

    /// After the whole file is read, so that [palette] may stand below [roles].
    fn names_exist(&self, roles: Option<&dyn TableLike>) -> Result<(), ThemeError> {
        for (_, item) in roles.into_iter().flat_map(TableLike::iter) {
            for (_, value) in item.as_table_like().into_iter().flat_map(TableLike::iter) {
                let Some(name) = value.as_str().filter(|text| !text.starts_with('#')) else { continue };
                if !self.sheet.palette.contains_key(name) {
                    let known: Vec<_> = self.sheet.palette.keys().map(String::as_str).collect();
                    let what =
                        format!("no palette colour `{name}`; add it or use one of {}", known.join(", "));
                    return Err(self.error(value.span(), what));
                }
            }
        }
        Ok(())
    }
}

fn tone(item: &Item) -> Option<Tone> {
    if let Some(text) = item.as_str() {
        return Rgb::parse(text).map(Tone::new);
    }
    let fields = item.as_table_like()?;
    let mut tone = Tone::new(fields.get("rgb")?.as_str().and_then(Rgb::parse)?);
    for (field, value) in fields.iter() {
        match field {
            "rgb" => {}
            "indexed" => {
                let index = u8::try_from(value.as_integer()?).ok().filter(|&index| index >= 16)?;
                tone.indexed = Some(index);
            }
            "named" => tone.named = Some(named(value.as_str()?)?),
            _ => return None,
        }
    }
    Some(tone)
}
