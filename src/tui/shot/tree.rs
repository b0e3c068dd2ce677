//! The files of a patch as a tree with what is added and removed in each: drawn beside it. Pure.

use super::doc::DiffDoc;
use crate::{
    domain::text::clean_line,
    tui::theme::{Role, Theme},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthStr;

/// Directories above a file that are told apart; deeper ones stand in its name.
const DEEP_MOST: usize = 32;

/// A row of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRow {
    /// Directories above it.
    pub depth: usize,
    /// The last part of its path; a directory ends with `/`.
    pub name: String,
    /// Which file of the patch; none for a directory.
    pub file: Option<usize>,
    /// Lines added and removed.
    pub counts: (u32, u32),
}

#[derive(Default)]
struct Folder<'a> {
    /// By name; those of directories end with `/`, which is how git sorts them.
    inside: BTreeMap<String, Entry<'a>>,
}

enum Entry<'a> {
    File(usize, &'a str, (u32, u32)),
    Folder(Folder<'a>),
}

impl<'a> Folder<'a> {
    fn put(&mut self, path: &'a str, deep: usize, (at, counts): (usize, (u32, u32))) {
        let split = path.split_once('/').filter(|(_, inner)| deep > 0 && !inner.is_empty());
        if let Some((name, inner)) = split {
            let entry = self.inside.entry(format!("{name}/"));
            if let Entry::Folder(folder) = entry.or_insert_with(|| Entry::Folder(Folder::default())) {
                return folder.put(inner, deep - 1, (at, counts));
            }
        }
        // One path can be named twice: a file that became a link is deleted and made.
        self.inside.insert(format!("{path}\0{at}"), Entry::File(at, path, counts));
    }
}

/// The tree of a patch. Directories that hold one directory only stand in one row with it.
#[must_use]
pub fn tree_of(doc: &DiffDoc) -> Vec<TreeRow> {
    let mut root = Folder::default();
    for (at, file) in doc.files.iter().enumerate() {
        root.put(file.path(), DEEP_MOST, (at, (file.additions, file.deletions)));
    }
    let mut rows = Vec::new();
    lay(&root, 0, &mut rows);
    rows
}

fn lay(folder: &Folder<'_>, depth: usize, rows: &mut Vec<TreeRow>) -> (u32, u32) {
    let mut sum = (0_u32, 0_u32);
    for (name, entry) in &folder.inside {
        let counts = match entry {
            Entry::File(at, name, counts) => {
                rows.push(TreeRow { depth, name: (*name).to_owned(), file: Some(*at), counts: *counts });
                *counts
            }
            Entry::Folder(inner) => {
                let (mut name, mut inner) = (name.clone(), inner);
                while let Some((more, Entry::Folder(only))) =
                    inner.inside.iter().next().filter(|_| inner.inside.len() == 1)
                {
                    name.push_str(more);
                    inner = only;
                }
                let at = rows.len();
                rows.push(TreeRow { depth, name, file: None, counts: (0, 0) });
                let counts = lay(inner, depth + 1, rows);
                if let Some(row) = rows.get_mut(at) {
                    row.counts = counts;
                }
                counts
            }
        };
        sum = (sum.0.saturating_add(counts.0), sum.1.saturating_add(counts.1));
    }
    sum
}

/// Draws the part of the tree around a file, which is marked.
pub(super) fn render(rows: &[TreeRow], file: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let here = rows.iter().position(|row| row.file == Some(file)).unwrap_or(0);
    let height = usize::from(area.height);
    let top = here.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    for (y, (at, row)) in (area.y..area.bottom()).zip(rows.iter().enumerate().skip(top)) {
        let line = Rect { y, height: 1, ..area };
        let width = usize::from(area.width);
        let counts = format!(" +{} -{}", row.counts.0, row.counts.1);
        let mark = if at == here { "▸" } else { " " };
        let name = format!("{mark}{}{}", "  ".repeat(row.depth.min(width / 4)), clean_line(&row.name, 400));
        let room = width.saturating_sub(counts.width());
        let role = if row.file.is_some() { Role::Text } else { Role::Muted };
        if room > 0 {
            buf.set_stringn(area.x, y, name, room, theme.style(role));
        }
        if counts.width() <= width {
            let x = area.x + (width - counts.width()) as u16;
            buf.set_string(x, y, &counts, theme.style(Role::Muted));
        }
        if at == here {
            buf.set_style(line, theme.style(Role::Selection));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_sum_up_and_stand_together() {
        let patch: String = [
            "README.md",
            "src/tui/shot/doc.rs",
            "src/tui/shot/draw.rs",
            "src/tui/view.rs",
            "src-x",
        ]
        .iter()
        .map(|path| {
            format!("diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1,2 @@\n-a\n+b\n+c\n")
        })
        .collect();
        let rows = tree_of(&DiffDoc::parse(&patch));
        let shown: Vec<_> = rows.iter().map(|r| (r.depth, r.name.as_str(), r.file, r.counts)).collect();
        let want = [
            (0, "README.md", Some(0), (2, 1)),
            (0, "src-x", Some(4), (2, 1)),
            (0, "src/tui/", None, (6, 3)),
            (1, "shot/", None, (4, 2)),
            (2, "doc.rs", Some(1), (2, 1)),
            (2, "draw.rs", Some(2), (2, 1)),
            (1, "view.rs", Some(3), (2, 1)),
        ];
        assert_eq!(shown, want);
    }
}
