//! Wrapping, bounds, following, searching.

use super::{
    wrap::{Start, Wrap, columns},
    *,
};
use crate::{
    domain::{
        digest::Digest,
        feed::{FeedItem, Shot},
        text::clean,
    },
    tui::{motion::Motion, theme::Theme},
};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::Arc;
use unicode_segmentation::UnicodeSegmentation;

fn pieces() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        "[a-z]{1,12}",
        " {1,4}",
        "\n{1,3}",
        Just("```\n".to_owned()),
        Just("`".to_owned()),
        Just("- ".to_owned()),
        Just("12. ".to_owned()),
        Just("# ".to_owned()),
        Just("\t".to_owned()),
        "(日本|👩\u{200d}|👧|e|\u{301}|🇩🇪|\\*\\*){1,4}",
        "\\PC{0,6}",
    ];
    prop::collection::vec(piece.prop_map(|text| clean(&text).to_string()), 0..60)
}

fn thought(text: impl Into<String>) -> FeedItem {
    FeedItem::Thought(text.into())
}

proptest! {
    #[test]
    fn growing_wraps_as_the_whole_does(pieces in pieces(), width in 1usize..40) {
        let (mut text, mut grown) = (String::new(), Wrap::new(width, Start::Plain));
        for piece in &pieces {
            text.push_str(piece);
            grown.grow(&text);
        }
        let mut whole = Wrap::new(width, Start::Plain);
        whole.grow(&text);
        prop_assert_eq!(grown.rows(), whole.rows());
        prop_assert_eq!(grown.end(&text), whole.end(&text));
        grown.resize(width + 7, &text);
        let mut wider = Wrap::new(width + 7, Start::Plain);
        wider.grow(&text);
        prop_assert_eq!(grown.rows(), wider.rows());
    }

    #[test]
    fn rows_fit_and_lose_nothing_but_spaces(pieces in pieces(), width in 1usize..40) {
        let text = pieces.concat();
        let mut wrap = Wrap::new(width, Start::Plain);
        wrap.grow(&text);
        let mut kept = String::new();
        for row in wrap.rows() {
            let row_text = &text[row.range()];
            kept.push_str(row_text);
            let used = row_text.graphemes(true).fold(0, |used, piece| used + columns(piece, used));
            let one = row_text.trim_start().graphemes(true).count() <= 1;
            let has_tab = row_text.contains('\t');
            prop_assert!(one || has_tab || used + usize::from(row.indent) <= width, "{:?} in {}", row_text, width);
        }
        let letters = |text: &str| text.chars().filter(|c| !matches!(c, ' ' | '\n')).collect::<String>();
        prop_assert_eq!(letters(&kept), letters(&text));
    }

    #[test]
    fn any_keys_on_any_stream_stay_inside_the_pane(
        pieces in pieces(), keys in prop::collection::vec(0u8..14, 0..30),
        width in 0u16..40, height in 0u16..8,
    ) {
        let theme = Theme::default();
        let mut log = StreamLog::new(6_000);
        let mut pieces = pieces.into_iter().cycle();
        log.fit(width, height);
        for key in keys {
            let text = pieces.next().unwrap_or_default();
            match key {
                0 => log.go(Motion::Up),
                1 => log.go(Motion::Down),
                2 => log.go(Motion::PageUp),
                3 => log.go(Motion::PageDown),
                4 => log.go(Motion::Top),
                5 => log.go(Motion::Bottom),
                6 => log.toggle_tools(),
                7 => drop(log.toggle_row(height / 2)),
                8 => drop(log.search(&text)),
                9 => drop(log.next_match()),
                10 => log.fit(width / 2 + u16::from(key), height),
                11 => drop(log.push(&[FeedItem::Tool { name: "run".into(), brief: text }])),
                12 => drop(log.push(&[FeedItem::ToolDone { name: "run".into(), brief: text, ok: false }])),
                _ => drop(log.push(&[thought(text.repeat(40)), FeedItem::Text(text)])),
            }
            let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
            log.render(Rect::new(0, 0, width + 5, height + 5), &mut buf, &theme);
            for cell in &buf.content {
                prop_assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell);
            }
        }
    }
}

fn screen(log: &StreamLog, width: u16, height: u16) -> Vec<String> {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    log.render(buf.area, &mut buf, &Theme::default());
    let row = |y| (0..width).map(|x| buf[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(row).collect()
}

#[test]
fn memory_is_bounded_and_what_went_is_counted() {
    let mut log = StreamLog::default();
    log.fit(80, 10);
    for n in 0..200_000 {
        log.push(&[thought(format!("token{n}{}", if n % 10 == 9 { "\n" } else { " " }))]);
        assert!(log.bytes() <= STREAM_MOST, "{} bytes", log.bytes());
    }
    assert!(log.gone() > 10_000 && log.gone() < 20_000, "{}", log.gone());
    log.go(Motion::Top);
    assert!(
        screen(&log, 80, 1)[0].contains(&format!("… {} earlier lines are in the transcript", log.gone()))
    );
    log.go(Motion::Bottom);
    assert!(screen(&log, 80, 10)[9].contains("token199999"));
}

#[test]
fn one_endless_line_and_one_endless_piece_are_bounded_too() {
    let mut log = StreamLog::new(64 * 1024);
    log.push(&[FeedItem::Text("日".repeat(200_000))]);
    assert!(log.bytes() <= 64 * 1024, "{}", log.bytes());
    for _ in 0..4_000 {
        log.push(&[FeedItem::Text("word ".into())]);
    }
    assert!(log.bytes() <= 64 * 1024, "{}", log.bytes());
}

#[test]
fn pieces_join_and_shots_and_meters_do_not_show() {
    let mut log = StreamLog::default();
    log.fit(30, 3);
    assert!(!log.push(&[FeedItem::Shot(Arc::new(Shot { digest: Digest::of(b""), patch: String::new() }))]));
    assert!(log.is_empty());
    assert!(log.push(&[thought("\n\nfirst "), thought("half"), FeedItem::Text("said".into())]));
    assert_eq!(screen(&log, 30, 3), ["› first half", "  said", ""]);
}

#[test]
fn a_finished_tool_finds_its_call_in_order() {
    let mut log = StreamLog::default();
    log.fit(40, 4);
    let call = |brief: &str| FeedItem::Tool { name: "read".into(), brief: brief.into() };
    let end = |name: &str, brief: &str, ok| FeedItem::ToolDone { name: name.into(), brief: brief.into(), ok };
    log.push(&[
        call("a.rs"),
        call("b.rs"),
        end("read", "1 line", true),
        end("list", "no such folder", false),
    ]);
    let want = ["› read a.rs  ✓ ok 1 line", "› read b.rs …", "› list ✗ failed no such folder", ""];
    let squeezed: Vec<_> = screen(&log, 40, 4).iter().map(|row| row.replace("  ✓", " ✓")).collect();
    assert_eq!(squeezed, want.map(|row| row.replace("  ✓", " ✓")));
    assert!(log.toggle_row(0));
    assert!(!log.toggle_row(9), "nothing stands there");
    assert_eq!(screen(&log, 40, 4)[..2], ["› read a.rs", "  ✓ ok 1 line"]);
}

#[test]
fn what_one_reads_stays_while_more_comes_and_while_the_pane_changes() {
    let mut log = StreamLog::default();
    log.fit(20, 4);
    for n in 0..50 {
        log.push(&[FeedItem::Notice(format!("notice number {n} is here"))]);
    }
    log.go(Motion::PageUp);
    log.go(Motion::PageUp);
    let seen = screen(&log, 20, 4);
    assert!(!log.is_following());
    log.push(&[thought("more\nand\nmore\nagain")]);
    assert_eq!(screen(&log, 20, 4), seen);
    let number = |row: &str| row.chars().filter(char::is_ascii_digit).collect::<String>();
    let first = seen.iter().map(|row| number(row)).find(|digits| !digits.is_empty()).unwrap();
    log.fit(60, 4);
    assert_eq!(number(&screen(&log, 60, 4)[0]), first);
    log.go(Motion::Bottom);
    assert!(log.is_following());
    log.push(&[thought(" the end")]);
    assert_eq!(screen(&log, 60, 4)[3], "  again the end");
}

/// The number in the first row that has one.
fn first_number(rows: &[String]) -> usize {
    let digits = |row: &String| row.chars().filter(char::is_ascii_digit).collect::<String>();
    rows.iter().map(digits).find_map(|digits| digits.parse().ok()).unwrap()
}

#[test]
fn a8_a_held_pane_scrolls_by_a_third_at_once_and_always_shows_the_newest_row() {
    let mut log = StreamLog::default();
    log.fit(20, 9);
    let line = |n: usize| [FeedItem::Notice(format!("line {n}"))];
    let (mut top, mut moved) = (None, 0);
    for n in 0..90 {
        log.push(&line(n));
        log.hold();
        let rows = screen(&log, 20, 9);
        assert!(log.is_following() && rows.iter().any(|row| row.ends_with(&format!("line {n}"))), "{rows:?}");
        let now = first_number(&rows);
        moved += usize::from(top.is_some_and(|top| top != now));
        assert!(top.is_none_or(|top| top == now || now >= top + 3), "from {top:?} to {now} at once");
        top = Some(now);
    }
    assert!((20..=30).contains(&moved), "{moved} times for 81 lines that did not fit");
    // Many lines in one piece, another size, and a row on top that is no more kept: the newest row is still there.
    for n in 100..150 {
        log.push(&line(n));
    }
    log.hold();
    assert!(screen(&log, 20, 9).iter().any(|row| row.ends_with("line 149")));
    log.fit(11, 4);
    log.hold();
    assert!(screen(&log, 11, 4).iter().any(|row| row.ends_with("line 149")));
    // Whoever reads back is not moved by it.
    log.go(Motion::PageUp);
    let seen = screen(&log, 11, 4);
    log.push(&line(200));
    log.hold();
    assert_eq!(screen(&log, 11, 4), seen);
    log.go(Motion::Bottom);
    log.hold();
    assert!(screen(&log, 11, 4).iter().any(|row| row.ends_with("line 200")));
}

#[test]
fn a_held_row_that_is_gone_is_let_go() {
    let mut log = StreamLog::new(2_000);
    log.fit(40, 6);
    for n in 0..500 {
        log.push(&[FeedItem::Notice(format!("{n} {}", "word ".repeat(n % 90)))]);
        if n % 7 == 0 {
            log.hold();
        }
        let rows = screen(&log, 40, 6);
        assert!(rows.iter().any(|row| !row.is_empty()), "an empty pane after {n}");
    }
    assert!(log.gone() > 0);
    log.push(&[FeedItem::Notice("the last".into())]);
    log.hold();
    assert!(screen(&log, 40, 6).iter().any(|row| row.contains("the last")));
}

#[test]
fn a_search_goes_round() {
    let mut log = StreamLog::default();
    log.fit(20, 3);
    for n in 0..30 {
        log.push(&[FeedItem::Notice(format!("Row {n}"))]);
    }
    assert!(log.search("row 1"));
    assert_eq!((log.match_count(), log.searching()), ((11, 11), Some("row 1")));
    assert!(screen(&log, 20, 3).contains(&"! Row 19".to_owned()));
    assert!(log.next_match() && log.match_count() == (1, 11));
    assert!(screen(&log, 20, 3).contains(&"! Row 1".to_owned()));
    assert!(log.prev_match() && log.match_count() == (11, 11));
    assert!(!log.search("ROW"));
    assert!(!log.search("") && log.searching().is_none());
}

#[test]
fn a_search_finds_text_inside_folded_calls_and_across_rows() {
    let mut log = StreamLog::default();
    log.fit(14, 4);
    let call = FeedItem::Tool { name: "run".into(), brief: "test".into() };
    log.push(&[call, FeedItem::ToolDone { name: "run".into(), brief: "needle inside".into(), ok: true }]);
    assert!(log.search("needle in"));
    assert!(screen(&log, 14, 4).concat().contains("needle"));
}

#[test]
fn missed_pieces_are_said() {
    let mut log = StreamLog::default();
    log.fit(80, 1);
    log.missed(0);
    assert!(log.is_empty());
    log.missed(7);
    assert!(screen(&log, 80, 1)[0].contains("7 pieces came too fast"));
}
