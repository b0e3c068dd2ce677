//! Lines cut to a width in columns, by grapheme clusters, at spaces where there are some. Pure.

use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Byte ranges of the rows a line takes at this width; always at least one. A space that a row breaks at stays
/// at that row's end, so rows joined give the line back.
#[must_use]
pub fn rows(line: &str, width: usize) -> Vec<Range<usize>> {
    let width = width.max(2);
    // No sign is wider than it has bytes.
    if line.len() <= width {
        return std::iter::once(0..line.len()).collect();
    }
    let mut out = Vec::new();
    let (mut start, mut used, mut space) = (0, 0, None);
    for (at, cluster) in line.grapheme_indices(true) {
        let wide = cluster.width();
        if used + wide > width && at > start {
            let cut = space.filter(|cut| *cut > start).unwrap_or(at);
            out.push(start..cut);
            start = cut;
            used = line[start..at].width();
            space = None;
        }
        used += wide;
        if cluster == " " {
            space = Some(at + 1);
        }
    }
    out.push(start..line.len());
    out
}

/// The text cut to a width, with `…` where something is missing.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        if used + cluster.width() + 1 > width {
            break;
        }
        used += cluster.width();
        out.push_str(cluster);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_and_join_to_the_whole() {
        for line in
            ["", "one two three four", "日本語のとても長い行です", "aaaaaaaaaaaaaaaaaaaaaaaa", "👩‍👩‍👧👩‍👩‍👧 x"]
        {
            for width in [1, 2, 5, 9, 80] {
                let ranges = rows(line, width);
                let joined: String = ranges.iter().map(|range| &line[range.clone()]).collect();
                assert_eq!(joined, line);
                assert!(ranges.iter().all(|r| line[r.clone()].trim_end().width() <= width.max(2)));
            }
        }
        assert_eq!(rows("one two", 5), [0..4, 4..7]);
        assert_eq!(fit("日本語", 5), "日本…");
    }
}
