//! Numbers of payment cards and of bank accounts, told from other long numbers by their check digits.
//!
//! Owns the ranges of issuers and the lengths of countries. Times, counters and identifiers stay.

use super::span::Span;

/// Digits of the shortest card number.
pub const DIGITS_LEAST: usize = 14;
/// Digits of the longest one that is looked for.
const DIGITS_MOST: usize = 19;

/// Card numbers.
pub fn cards(text: &str, out: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let run = Run::at(bytes, at);
        if run.digits().len() >= DIGITS_LEAST
            && alone(bytes, at, run.end)
            && issued(run.digits())
            && luhn(run.digits())
        {
            out.push(Span { start: at, end: run.end, kind: "card" });
        }
        at = run.end;
    }
}

/// Whether a number stands for itself: no part of a word or of a fraction.
fn alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    let after = bytes.get(end);
    let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let fraction = after == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    !word(before) && !word(after) && !fraction && !before.is_some_and(|b| matches!(b, b'.' | b'-'))
}

/// Digits in which single blanks or dashes may stand between groups.
struct Run {
    digits: [u8; DIGITS_MOST + 1],
    count: usize,
    end: usize,
}

impl Run {
    /// The one that begins with the digit here.
    fn at(bytes: &[u8], from: usize) -> Self {
        let mut run = Self { digits: [0; DIGITS_MOST + 1], count: 0, end: from };
        let (mut at, mut mark) = (from, None);
        while let Some(byte) = bytes.get(at) {
            if byte.is_ascii_digit() {
                if let Some(place) = run.digits.get_mut(run.count) {
                    *place = byte - b'0';
                    run.count += 1;
                }
                run.end = at + 1;
            } else {
                let next = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
                // Groups of cards have four digits, six or five.
                let apart = matches!(byte, b' ' | b'-') && mark.is_none_or(|mark| mark == *byte);
                if !apart || !next || run.count < 4 {
                    break;
                }
                mark = Some(*byte);
            }
            at += 1;
        }
        run
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.count).unwrap_or_default()
    }
}

/// Whether an issuer gives out numbers of this start and length.
fn issued(digits: &[u8]) -> bool {
    let number =
        |count: usize| digits.iter().take(count).fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit));
    match digits.len() {
        16 => {
            digits[0] == 4
                || (51..=55).contains(&number(2))
                || (2221..=2720).contains(&number(4))
                || number(4) == 6011
                || [35, 62, 65].contains(&number(2))
        }
        15 => [34, 37].contains(&number(2)),
        14 => [36, 38].contains(&number(2)) || (300..=305).contains(&number(3)),
        _ => false,
    }
}

/// Whether the last digit checks.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(*digit) << (at % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != digits[0])
}

/// Countries and the length of their account numbers.
const COUNTRIES: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AT", 20),
    ("BE", 16),
    ("BG", 22),
    ("BR", 29),
    ("CH", 21),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("GI", 23),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IS", 26),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("TR", 26),
    ("UA", 29),
];

/// Account numbers.
pub fn accounts(text: &str, out: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 15 <= bytes.len() {
        let b = &bytes[at..];
        let begins = b[0].is_ascii_uppercase()
            && b[1].is_ascii_uppercase()
            && b[2].is_ascii_digit()
            && b[3].is_ascii_digit();
        let apart = at.checked_sub(1).is_none_or(|before| !bytes[before].is_ascii_alphanumeric());
        if let Some(end) = (begins && apart).then(|| account(bytes, at)).flatten() {
            out.push(Span { start: at, end, kind: "iban" });
            at = end;
            continue;
        }
        at += 1;
    }
}

/// Where the account number ends that begins here.
fn account(bytes: &[u8], from: usize) -> Option<usize> {
    let country = std::str::from_utf8(bytes.get(from..from + 2)?).ok()?;
    let long = COUNTRIES.iter().find(|(name, _)| *name == country).map(|(_, long)| *long)?;
    let mut kept = Vec::with_capacity(long);
    let mut at = from;
    while kept.len() < long {
        match bytes.get(at)? {
            b if b.is_ascii_uppercase() || b.is_ascii_digit() => kept.push(*b),
            b' ' if kept.len() % 4 == 0 => {}
            _ => return None,
        }
        at += 1;
    }
    if bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let turned = kept[4..].iter().chain(&kept[..4]);
    let rest = turned.fold(0_u64, |sum, b| match b {
        b'0'..=b'9' => (sum * 10 + u64::from(b - b'0')) % 97,
        _ => (sum * 100 + u64::from(b - b'A') + 10) % 97,
    });
    (rest == 1).then_some(at)
}
