//! Reads unified diffs as git writes them, and plain `---`/`+++` ones. Pure. Garbage never panics and never
//! costs more than one pass: lines that fit nothing are counted in [`DiffDoc::skipped`]. The beginning of a patch reads
//! as the beginning of its document: files, hunks and lines keep their places when the rest is read.

use super::doc::{DiffDoc, FileDiff, Hunk, Kind, Line, Mark};
use crate::domain::feed::Shot;

/// Bytes of a patch that are read.
pub const PATCH_MOST: usize = 16 * 1024 * 1024;
/// Lines of a patch that are read.
pub const LINES_MOST: usize = 400_000;
/// Files of a patch that are read.
pub const FILES_MOST: usize = 10_000;

impl DiffDoc {
    /// Reads a patch. Whatever the bytes are, this ends with a document.
    #[must_use]
    pub fn parse(patch: &str) -> Self {
        let end = (0..=PATCH_MOST.min(patch.len())).rev().find(|&at| patch.is_char_boundary(at)).unwrap_or(0);
        let text = &patch[..end];
        let mut reader = Reader { cut: end < patch.len(), ..Reader::default() };
        let mut at = 0;
        for (nth, whole) in text.split_inclusive('\n').enumerate() {
            if nth >= LINES_MOST || reader.files.len() > FILES_MOST {
                reader.cut = true;
                break;
            }
            reader.line(whole.strip_suffix('\n').unwrap_or(whole), at);
            at += whole.len();
        }
        reader.files.truncate(FILES_MOST);
        Self { text: text.into(), files: reader.files, skipped: reader.skipped, cut: reader.cut }
    }
}

/// Whether a text is a patch, by how it begins.
#[must_use]
pub fn is_patch(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    first.starts_with("diff --git ")
        || COMBINED.iter().any(|word| first.starts_with(word))
        || (first.starts_with("--- ") && lines.next().is_some_and(|next| next.starts_with("+++ ")))
}

#[derive(Default)]
struct Reader {
    files: Vec<FileDiff>,
    skipped: usize,
    cut: bool,
    /// Lines the open hunk still owes, before and after.
    old_left: u32,
    new_left: u32,
    old_at: u32,
    new_at: u32,
    /// `old mode` waits for its `new mode`.
    old_mode: Option<String>,
    /// Percent of the last `similarity index`.
    similar: Option<u8>,
    /// What is passed over up to the next file.
    payload: Option<Payload>,
}

/// Parts of a patch that are no lines of text.
#[derive(Clone, Copy)]
enum Payload {
    /// `GIT binary patch`: this many of its two halves have begun.
    Binary(u8),
    /// A diff against several parents.
    Combined,
}

impl Reader {
    fn line(&mut self, line: &str, at: usize) {
        if line == Shot::CUT {
            self.cut = true;
            return;
        }
        if let Some(file) = self.files.last_mut() {
            file.bytes += line.len() + 1;
        }
        if self.old_left > 0 || self.new_left > 0 {
            if self.hunk_line(line, at) {
                return;
            }
            (self.old_left, self.new_left) = (0, 0);
        }
        if let Some(names) = line.strip_prefix("diff --git ") {
            self.begin(names);
        } else if let Some(name) = COMBINED.iter().find_map(|word| line.strip_prefix(word)) {
            self.combined(name);
        } else if let Some(payload) = self.payload {
            self.sizes(payload, line);
        } else if line.starts_with('\\') {
            self.no_newline();
        } else if let Some(range) = line.strip_prefix("@@ ") {
            self.hunk(range);
        } else if !self.header(line) {
            self.skipped += usize::from(!line.is_empty());
        }
    }

    fn begin(&mut self, names: &str) {
        (self.payload, self.old_mode, self.similar) = (None, None, None);
        let (old, new) = both_names(names);
        self.files.push(FileDiff { old, new, bytes: names.len(), ..FileDiff::default() });
    }

    /// A diff with several sides before: named, and passed over.
    fn combined(&mut self, name: &str) {
        (self.payload, self.old_mode, self.similar) = (Some(Payload::Combined), None, None);
        let name = unquote(name);
        let marks = vec![Mark::Combined];
        self.files.push(FileDiff { old: name.clone(), new: name, marks, ..FileDiff::default() });
    }

    /// Content that is carried whole tells its size: after the change first, then before.
    fn sizes(&mut self, payload: Payload, line: &str) {
        let Payload::Binary(half) = payload else { return };
        let literal = line.strip_prefix("literal ");
        let delta = line.strip_prefix("delta ");
        let Some(size) = literal.or(delta).filter(|size| size.bytes().all(|b| b.is_ascii_digit())) else {
            return;
        };
        self.payload = Some(Payload::Binary(half.saturating_add(1)));
        let size = literal.and_then(|_| size.parse().ok());
        let marks = self.files.last_mut().map(|file| &mut file.marks);
        for mark in marks.into_iter().flatten() {
            if let Mark::Binary(before, after) = mark {
                match half {
                    0 => *after = size,
                    1 => *before = size,
                    _ => {}
                }
            }
        }
    }

    /// One line of the open hunk; false when it cannot be one.
    fn hunk_line(&mut self, line: &str, at: usize) -> bool {
        let (kind, skip) = match line.as_bytes().first() {
            Some(b'+') if self.new_left > 0 => (Kind::Add, 1),
            Some(b'-') if self.old_left > 0 => (Kind::Del, 1),
            Some(b' ') if self.old_left > 0 && self.new_left > 0 => (Kind::Context, 1),
            // Mailers and editors strip the space of an empty line.
            None | Some(b'\r') if self.old_left > 0 && self.new_left > 0 => (Kind::Context, 0),
            Some(b'\\') => {
                self.no_newline();
                return true;
            }
            _ => return false,
        };
        let Some(file) = self.files.last_mut() else { return false };
        let Some(hunk) = file.hunks.last_mut() else { return false };
        let body = line.get(skip..).unwrap_or_default();
        let crlf = body.ends_with('\r');
        let start = at + skip;
        let end = start + body.len() - usize::from(crlf);
        let (mut old, mut new) = (0, 0);
        if kind != Kind::Add {
            old = self.old_at;
            self.old_at = self.old_at.saturating_add(1);
            self.old_left -= 1;
        }
        if kind != Kind::Del {
            new = self.new_at;
            self.new_at = self.new_at.saturating_add(1);
            self.new_left -= 1;
        }
        file.additions += u32::from(kind == Kind::Add);
        file.deletions += u32::from(kind == Kind::Del);
        if body.starts_with("Subproject commit ") && !file.marks.contains(&Mark::Submodule) {
            file.marks.push(Mark::Submodule);
        }
        // PATCH_MOST is far below 4 GiB.
        let (start, end) = (start as u32, end as u32);
        hunk.lines.push(Line { kind, old, new, crlf, no_newline: false, start, end });
        true
    }

    fn no_newline(&mut self) {
        let last = self.files.last_mut().and_then(|f| f.hunks.last_mut()).and_then(|h| h.lines.last_mut());
        match last {
            Some(line) => line.no_newline = true,
            None => self.skipped += 1,
        }
    }

    fn hunk(&mut self, range: &str) {
        let Some((old, new, section)) = hunk_range(range) else {
            self.skipped += 1;
            return;
        };
        let Some(file) = self.files.last_mut() else {
            self.skipped += 1;
            return;
        };
        (self.old_at, self.old_left) = old;
        (self.new_at, self.new_left) = new;
        file.hunks.push(Hunk {
            section: section.trim().to_owned(),
            old_start: old.0,
            new_start: new.0,
            lines: Vec::new(),
        });
    }

    /// A line of a file's header; false when it is none.
    fn header(&mut self, line: &str) -> bool {
        let (word, rest) = split_word(line);
        if word == "--- " {
            // A diff without `diff --git` begins here.
            if self.files.last().is_none_or(|file| !file.hunks.is_empty()) {
                self.begin("");
            }
        }
        let Some(file) = self.files.last_mut() else { return false };
        if !file.hunks.is_empty() {
            return false;
        }
        match word {
            "--- " => file.old = side(rest),
            "+++ " => file.new = side(rest),
            "rename from " | "copy from " => file.old = unquote(rest),
            "rename to " => {
                file.new = unquote(rest);
                file.marks.push(Mark::Renamed(self.similar));
            }
            "copy to " => {
                file.new = unquote(rest);
                file.marks.push(Mark::Copied(self.similar));
            }
            "similarity index " => self.similar = rest.trim_end_matches('%').parse().ok(),
            "old mode " => self.old_mode = Some(rest.to_owned()),
            "new mode " => {
                let before = self.old_mode.take().unwrap_or_default();
                file.marks.push(Mark::Mode(before, rest.to_owned()));
            }
            "new file mode " => {
                file.old.clear();
                file.marks.push(Mark::New);
            }
            "deleted file mode " => {
                file.new.clear();
                file.marks.push(Mark::Deleted);
            }
            "Binary files " => file.marks.push(Mark::Binary(None, None)),
            "GIT binary patch" => {
                file.marks.push(Mark::Binary(None, None));
                self.payload = Some(Payload::Binary(0));
            }
            "index " | "dissimilarity index " => {}
            _ => return false,
        }
        let named = matches!(word, "new file mode " | "deleted file mode " | "new mode " | "index ");
        let mode = if named { rest.rsplit(' ').next().unwrap_or_default() } else { "" };
        let is = match mode {
            "160000" => Some(Mark::Submodule),
            "120000" => Some(Mark::Symlink),
            "100755" if word == "new file mode " => Some(Mark::Executable),
            _ => None,
        };
        if let Some(mark) = is.filter(|mark| !file.marks.contains(mark)) {
            file.marks.push(mark);
        }
        true
    }
}

/// How a diff against several parents begins.
const COMBINED: [&str; 2] = ["diff --cc ", "diff --combined "];

/// The words that begin lines of a header.
const WORDS: [&str; 15] = [
    "--- ",
    "+++ ",
    "rename from ",
    "rename to ",
    "copy from ",
    "copy to ",
    "similarity index ",
    "dissimilarity index ",
    "old mode ",
    "new mode ",
    "new file mode ",
    "deleted file mode ",
    "Binary files ",
    "GIT binary patch",
    "index ",
];

fn split_word(line: &str) -> (&'static str, &str) {
    WORDS.iter().find_map(|word| line.strip_prefix(word).map(|rest| (*word, rest))).unwrap_or(("", line))
}

/// First line and number of lines.
type Stretch = (u32, u32);

/// `-a,b +c,d @@ section`.
fn hunk_range(text: &str) -> Option<(Stretch, Stretch, &str)> {
    let (ranges, section) = text.split_once(" @@")?;
    let (old, new) = ranges.split_once(' ')?;
    let range = |text: &str| {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        (digits(start) && digits(count)).then(|| Some((start.parse().ok()?, count.parse().ok()?)))?
    };
    Some((range(old.strip_prefix('-')?)?, range(new.strip_prefix('+')?)?, section))
}

/// The two names of `diff --git a/x b/x`. With spaces in names the line is ambiguous; git then repeats them in
/// `---`, `+++` or `rename` lines, which win. What is left is names that are the same on both sides.
fn both_names(names: &str) -> (String, String) {
    if names.starts_with('"') || names.ends_with('"') {
        let middle = names.find("\" ").map(|at| at + 1).or_else(|| names.find(" \""));
        let (old, new) = middle.map_or((names, ""), |at| (&names[..at], &names[at + 1..]));
        return (side(old), side(new));
    }
    let half = names.len() / 2;
    if names.len() % 2 == 1 && names.as_bytes()[half] == b' ' {
        let (old, new) = (side(&names[..half]), side(&names[half + 1..]));
        if old == new {
            return (old, new);
        }
    }
    names.split_once(' ').map_or((String::new(), String::new()), |(old, new)| (side(old), side(new)))
}

/// A path with git's `a/` or `b/` removed; `/dev/null` is no path.
fn side(text: &str) -> String {
    let path = unquote(text.split('\t').next().unwrap_or_default());
    if path == "/dev/null" {
        return String::new();
    }
    match path.strip_prefix("a/").or_else(|| path.strip_prefix("b/")) {
        Some(inner) => inner.to_owned(),
        None => path,
    }
}

/// Undoes git's C-style quotes (`"\303\244.rs"`).
fn unquote(text: &str) -> String {
    let text = text.trim_end_matches('\r');
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'a') => out.push(0x07),
            Some(b'b') => out.push(0x08),
            Some(b'v') => out.push(0x0b),
            Some(b'f') => out.push(0x0c),
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(next) = bytes.next_if(|b| (b'0'..=b'7').contains(b)) else { break };
                    value = value * 8 + u32::from(next - b'0');
                }
                out.push(value as u8);
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    // A quoted name can hold any byte; what a terminal could act on is removed as everywhere else. Bytes that are no
    // character are named, so that two names never look alike.
    let mut name = String::with_capacity(out.len());
    for chunk in out.utf8_chunks() {
        name.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| name.push_str(&format!("\\x{byte:02x}")));
    }
    crate::domain::text::clean_line(&name, NAME_MOST).into()
}

/// Characters of a file name that are shown.
const NAME_MOST: usize = 1_024;
