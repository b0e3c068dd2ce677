//! Cuts one log line into tokens and says which are values by their looks: numbers, addresses, identifiers, times, paths,
//! names after `user`. It knows no service and no log format, keeps nothing of a line but places in it, and cannot fail:
//! bytes it cannot name are letters.
//!
//! A token is a core and the punctuation after it up to the next core, white space counted as one space. All values are
//! alike. Values that follow each other are one token, so that a list of three and a list of four are alike, and so is a
//! size with and without the same size in brackets.

use super::{
    hashing,
    lexicon::{Hint, Lexicon},
};

/// Tokens of one line; what comes after them is one value.
pub const TOKENS_MOST: usize = 128;
/// Bytes of a value in quotes after an equals sign.
const QUOTED_MOST: usize = 64;
/// Bytes of a word; a longer one is a value.
const WORD_MOST: usize = 48;
/// Words in quotes from which on they are somebody's text, not the program's.
const SPEECH_WORDS: usize = 4;
/// Tokens in quotes that are looked through for their end.
const SPEECH_MOST: usize = 48;
/// The core of every value.
pub const VALUE: u64 = 0x76a1_75e5_0000_0001;

/// One token of the last line.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// Hash of the word, or [`VALUE`].
    pub core: u64,
    /// Hash of the punctuation after it.
    pub tail: u64,
    /// Where the core starts in the line.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// What the word says.
    pub hint: Hint,
    /// Brackets that opened within the value and are closed after it.
    open: u8,
}

impl Token {
    /// Whether it is a value.
    pub fn is_value(&self) -> bool {
        self.core == VALUE
    }
}

const SPACE: u8 = 1;
const STRUCT: u8 = 2;
const DIGIT: u8 = 4;
const SLASH: u8 = 8;
const AT: u8 = 16;
const DOT: u8 = 32;
const GAP: u8 = SPACE | STRUCT;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match at as u8 {
            b' ' | b'\t' | b'\n' | b'\r' => SPACE,
            b'=' | b':' | b',' | b';' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b'|'
            | b'"' | b'\'' | b'`' => STRUCT,
            b'0'..=b'9' => DIGIT,
            b'/' | b'\\' => SLASH,
            b'@' => AT,
            b'.' => DOT,
            _ => 0,
        };
        at += 1;
    }
    table
}

fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

/// The byte there; a space beyond the end.
fn byte(line: &[u8], at: usize) -> u8 {
    line.get(at).copied().unwrap_or(b' ')
}

/// The last line, cut.
#[derive(Debug, Default)]
pub struct Masked {
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// Hash of the punctuation before the first core.
    pub head: u64,
    lexicon: Lexicon,
}

impl Masked {
    /// Cuts this line.
    pub fn read(&mut self, line: &[u8]) {
        self.tokens.clear();
        let mut at = 0;
        while at < line.len() {
            if self.tokens.len() >= TOKENS_MOST {
                self.value(line, at, line.len(), b"");
                break;
            }
            at = match class(line[at]) {
                SPACE => at + 1,
                kind => self.step(line, at, kind),
            };
        }
        self.speech(line);
        self.context(line);
        self.collapse(line);
        self.tails(line);
    }

    /// The shape of the line: a sum over its tokens.
    pub fn shape(&self) -> u64 {
        let each =
            (1_u64..).zip(&self.tokens).map(|(place, token)| hashing::placed(token.core, token.tail, place));
        each.fold(hashing::placed(self.head, 0, 0), u64::wrapping_add)
    }

    /// Takes what starts here; gives back where to go on.
    fn step(&mut self, line: &[u8], at: usize, kind: u8) -> usize {
        let fresh = at == 0 || !line[at - 1].is_ascii_alphanumeric();
        if fresh && let Some(end) = path(line, at).or_else(|| colons(line, at)) {
            return self.value(line, at, end, b".!?*,:");
        }
        if kind & STRUCT != 0 {
            return self.between(line, at);
        }
        let (mut end, mut seen) = (at, 0);
        while end < line.len() && class(line[end]) & GAP == 0 {
            seen |= class(line[end]);
            end += 1;
        }
        if byte(line, end) == b':' && line[at].is_ascii_alphabetic() {
            if line[end..].starts_with(b"://") {
                let end = until(line, end, b"\"'<>]),}");
                return self.value(line, at, end, b".!?*,:");
            }
            if end == at + 1 && matches!(byte(line, end + 1), b'\\' | b'/') {
                let end = until(line, end, b"\"',;)]}");
                return self.value(line, at, end, b".!?*,:");
            }
        }
        self.core(line, at, end, seen);
        end
    }

    /// A core that is not a value by its first bytes.
    fn core(&mut self, line: &[u8], at: usize, end: usize, seen: u8) {
        let core = trimmed(line, at, end, b".!?*");
        let text = &line[at..core];
        let (hash, mut hint) = (hashing::of(text), Hint::None);
        let is_value = if seen & DIGIT != 0 {
            hint = Hint::Numbered;
            !is_numbered(text)
        } else if seen & (SLASH | AT | DOT) != 0 {
            hint = Hint::Dotted;
            self.is_value_without_digit(text)
        } else {
            hint = if text.len() <= 14 { self.lexicon.hint(hash) } else { hint };
            text.len() >= 8 && text.iter().all(u8::is_ascii_hexdigit)
        };
        let given = at > 0
            && line[at - 1] == b'='
            && hint != Hint::Truth
            && self.tokens.last().is_some_and(|last| last.end as usize + 1 == at);
        if hint == Hint::Unit
            && let Some(last) = self.tokens.last_mut()
            && last.is_value()
            && last.end as usize + 1 == at
            && line[at - 1] == b' '
        {
            last.end = core as u32;
            return;
        }
        let value = is_value || given || text.len() > WORD_MOST;
        self.tokens.push(Token {
            core: if value { VALUE } else { hash },
            tail: 0,
            start: at as u32,
            end: core as u32,
            hint,
            open: 0,
        });
    }

    fn is_value_without_digit(&self, text: &[u8]) -> bool {
        if text.iter().filter(|byte| class(**byte) & SLASH != 0).count() >= 2
            || text.iter().skip_while(|byte| **byte == b'@').skip(1).any(|byte| *byte == b'@')
        {
            return true;
        }
        let dots = text.iter().filter(|byte| **byte == b'.').count();
        let last = text.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        if dots > 0 && self.lexicon.hint(hashing::of(last)) == Hint::Domain {
            return true;
        }
        // `com.example.Thing` is a name; `SCREEN_ON` and `SomeException` say which message this is.
        let says = last.iter().all(|byte| !byte.is_ascii_lowercase())
            || last.ends_with(b"Exception")
            || last.ends_with(b"Error");
        let mut labels = text.split(|byte| *byte == b'.');
        dots >= 2
            && !says
            && labels.all(|label| {
                !label.is_empty() && label.iter().all(|b| b.is_ascii_alphanumeric() || b"_$-".contains(b))
            })
    }

    fn value(&mut self, line: &[u8], at: usize, end: usize, trail: &[u8]) -> usize {
        let core = trimmed(line, at, end, trail);
        let (start, end_core) = (at as u32, core as u32);
        self.tokens.push(Token { core: VALUE, tail: 0, start, end: end_core, hint: Hint::None, open: 0 });
        end
    }

    /// Punctuation, and the values that only punctuation shows: an empty one, and one in quotes.
    fn between(&mut self, line: &[u8], at: usize) -> usize {
        let before = at.checked_sub(1).map_or(b' ', |before| line[before]);
        let next = byte(line, at + 1);
        match line[at] {
            b'(' if next == b')' && class(before) == SPACE => self.value(line, at + 1, at + 1, b""),
            b'=' if class(before) & GAP == 0 && (class(next) == SPACE || matches!(next, b',' | b';')) => {
                self.value(line, at + 1, at + 1, b"")
            }
            b'"' if before == b'=' => {
                let rest = &line[at + 1..line.len().min(at + 1 + QUOTED_MOST)];
                match memchr::memchr(b'"', rest) {
                    Some(length) => self.value(line, at + 1, at + 1 + length, b""),
                    None => at + 1,
                }
            }
            _ => at + 1,
        }
    }

    /// Many words in quotes become one value.
    fn speech(&mut self, line: &[u8]) {
        if memchr::memchr2(b'"', b'\'', line).is_none() {
            return;
        }
        let (mut kept, mut at) = (0, 0);
        while at < self.tokens.len() {
            let token = self.tokens[at];
            let start = token.start as usize;
            let quote = start.checked_sub(1).map_or(b' ', |before| line[before]);
            let free = start < 2 || class(line[start - 2]) & GAP != 0;
            let last = if matches!(quote, b'"' | b'\'') && free && !token.is_value() {
                self.closing(line, at, quote)
            } else {
                None
            };
            self.tokens[kept] = token;
            if let Some(last) = last {
                let end = self.tokens[last].end;
                self.tokens[kept] = Token { core: VALUE, end, hint: Hint::None, ..token };
                at = last;
            }
            kept += 1;
            at += 1;
        }
        self.tokens.truncate(kept);
    }

    /// The token that ends these quotes, if they hold many words.
    fn closing(&self, line: &[u8], first: usize, quote: u8) -> Option<usize> {
        let mut words = 0;
        for (at, token) in self.tokens.iter().enumerate().skip(first).take(SPEECH_MOST) {
            words += usize::from(!token.is_value());
            if self.gap(line, at).iter().take(3).any(|byte| *byte == quote) {
                return (words >= SPEECH_WORDS).then_some(at);
            }
        }
        None
    }

    /// What stands between this token and the next, without what only closes a bracket inside it.
    pub fn after<'a>(&self, line: &'a str, at: usize) -> &'a str {
        let gap = self.gap(line.as_bytes(), at);
        let start = self.tokens[at].end as usize;
        line.get(start + closers(gap, self.tokens[at].open)..start + gap.len()).unwrap_or_default()
    }

    /// What stands between this token and the next.
    fn gap<'a>(&self, line: &'a [u8], at: usize) -> &'a [u8] {
        let next = self.tokens.get(at + 1).map_or(line.len(), |next| next.start as usize);
        line.get(self.tokens[at].end as usize..next).unwrap_or_default()
    }

    fn spaced(&self, line: &[u8], at: usize) -> bool {
        let gap = self.gap(line, at);
        !gap.is_empty() && gap.iter().all(|byte| class(*byte) == SPACE)
    }

    /// Words that are values because of their neighbours.
    fn context(&mut self, line: &[u8]) {
        for at in 0..self.tokens.len() {
            let token = self.tokens[at];
            let before = at.checked_sub(1).map(|before| self.tokens[before]);
            let cue = before.map_or(Hint::None, |before| before.hint);
            if token.is_value() {
                continue;
            }
            let next_is_value = |ahead: usize| self.tokens.get(at + ahead).is_some_and(Token::is_value);
            let after_value =
                || at > 0 && before.is_some_and(|before| before.is_value()) && self.spaced(line, at - 1);
            let is_value = match token.hint {
                Hint::Calendar => {
                    let follows = matches!(self.gap(line, at), b" " | b", ")
                        && self.tokens.get(at + 1).is_some_and(|next| next.hint == Hint::Calendar);
                    (next_is_value(1) && self.spaced(line, at))
                        || (follows && next_is_value(2))
                        || after_value()
                }
                Hint::Zone => after_value(),
                Hint::Dotted if self.gap(line, at) == b":" && next_is_value(1) => true,
                Hint::Plain | Hint::For | Hint::From => false,
                _ if cue == Hint::Cue => {
                    self.gap(line, at - 1).iter().all(|byte| class(*byte) == SPACE || b"'\"".contains(byte))
                }
                _ if cue == Hint::For => {
                    self.spaced(line, at)
                        && self.tokens.get(at + 1).is_some_and(|next| next.hint == Hint::From)
                        && next_is_value(2)
                }
                _ => false,
            };
            if is_value {
                self.tokens[at].core = VALUE;
            }
        }
    }

    /// Values that follow each other become one.
    fn collapse(&mut self, line: &[u8]) {
        let mut kept = 0;
        for at in 0..self.tokens.len() {
            let token = self.tokens[at];
            if kept > 0
                && token.is_value()
                && self.tokens[kept - 1].is_value()
                && token.start > self.tokens[kept - 1].end
            {
                let last = &mut self.tokens[kept - 1];
                for byte in line.get(last.end as usize..token.start as usize).unwrap_or_default() {
                    match byte {
                        b'(' | b'[' | b'{' | b'<' => last.open = last.open.saturating_add(1),
                        b')' | b']' | b'}' | b'>' => last.open = last.open.saturating_sub(1),
                        _ => {}
                    }
                }
                last.end = token.end;
            } else {
                self.tokens[kept] = token;
                kept += 1;
            }
        }
        self.tokens.truncate(kept);
    }

    fn tails(&mut self, line: &[u8]) {
        let first = self.tokens.first().map_or(line.len(), |first| first.start as usize);
        self.head = tail(&line[..first], 0, byte(line, first));
        for at in 0..self.tokens.len() {
            let gap = self.gap(line, at);
            let next = self.tokens.get(at + 1).map_or(b' ', |next| byte(line, next.start as usize));
            self.tokens[at].tail = tail(gap, self.tokens[at].open, next);
        }
    }
}

/// Hash of punctuation: white space as one space, without what only closes a bracket inside the value before it, and
/// without `<` that means "less than" the number after it.
fn tail(gap: &[u8], open: u8, next: u8) -> u64 {
    let mut rest = &gap[closers(gap, open)..];
    if let [.., before, b'<' | b'>'] = rest
        && class(*before) == SPACE
        && next.is_ascii_digit()
    {
        rest = &rest[..rest.len() - 1];
    }
    let mut hash = 0_u64;
    let mut space = false;
    for byte in rest {
        let is_space = class(*byte) == SPACE;
        if !(is_space && space) {
            hash = hash.wrapping_mul(0x0100_0000_01b3) + 1 + u64::from(if is_space { b' ' } else { *byte });
        }
        space = is_space;
    }
    hash
}

/// How many of the brackets that a value opened are closed right after it.
fn closers(gap: &[u8], open: u8) -> usize {
    gap.iter().take(usize::from(open)).take_while(|byte| b")]}>".contains(byte)).count()
}

/// The end without these bytes; never nothing is left of something.
fn trimmed(line: &[u8], at: usize, end: usize, trail: &[u8]) -> usize {
    let text = &line[at..end];
    let kept = text.iter().rposition(|byte| !trail.contains(byte)).map_or(text.len(), |last| last + 1);
    at + kept
}

/// Where white space or one of these comes.
fn until(line: &[u8], from: usize, stops: &[u8]) -> usize {
    let rest = &line[from..];
    let length = rest.iter().position(|byte| class(*byte) == SPACE || stops.contains(byte));
    from + length.unwrap_or(rest.len())
}

/// The end of a path that starts here: `/x`, `./x`, `../x`, `~/x`.
fn path(line: &[u8], at: usize) -> Option<usize> {
    let slash = match line[at] {
        b'/' => at,
        b'~' => at + 1,
        b'.' if byte(line, at + 1) == b'.' => at + 2,
        b'.' => at + 1,
        _ => return None,
    };
    if byte(line, slash) != b'/' {
        return None;
    }
    let mut end = until(line, slash, b"\"'<>]),};|");
    // A query may hold lists: `/carts?ids=1,2`.
    while matches!(byte(line, end), b',' | b';')
        && line[slash..end].contains(&b'?')
        && class(byte(line, end + 1)) & GAP == 0
    {
        end = until(line, end + 1, b"\"'<>]),};|");
    }
    line[slash..end].iter().any(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').then_some(end)
}

/// The end of a time of day, an IPv6 address or a hardware address that starts here.
fn colons(line: &[u8], at: usize) -> Option<usize> {
    if !(line[at].is_ascii_hexdigit() || (line[at] == b':' && byte(line, at + 1) == b':')) {
        return None;
    }
    let (mut end, mut colons, mut group, mut digits, mut widest) = (at, 0, 0, 0, 0);
    while end < line.len() && (line[end].is_ascii_hexdigit() || line[end] == b':') {
        if line[end] == b':' {
            (colons, group) = (colons + 1, 0);
        } else {
            group += 1;
            digits += usize::from(line[end].is_ascii_digit());
        }
        widest = widest.max(group);
        end += 1;
    }
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if colons == 1 {
        let clock = group == 2 && digits + 1 == end - at;
        return (clock && !word(byte(line, end))).then_some(end);
    }
    if colons < 2 || widest > 4 || digits == 0 {
        return None;
    }
    if matches!(byte(line, end), b'.' | b',') && byte(line, end + 1).is_ascii_digit() {
        end += 1;
        while byte(line, end).is_ascii_digit() {
            end += 1;
        }
    }
    (!word(byte(line, end))).then_some(end)
}

/// Letters and one digit.
fn is_numbered(text: &[u8]) -> bool {
    text.len() >= 3
        && text.last().is_some_and(u8::is_ascii_digit)
        && text[..text.len() - 1].iter().all(u8::is_ascii_alphabetic)
}
