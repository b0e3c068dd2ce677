//! Bytes of the terminal become keys, pastes, mouse, focus and answers. Pure: bytes go in, what they mean comes out,
//! however they were cut on their way. Whatever is not understood is passed over whole, so that no half of a report
//! is ever typed into a text. Everything held is bounded.

use super::{keymap::Key, theme::color::Rgb};
use crossterm::event::{KeyCode, KeyModifiers};

/// Bytes of one control sequence; a longer one is passed over.
const SEQUENCE_MOST: usize = 64;
/// Bytes of an answer to a question about colours.
const ANSWER_MOST: usize = 96;
/// Bytes of one paste that are kept: far more than any text here takes, so that the one who refuses it can say why.
const PASTE_MOST: usize = 16 * 1024 * 1024;
const PASTE_END: &[u8] = b"\x1b[201~";

/// What the terminal said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A key.
    Key(Key),
    /// A paste, as far as it is within the bound.
    Paste(String),
    /// The terminal has the keys of the desktop now, or no more.
    Focus(bool),
    /// The mouse.
    Mouse(Mouse),
    /// An answer to something asked.
    Answer(Answer),
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub deed: MouseDeed,
    /// Column, counted from 0.
    pub column: u16,
    /// Row, counted from 0.
    pub row: u16,
}

/// What a mouse can do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseDeed {
    /// The left button went down.
    Click,
    /// The wheel turned up.
    WheelUp,
    /// The wheel turned down.
    WheelDown,
}

/// What the terminal tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Its ground (OSC 11).
    Ground(Rgb),
    /// It knows kitty's keys.
    Keyboard,
    /// It shows images (kitty's graphics protocol).
    Images,
    /// Its kind (DA1): the last answer, nothing more is to come.
    Last,
}

/// Puts bytes together.
#[derive(Debug, Default)]
pub struct Decoder {
    held: Vec<u8>,
    paste: Option<Paste>,
}

#[derive(Debug, Default)]
struct Paste(Vec<u8>);

/// What a decoder waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Nothing: all that came is told.
    No,
    /// The rest of a key: Escape alone looks like the beginning of many.
    Key,
    /// The rest of an answer or a report.
    Report,
    /// The end of a paste.
    Paste,
}

enum Parsed {
    /// More is needed.
    More,
    /// So many bytes mean this, or nothing.
    Took(usize, Option<Heard>),
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Heard {
    Heard::Key(Key { code, modifiers }.normal())
}

impl Decoder {
    /// Takes bytes and tells what is complete.
    pub fn feed(&mut self, bytes: &[u8], told: &mut Vec<Heard>) {
        self.held.extend_from_slice(bytes);
        self.go_on(told);
    }

    /// What it waits for.
    #[must_use]
    pub fn waits(&self) -> Waits {
        match (&self.paste, self.held.as_slice()) {
            (Some(_), _) => Waits::Paste,
            (None, []) => Waits::No,
            (None, [0x1b] | [0x1b, b'[' | b'O' | b']' | b'_']) => Waits::Key,
            (None, _) => Waits::Report,
        }
    }

    /// Nothing more came in time: what is held means what it means alone.
    pub fn give_up(&mut self, told: &mut Vec<Heard>) {
        if let Some(mut paste) = self.paste.take() {
            paste.take(&self.held);
            self.held.clear();
            told.push(paste.told());
            return;
        }
        let alone = match self.held.as_slice() {
            [0x1b] => Some(key(KeyCode::Esc, KeyModifiers::NONE)),
            [0x1b, c @ (b'[' | b'O' | b']' | b'_')] => {
                Some(key(KeyCode::Char(char::from(*c)), KeyModifiers::ALT))
            }
            _ => None,
        };
        told.extend(alone);
        self.held.clear();
    }

    fn go_on(&mut self, told: &mut Vec<Heard>) {
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        while !rest.is_empty() {
            if let Some(paste) = &mut self.paste {
                match find(rest, PASTE_END) {
                    Some(at) => {
                        paste.take(rest.get(..at).unwrap_or_default());
                        rest = rest.get(at + PASTE_END.len()..).unwrap_or_default();
                        told.extend(self.paste.take().map(Paste::told));
                    }
                    None => {
                        // The end may be cut in two.
                        let kept = (1..PASTE_END.len()).rev().find(|&n| rest.ends_with(&PASTE_END[..n]));
                        let (whole, end) = rest.split_at(rest.len() - kept.unwrap_or(0));
                        paste.take(whole);
                        rest = end;
                        break;
                    }
                }
                continue;
            }
            if rest.starts_with(b"\x1b[200~") {
                self.paste = Some(Paste::default());
                rest = rest.get(6..).unwrap_or_default();
                continue;
            }
            match parse(rest) {
                Parsed::More => break,
                Parsed::Took(count, heard) => {
                    told.extend(heard);
                    rest = rest.get(count.max(1)..).unwrap_or_default();
                }
            }
        }
        self.held = rest.to_vec();
    }
}

impl Paste {
    fn take(&mut self, bytes: &[u8]) {
        let room = PASTE_MOST.saturating_sub(self.0.len());
        self.0.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn told(self) -> Heard {
        Heard::Paste(String::from_utf8_lossy(&self.0).into_owned())
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn parse(bytes: &[u8]) -> Parsed {
    let Some((&first, after)) = bytes.split_first() else { return Parsed::More };
    let plain = |code| Parsed::Took(1, Some(key(code, KeyModifiers::NONE)));
    let control = |c| Parsed::Took(1, Some(key(KeyCode::Char(c), KeyModifiers::CONTROL)));
    match first {
        0x1b => escape(after),
        b'\r' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        0x7f => plain(KeyCode::Backspace),
        0 => control(' '),
        0x01..=0x1a => control(char::from(first - 1 + b'a')),
        0x1c..=0x1f => control(char::from(first - 0x1c + b'4')),
        _ => character(bytes),
    }
}

fn character(bytes: &[u8]) -> Parsed {
    let first = bytes.first().copied().unwrap_or_default();
    let length = match first {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Parsed::Took(1, None),
    };
    let Some(whole) = bytes.get(..length) else {
        // The rest of a character comes, unless what is there already belongs to none.
        let cut = bytes.iter().skip(1).all(|byte| (0x80..=0xbf).contains(byte));
        return if cut { Parsed::More } else { Parsed::Took(1, None) };
    };
    match std::str::from_utf8(whole).ok().and_then(|text| text.chars().next()) {
        Some(c) => Parsed::Took(length, Some(key(KeyCode::Char(c), KeyModifiers::NONE))),
        None => Parsed::Took(1, None),
    }
}

/// What follows Escape; counts include it.
fn escape(after: &[u8]) -> Parsed {
    let Some(&kind) = after.first() else { return Parsed::More };
    let counted = match kind {
        b'[' => control_sequence(after.get(1..).unwrap_or_default()),
        b'O' => single_shift(after.get(1..).unwrap_or_default()),
        b'_' => graphics(after.get(1..).unwrap_or_default()),
        b']' => answer(after.get(1..).unwrap_or_default()),
        // Escape twice is two keys: the second one may begin something.
        0x1b => return Parsed::Took(1, Some(key(KeyCode::Esc, KeyModifiers::NONE))),
        _ => {
            return match parse(after) {
                Parsed::More => Parsed::More,
                Parsed::Took(count, Some(Heard::Key(Key { code, modifiers }))) => {
                    Parsed::Took(count + 1, Some(key(code, modifiers | KeyModifiers::ALT)))
                }
                Parsed::Took(count, _) => Parsed::Took(count + 1, None),
            };
        }
    };
    match counted {
        Parsed::More => Parsed::More,
        Parsed::Took(count, heard) => Parsed::Took(count + 2, heard),
    }
}

fn single_shift(after: &[u8]) -> Parsed {
    let Some(&which) = after.first() else { return Parsed::More };
    Parsed::Took(1, letter(which).map(|code| key(code, KeyModifiers::NONE)))
}

/// Keys that a letter ends.
fn letter(which: u8) -> Option<KeyCode> {
    Some(match which {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

/// OSC 11's answer: `11;rgb:rrrr/gggg/bbbb` and its end. Only what can be one is held: the first byte that cannot is a
/// key again.
fn answer(after: &[u8]) -> Parsed {
    let fits = |at: usize, byte: u8| match at {
        0 | 1 => byte == b'1',
        2 => byte == b';',
        _ => byte.is_ascii_hexdigit() || b"rgba:/#".contains(&byte),
    };
    for (at, &byte) in after.iter().enumerate().take(ANSWER_MOST) {
        let body = after.get(3..at).unwrap_or_default();
        match byte {
            0x07 => return Parsed::Took(at + 1, ground(body)),
            0x1b => {
                return match after.get(at + 1) {
                    None => Parsed::More,
                    Some(b'\\') => Parsed::Took(at + 2, ground(body)),
                    Some(_) => Parsed::Took(at, None),
                };
            }
            _ if fits(at, byte) => {}
            _ if at == 0 => {
                return Parsed::Took(0, Some(key(KeyCode::Char(']'), KeyModifiers::ALT)));
            }
            _ => return Parsed::Took(at, None),
        }
    }
    if after.len() >= ANSWER_MOST { Parsed::Took(ANSWER_MOST, None) } else { Parsed::More }
}

/// An answer of kitty's graphics protocol: `Gi=77;OK` and its end. Where no `G` follows, it is a key.
fn graphics(after: &[u8]) -> Parsed {
    match after.first() {
        None => return Parsed::More,
        Some(b'G') => {}
        Some(_) => return Parsed::Took(0, Some(key(KeyCode::Char('_'), KeyModifiers::ALT))),
    }
    for (at, &byte) in after.iter().enumerate().take(ANSWER_MOST) {
        match (byte, after.get(at + 1)) {
            (0x1b, None) => return Parsed::More,
            (0x1b, Some(b'\\')) => {
                let sees =
                    after.get(1..at).is_some_and(|body| body.starts_with(b"i=77") && body.ends_with(b";OK"));
                return Parsed::Took(at + 2, sees.then_some(Heard::Answer(Answer::Images)));
            }
            (0x20..=0x7e, _) => {}
            // No byte of an answer: what came before it is none.
            _ => return Parsed::Took(at, None),
        }
    }
    if after.len() >= ANSWER_MOST { Parsed::Took(ANSWER_MOST, None) } else { Parsed::More }
}

fn ground(body: &[u8]) -> Option<Heard> {
    let text = std::str::from_utf8(body).ok()?;
    let text = text.strip_prefix("rgba:").or_else(|| text.strip_prefix("rgb:"))?;
    let mut channels = text.split('/').map(|hex| {
        // One to four digits, of which the whole is 1.
        let most = (1u32 << (4 * u32::try_from(hex.len()).ok().filter(|n| (1..=4).contains(n))?)) - 1;
        let value = u32::from_str_radix(hex, 16).ok()?;
        u8::try_from((value * 255 + most / 2) / most).ok()
    });
    let mut next = || channels.next().flatten();
    let rgb = Rgb(next()?, next()?, next()?);
    Some(Heard::Answer(Answer::Ground(rgb)))
}

fn control_sequence(after: &[u8]) -> Parsed {
    // The Linux console's first five function keys.
    if after.first() == Some(&b'[') {
        let Some(which) = after.get(1) else { return Parsed::More };
        let f = (b'A'..=b'E').contains(which).then(|| which - b'A' + 1);
        return Parsed::Took(2, f.map(|n| key(KeyCode::F(n), KeyModifiers::NONE)));
    }
    let end = after.iter().take(SEQUENCE_MOST).position(|byte| !(0x20..=0x3f).contains(byte));
    match end.and_then(|at| Some((at, *after.get(at)?))) {
        None if after.len() >= SEQUENCE_MOST => Parsed::Took(SEQUENCE_MOST, None),
        None => Parsed::More,
        Some((at, last @ 0x40..=0x7e)) => {
            let body = std::str::from_utf8(after.get(..at).unwrap_or_default()).unwrap_or_default();
            Parsed::Took(at + 1, sequence(body, last))
        }
        // No byte of a sequence: what came before it is none.
        Some((at, _)) => Parsed::Took(at, None),
    }
}

fn sequence(body: &str, last: u8) -> Option<Heard> {
    if let Some(report) = body.strip_prefix('<') {
        return mouse(report, last);
    }
    if let Some(told) = body.strip_prefix('?') {
        return match last {
            b'u' if told.parse::<u16>().is_ok() => Some(Heard::Answer(Answer::Keyboard)),
            b'c' => Some(Heard::Answer(Answer::Last)),
            _ => None,
        };
    }
    let mut fields = body.split(';').map(|field| field.split(':'));
    let mut field = || {
        let mut parts = fields.next()?;
        Some((parts.next()?.parse::<u32>().ok(), parts.next().and_then(|part| part.parse::<u32>().ok())))
    };
    let (first, second, third) = (field(), field(), field());
    let number = |field: Option<(Option<u32>, Option<u32>)>| field.and_then(|(number, _)| number);
    let modifiers = held(number(second))?;
    // Kitty tells of keys that are let go when it is asked to; nobody asked.
    if second.and_then(|(_, event)| event) == Some(3) {
        return None;
    }
    let code = match last {
        b'I' if body.is_empty() => return Some(Heard::Focus(true)),
        b'O' if body.is_empty() => return Some(Heard::Focus(false)),
        b'Z' => return Some(key(KeyCode::Tab, KeyModifiers::SHIFT | modifiers)),
        b'u' => unicode(number(first)?)?,
        // xterm's modifyOtherKeys.
        b'~' if number(first) == Some(27) => unicode(number(third)?)?,
        b'~' => numbered(number(first)?)?,
        other => letter(other).filter(|code| *code != KeyCode::Enter)?,
    };
    Some(key(code, modifiers))
}

/// Modifiers of a report; `None` where keys are held that no command has.
fn held(number: Option<u32>) -> Option<KeyModifiers> {
    let mask = number.unwrap_or(1).saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        if mask & bit != 0 {
            modifiers |= modifier;
        }
    }
    // Super, hyper, meta; the locks above are no modifiers here.
    (mask & (8 | 16 | 32) == 0).then_some(modifiers)
}

fn numbered(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(u8::try_from(number - 10).ok()?),
        17..=21 => KeyCode::F(u8::try_from(number - 11).ok()?),
        23 | 24 => KeyCode::F(u8::try_from(number - 12).ok()?),
        _ => return None,
    })
}

/// Kitty's numbers: a character, or a key of the private area.
fn unicode(number: u32) -> Option<KeyCode> {
    Some(match number {
        9 => KeyCode::Tab,
        13 | 57_414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        57_399..=57_408 => KeyCode::Char(char::from_digit(number - 57_399, 10)?),
        57_409 => KeyCode::Char('.'),
        57_410 => KeyCode::Char('/'),
        57_411 => KeyCode::Char('*'),
        57_412 => KeyCode::Char('-'),
        57_413 => KeyCode::Char('+'),
        57_415 => KeyCode::Char('='),
        57_417 => KeyCode::Left,
        57_418 => KeyCode::Right,
        57_419 => KeyCode::Up,
        57_420 => KeyCode::Down,
        57_421 => KeyCode::PageUp,
        57_422 => KeyCode::PageDown,
        57_423 => KeyCode::Home,
        57_424 => KeyCode::End,
        57_425 => KeyCode::Insert,
        57_426 => KeyCode::Delete,
        // Locks, media keys, modifiers alone.
        57_344..=63_743 => return None,
        other => KeyCode::Char(char::from_u32(other).filter(|c| !c.is_control())?),
    })
}

/// SGR mouse report: button; column; row, counted from 1, pressed (`M`) or let go (`m`).
fn mouse(report: &str, last: u8) -> Option<Heard> {
    let mut numbers = report.split(';').map(|number| number.parse::<u16>().ok());
    let mut next = || numbers.next().flatten();
    let (button, column, row) = (next()?, next()?, next()?);
    // Shift, alt and control may be held; motion is not asked for.
    let deed = match (last, button & !0b1_1100) {
        (b'M', 0) => MouseDeed::Click,
        (b'M', 64) => MouseDeed::WheelUp,
        (b'M', 65) => MouseDeed::WheelDown,
        _ => return None,
    };
    Some(Heard::Mouse(Mouse { deed, column: column.saturating_sub(1), row: row.saturating_sub(1) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<Heard> {
        let (mut decoder, mut told) = (Decoder::default(), Vec::new());
        decoder.feed(bytes, &mut told);
        while decoder.waits() != Waits::No {
            decoder.give_up(&mut told);
        }
        told
    }

    fn keys(bytes: &[u8]) -> String {
        let shown = all(bytes).into_iter().map(|heard| match heard {
            Heard::Key(key) => key.to_string(),
            other => format!("{other:?}"),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_of_every_kind_of_terminal_are_known() {
        for (bytes, want) in [
            (&b"aZ?\r\n\t\x7f"[..], "a Z ? enter ctrl-j tab backspace"),
            (b"\x01\x1a\x00\x1f\x08", "ctrl-a ctrl-z ctrl-space ctrl-7 ctrl-h"),
            (b"\x1b", "esc"),
            (b"\x1b\x1b", "esc esc"),
            (b"\x1bx\x1b\r\x1b\x7f\x1b\x01", "alt-x alt-enter alt-backspace ctrl-alt-a"),
            (b"\x1b[A\x1b[1;5C\x1bOB\x1b[F\x1b[H", "up ctrl-right down end home"),
            (b"\x1bOP\x1b[[B\x1b[13~\x1b[1;2S\x1b[15~\x1b[20~\x1b[24~", "F1 F2 F3 shift-F4 F5 F9 F12"),
            (b"\x1b[5~\x1b[6;3~\x1b[3~\x1b[Z", "pgup alt-pgdn delete shift-tab"),
            (b"\x1b[13;2u\x1b[106;5u\x1b[9;2u\x1b[27u", "shift-enter ctrl-j shift-tab esc"),
            (b"\x1b[97:65;2u\x1b[97;1:3u\x1b[57414u\x1b[57441u", "A enter"),
            (b"\x1b[27;2;13~\x1b[27;5;106~", "shift-enter ctrl-j"),
            (b"\x1b[113;9u", ""),
            ("äß日\u{1f469}".as_bytes(), "ä ß 日 \u{1f469}"),
            ("\x1bä".as_bytes(), "alt-ä"),
            (b"\xff\xfea\xc3(", "a ("),
            (b"\x1b[", "alt-["),
            (b"\x1bO", "alt-O"),
            (b"\x1b]", "alt-]"),
            (b"\x1b]q", "alt-] q"),
        ] {
            assert_eq!(keys(bytes), want, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn answers_are_no_keys_and_keys_between_them_are_not_eaten() {
        let ground = |r, g, b| Heard::Answer(Answer::Ground(Rgb(r, g, b)));
        assert_eq!(all(b"\x1b]11;rgb:ffff/8080/0000\x1b\\"), [ground(255, 128, 0)]);
        assert_eq!(all(b"\x1b]11;rgb:f/8/00\x07"), [ground(255, 136, 0)]);
        assert_eq!(all(b"\x1b]11;rgba:0000/0000/0000/ffff\x07"), [ground(0, 0, 0)]);
        for bad in
            ["\x1b]11;rgb:\x07", "\x1b]11;rgb:12345/0/0\x07", "\x1b]11;rgb:0/0\x07", "\x1b]11;#fff\x07"]
        {
            assert_eq!(all(bad.as_bytes()), [], "{bad:?}");
        }
        assert_eq!(
            all(b"\x1b[?1u\x1b[?62;4c"),
            [Heard::Answer(Answer::Keyboard), Heard::Answer(Answer::Last)]
        );
        // An answer that is cut off for ever: what is typed then is typed.
        assert_eq!(keys(b"\x1b]11;rgb:ff\x1b[Ax"), "up x");
        assert_eq!(keys(b"\x1b]11;rgb:ffxyz"), "x y z");
        let endless = [b"\x1b]11;".to_vec(), vec![b'a'; 500]].concat();
        assert!(all(&endless).len() >= 400, "an endless answer is let go");
    }

    #[test]
    fn s6_a_mouse_report_cut_in_two_is_never_typed() {
        let want = [Heard::Mouse(Mouse { deed: MouseDeed::Click, column: 11, row: 4 })];
        let report = b"\x1b[<0;12;5M";
        for at in 1..report.len() {
            let (mut decoder, mut told) = (Decoder::default(), Vec::new());
            decoder.feed(&report[..at], &mut told);
            assert_eq!(told, []);
            decoder.feed(&report[at..], &mut told);
            assert_eq!(told, want, "cut at {at}");
        }
        assert_eq!(
            all(b"\x1b[<0;12;5m\x1b[<35;1;1M\x1b[<2;1;1M"),
            [],
            "letting go, moving and other buttons"
        );
        let wheel = |deed| Heard::Mouse(Mouse { deed, column: 0, row: 0 });
        assert_eq!(
            all(b"\x1b[<64;1;1M\x1b[<69;1;1M"),
            [wheel(MouseDeed::WheelUp), wheel(MouseDeed::WheelDown)]
        );
        assert_eq!(all(b"\x1b[I\x1b[O"), [Heard::Focus(true), Heard::Focus(false)]);
    }

    #[test]
    fn a_paste_is_one_thing_however_it_is_cut_and_however_long() {
        let text = "words\r\n\x1b[A \x1b[201 日".repeat(64 * 1024);
        let sent = format!("\x1b[200~{text}\x1b[201~x");
        for piece in [1_000, 4_099, sent.len()] {
            let (mut decoder, mut told) = (Decoder::default(), Vec::new());
            sent.as_bytes().chunks(piece).for_each(|bytes| decoder.feed(bytes, &mut told));
            assert_eq!(decoder.waits(), Waits::No);
            assert_eq!(told.len(), 2);
            assert!(told[0] == Heard::Paste(text.clone()), "cut into {piece}");
        }
        let (mut decoder, mut told) = (Decoder::default(), Vec::new());
        decoder.feed(b"\x1b[200~half\x1b[20", &mut told);
        assert_eq!((decoder.waits(), told.len()), (Waits::Paste, 0));
        decoder.give_up(&mut told);
        assert_eq!(told, [Heard::Paste("half\x1b[20".into())], "a paste whose end is lost is not");
        let mut paste = Paste(vec![0; PASTE_MOST - 2]);
        paste.take(b"abcd");
        assert_eq!(paste.0.len(), PASTE_MOST);
    }

    proptest! {
        #[test]
        fn however_bytes_are_cut_they_mean_the_same(bytes: Vec<u8>, at in 0usize..64) {
            let at = at.min(bytes.len());
            let (mut decoder, mut told) = (Decoder::default(), Vec::new());
            decoder.feed(&bytes[..at], &mut told);
            decoder.feed(&bytes[at..], &mut told);
            let mut whole = Vec::new();
            let mut other = Decoder::default();
            other.feed(&bytes, &mut whole);
            prop_assert_eq!(told, whole);
            prop_assert_eq!(&decoder.held, &other.held);
            prop_assert!(decoder.held.len() <= ANSWER_MOST + 2 || decoder.paste.is_some());
        }
    }
}
