//! Syntax of a block of diff lines as roles of the theme. Both sides of a hunk are parsed on their own, so that
//! a removed quote does not turn the added lines into a string. No thread, no cache: see [`super::highlight`].
//!
//! A hunk begins in the middle of a file and a block in the middle of a hunk: what opened above is not known.

use super::{
    doc::{DiffDoc, FileDiff, Hunk, Kind},
    words::{self, Ranges},
};
use crate::tui::theme::Role;
use std::{collections::HashMap, ops::Range, str::FromStr};
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// Bytes of a line above which it stays plain.
pub const LINE_MOST: usize = 2 * 1024;
/// Bytes of a file's diff above which it stays plain.
pub const FILE_MOST: usize = 1024 * 1024;

/// A stretch of a line with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// Meaning.
    pub role: Role,
}

/// What is known about a line beyond its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinePaint {
    /// Syntax, in order, not overlapping.
    pub syntax: Box<[Span]>,
    /// Changed words.
    pub words: Ranges,
}

/// Scopes of the grammars by prefix, the more special first; the first that fits the innermost scope wins.
const SCOPES: [(&str, Role); 34] = [
    ("comment", Role::Comment),
    ("constant.character.escape", Role::Operator),
    ("string", Role::String),
    ("constant", Role::Number),
    ("keyword.operator", Role::Operator),
    ("keyword", Role::Keyword),
    ("storage.modifier.lifetime", Role::Operator),
    ("storage", Role::Keyword),
    ("entity.name.function", Role::Function),
    ("entity.name.macro", Role::Function),
    ("entity.name.tag", Role::Keyword),
    ("entity.name.section", Role::Keyword),
    ("entity.name.label", Role::Operator),
    ("entity.name", Role::Type),
    ("entity.other.attribute-name", Role::Variable),
    ("entity.other.inherited-class", Role::Type),
    ("support.function", Role::Function),
    ("support.macro", Role::Function),
    ("support.constant", Role::Number),
    ("support.type.property-name", Role::Variable),
    ("support", Role::Type),
    ("variable.function", Role::Function),
    ("variable.annotation", Role::Function),
    ("variable.language", Role::Keyword),
    ("variable.parameter", Role::Variable),
    ("variable", Role::Variable),
    ("markup.heading", Role::Keyword),
    ("markup.raw", Role::String),
    ("markup.bold", Role::Function),
    ("markup.italic", Role::Function),
    ("markup.underline.link", Role::Function),
    ("markup.list", Role::Operator),
    ("meta.annotation", Role::Function),
    ("punctuation.accessor", Role::Operator),
];

/// Grammars, and what their scopes mean. 1.3 ms and 7–40 MB to make, so only the worker has one.
pub struct Painter {
    set: SyntaxSet,
    scopes: Vec<(Scope, Role)>,
    known: HashMap<Scope, Option<Role>>,
}

impl Default for Painter {
    fn default() -> Self {
        let scopes = SCOPES
            .iter()
            .filter_map(|(prefix, role)| Scope::from_str(prefix).ok().map(|scope| (scope, *role)))
            .collect();
        Self { set: two_face::syntax::extra_newlines(), scopes, known: HashMap::new() }
    }
}

impl Painter {
    /// Paints the lines `part` of a hunk, by position in `part`.
    #[must_use]
    pub fn paint(
        &mut self,
        doc: &DiffDoc,
        (file, hunk): (&FileDiff, &Hunk),
        part: Range<usize>,
    ) -> Vec<LinePaint> {
        let part = part.start.min(hunk.lines.len())..part.end.min(hunk.lines.len());
        let mut paints: Vec<LinePaint> = words::emphasis(doc, hunk, part.clone())
            .into_iter()
            .map(|words| LinePaint { words, ..LinePaint::default() })
            .collect();
        if file.bytes > FILE_MOST {
            return paints;
        }
        let Some(syntax) = self.set.find_syntax_by_token(file.language()).cloned() else { return paints };
        for other in [Kind::Add, Kind::Del] {
            let lines = &hunk.lines[part.clone()];
            let mine = lines.iter().zip(&mut paints).filter(|(line, _)| line.kind != other);
            let texts = mine.map(|(line, paint)| (doc.text(line), paint));
            self.side(&syntax, texts);
        }
        paints
    }

    /// One side of a hunk. A grammar that fails leaves the rest plain.
    fn side<'a>(
        &mut self,
        syntax: &SyntaxReference,
        lines: impl Iterator<Item = (&'a str, &'a mut LinePaint)>,
    ) {
        let mut state = ParseState::new(syntax);
        let mut stack = ScopeStack::new();
        let mut whole = String::new();
        for (text, paint) in lines.filter(|(text, _)| text.len() <= LINE_MOST) {
            whole.clear();
            whole.push_str(text);
            whole.push('\n');
            let Ok(ops) = state.parse_line(&whole, &self.set) else { return };
            let mut spans: Vec<Span> = Vec::new();
            let mut start = 0;
            for (at, op) in ops {
                self.span(&mut spans, start..at.min(text.len()), &stack);
                start = at;
                if stack.apply(&op).is_err() {
                    return;
                }
            }
            self.span(&mut spans, start..text.len(), &stack);
            paint.syntax = spans.into();
        }
    }

    fn span(&mut self, spans: &mut Vec<Span>, range: Range<usize>, stack: &ScopeStack) {
        if range.is_empty() {
            return;
        }
        let Some(role) = stack.as_slice().iter().rev().find_map(|&scope| self.role(scope)) else { return };
        let (start, end) = (range.start as u32, range.end as u32);
        match spans.last_mut() {
            Some(last) if last.end == start && last.role == role => last.end = end,
            _ => spans.push(Span { start, end, role }),
        }
    }

    fn role(&mut self, scope: Scope) -> Option<Role> {
        let scopes = &self.scopes;
        *self.known.entry(scope).or_insert_with(|| {
            scopes.iter().find(|(prefix, _)| prefix.is_prefix_of(scope)).map(|(_, role)| *role)
        })
    }
}
