//! A patch as lines: each file, what its header says, each place, and every line of it whole, with its numbers before and
//! after, its sign and its indentation.

use super::say;
use crate::{
    domain::text::{clean, count},
    tui::shot::{
        DiffDoc,
        doc::{Kind, Line},
    },
};

/// Every line of a patch; what is left out is counted.
#[must_use]
pub fn lines(doc: &DiffDoc) -> Vec<String> {
    let mut all = Vec::new();
    for (at, file) in doc.files.iter().enumerate() {
        let number = format!("{} of {}", at + 1, doc.files.len());
        let size = format!("+{} -{}", file.additions, file.deletions);
        all.push(say::line("file", &format!("{number}, {}, {size}", file.path())));
        all.extend(file.notes().iter().map(|note| say::under(note)));
        for hunk in &file.hunks {
            let section =
                if hunk.section.is_empty() { String::new() } else { format!(", in {}", hunk.section) };
            let place = format!("from line {} before, {} after{section}", hunk.old_start, hunk.new_start);
            all.push(say::line("place", &place));
            all.extend(hunk.lines.iter().map(|line| one(doc, line)));
        }
    }
    if doc.cut {
        all.push(say::line("cut", "the patch is too long to be said whole; export writes all of it"));
    }
    if doc.skipped > 0 {
        all.push(say::line("not understood", &count(doc.skipped, "line")));
    }
    let rest = all.len().saturating_sub(say::TEXT_MOST);
    if rest > 0 {
        all.truncate(say::TEXT_MOST);
        all.push(say::line("cut", &format!("{rest} more lines are not said; export writes all of them")));
    }
    all
}

fn one(doc: &DiffDoc, line: &Line) -> String {
    let (number, sign) = match line.kind {
        Kind::Context => (line.new, ' '),
        Kind::Add => (line.new, '+'),
        Kind::Del => (line.old, '-'),
    };
    let text = clean(&doc.text(line).replace('\t', "    "));
    let kept: String = text.chars().take(say::LINE_MOST).collect();
    let cut = if text.chars().nth(say::LINE_MOST).is_some() { "… cut" } else { "" };
    let end = match (line.crlf, line.no_newline) {
        (true, _) => "␍",
        (_, true) => " (no newline at the end)",
        _ => "",
    };
    format!("  {number} {sign} {kept}{cut}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_said_whole_with_what_python_lives_by() {
        let long = "x".repeat(300);
        let patch = format!(
            "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,3 @@ class A\n def f(x):\n-    return x\n+    if x:\r\n+        return '日本' + '{long}'\n\\ No newline at end of file\n"
        );
        let said = lines(&DiffDoc::parse(&patch));
        assert_eq!(
            said,
            [
                "file: 1 of 1, a.py, +2 -1".to_owned(),
                "place: from line 1 before, 1 after, in class A".into(),
                "  1   def f(x):".into(),
                "  2 -     return x".into(),
                "  2 +     if x:␍".into(),
                format!("  3 +         return '日本' + '{long}' (no newline at the end)"),
            ]
        );
    }
}
