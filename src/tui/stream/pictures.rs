//! Pictures of streams: text and roles.

use super::*;
use crate::{
    domain::feed::FeedItem,
    tui::{
        motion::Motion,
        theme::{Depth, Theme, picture::picture},
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

fn tool(name: &str, brief: &str) -> FeedItem {
    FeedItem::Tool { name: name.into(), brief: brief.into() }
}

fn done(name: &str, brief: &str, ok: bool) -> FeedItem {
    FeedItem::ToolDone { name: name.into(), brief: brief.into(), ok }
}

fn items() -> Vec<FeedItem> {
    vec![
        FeedItem::Said("Checkout returns 500 when the cart is empty.".into()),
        FeedItem::Thought("The sum of an empty cart ".into()),
        FeedItem::Thought("divides by `n`, which is **zero** there.\n".into()),
        tool("read", "src/cart.rs"),
        done("read", "48 lines", true),
        tool("run", "cargo test --workspace --all-features empty_cart"),
        done("run", "1 of 9 tests failed", false),
        FeedItem::Notice("rate limited; next try in 2 s".into()),
        tool("edit", "src/cart.rs"),
        FeedItem::Text(
            "# Plan\n- guard before the division, so that no caller has to know\n- test\n\n".into(),
        ),
        FeedItem::Text("```rust\nif n == 0 { return 0; }\n```\nDone.\n".into()),
    ]
}

fn log(items: &[FeedItem], (width, height): (u16, u16)) -> StreamLog {
    let mut log = StreamLog::default();
    log.fit(width, height);
    log.push(items);
    log
}

fn draw(log: &StreamLog, (width, height): (u16, u16), theme: &Theme) -> String {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    log.render(buf.area, &mut buf, theme);
    picture(&buf, theme)
}

#[test]
fn every_sort_of_item() {
    let size = (46, 20);
    insta::assert_snapshot!(draw(&log(&items(), size), size, &Theme::default()));
}

#[test]
fn tool_calls_open() {
    let size = (46, 22);
    let mut log = log(&items(), size);
    log.toggle_tools();
    insta::assert_snapshot!(draw(&log, size, &Theme::default().at(Depth::Mono)));
}

#[test]
fn a_small_pane_follows_the_end_and_can_leave_it() {
    let size = (30, 4);
    let mut log = log(&items(), size);
    let end = draw(&log, size, &Theme::default());
    log.go(Motion::PageUp);
    insta::assert_snapshot!(end + &draw(&log, size, &Theme::default()));
}

#[test]
fn wide_and_joined_characters() {
    let text = "日本語のとても長い行です。 👩\u{200d}👩\u{200d}👧 e\u{301}te\u{301}\n- 箇条書きの長い行\ttab";
    let size = (20, 8);
    insta::assert_snapshot!(draw(&log(&[FeedItem::Text(text.into())], size), size, &Theme::default()));
}

#[test]
fn a_search_shows_every_match_and_where_one_is() {
    let size = (46, 8);
    let mut log = log(&items(), size);
    assert!(log.search("cart"));
    log.prev_match();
    insta::assert_snapshot!(draw(&log, size, &Theme::default()));
}

#[test]
fn what_is_gone_is_counted() {
    let size = (50, 3);
    let mut log = StreamLog::new(4_096);
    log.fit(size.0, size.1);
    for n in 0..100 {
        log.push(&[FeedItem::Notice(format!("notice {n}"))]);
    }
    log.go(Motion::Top);
    insta::assert_snapshot!(draw(&log, size, &Theme::default()));
}
