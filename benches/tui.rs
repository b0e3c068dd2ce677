//! Drawing: a long patch parsed and shown, scrolled, and the whole screen with two channels full of words.

use crate::{
    engine::House,
    harness::{pair, timed, times},
};
use chimera::{
    domain::{
        digest::Digest,
        feed::{Channel, FeedItem, Shot},
        ids::{MissionId, TeamId},
        money::Money,
        time::{Millis, Timestamp},
    },
    runtime::feeds::Batch,
    tui::{
        BriefDefaults, Chosen, Ports, TuiOptions,
        app::{Action, App, Moment},
        keymap::Keymap,
        motion::Motion,
        shot::{DiffDoc, Highlighter, ShotView},
        stream::StreamLog,
        terminal::Screen,
        theme::Theme,
        view,
    },
};
use futures::FutureExt;
use ratatui::{buffer::Buffer, layout::Rect};
use std::{fmt::Write, hint::black_box, sync::Arc};

/// The size that everything is measured at.
const SIZE: (u16, u16) = (160, 48);
/// Screens scrolled in one run.
const SCROLLS: u32 = 200;
/// Frames of one run.
const FRAMES: u32 = 100;
/// Words that fill a stream to its bound.
const WORDS: &str =
    "The cart's total is summed before the guard runs, so an empty cart divides by 0; `sum` is fine.\n";

/// A patch of so many lines over files of 500 lines each, in hunks of 50.
fn patch(lines: usize) -> String {
    let mut text = String::new();
    for file in 0..lines / 500 {
        let _ = write!(
            text,
            "diff --git a/src/f{file}.rs b/src/f{file}.rs\nindex 0..1 100644\n--- a/src/f{file}.rs\n+++ b/src/f{file}.rs\n"
        );
        for hunk in 0..10 {
            let at = hunk * 100 + 1;
            let _ = writeln!(text, "@@ -{at},35 +{at},35 @@ fn f{hunk}()");
            for line in 0..5 {
                let _ = writeln!(
                    text,
                    "     let total_{line} = items.iter().map(|item| item.price).sum::<u64>();"
                );
                for n in 0..3 {
                    let _ = writeln!(
                        text,
                        "-    let mean = total_{line} / items.len() as u64 + {n}; // divides by 0"
                    );
                }
                for n in 0..3 {
                    let _ = writeln!(
                        text,
                        "+    let mean = total_{line}.checked_div(items.len() as u64 + {n})?;"
                    );
                }
                for n in 0..3 {
                    let _ = writeln!(text, "     println!(\"{{mean}} of {n}\");");
                }
            }
        }
    }
    text
}

fn long_patch() {
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let theme = Theme::named("dark").unwrap();
    let text = patch(10_000);
    let lines = || timed(|| text.clone().into_bytes().split(|byte| *byte == b'\n').map(<[u8]>::len).max());
    let value = || {
        let highlighter = Highlighter::new(|| {});
        timed(|| {
            let mut view = ShotView::new(Some(highlighter));
            view.fit(area.width, area.height);
            view.show(&Shot { digest: Digest::of(b"1"), patch: text.clone() });
            let mut buffer = Buffer::empty(area);
            view.render(area, &mut buffer, &theme);
            buffer
        })
    };
    times(
        "patch of 10,000 lines: parsed, first screen drawn",
        &pair(value, lines),
        "<= 16 ms (floor: split into lines)",
    );
    let mut view = ShotView::new(Some(Highlighter::new(|| {})));
    view.fit(area.width, area.height);
    view.show_doc(DiffDoc::parse(&patch(100_000)));
    let mut buffer = Buffer::empty(area);
    let blank = || timed(|| (0..SCROLLS).for_each(|_| black_box(Buffer::empty(area)).reset())) / SCROLLS;
    let scroll = || {
        view.go(Motion::Top);
        timed(|| {
            for _ in 0..SCROLLS {
                view.go(Motion::PageDown);
                buffer.reset();
                view.render(area, &mut buffer, &theme);
            }
        }) / SCROLLS
    };
    times(
        "patch of 100,000 lines: a page scrolled and drawn",
        &pair(scroll, blank),
        "<= 16 ms (floor: a blank screen)",
    );
}

fn options() -> TuiOptions {
    TuiOptions {
        repo: "/srv/shop".into(),
        branch: "main".into(),
        prefill: None,
        keymap: Chosen { name: "default".into(), file: None },
        theme: Chosen { name: "dark".into(), file: None },
        defaults: Arc::new(BriefDefaults { teams: vec![], budget: Money::usd(5), repo: "/srv/shop".into() }),
        notice: String::new(),
        ports: Ports {
            editor: Arc::new(|words| async { Ok(words) }.boxed()),
            files: Arc::new(|| async { Vec::new() }.boxed()),
            ready: Arc::new(|| async { Ok(()) }.boxed()),
            attach: Arc::new(|_| async { Err(String::new()) }.boxed()),
            shell: None,
            clock: Arc::new(|| Timestamp(1_790_000_000_000)),
        },
    }
}

/// The screen with one mission, two teams, their streams at their bounds and a patch each.
fn full() -> App {
    let options = options();
    let keymap = Keymap::load(&options.keymap.name, None).unwrap();
    let mut app = App::new(&options, keymap, Theme::named("dark").unwrap(), SIZE);
    app.channels.paint_with(Highlighter::new(|| {}));
    app.on(Action::State(Arc::new(House::at_work(1).state)), now(0));
    let shot = Arc::new(Shot { digest: Digest::of(b"1"), patch: patch(1_000) });
    for team in [1, 2] {
        let mut items: Vec<FeedItem> = (0..6_000).map(|_| FeedItem::Text(WORDS.into())).collect();
        items.push(FeedItem::Shot(shot.clone()));
        feed(&mut app, team, items);
    }
    app
}

fn now(n: u32) -> Moment {
    Moment { mono: Millis(u64::from(n)), wall: Timestamp(1_790_000_000_000 + i64::from(n)) }
}

fn feed(app: &mut App, team: u8, items: Vec<FeedItem>) {
    let channel = Channel { mission: MissionId(1), team: Some(TeamId(team)) };
    app.on(Action::Feed(channel, Batch { items, next: 1, lost: 0 }), now(1));
}

fn frames() {
    let mut app = full();
    let mut screen = Screen::new(SIZE.0, SIZE.1);
    let mut other = Screen::new(SIZE.0, SIZE.1);
    let mut bytes = 0;
    let mut value = || {
        timed(|| {
            for _ in 0..FRAMES {
                for team in [1, 2] {
                    feed(&mut app, team, vec![FeedItem::Text(WORDS.into())]);
                }
                view::fit(&mut app);
                bytes += screen.frame(|buffer| view::draw(&app, buffer)).unwrap().len();
            }
        }) / FRAMES
    };
    let floor =
        || timed(|| (0..FRAMES).map(|_| other.frame(|_| None).unwrap().len()).sum::<usize>()) / FRAMES;
    times(
        "a frame of screen 1, a line more in each full channel",
        &pair(&mut value, floor),
        "<= 16 ms (floor: a blank frame)",
    );
    println!("  {} bytes to the terminal a frame", bytes / (FRAMES as usize * 8));
}

fn streams() {
    let log = || {
        let mut log = StreamLog::default();
        log.fit(80, 20);
        log.push(&(0..6_000).map(|_| FeedItem::Text(WORDS.into())).collect::<Vec<_>>());
        log
    };
    let mut full = log();
    let items = [FeedItem::Text(WORDS.into())];
    let value = || timed(|| (0..FRAMES).filter(|_| full.push(&items)).count()) / FRAMES;
    let floor = || timed(|| (0..FRAMES).for_each(|_| drop(black_box(WORDS.to_owned())))) / FRAMES;
    times("a line into a full thought stream", &pair(value, floor), "(floor: the line copied)");
}

pub fn measure() {
    long_patch();
    frames();
    streams();
}
