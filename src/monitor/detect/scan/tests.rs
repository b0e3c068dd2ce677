//! Lines as many systems write them, and their levels; and what must hold for any bytes.

use super::{ID_MOST, Level, Scanner};
use proptest::prelude::*;
use std::sync::LazyLock;

static READY: LazyLock<Scanner> = LazyLock::new(Scanner::new);
/// Looks at every line.
static WITHOUT_SEARCH: LazyLock<Scanner> = LazyLock::new(|| Scanner { search: None, ..Scanner::new() });

const CRASH: &[&str] = &[
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "thread 'main' panicked at src/main.rs:4:5:",
    "fatal error: concurrent map writes",
    "[1234.5] java[77]: segfault at 0 ip 00007f sp 00007f error 4 in libc.so",
    "Nov 28 10:00:00 web-1 kernel: Out of memory: Killed process 4242 (java) total-vm:8123456kB",
    "<6>[12345.678] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)",
    "Segmentation fault (core dumped)",
    "Kernel panic - not syncing: VFS",
    "F0312 10:00:00.000000       1 main.go:12] cannot start",
    "2026-01-02 03:04:05 UTC [17] PANIC:  could not write to file",
    "2026-01-02 ERROR o.e.App - java.lang.OutOfMemoryError: Java heap space",
    "terminate called after throwing an instance of 'std::bad_alloc'",
    "thread 'worker' has overflowed its stack",
    "{\"level\":\"error\",\"msg\":\"panic: boom\"}",
];

const ERROR: &[&str] = &[
    "2026-01-02T03:04:05Z ERROR shop::cart cannot load cart 7",
    "ERROR:root:something broke",
    "[2026-01-02] [error] 12#0: *7 connect() failed",
    "2026/01/02 03:04:05 [crit] 12#0: disk",
    "2026/01/02 03:04:05 [emerg] 1#1: bind() failed",
    "[Fri Jan 02 03:04:05 2026] [core:error] [pid 7] AH00126: bad URI",
    "2026-01-02 03:04:05 UTC [17] ERROR:  relation \"cart\" does not exist",
    "2026-01-02 03:04:05 UTC [17] FATAL:  too many connections",
    "2026-01-02T03:04:05.1Z 0 [ERROR] [MY-010119] [Server] Aborting",
    "E0312 10:00:00.000000       1 reflector.go:127] watch failed",
    "level=error msg=\"cannot reach peer\" user=7",
    "ts=2026-01-02 lvl=crit component=db",
    "time=x level=ERROR",
    "{\"level\":50,\"msg\":\"request failed\"}",
    "{\"level\": 60, \"msg\": \"gone\"}",
    "{\"severity\":\"ERROR\",\"message\":\"x\"}",
    "{\"PRIORITY\":\"3\",\"MESSAGE\":\"unit failed\"}",
    "{\"version\":\"1.1\",\"short_message\":\"no disk\",\"level\":3}",
    "{\"log\":\"E0312 10:00:00.000000       1 x.go:1] watch ended\\n\",\"stream\":\"stderr\"}",
    "\u{1b}[31mE0312 10:00:00.000000       1 x.go:1] watch ended",
    "{\"log\":\"ERROR something broke\\n\",\"stream\":\"stderr\"}",
    "{\"log\":\"{\\\"level\\\":50,\\\"msg\\\":\\\"x\\\"}\\n\",\"stream\":\"stdout\"}",
    "{\"msg\":\"request done\",\"err\":{\"message\":\"refused\"}}",
    "<11>Jan  2 03:04:05 host app: cannot start",
    "<3>cannot mount",
    "Traceback (most recent call last):",
    "Exception in thread \"main\" java.lang.IllegalStateException: closed",
    "java.io.IOException: broken pipe",
    "TypeError: x is not a function",
    "redis.exceptions.ConnectionError: refused",
    "SEVERE: Servlet threw exception",
    "10:00AM ERR cannot open file=x",
    "10:00AM FTL giving up",
    "error[E0382]: borrow of moved value",
    "error: could not compile",
    "fail: Microsoft.AspNetCore[13] unhandled",
    "sshd[12]: error: kex protocol error",
    "an error occurred while saving the cart",
    "postfix/smtpd[7]: fatal: no SASL",
    "http: panic serving 10.0.0.7:1: runtime error: index out of range",
    "\u{1b}[31mERROR\u{1b}[0m cannot load",
    "E, [2026-01-02T03:04:05 #7] ERROR -- : boom",
    "2 errors found",
];

const WARN: &[&str] = &[
    "2026-01-02 WARN slow query",
    "W0312 10:00:00.000000       1 x.go:1] slow",
    "level=warning msg=slow",
    "{\"level\":40,\"msg\":\"slow\"}",
    "<4>slow disk",
    "10:00AM WRN slow",
    "warning: unused variable",
];

const OTHER: &[&str] = &[
    "2026-01-02 INFO request done, 0 errors",
    "2026-01-02 INFO retrying after java.io.IOException: reset",
    "build finished with 0 errors and 0 warnings shown",
    "no errors found",
    "done error_count=0 took=3ms",
    "done errors=0",
    "done error=null",
    "error=<nil> took 3",
    "error_log_path is /var/log/error.log",
    "GET /errors/404 200",
    "GET /api/error-report 200",
    "the error rate is fine",
    "terror alerts mirrored",
    "level=info msg=\"there was an ERROR once\"",
    "{\"level\":\"info\",\"error\":null,\"msg\":\"error page rendered\"}",
    "{\"level\":30,\"msg\":\"panic: button pressed\"}",
    "{\"took\":3}",
    "DEBUG panic: handler registered",
    "I0312 10:00:00.000000       1 x.go:1] error budget is fine",
    "<6>all is well",
    "completed without error",
    "NO ERROR",
    "do not panic",
    "",
    "{",
    "level=3 error free",
    "{\"msg\":\"<3>x\"}",
    "{\"level\":50.5,\"msg\":\"x\"}",
    "[notice] signal 15 (SIGTERM) received, error log reopened",
];

#[test]
fn every_system_is_understood() {
    let scanner = &*READY;
    for (level, lines) in
        [(Level::Crash, CRASH), (Level::Error, ERROR), (Level::Warn, WARN), (Level::Other, OTHER)]
    {
        for line in lines {
            assert_eq!(scanner.look(line).level, level, "{line:?}");
        }
    }
}

#[test]
fn the_search_finds_whole_lines_in_their_order() {
    let scanner = &*READY;
    let quiet = ["all is well", "I am 1", "served 200 in 3ms"];
    let mut chunk = String::new();
    let mut want = Vec::new();
    for (n, line) in CRASH.iter().chain(ERROR).chain(WARN).enumerate() {
        chunk.push_str(quiet[n % quiet.len()]);
        chunk.push('\n');
        chunk.push_str(line);
        chunk.push_str(if n % 2 == 0 { "\n" } else { "\r\n" });
        want.push(*line);
    }
    let found: Vec<_> =
        scanner.candidates(chunk.as_bytes()).map(|line| std::str::from_utf8(line).unwrap()).collect();
    assert_eq!(found, want);
    let last = scanner.candidates(b"all is well\nERROR no end").next();
    assert_eq!(last, Some(&b"ERROR no end"[..]));
    assert_eq!(scanner.candidates(b"").count() + scanner.candidates(b"\n\n").count(), 0);
}

#[test]
fn structured_lines_tell_message_user_and_request() {
    let scanner = &*READY;
    let told = |line: &str| {
        let seen = scanner.look(line);
        let word = |clean: Option<crate::domain::text::Clean>| clean.map(String::from).unwrap_or_default();
        (seen.message.unwrap_or_default(), word(seen.user), word(seen.request))
    };
    let all = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    for (line, want) in [
        (
            "{\"level\":\"error\",\"msg\":\"no cart\",\"user_id\":7,\"request_id\":\"r-1\"}",
            all("no cart", "7", "r-1"),
        ),
        (
            "{\"level\":50,\"req\":{\"id\":1},\"user\":{\"id\":\"u7\"},\"err\":{\"message\":\"refused\"}}",
            all("refused", "u7", ""),
        ),
        (
            "level=error msg=\"no \\\"cart\\\" here\" uid=7 trace_id=ab12",
            all("no \"cart\" here", "7", "ab12"),
        ),
        ("ERROR cannot save cart customer=acme, request_id=9", all("", "acme", "9")),
        ("level=error msg=x user=null request_id=-", all("x", "", "")),
        ("{\"log\":\"level error\\n\",\"stream\":\"stderr\"}", all("level error", "", "")),
    ] {
        assert_eq!(told(line), want, "{line}");
    }
    let long = format!("level=error user={} msg=x", "u".repeat(500));
    assert_eq!(scanner.look(&long).user.unwrap().chars().count(), ID_MOST);
    let hostile =
        scanner.look("{\"level\":\"error\",\"user\":\"a\\u001b]52;c;x\\u0007b\\nc\"}").user.unwrap();
    assert_eq!(&*hostile, "ab c");
}

/// Lines made of what decides about levels.
fn pieces() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "error",
        "Error",
        "ERROR",
        "err",
        "ERR",
        "Err",
        "[",
        "]",
        "<",
        ">",
        ":",
        " ",
        " ",
        "=",
        "\"",
        "|",
        "(",
        ")",
        ".",
        "_",
        "warn",
        "WARN",
        "WRN",
        "FTL",
        "Warning",
        "panic: ",
        "PANIC",
        "fatal",
        "FATAL",
        "crit",
        "critical",
        "alert",
        "Alert",
        "emerg",
        "severe",
        "SEVERE",
        "level",
        "level=",
        "lvl=",
        "\"level\":",
        "50",
        "3",
        "<3>",
        "E0312 1",
        "F0312 1",
        "W0312 1",
        "no ",
        "0 ",
        "info",
        "INFO",
        "{",
        "}",
        ",",
        "Exception",
        "java.io.IO",
        "Traceback (most recent call last)",
        "segfault at ",
        "OutOfMemoryError",
        "fail: ",
        "Out of memory: Kill",
        "priority=",
        "\"priority\":",
        "\"short_message\":",
        "\"msg\":",
        "\"err\":",
        "{\"log\":\"",
        "\"error\":",
        "x",
        "é",
        "\t",
    ]);
    proptest::collection::vec(word, 0..14).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn the_search_never_throws_away_what_the_look_would_keep(line in pieces()) {
        let scanner = &*READY;
        let all = &*WITHOUT_SEARCH;
        prop_assert_eq!(scanner.look(&line), all.look(&line));
    }

    #[test]
    fn any_chunk_gives_lines_of_it(bytes in proptest::collection::vec(any::<u8>(), 0..400), words in proptest::collection::vec(pieces(), 0..6)) {
        let scanner = &*READY;
        let mut chunk = bytes;
        for word in &words {
            chunk.extend_from_slice(word.as_bytes());
            chunk.push(b'\n');
        }
        let lines: Vec<&[u8]> = chunk.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
        let found: Vec<&[u8]> = scanner.candidates(&chunk).collect();
        let mut rest = lines.iter();
        for line in &found {
            prop_assert!(rest.any(|other| other == line), "not a line, or not in its order");
        }
        let wanted = lines.iter().filter(|line| scanner.may_matter(&String::from_utf8_lossy(line))).count();
        prop_assert!(found.len() >= wanted.min(lines.len()) || found.len() == wanted);
    }

    #[test]
    fn any_text_is_looked_at(line in any::<String>()) {
        let seen = WITHOUT_SEARCH.look(&line);
        prop_assert!(seen.user.is_none_or(|user| user.chars().count() <= ID_MOST));
    }
}

#[test]
fn a_long_line_is_cut() {
    let scanner = &*READY;
    let far = format!("{} ERROR boom", "é".repeat(16 * 1024));
    assert_eq!(scanner.look(&far).level, Level::Other);
    assert_eq!(scanner.look(&format!("ERROR {far}")).level, Level::Error);
}
