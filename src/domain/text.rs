//! The one sanitizer. Model text, tool output, file names, commit messages and log lines become [`Clean`]
//! before any terminal or plain output sees them: no C0 or C1 control but newline and tab, no escape
//! sequence (OSC, DCS, APC, PM, SOS, CSI: removed with their payload), no bidirectional control, nothing that shows
//! as nothing outside emoji, no heap of marks on one sign, and never more than a stated number of bytes.

use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref};
use unicode_width::UnicodeWidthChar;

/// Text that is safe to show. Only [`clean`] and its kin make one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Clean(String);

impl Deref for Clean {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl From<&str> for Clean {
    fn from(raw: &str) -> Self {
        clean(raw)
    }
}
impl From<Clean> for String {
    fn from(text: Clean) -> Self {
        text.0
    }
}
impl<'de> Deserialize<'de> for Clean {
    /// What comes from a disk or a wire is cleaned again: a file can be edited by hand.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|raw| clean(&raw))
    }
}

/// Removes everything a terminal could act on; keeps newlines and tabs.
#[must_use]
pub fn clean(raw: &str) -> Clean {
    if raw.bytes().all(|b| matches!(b, b'\n' | b'\t' | 0x20..=0x7e)) {
        return Clean(raw.to_owned());
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    let mut marks = 0;
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if chars.peek() != Some(&'\n') => out.push('\n'),
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_csi(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            c if c.is_control() || is_invisible_control(c) => {}
            c if is_joiner(c) && !joins(out.chars().next_back(), c, chars.peek().copied()) => {}
            c if c.width() == Some(0) && marks == MARKS_MOST => {}
            c => {
                marks = if c.width() == Some(0) { marks + 1 } else { 0 };
                out.push(c);
            }
        }
    }
    Clean(out)
}

/// JSON text in which everything that [`clean`] would remove is written as an escape: it reads back the same, and
/// cannot move a terminal when it is printed as it is.
#[must_use]
pub fn json_escaped(json: String) -> String {
    let shows = |c: char| !(c.is_control() || is_invisible_control(c));
    if json.chars().all(shows) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if shows(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// [`clean`] of bytes that should be UTF-8; what is not becomes U+FFFD.
#[must_use]
pub fn clean_bytes(raw: &[u8]) -> Clean {
    clean(&String::from_utf8_lossy(raw))
}

/// [`clean_bytes`] of a patch, whose lines are counted and whose every sign is approved: CR before a newline stays, what a
/// terminal would act on or not show stands there as a sign of its own, `␛` or `⟨U+202E⟩`, and no line becomes two or none.
#[must_use]
pub fn clean_patch(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut out = String::with_capacity(text.len());
    for whole in text.split_inclusive('\n') {
        let (line, end) = whole.strip_suffix('\n').map_or((whole, ""), |line| (line, "\n"));
        let ending = line.strip_suffix('\r').filter(|_| !end.is_empty());
        let body = ending.unwrap_or(line);
        if body.bytes().all(|b| matches!(b, b'\t' | 0x20..=0x7e)) {
            out.push_str(body);
        } else {
            out.push_str(&clean(&shown(body)));
        }
        out.push_str(if ending.is_some() { "\r" } else { "" });
        out.push_str(end);
    }
    out
}

/// With a sign for everything that [`clean`] would remove because a terminal acts on it or shows nothing.
fn shown(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    let mut chars = line.chars().peekable();
    let (mut before, mut marks) = (None, 0);
    while let Some(c) = chars.next() {
        let hides = is_joiner(c) && !joins(before, c, chars.peek().copied());
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        before = Some(c);
        match c {
            '\t' => out.push(c),
            c if hides || marks > MARKS_MOST => out.push_str(&format!("⟨U+{:04X}⟩", c as u32)),
            '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + c as u32)),
            '\u{7f}' => out.push('␡'),
            c if c.is_control() || is_invisible_control(c) => out.push_str(&format!("⟨U+{:04X}⟩", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// [`clean`] on one line: newlines and tabs become single spaces; at most `most` characters, cut with `…`. It begins
/// with a sign of its own: a mark would go to whatever stands before the line.
#[must_use]
pub fn clean_line(raw: &str, most: usize) -> Clean {
    let whole = clean(raw);
    let whole = whole.trim_start_matches(|c: char| c.width() == Some(0));
    let mut line = String::with_capacity(whole.len().min(most * 4));
    for (at, c) in whole.chars().enumerate() {
        if at + 1 >= most && whole.chars().nth(most).is_some() {
            line.push('…');
            break;
        }
        line.push(if matches!(c, '\n' | '\t') { ' ' } else { c });
    }
    Clean(line)
}

/// Bidirectional controls, line and paragraph separators, fillers, tags, and the BOM: invisible, and used to deceive.
fn is_invisible_control(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Marks without a width that one sign may carry: no script needs more, and a heap of them runs over its neighbours.
const MARKS_MOST: usize = 4;

/// What makes one emoji of several signs; anywhere else it only hides something.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Whether a joiner is within an emoji.
fn joins(before: Option<char>, joiner: char, after: Option<char>) -> bool {
    let emoji = |c: char| {
        matches!(c, '©' | '®' | '\u{203c}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            | '\u{1f000}'..='\u{1faff}')
    };
    match joiner {
        '\u{200d}' => before.is_some_and(|c| emoji(c) || c == '\u{fe0f}') && after.is_some_and(emoji),
        _ => before.is_some_and(emoji),
    }
}

/// Payload of an unterminated string sequence is dropped up to this many characters, then taken as text again,
/// so that one stray introducer cannot swallow a whole log.
const STRING_MOST: usize = 4_096;

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_csi(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some(' '..='/') => {
            while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
            chars.next_if(|c| ('0'..='~').contains(c));
        }
        Some('0'..='~') => {
            chars.next();
        }
        _ => {}
    }
}

fn skip_csi(chars: &mut Chars<'_>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

fn skip_string(chars: &mut Chars<'_>) {
    for _ in 0..STRING_MOST {
        match chars.peek() {
            None | Some('\n') => return,
            Some('\u{07}' | '\u{9c}') => {
                chars.next();
                return;
            }
            Some('\u{1b}') => {
                chars.next();
                chars.next_if_eq(&'\\');
                return;
            }
            Some(_) => {
                chars.next();
            }
        }
    }
}

/// A number with its noun: `1 file`, `2 files`, `0 entries`, `3 people`.
#[must_use]
pub fn count<N: fmt::Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    if number == N::from(1) {
        return format!("{number} {noun}");
    }
    let vowel = |c: char| "aeiou".contains(c);
    match noun.strip_suffix('y') {
        _ if noun == "person" => format!("{number} people"),
        Some(stem) if !stem.ends_with(vowel) => format!("{number} {stem}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => format!("{number} {noun}es"),
        _ => format!("{number} {noun}s"),
    }
}

/// Keeps the first and last part of `text` when it is over `most` bytes, with a line between that says how
/// much is missing. Cuts at character boundaries.
#[must_use]
pub fn head_tail(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let half = most / 2;
    let head = (0..=half).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let tail_at = text.len() - half;
    let tail = (tail_at..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    format!("{}\n[... {} left out ...]\n{}", &text[..head], count(tail - head, "byte"), &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way we know by which bytes make a terminal act.
    const HOSTILE: &[(&str, &str)] = &[
        ("\x1b[2Jevil\x07", "evil"),
        ("a\x1b]52;c;ZXZpbA==\x07b", "ab"),
        ("a\x1b]0;title\x1b\\b", "ab"),
        ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        ("a\x1bPdcs payload\x1b\\b", "ab"),
        ("a\x1b_apc\x1b\\b", "ab"),
        ("a\x1b^pm\x1b\\b", "ab"),
        ("a\u{9b}31mb", "ab"),
        ("a\u{9d}0;t\u{9c}b", "ab"),
        ("a\u{90}q\u{9c}b", "ab"),
        ("user\u{202e}txt.exe", "usertxt.exe"),
        ("a\u{2066}b\u{2069}", "ab"),
        ("x\r\ny\rz", "x\ny\nz"),
        ("a\x08b\x7fc\0d", "abcd"),
        ("a\x1b(Bb", "ab"),
        ("a\x1bcb", "ab"),
        ("a\x1b]unterminated\nnext line", "a\nnext line"),
        ("tab\tkept", "tab\tkept"),
        ("\u{1b}", ""),
        ("a\u{e0041}b\u{feff}", "ab"),
        ("👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
        ("🏳\u{fe0f}\u{200d}🌈 ✔\u{fe0f}", "🏳\u{fe0f}\u{200d}🌈 ✔\u{fe0f}"),
        ("ap\u{200d}pr\u{200c}ov\u{ad}e\u{fe0f}d", "approved"),
        ("👩\u{200d}\u{202e}x", "👩x"),
        ("a\u{e0100}\u{e01ef}b\u{3164}c\u{206a}d\u{115f}e", "abcde"),
        ("e\u{301}\u{327}", "e\u{301}\u{327}"),
        ("e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}x", "e\u{301}\u{301}\u{301}\u{301}x"),
    ];

    #[test]
    fn nothing_a_terminal_acts_on_survives() {
        for (raw, want) in HOSTILE {
            assert_eq!(&*clean(raw), *want, "{raw:?}");
            assert_eq!(clean(&clean(raw)), clean(raw), "cleaning twice changes {raw:?}");
        }
    }

    #[test]
    fn a_patch_keeps_its_lines_and_their_ends() {
        let raw = b" a\r\n+b\rc\n-\x1b[2Jd\xff\r\n+\x1b]0;e\n\\ No newline\r";
        assert_eq!(clean_patch(raw), " a\r\n+b␍c\n-␛[2Jd\u{fffd}\r\n+␛]0;e\n\\ No newline␍");
        assert_eq!(
            clean_patch("+is\u{200d}Admin \u{fe0f}a\u{202e}b".as_bytes()),
            "+is⟨U+200D⟩Admin ⟨U+FE0F⟩a⟨U+202E⟩b"
        );
        assert_eq!(clean_patch("+👩\u{200d}👧 e\u{301}".as_bytes()), "+👩\u{200d}👧 e\u{301}");
        assert!(clean_patch(format!("+e{}", "\u{301}".repeat(6)).as_bytes()).ends_with("⟨U+0301⟩⟨U+0301⟩"));
        for (hostile, _) in HOSTILE {
            let cleaned = clean_patch(hostile.as_bytes());
            assert_eq!(cleaned.matches('\n').count(), hostile.matches('\n').count(), "{hostile:?}");
            assert_eq!(&*clean(&cleaned), &*cleaned.replace("\r\n", "\n"), "{hostile:?}");
        }
    }

    #[test]
    fn numbers_and_nouns_agree() {
        let said =
            [count(1_usize, "file"), count(0_u64, "file"), count(2_u32, "entry"), count(1_u8, "entry")];
        assert_eq!(said, ["1 file", "0 files", "2 entries", "1 entry"]);
        let said = [count(2_u32, "person"), count(3_u32, "day"), count(2_u32, "match"), count(2_u32, "fix")];
        assert_eq!(said, ["2 people", "3 days", "2 matches", "2 fixes"]);
    }

    #[test]
    fn an_unterminated_string_cannot_swallow_everything() {
        let raw = format!("\x1b]{}tail", "x".repeat(STRING_MOST));
        assert_eq!(&*clean(&raw), "tail");
    }

    #[test]
    fn lines_and_long_texts_are_cut_visibly() {
        assert_eq!(&*clean_line("a\nb\tc", 10), "a b c");
        assert_eq!(&*clean_line("\u{301}\u{301}a", 10), "a");
        assert_eq!(&*clean_line("abcdef", 4), "abc…");
        assert_eq!(&*clean_line("abcd", 4), "abcd");
        let cut = head_tail(&"ä".repeat(1_000), 101);
        assert!(cut.contains("bytes left out") && cut.len() < 200, "{cut}");
    }
}
