//! The known word nearest to a mistyped one.

/// Edits at most, as a share of the word: one per three characters.
const CHARS_PER_EDIT: usize = 3;

/// The known word with the fewest edits to this one, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = word.chars().count().div_ceil(CHARS_PER_EDIT);
    let edits = known.into_iter().map(|known| (edits(word, known), known));
    edits.filter(|(edits, _)| *edits <= most).min_by_key(|(edits, _)| *edits).map(|(_, known)| known)
}

/// Insertions, deletions and replacements (Levenshtein), one row at a time.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        let words = ["disk.used_pct", "unit.failed"];
        assert_eq!(nearest("disk.used_pc", words), Some("disk.used_pct"));
        assert_eq!(nearest("unit.faild", words), Some("unit.failed"));
        assert_eq!(nearest("clock", words), None);
        assert_eq!((edits("kitten", "sitting"), edits("", "abc"), edits("abc", "abc")), (3, 3, 0));
    }
}
