//! What a command says again when it is started again: `tail -F` and `journalctl -f` begin with lines that were told before.
//! Pure; remembers lines by hash, a bounded number of them.
//!
//! Only a beginning that is exactly the end of what was told is taken for a repetition. What begins further back than is
//! remembered, as `docker logs -f` without `--since` or `--tail`, is told again.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// Lines remembered, and so lines that may be held back.
const REMEMBERED: usize = 1_024;

/// Lines that were told, and how far a new run repeats them.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    told: VecDeque<u64>,
    /// Lines of this run that may be repetitions.
    held: Vec<String>,
    /// Where in `told` a repetition of them may have begun.
    starts: Vec<usize>,
    /// Held lines that are a whole repetition.
    whole: usize,
    looks: bool,
}

impl Repeats {
    /// A new run begins.
    pub(super) fn begin(&mut self) {
        self.looks = !self.told.is_empty();
        self.starts = (0..self.told.len()).collect();
        self.held.clear();
        self.whole = 0;
    }

    /// What of these lines is new, as far as that can be said yet.
    pub(super) fn new_of(&mut self, lines: Vec<String>) -> Vec<String> {
        let mut new = Vec::new();
        for line in lines {
            if !self.looks {
                new.push(line);
                continue;
            }
            let (at, hash) = (self.held.len(), hash(&line));
            self.held.push(line);
            self.starts.retain(|start| self.told.get(start + at) == Some(&hash));
            if self.starts.iter().any(|start| start + at + 1 == self.told.len()) {
                self.whole = at + 1;
            }
            self.starts.retain(|start| start + at + 1 < self.told.len());
            if self.starts.is_empty() {
                new.append(&mut self.settled());
            }
        }
        self.remember(&new);
        new
    }

    /// It has said what it says at once: what is still held is decided now.
    pub(super) fn settle(&mut self) -> Vec<String> {
        let new = self.settled();
        self.remember(&new);
        new
    }

    fn settled(&mut self) -> Vec<String> {
        self.looks = false;
        let new = self.held.split_off(self.whole.min(self.held.len()));
        self.held.clear();
        self.whole = 0;
        new
    }

    fn remember(&mut self, lines: &[String]) {
        self.told.extend(lines.iter().map(|line| hash(line)));
        let surplus = self.told.len().saturating_sub(REMEMBERED);
        self.told.drain(..surplus);
    }
}

fn hash(line: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    /// What a second run tells after a first one.
    fn again(first: &str, second: &[&str]) -> Vec<String> {
        let mut repeats = Repeats::default();
        repeats.begin();
        assert_eq!(repeats.new_of(lines(first)), lines(first));
        repeats.begin();
        let mut told: Vec<String> = second.iter().flat_map(|words| repeats.new_of(lines(words))).collect();
        told.extend(repeats.settle());
        told
    }

    #[test]
    fn c2_lines_that_a_command_says_again_are_told_once() {
        assert_eq!(again("a b c d", &["c d e"]), ["e"]);
        assert_eq!(again("a b c d", &["c", "d", "e", "c d"]), ["e", "c", "d"]);
        assert!(again("a b c d", &["a b c d"]).is_empty());
        assert!(again("e e e e", &["e e e"]).is_empty(), "as many as could be repetitions");
        assert_eq!(again("e e", &["e e e"]), ["e"]);
        // What is no end of what was told is new, however much of it was told before.
        assert_eq!(again("a b c d", &["b c x"]), ["b", "c", "x"]);
        assert_eq!(again("a b c d", &["x c d"]), ["x", "c", "d"]);
        assert_eq!(again("a b a b", &["a b c"]), ["c"]);
        assert!(again("a", &[]).is_empty());
    }

    #[test]
    fn c2_what_is_remembered_is_bounded() {
        let many: Vec<String> = (0..REMEMBERED + 10).map(|n| n.to_string()).collect();
        let mut repeats = Repeats::default();
        repeats.begin();
        repeats.new_of(many.clone());
        assert_eq!(repeats.told.len(), REMEMBERED);
        repeats.begin();
        assert!(repeats.new_of(many[many.len() - 10..].to_vec()).is_empty());
    }
}
