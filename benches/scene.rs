//! The screen as benches show it: one mission, two teams, streams and patches of known length.

use crate::engine::House;
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
        BriefDefaults, Chosen, Manner, Ports, TuiOptions,
        app::{Action, App, Moment},
        keymap::Keymap,
        shot::Highlighter,
        theme::Theme,
    },
};
use futures::FutureExt;
use std::{fmt::Write, sync::Arc};

/// The size that everything is measured at.
pub const SIZE: (u16, u16) = (160, 48);
/// Words that fill a stream to its bound.
pub const WORDS: &str =
    "The cart's total is summed before the guard runs, so an empty cart divides by 0; `sum` is fine.\n";

/// A patch of so many lines over files of 500 lines each, in hunks of 50.
pub fn patch(lines: usize) -> String {
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

fn options() -> TuiOptions {
    TuiOptions {
        repo: "/srv/shop".into(),
        branch: "main".into(),
        at: String::new(),
        prefill: None,
        keymap: Chosen { name: "default".into(), ..Chosen::default() },
        theme: Chosen { name: "dark".into(), ..Chosen::default() },
        manner: Manner::default(),
        defaults: Arc::new(BriefDefaults { teams: vec![], budget: Money::usd(5), repo: "/srv/shop".into() }),
        widths: vec![40, 80, 120],
        notice: String::new(),
        ports: Ports {
            editor: Arc::new(|words| async { Ok(words) }.boxed()),
            files: Arc::new(|| async { Vec::new() }.boxed()),
            ready: Arc::new(|| async { Ok(()) }.boxed()),
            attach: Arc::new(|_| async { Err(String::new()) }.boxed()),
            picture: Arc::new(|_| async { Ok(None) }.boxed()),
            weigh: Arc::new(|_, _| async { Vec::new() }.boxed()),
            shell: None,
            voice: None,
            book: Arc::new(|| async { Err(String::new()) }.boxed()),
            change: Arc::new(|_| async { Err(String::new()) }.boxed()),
            vendor: Arc::new(|_| async { Err(String::new()) }.boxed()),
            keep: Arc::new(|_, _| async { Err(String::new()) }.boxed()),
            looks: None,
            clock: Arc::new(|| Timestamp(1_790_000_000_000)),
        },
    }
}

/// A screen that has heard nothing of the house yet.
pub fn empty() -> App {
    let options = options();
    let keymap = Keymap::load(&options.keymap.name, None).unwrap();
    let mut app = App::new(&options, keymap, Theme::named("dark").unwrap(), SIZE);
    app.channels.paint_with(Highlighter::new(|| {}));
    app
}

/// A screen with one mission at work and nothing in its channels.
pub fn bare() -> App {
    let mut app = empty();
    app.on(Action::State(Arc::new(House::at_work(1).state)), now(0));
    app
}

/// The screen with one mission, two teams, their streams at their bounds and a patch each.
pub fn full() -> App {
    let mut app = bare();
    let shot = Arc::new(Shot { digest: Digest::of(b"1"), patch: patch(1_000) });
    for team in [1, 2] {
        let mut items: Vec<FeedItem> = (0..6_000).map(|_| FeedItem::Text(WORDS.into())).collect();
        items.push(FeedItem::Shot(shot.clone()));
        feed(&mut app, team, items);
    }
    app
}

/// A moment, so many milliseconds after the start.
pub fn now(n: u32) -> Moment {
    Moment { mono: Millis(u64::from(n)), wall: Timestamp(1_790_000_000_000 + i64::from(n)) }
}

/// What a team's stream brings.
pub fn feed(app: &mut App, team: u8, items: Vec<FeedItem>) {
    let channel = Channel { mission: MissionId(1), team: Some(TeamId(team)) };
    app.on(Action::Feed(channel, Batch { items, next: 1, lost: 0 }), now(1));
}
