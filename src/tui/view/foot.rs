//! A foot: hints beside each other, each whole or not at all. Pure.

use unicode_width::UnicodeWidthStr;

/// Columns between two hints.
const GAP: &str = "   ";

/// As many hints as there is room for, the most important first.
pub(super) fn fitted(hints: &[String], room: u16) -> String {
    kept(hints, None, room)
}

/// The same; the last one is kept whatever else there is room for.
pub(super) fn kept(hints: &[String], last: Option<&str>, room: u16) -> String {
    let room = usize::from(room);
    let mut wide = last.map_or(0, UnicodeWidthStr::width);
    let mut all: Vec<&str> = Vec::new();
    for hint in hints.iter().map(String::as_str).filter(|hint| !hint.is_empty()) {
        let gap = if wide > 0 { GAP.len() } else { 0 };
        if wide + gap + hint.width() > room {
            break;
        }
        wide += gap + hint.width();
        all.push(hint);
    }
    all.extend(last.filter(|last| last.width() <= room));
    all.join(GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_whole_or_not_there_and_the_last_one_stays() {
        let hints = ["enter open", "space mark", "esc back"].map(str::to_owned);
        assert_eq!(fitted(&hints, 80), "enter open   space mark   esc back");
        for room in 0..40 {
            let foot = kept(&hints, Some("? help"), room);
            assert!(foot.width() <= usize::from(room), "{foot}");
            assert_eq!(foot.ends_with("? help"), room >= 6, "{room}: {foot:?}");
            let known = |part: &str| part == "? help" || hints.iter().any(|hint| hint == part);
            assert!(foot.is_empty() || foot.split(GAP).all(known), "{room}: {foot:?}");
        }
        assert_eq!(kept(&hints, Some("? help"), 20), "enter open   ? help");
        assert_eq!(fitted(&hints, 22), "enter open");
    }
}
