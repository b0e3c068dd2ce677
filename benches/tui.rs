//! Drawing: a long patch parsed and shown, scrolled, and the whole screen with two channels full of words.

use crate::{
    engine::House,
    harness::{pair, timed, times},
    scene::{SIZE, WORDS, empty, feed, full, now, patch},
};
use chimera::{
    domain::{
        candidate::{Candidate, CommitId, DiffStat},
        digest::Digest,
        feed::{FeedItem, Shot},
        ids::{Revision, TeamId},
    },
    tui::{
        app::Action,
        commands::CommandId,
        compare::Alignment,
        motion::Motion,
        sheets::Sheet,
        shot::{DiffDoc, Highlighter, Manner, ShotView},
        stream::StreamLog,
        task::{Done, Task},
        terminal::Screen,
        theme::Theme,
        view,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{hint::black_box, sync::Arc};

/// Screens scrolled in one run.
const SCROLLS: u32 = 200;
/// Frames of one run.
const FRAMES: u32 = 100;
fn long_patch(lines: usize) {
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let theme = Theme::named("dark").unwrap();
    let shot = Arc::new(Shot { digest: Digest::of(b"1"), patch: patch(lines) });
    let blank = || timed(|| Buffer::empty(area));
    let first = || {
        let mut view = ShotView::new(Some(Highlighter::new(|| {})));
        timed(|| {
            view.fit(area.width, area.height);
            view.show(&shot);
            let mut buffer = Buffer::empty(area);
            view.render(area, &mut buffer, &theme);
            buffer
        })
    };
    times(
        &format!("patch of {lines} lines: taken, first screen drawn"),
        &pair(first, blank),
        "<= 16 ms (floor: a blank screen)",
    );
    let split = || timed(|| shot.patch.split('\n').map(str::len).max());
    let whole = || timed(|| DiffDoc::parse(&shot.patch));
    times(
        &format!("patch of {lines} lines: read whole, aside"),
        &pair(whole, split),
        "(floor: split into lines)",
    );
    let mut view = ShotView::new(Some(Highlighter::new(|| {})));
    view.fit(area.width, area.height);
    view.show_doc(DiffDoc::parse(&shot.patch));
    let mut buffer = Buffer::empty(area);
    let screens = || timed(|| (0..SCROLLS).for_each(|_| black_box(Buffer::empty(area)).reset())) / SCROLLS;
    for wrap in [false, true] {
        view.set_manner(Manner { wrap, ..Manner::default() });
        let scroll = || {
            view.go(Motion::Top);
            timed(|| {
                for nth in 0..SCROLLS {
                    view.go(match nth % 10 {
                        0 => Motion::Bottom,
                        1 => Motion::PrevFile,
                        2 => Motion::PrevHunk,
                        3 => Motion::Top,
                        _ => Motion::PageDown,
                    });
                    buffer.reset();
                    view.render(area, &mut buffer, &theme);
                }
            }) / SCROLLS
        };
        let wrapped = if wrap { ", wrapped" } else { "" };
        times(
            &format!("patch of {lines} lines: a page or a jump, drawn{wrapped}"),
            &pair(scroll, screens),
            "<= 16 ms (floor: a blank screen)",
        );
    }
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

/// A comparison of two candidates that quarrel about every place.
fn compared(lines: usize) {
    let first = patch(lines);
    let second = first.replace("checked_div", "div_euclid");
    let mut state = House::at_work(1).state;
    let mission = Arc::make_mut(state.missions.values_mut().next().unwrap());
    for team in &mut mission.teams {
        team.candidates = vec![(Arc::new(candidate(team.id)), None)];
    }
    let mut app = empty();
    app.on(Action::State(Arc::new(state)), now(0));
    let asked = app.run(CommandId::Compare).into_iter().find_map(|task| match task {
        Task::Compare(wanted) => Some(wanted),
        _ => None,
    });
    let wanted = asked.unwrap();
    let patches = vec![first.clone(), second.clone()];
    app.on(Action::Done(Done::Compared(wanted, Ok(patches))), now(1));
    while !matches!(&app.sheet, Some(Sheet::Compare(board)) if board.alignment().is_some()) {
        view::fit(&mut app);
        std::thread::yield_now();
    }
    let laid = || {
        timed(|| Alignment::new([&first, &second].map(|patch| DiffDoc::parse(patch)).into_iter().collect()))
    };
    let split = || timed(|| [&first, &second].map(|patch| patch.split('\n').map(str::len).max()));
    times(
        &format!("two patches of {lines} lines: laid side by side, aside"),
        &pair(laid, split),
        "(floor: split into lines)",
    );
    let (mut screen, mut other) = (Screen::new(SIZE.0, SIZE.1), Screen::new(SIZE.0, SIZE.1));
    let keys = [
        CommandId::SheetBottom,
        CommandId::PreviousHunk,
        CommandId::TakeBoth,
        CommandId::PageUp,
        CommandId::SheetTop,
        CommandId::NextHunk,
        CommandId::Take,
        CommandId::NextFile,
    ];
    let mut value = || {
        timed(|| {
            for nth in 0..FRAMES {
                app.run(keys[nth as usize % keys.len()]);
                view::fit(&mut app);
                let _ = screen.frame(|buffer| view::draw(&app, buffer)).unwrap().len();
            }
        }) / FRAMES
    };
    let floor =
        || timed(|| (0..FRAMES).map(|_| other.frame(|_| None).unwrap().len()).sum::<usize>()) / FRAMES;
    times(
        &format!("comparison of {lines} lines: a key and its frame"),
        &pair(&mut value, floor),
        "<= 16 ms (floor: a blank frame)",
    );
}

fn candidate(team: TeamId) -> Candidate {
    Candidate {
        team,
        attempt: 1,
        based_on: Revision(1),
        base: CommitId("base".into()),
        commit: CommitId("c0ffee".into()),
        patch: Digest::of(&[team.0]),
        stat: DiffStat::default(),
        summary: "Divides safely.".into(),
        root_cause: String::new(),
        confidence: 90,
        author: String::new(),
        sealed: None,
    }
}

pub fn measure() {
    [1_000, 100_000].into_iter().for_each(compared);
    [1_000, 100_000].into_iter().for_each(long_patch);
    frames();
    streams();
}
