//! What the screen costs on the wire, in bytes: for each byte that a stream says at 100 tokens a second, and in a second
//! in which only a clock ticks. Counted over `Screen::frame` with a clock that is moved by hand: the same everywhere.

use crate::{
    harness::row,
    scene::{SIZE, bare, feed, now},
};
use chimera::{
    config::settings::Motion,
    domain::{feed::FeedItem, time::Millis},
    tui::{
        app::{Action, App},
        commands::CommandId,
        pace::{Pace, Tempo, Why},
        terminal::Screen,
        view,
    },
};

/// Milliseconds from token to token.
const TOKEN_MS: u32 = 10;
/// Tokens before counting starts: the pane is full by then.
const WARM: u32 = 4_000;
/// Tokens that are counted.
const TOKENS: u32 = 4_000;
/// What a model says, about four bytes a token.
const WORDS: [&str; 16] = [
    "The ", "cart", "'s ", "total ", "is ", "summed ", "before ", "the ", "guard ", "runs", ", so ", "an ",
    "empty ", "cart ", "divides ", "by 0.\n",
];

fn at(tempo: Tempo) -> App {
    let mut app = bare();
    app.look.manner.motion = if tempo == Tempo::Still { Motion::Reduced } else { Motion::Full };
    if tempo == Tempo::Slow {
        app.run(CommandId::Bandwidth);
    }
    app
}

/// Bytes written, bytes said, frames drawn.
fn stream(tempo: Tempo) -> (usize, usize, usize) {
    let mut app = at(tempo);
    let mut screen = Screen::new(SIZE.0, SIZE.1);
    let mut pace = Pace::default();
    let (mut wrote, mut said, mut frames) = (0, 0, 0);
    for nth in 0..WARM + TOKENS {
        let token = WORDS[nth as usize % WORDS.len()];
        feed(&mut app, 1, vec![FeedItem::Text(token.into())]);
        pace.want(Why::Stream);
        let mono = Millis(u64::from(nth * TOKEN_MS));
        let counts = nth >= WARM;
        if pace.due(tempo).is_some_and(|due| due <= mono) {
            view::fit(&mut app);
            let bytes = screen.frame(|buffer| view::draw(&app, buffer)).unwrap().len();
            pace.drew(mono);
            wrote += if counts { bytes } else { 0 };
            frames += usize::from(counts);
        }
        said += if counts { token.len() } else { 0 };
    }
    (wrote, said, frames)
}

/// Bytes of a minute in which one mission works and says nothing.
fn minute(tempo: Tempo) -> usize {
    let mut app = at(tempo);
    let mut screen = Screen::new(SIZE.0, SIZE.1);
    screen.frame(|buffer| view::draw(&app, buffer)).unwrap();
    let mut wrote = 0;
    for tick in 1..=60_000 / u32::try_from(tempo.tick().0).unwrap() {
        app.on(Action::Tick, now(tick * u32::try_from(tempo.tick().0).unwrap()));
        wrote += screen.frame(|buffer| view::draw(&app, buffer)).unwrap().len();
    }
    wrote
}

pub fn measure() {
    for (name, tempo, goal) in [
        ("a stream at 100 tokens a second", Tempo::Full, "<= 25x (floor: the text itself)"),
        ("the same, reduced motion", Tempo::Still, "(floor: the text itself)"),
        ("the same, --low-bandwidth", Tempo::Slow, "<= 5x (floor: the text itself)"),
    ] {
        let (wrote, said, frames) = stream(tempo);
        let ratio = wrote as f64 / said as f64;
        row(name, &format!("{wrote} B"), &format!("{said} B"), ratio, goal);
        println!("  {frames} frames, {} bytes a frame", wrote / frames.max(1));
    }
    for (name, tempo) in
        [("a minute with one clock", Tempo::Full), ("the same, --low-bandwidth", Tempo::Slow)]
    {
        let wrote = minute(tempo);
        let least = 60 * 1_024;
        let ratio = wrote as f64 / f64::from(least);
        row(
            name,
            &format!("{wrote} B"),
            &format!("{least} B"),
            ratio,
            "<= 1x (floor: 1 KiB a second, the most allowed)",
        );
    }
}
