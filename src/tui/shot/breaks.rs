//! Where a line of code goes on in the next row. Pure; bounded, whatever the line.

use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Rows that one line is wrapped into; what is left of it is not shown.
pub const WRAP_MOST: usize = 500;

/// Columns of a cluster that begins at `column`: none for what is never drawn.
#[must_use]
pub fn width_of(cluster: &str, column: usize, tab: usize) -> usize {
    match cluster {
        "\t" => tab.max(1) - column % tab.max(1),
        _ if cluster.chars().any(char::is_control) => 0,
        _ => cluster.width(),
    }
}

/// The rows of a line in `room` columns, as byte ranges: at least one, together the whole line up to [`WRAP_MOST`].
/// A tab that reaches over the end of its row ends with it; a wide character goes on in the next, unless it fits into
/// none.
pub fn breaks(text: &str, room: usize, tab: usize) -> impl Iterator<Item = Range<usize>> {
    // A room that not even a wide character fits into is not wrapped.
    let room = if room < 2 { usize::MAX } else { room };
    let mut next = Some(0);
    let row = move || {
        let start = next.take()?;
        let mut column = 0;
        for (at, cluster) in text.get(start..)?.grapheme_indices(true) {
            let width = width_of(cluster, column, tab);
            let over = if cluster == "\t" { column >= room } else { column + width > room };
            if width > 0 && over && at > 0 {
                next = Some(start + at);
                return Some(start..start + at);
            }
            column += width;
        }
        Some(start..text.len())
    };
    std::iter::from_fn(row).take(WRAP_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_end_where_the_room_does() {
        let rows =
            |text: &str, room| breaks(text, room, 4).map(|row| text[row].to_owned()).collect::<Vec<_>>();
        assert_eq!(rows("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(rows("abcd", 4), ["abcd"]);
        assert_eq!(rows("", 4), [""]);
        assert_eq!(rows("日本語", 5), ["日本", "語"]);
        assert_eq!(rows("abc\tde", 5), ["abc\td", "e"]);
        assert_eq!(rows("abcde\tf", 5), ["abcde", "\tf"]);
        assert_eq!(rows("long", 1), ["long"]);
        assert_eq!(rows(&"x".repeat(10_000), 2).len(), WRAP_MOST);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_row_is_too_wide(text in "[\\PC\t👩\u{200d}日e\u{301}]{0,60}", room in 2usize..30) {
            let rows: Vec<_> = breaks(&text, room, 4).collect();
            prop_assert_eq!(rows.iter().map(|row| &text[row.clone()]).collect::<String>(), text.clone());
            for row in rows {
                let mut column = 0;
                let alone = text[row.clone()].graphemes(true).filter(|c| width_of(c, 0, 4) > 0).count() < 2;
                for cluster in text[row].graphemes(true) {
                    let width = width_of(cluster, column, 4);
                    column += if cluster == "\t" { width.min(room - column.min(room)) } else { width };
                }
                prop_assert!(column <= room || alone);
            }
        }
    }
}
