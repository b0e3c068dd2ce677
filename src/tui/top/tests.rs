//! The page at several sizes, and what leaves it.

use super::*;
use ratatui::{buffer::Buffer, layout::Rect};

fn sheet(missions: usize) -> Sheet {
    let figure = |name: &str, value: &str, tone| Figure { name: name.into(), value: value.into(), tone };
    let line = |n: usize| Line {
        cells: vec![
            format!("M-{n}"),
            "draft".into(),
            "$0.12".into(),
            "01:42".into(),
            "Checkout returns 500 when the cart is empty, and more words than fit".into(),
        ],
        tone: Tone::Busy,
    };
    let table = |title: &str, none: &str, lines: Vec<Line>| Table {
        title: title.into(),
        columns: ["phase", "spent", "age", "what"].map(str::to_owned).to_vec(),
        lines,
        none: none.into(),
    };
    let incident = Line {
        cells: vec!["I-7".into(), "P1".into(), "open".into(), "web: 日本語 漢字 is down".into()],
        tone: Tone::Bad,
    };
    Sheet {
        place: "unix:/srv/chimera/api.sock".into(),
        at: "10:40:00".into(),
        lost: None,
        figures: vec![
            figure("status", "ok", Tone::Good),
            figure("up", "3 h 20 min", Tone::Plain),
            figure("pool", "5", Tone::Plain),
            figure("queued", "2", Tone::Plain),
            figure("waiting", "1", Tone::Waits),
            figure("today", "$0.42 of $50", Tone::Plain),
        ],
        tables: vec![
            table("MISSIONS", "none goes on", (1..=missions).map(line).collect()),
            table("INCIDENTS", "nothing is wrong", vec![incident]),
            table("REQUESTS", "nobody waits", Vec::new()),
        ],
    }
}

fn drawn(sheet: &Sheet, columns: u16, rows: u16) -> Vec<String> {
    let theme = Theme::named("dark").unwrap();
    let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
    draw::draw(sheet, &theme, &mut buf);
    let row = |y: u16| {
        let mut text = String::new();
        let mut skip = 0;
        for x in 0..columns {
            let symbol = buf[(x, y)].symbol();
            if skip == 0 {
                text.push_str(symbol);
                skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        text.trim_end().to_owned()
    };
    (0..rows).map(row).collect()
}

#[test]
fn d3_the_page_fits_80_by_24_and_says_what_does_not() {
    let page = drawn(&sheet(30), 80, 24);
    let text = page.join("\n");
    assert!(page[0].starts_with("CHIMERA TOP  10:40:00  unix:/srv/chimera/api.sock"), "{text}");
    for part in [
        "status ok",
        "pool 5",
        "today $0.42 of $50",
        "MISSIONS 30",
        "M-1 ",
        "more",
        "INCIDENTS 1",
        "I-7",
        "日本語",
        "REQUESTS 0",
        "nobody waits",
        "q leaves",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(page.iter().any(|line| line.ends_with('…')), "what is cut is said to be: {text}");
    insta::assert_snapshot!("top_80x24", drawn(&sheet(3), 80, 24).join("\n"));
}

#[test]
fn d3_the_page_is_drawn_at_every_size_and_says_when_there_is_no_room() {
    for columns in (1..=130).step_by(3) {
        for rows in (1..=45).step_by(2) {
            let page = drawn(&sheet(12), columns, rows);
            assert_eq!(page.len(), usize::from(rows));
        }
    }
    assert!(drawn(&sheet(1), 30, 24)[0].starts_with("too small"));
    assert!(drawn(&sheet(1), 80, 5)[0].starts_with("too small"));
    let wide = drawn(&sheet(12), 200, 60).join("\n");
    assert!(wide.contains("M-12") && wide.contains("more words than fit"), "{wide}");
}

#[test]
fn d3_a_line_that_is_lost_is_said_and_the_last_look_stays() {
    let place = format!("unix:/{}/api.sock", "a-long-way/".repeat(12));
    let lost = Sheet { lost: Some("Connection refused".into()), place, ..sheet(1) };
    for columns in [40, 80, 200] {
        let page = drawn(&lost, columns, 24);
        assert!(page[0].starts_with("CHIMERA TOP  LINE LOST  as of 10:40:00"), "{page:?}");
        assert!(columns == 40 || page[0].ends_with("/api.sock"), "of a place the end is seen: {page:?}");
        assert!(columns == 40 || page[1].ends_with("Connection refused"), "{page:?}");
        let page = page.join("\n");
        assert!(page.contains("status ok?") && page.contains("M-1"), "what was is no news: {page}");
    }
}

#[test]
fn d3_an_unchanged_page_costs_no_byte() {
    let theme = Theme::named("dark").unwrap();
    let mut screen = Screen::new(80, 24);
    let mut frame = |sheet: &Sheet| {
        let bytes = screen.frame(|buf| {
            draw::draw(sheet, &theme, buf);
            None
        });
        bytes.unwrap().len()
    };
    assert!(frame(&sheet(3)) > 500);
    assert_eq!(frame(&sheet(3)), 0);
    assert!(frame(&Sheet { at: "10:40:01".into(), ..sheet(3) }) < 100, "a second costs a digit");
}

#[test]
fn d3_q_escape_and_the_usual_keys_leave_and_others_do_not() {
    let key = |code, modifiers| Key { code, modifiers };
    for (code, modifiers) in [
        (KeyCode::Char('q'), KeyModifiers::NONE),
        (KeyCode::Esc, KeyModifiers::NONE),
        (KeyCode::Char('c'), KeyModifiers::CONTROL),
        (KeyCode::Char('d'), KeyModifiers::CONTROL),
    ] {
        assert!(leaves(key(code, modifiers)), "{code:?}");
    }
    for code in [KeyCode::Char('x'), KeyCode::Enter, KeyCode::Char('c')] {
        assert!(!leaves(key(code, KeyModifiers::NONE)), "{code:?}");
    }
}
