//! What stands before the text of a line: the prefix of its transport (container runtimes, syslog, journal,
//! Kubernetes, Compose), which tells whose line it is, and the header of a logger (time, level, thread), which tells that
//! a record begins.
//!
//! Pure and without state; every function takes any text and never fails. What is not surely a prefix is text.

use std::borrow::Cow;

/// Bytes of a stream's name.
const KEY_MOST: usize = 160;

/// A line without the prefix of its transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bare<'a> {
    /// Whose line it is: container, process, host; empty where the line does not say.
    pub key: Cow<'a, str>,
    /// The text.
    pub text: Cow<'a, str>,
    /// Whether the line goes on in the next one of the same stream.
    pub partial: bool,
}

impl<'a> Bare<'a> {
    fn whole(key: &'a str, text: &'a str) -> Self {
        let key = key.get(..KEY_MOST).unwrap_or(key);
        Self { key: Cow::Borrowed(key), text: Cow::Borrowed(text), partial: false }
    }
}

/// A line without the prefix of its transport.
#[must_use]
pub fn bare(line: &str) -> Bare<'_> {
    let found = match line.as_bytes().first() {
        Some(b'{') => wrapped(line),
        Some(b'[') => pod(line),
        Some(b'<') => line.split_once('>').and_then(|(_, rest)| numbered(rest).or_else(|| syslog(rest))),
        Some(b'0'..=b'9') => runtime(line).or_else(|| journal(line)),
        Some(b'A'..=b'Z') => syslog(line).or_else(|| compose(line)),
        Some(b'a'..=b'z') => compose(line),
        _ => None,
    };
    found.unwrap_or_else(|| Bare::whole("", line))
}

/// JSON around a line: `{"log":"...\n","stream":"stderr"}` of Docker's files, `{"MESSAGE":...}` of the journal.
fn wrapped(line: &str) -> Option<Bare<'_>> {
    let docker = line.starts_with("{\"log\":\"");
    let journal = || line.contains("\"MESSAGE\"") && line.contains("\"__REALTIME_TIMESTAMP\"");
    if !docker && !journal() {
        return None;
    }
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let word =
        |name: &str| value.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let (key, text) = if docker {
        (word("stream"), word("log"))
    } else {
        (format!("{} {}[{}]", word("_HOSTNAME"), word("SYSLOG_IDENTIFIER"), word("_PID")), word("MESSAGE"))
    };
    // Docker cuts long lines: all but the last piece end without a newline.
    let partial = docker && !text.ends_with('\n');
    let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
    let key = key.chars().filter(|c| !c.is_control()).take(KEY_MOST / 4).collect();
    Some(Bare { key: Cow::Owned(key), text: Cow::Owned(text), partial })
}

/// `[pod/name/container] text` of kubectl.
fn pod(line: &str) -> Option<Bare<'_>> {
    let (key, rest) = line.strip_prefix("[pod/")?.split_once(']')?;
    let named = !key.is_empty() && !key.contains([' ', '[']);
    named.then(|| Bare::whole(key, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// `2026-11-28T23:12:01.123456789Z stderr F text` of container runtimes.
fn runtime(line: &str) -> Option<Bare<'_>> {
    let (_, rest) = time(line)?;
    let rest = rest.strip_prefix(' ')?;
    let key = rest.get(..6).filter(|key| ["stdout", "stderr"].contains(key))?;
    let mark = rest.get(6..9).unwrap_or_default();
    if mark != " F " && mark != " P " {
        // An empty line ends right after its mark.
        return (rest.get(6..) == Some(" F")).then(|| Bare::whole(key, ""));
    }
    Some(Bare { partial: mark == " P ", ..Bare::whole(key, &rest[9..]) })
}

/// `2026-11-28T23:12:01+0000 host unit[123]: text`, or without the host.
fn journal(line: &str) -> Option<Bare<'_>> {
    let (_, rest) = time(line)?;
    origin(rest.strip_prefix(' ')?, Surely::ByNumber)
}

/// `1 2026-11-28T23:12:01Z host app 123 - - text` after the `<134>` of RFC 5424.
fn numbered(rest: &str) -> Option<Bare<'_>> {
    let (_, rest) = time(rest.strip_prefix("1 ")?)?;
    let rest = rest.strip_prefix(' ')?;
    let mut parts = rest.splitn(5, ' ');
    let (host, app, pid, id) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let key = &rest[..host.len() + app.len() + pid.len() + 2];
    let rest = rest.get(key.len() + id.len() + 2..).unwrap_or_default();
    let text = match rest.strip_prefix("- ") {
        Some(text) => text,
        None => rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(rest, |(_, text)| text),
    };
    Some(Bare::whole(key, text.trim_start_matches('\u{feff}')))
}

/// Months as they are written in dates.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Days of the week, likewise.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `Nov 28 23:12:01 host unit[123]: text`.
fn syslog(line: &str) -> Option<Bare<'_>> {
    let month = line.get(..3).filter(|month| MONTHS.contains(month))?;
    let rest = line[month.len()..].strip_prefix(' ')?.trim_start();
    let (day, rest) = rest.split_once(' ')?;
    let (time, rest) = rest.split_once(' ')?;
    let dated = day.len() <= 2 && day.bytes().all(|b| b.is_ascii_digit()) && clock(time).is_some();
    if dated { origin(rest, Surely::ByForm) } else { None }
}

/// How sure the time before makes it that a host and a program follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surely {
    /// The form of the time is the one of syslog.
    ByForm,
    /// Only a process number in brackets does.
    ByNumber,
}

/// `host unit[123]: text` or `unit[123]: text`.
fn origin(rest: &str, surely: Surely) -> Option<Bare<'_>> {
    let (first, after) = rest.split_once(' ')?;
    let program = |word: &str| {
        let body = word.strip_suffix(':')?;
        let name = body.split('[').next()?;
        let named = !name.is_empty()
            && name.bytes().all(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'@' | b'(' | b')')
            });
        let numbered = body.ends_with(']') && body.len() > name.len() + 2;
        (named && (numbered || surely == Surely::ByForm && body == name)).then_some(())
    };
    if program(first).is_some() {
        return Some(Bare::whole(&first[..first.len() - 1], after));
    }
    let host = first.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !host || level(first).is_some() {
        return None;
    }
    let (second, text) = after.split_once(' ').unwrap_or((after, ""));
    program(second)?;
    Some(Bare::whole(&rest[..first.len() + second.len()], text))
}

/// `web-1  | text` of Compose: a name with a number, blanks, a bar.
fn compose(line: &str) -> Option<Bare<'_>> {
    let bar = line.bytes().take(KEY_MOST).position(|b| b == b'|')?;
    let name = line[..bar].trim_end();
    let (_, number) = name.rsplit_once(['-', '_'])?;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let numbered = !number.is_empty() && number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit());
    if !plain || !numbered || name.len() == bar || name.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let text = &line[bar + 1..];
    Some(Bare::whole(name, text.strip_prefix(' ').unwrap_or(text)))
}

/// A time of day at the start, and what follows: `12:00:01`, `12:00:01.123`, `12:00:01,123`.
fn clock(text: &str) -> Option<&str> {
    let b = text.as_bytes();
    let two = |at: usize| {
        b.get(at).is_some_and(u8::is_ascii_digit) && b.get(at + 1).is_some_and(u8::is_ascii_digit)
    };
    if !(two(0) && b.get(2) == Some(&b':') && two(3) && b.get(5) == Some(&b':') && two(6)) {
        return None;
    }
    let mut at = 8;
    if matches!(b.get(8), Some(b'.' | b',')) {
        at += 1 + b[9..].iter().take_while(|b| b.is_ascii_digit()).count();
    }
    Some(&text[at..])
}

/// A date with a time of day at the start, and what follows. `2026-11-28T23:12:01.1Z`, `2026/11/28 23:12:01`.
fn time(text: &str) -> Option<(&str, &str)> {
    let b = text.as_bytes();
    let digits =
        |from: usize, count: usize| (from..from + count).all(|at| b.get(at).is_some_and(u8::is_ascii_digit));
    let dated = digits(0, 4)
        && matches!(b.get(4), Some(b'-' | b'/'))
        && digits(5, 2)
        && b.get(7) == b.get(4)
        && digits(8, 2);
    if !dated || !matches!(b.get(10), Some(b'T' | b' ')) {
        return None;
    }
    let rest = clock(text.get(11..)?)?;
    let rest = match rest.as_bytes().first() {
        Some(b'Z') => &rest[1..],
        Some(b'+' | b'-') => {
            let zone = rest[1..].bytes().take_while(|b| b.is_ascii_digit() || *b == b':').count();
            if zone >= 2 { &rest[zone + 1..] } else { rest }
        }
        _ => rest,
    };
    Some((&text[..text.len() - rest.len()], rest))
}

/// How bad a word of a level is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing wrong.
    Fine,
    /// A warning.
    Warning,
    /// An error or worse.
    Error,
}

/// The level that a word names.
#[must_use]
pub fn level(word: &str) -> Option<Level> {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if word.len() < 3 || word.len() > 9 {
        return None;
    }
    // One look at the first letter spares nearly every word the comparisons.
    let words: &[(&str, Level)] = match word.as_bytes().first()?.to_ascii_lowercase() {
        b'e' => &[
            ("error", Level::Error),
            ("err", Level::Error),
            ("erro", Level::Error),
            ("emerg", Level::Error),
            ("emergency", Level::Error),
        ],
        b'f' => {
            &[("fatal", Level::Error), ("fine", Level::Fine), ("finer", Level::Fine), ("finest", Level::Fine)]
        }
        b's' => &[("severe", Level::Error)],
        b'c' => &[("critical", Level::Error), ("crit", Level::Error), ("config", Level::Fine)],
        b'a' => &[("alert", Level::Error)],
        b'p' => &[("panic", Level::Error)],
        b'w' => &[("warn", Level::Warning), ("warning", Level::Warning), ("wrn", Level::Warning)],
        b'i' => &[("info", Level::Fine), ("inf", Level::Fine)],
        b'd' => {
            &[("debug", Level::Fine), ("dpanic", Level::Error), ("dbug", Level::Fine), ("debg", Level::Fine)]
        }
        b't' => &[("trace", Level::Fine)],
        b'n' => &[("notice", Level::Fine)],
        b'v' => &[("verbose", Level::Fine)],
        _ => return None,
    };
    words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
}

/// The header of a logger at the start of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// The level, where one is named.
    pub level: Option<Level>,
    /// What follows, with its blanks but for one.
    pub rest: &'a str,
}

/// Words of a header after its time that are looked at.
const WORDS_MOST: usize = 8;

/// The header of a logger, if the text begins with one: a time, or a level in capitals.
#[must_use]
pub fn header(text: &str) -> Option<Header<'_>> {
    let text = text.strip_prefix(['[', '(']).unwrap_or(text);
    if let Some(rest) = dated(text) {
        return Some(after(rest));
    }
    if let Some(found) = klog(text) {
        return Some(found);
    }
    // `E, [2026-11-28T23:12:01.123 #99] ERROR -- : text`.
    if text.as_bytes().get(1) == Some(&b',') && text.get(2..4) == Some(" [") {
        return text.split_once("] ").map(|(_, rest)| after(rest));
    }
    let word: &str = text.split([' ', ':', ']', '|', '[']).next().unwrap_or_default();
    let capital = word.bytes().all(|b| b.is_ascii_uppercase());
    let ended =
        text.as_bytes().get(word.len()).is_some_and(|b| matches!(b, b' ' | b':' | b']' | b'|' | b'['));
    let level =
        level(word).filter(|_| ended && (capital || text.as_bytes().get(word.len()) == Some(&b']')))?;
    let rest = after(&text[word.len()..]).rest;
    Some(Header { level: Some(level), rest })
}

/// What follows a time at the start, in any usual form.
fn dated(text: &str) -> Option<&str> {
    match text.as_bytes().first()? {
        b'0'..=b'9' => time(text).map(|(_, rest)| rest).or_else(|| clock(text)).or_else(|| day_first(text)),
        b'F' | b'M' | b'S' | b'T' | b'W' if text.as_bytes().get(3) == Some(&b' ') => weekday_first(text),
        _ => None,
    }
}

/// Up to so many digits and nothing else.
fn digits(word: &str, most: usize) -> bool {
    (1..=most).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit())
}

/// `30-Nov-2026 20:59:06 Europe/Berlin]` as PHP writes it, up to the bracket.
fn day_first(text: &str) -> Option<&str> {
    let (day, rest) = text.split_once('-')?;
    let (month, rest) = rest.split_once('-')?;
    let (year, rest) = rest.split_once(' ')?;
    let dated = digits(day, 2) && MONTHS.contains(&month) && digits(year, 4);
    let rest = clock(rest).filter(|_| dated)?;
    let zone = rest.strip_prefix(' ').and_then(|zone| zone.split_once(']')).map(|(zone, _)| zone);
    Some(zone.filter(|zone| !zone.contains([' ', '['])).map_or(rest, |zone| &rest[1 + zone.len()..]))
}

/// `Mon Nov 30 20:59:06.123456 2026` as Apache writes it.
fn weekday_first(text: &str) -> Option<&str> {
    let (weekday, rest) = text.split_once(' ')?;
    let (month, rest) = rest.split_once(' ')?;
    let (day, rest) = rest.trim_start().split_once(' ')?;
    let dated = DAYS.contains(&weekday) && MONTHS.contains(&month) && digits(day, 2);
    let rest = clock(rest).filter(|_| dated)?.strip_prefix(' ')?;
    let year = rest.get(..4).filter(|year| digits(year, 4))?;
    Some(&rest[year.len()..])
}

/// How servers name what PHP said in a message of theirs.
const RELAYED: &str = "PHP message: ";

/// What PHP said, where a server tells it: the server's own words before it are none of the message.
fn relayed(rest: &str) -> &str {
    rest.split_once(RELAYED).map_or(rest, |(_, said)| said)
}

/// The lines of an error of PHP that a server has written as one, with `\n` between them.
#[must_use]
pub fn unfolded(text: &str) -> Option<Vec<&str>> {
    const FOLD: &str = "\\n";
    let folded = text.contains("PHP ") && text.contains("\\nStack trace:\\n#") && !text.starts_with('{');
    let mut rest = folded.then_some(text)?;
    let mut lines = Vec::new();
    let begins = |line: &str| {
        ["#", "Stack trace:", "Next ", "  thrown in "].iter().any(|start| line.starts_with(start))
    };
    // What looks like a fold may be a part of a name: `App\news`.
    let mut from = 0;
    while let Some(at) = rest[from..].find(FOLD).map(|at| from + at) {
        let next = &rest[at + FOLD.len()..];
        if begins(next) {
            lines.push(&rest[..at]);
            (rest, from) = (next, 0);
        } else {
            from = at + FOLD.len();
        }
    }
    lines.push(rest);
    Some(lines)
}

/// `E1128 23:12:01.123456    99 a.go:12] text`, as kubectl and what stands behind it write what they do by the way.
#[must_use]
pub fn klog(text: &str) -> Option<Header<'_>> {
    let b = text.as_bytes();
    let level = match b.first()? {
        b'I' | b'D' => Level::Fine,
        b'W' => Level::Warning,
        b'E' | b'F' => Level::Error,
        _ => return None,
    };
    if !(1..5).all(|at| b.get(at).is_some_and(u8::is_ascii_digit)) || b.get(5) != Some(&b' ') {
        return None;
    }
    clock(text.get(6..)?)?;
    let (_, rest) = text.split_once("] ")?;
    Some(Header { level: Some(level), rest })
}

/// Level and text behind a time: thread, process and logger are passed over, the blanks before a step are not.
fn after(rest: &str) -> Header<'_> {
    let mut rest = rest.strip_prefix([']', ')']).unwrap_or(rest);
    let mut found = None;
    for _ in 0..WORDS_MOST {
        let bare = rest.strip_prefix(' ').unwrap_or(rest);
        let text = bare.trim_start();
        let word = text.split([' ', '\t']).next().unwrap_or_default();
        let named = level(word).filter(|_| found.is_none());
        let bracketed = word.starts_with('[') || word.starts_with('(');
        let mark = !word.is_empty() && word.bytes().all(|b| matches!(b, b'-' | b':' | b'|' | b'>'));
        let number = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit() || b == b'#');
        let end = if bracketed {
            let close = if word.starts_with('[') { ']' } else { ')' };
            text.find(close).map(|at| at + 1)
        } else if named.is_some() || mark || number {
            Some(word.len())
        } else {
            None
        };
        let Some(end) = end else { return Header { level: found, rest: relayed(bare) } };
        found = found.or(named).or_else(|| if bracketed { bracketed_level(&text[..end]) } else { None });
        rest = &text[end..];
        rest = rest.strip_prefix(':').unwrap_or(rest);
    }
    Header { level: found, rest: relayed(rest.strip_prefix(' ').unwrap_or(rest)) }
}

/// The level in `[error]`, or behind a module in `[php:error]`.
fn bracketed_level(text: &str) -> Option<Level> {
    level(text).or_else(|| text.rsplit_once(':').and_then(|(_, word)| level(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn transports_are_taken_off_and_say_whose_line_it_is() {
        for (line, key, text) in [
            ("2026-11-28T23:12:01.123456789Z stderr F   at a.b(C.java:1)", "stderr", "  at a.b(C.java:1)"),
            ("2026-11-28T23:12:01.123456789Z stdout F", "stdout", ""),
            ("{\"log\":\"\\tat x\\n\",\"stream\":\"stderr\",\"time\":\"t\"}", "stderr", "\tat x"),
            ("Nov 28 23:12:01 web1 api[123]: boom", "web1 api[123]", "boom"),
            ("Nov  8 23:12:01 web1 kernel: Out of memory", "web1 kernel", "Out of memory"),
            ("2026-11-28T23:12:01+0000 web1 api[123]:   File \"a\"", "web1 api[123]", "  File \"a\""),
            ("2026-11-28T23:12:01.1+00:00 app[web.1]: boom", "app[web.1]", "boom"),
            ("<134>1 2026-11-28T23:12:01Z web1 api 99 - - boom", "web1 api 99", "boom"),
            ("<13>Nov 28 23:12:01 web1 api[1]: boom", "web1 api[1]", "boom"),
            ("[pod/api-7d/main] boom", "api-7d/main", "boom"),
            ("web-1  | boom", "web-1", "boom"),
            ("plain text", "", "plain text"),
            ("2026-11-28T23:12:01Z ERROR main: boom", "", "2026-11-28T23:12:01Z ERROR main: boom"),
            ("INFO | a.b | c", "", "INFO | a.b | c"),
            ("", "", ""),
        ] {
            let found = bare(line);
            assert_eq!((&*found.key, &*found.text), (key, text), "{line}");
        }
        assert!(bare("2026-11-28T23:12:01Z stderr P begin").partial);
    }

    #[test]
    fn headers_of_loggers_are_read() {
        for (line, level, rest) in [
            ("2026-11-28 23:12:01,123 ERROR [main] boom", Some(Level::Error), "boom"),
            ("2026-11-28 23:12:01,123 [main] ERROR a.b.C - boom", Some(Level::Error), "a.b.C - boom"),
            ("2026-11-28 23:12:01.123  INFO 99 --- [main] boom", Some(Level::Fine), "boom"),
            ("2026/11/28 23:12:01 boom", None, "boom"),
            ("[2026-11-28T23:12:01.000000+00:00] production.ERROR: boom", None, "production.ERROR: boom"),
            ("E1128 23:12:01.123456    99 a.go:12] boom", Some(Level::Error), "boom"),
            ("E, [2026-11-28T23:12:01.1 #99] ERROR -- : boom", Some(Level::Error), "boom"),
            ("ERROR: boom", Some(Level::Error), "boom"),
            ("[WARN] boom", Some(Level::Warning), "boom"),
            ("[30-Nov-2026 20:59:06 UTC] PHP Fatal error:  boom", None, "PHP Fatal error:  boom"),
            ("[30-Nov-2026 20:59:06 Europe/Berlin] PHP Warning:  boom", None, "PHP Warning:  boom"),
            ("[30-Nov-2026 20:59:06] NOTICE: boom", Some(Level::Fine), "boom"),
            (
                "[Mon Nov 30 20:59:06.123456 2026] [php:error] [pid 12:tid 3] [client 10.0.0.1:5] PHP Fatal error:  boom",
                Some(Level::Error),
                "PHP Fatal error:  boom",
            ),
            (
                "2026/11/30 20:59:06 [error] 12#12: *1 FastCGI sent in stderr: \"PHP message: PHP Fatal error:  boom",
                Some(Level::Error),
                "PHP Fatal error:  boom",
            ),
            (
                "2026-11-28 23:12:01,123 ERROR [main] \tat a.b(C.java:1)",
                Some(Level::Error),
                "\tat a.b(C.java:1)",
            ),
        ] {
            let found = header(line);
            assert_eq!(found.map(|found| (found.level, found.rest)), Some((level, rest)), "{line}");
        }
        for none in ["boom", "Error: boom", "  at a", "Errors were found", "1234 boom", ""] {
            assert_eq!(header(none), None, "{none}");
        }
    }

    #[test]
    fn a_folded_error_of_php_is_its_lines_and_a_name_is_not_cut() {
        let folded = "x PHP Fatal error:  Uncaught App\\news\\E: boom in /a.php:1\\nStack trace:\\n#0 {main}\\n  thrown in /a.php";
        let lines = unfolded(folded).unwrap();
        assert_eq!(lines[0], "x PHP Fatal error:  Uncaught App\\news\\E: boom in /a.php:1");
        assert_eq!(lines[1..], ["Stack trace:", "#0 {main}", "  thrown in /a.php"]);
        assert_eq!(unfolded("plain \\n#0 text"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(parts in prop::collection::vec(prop_oneof![
            Just("2026-11-28T23:12:01"), Just("12:00:01,123"), Just("Nov 28 23:12:01"), Just("<1>"), Just("1 "), Just("Z"),
            Just("{\"log\":\""), Just("[pod/"), Just("]"), Just("["), Just(" "), Just("web1"), Just("api[1]:"), Just("stderr"),
            Just("F"), Just("P "), Just("ERROR"), Just(":"), Just("- "), Just("E1128 "), Just("E, ["), Just("web-1 "), Just("|"),
            Just("30-Nov-2026 "), Just("Mon Nov 30 "), Just(" 2026"), Just("PHP message: "), Just("+00:00"), Just("ü"), Just("\t"), Just("("), Just("9"),
        ], 0..14), text in "\\PC{0,40}") {
            let line = format!("{}{text}", parts.concat());
            let found = bare(&line);
            prop_assert!(found.text.len() <= line.len() && found.key.len() <= line.len());
            if let Some(header) = header(&line) {
                prop_assert!(line.ends_with(header.rest));
            }
        }
    }
}
