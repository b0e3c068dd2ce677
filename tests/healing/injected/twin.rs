//! The twin of a text: as wide, broken at the same places, and saying nothing.

use chimera::domain::signal::Signal;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// What stands for a sign, as wide as it, and of one byte where it is of one: long texts are cut by bytes. The program
/// writes none of them by itself.
pub const FILLERS: [&str; 3] = ["^", "ø", "＠"];

/// Of a text.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        match (cluster, cluster.width()) {
            (" " | "\n" | "\t", _) => out.push_str(cluster),
            (_, 0) => {}
            (_, 1) if cluster.len() == 1 => out.push_str(FILLERS[0]),
            (_, 1) => out.push_str(FILLERS[1]),
            _ => out.push_str(FILLERS[2]),
        }
    }
    out
}

/// Of everything in a signal that somebody else wrote, but for the place of its frames.
pub fn signal(signal: &mut Signal) {
    signal.title = text(&signal.title);
    signal.sample = signal.sample.as_deref().map(text);
    signal.labels.values_mut().for_each(|value| *value = text(value));
}
