//! Rows of text, each in one colour, as long as a place is wide: what cards and dossiers are made of.

use crate::tui::{theme::Role, wrap};

/// A row of text in a colour.
pub(super) type Row = (String, Role);

/// Adds a text, over as many rows as it needs at this width.
pub(super) fn wrapped(rows: &mut Vec<Row>, text: &str, role: Role, width: usize) {
    for line in text.split('\n') {
        for range in wrap::rows(line, width) {
            rows.push((line[range].trim_end().to_owned(), role));
        }
    }
}
