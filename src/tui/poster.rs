//! The README's picture of screen 1: drawn by the real view from a written state, kept as
//! `assets/screens/command.svg` and compared here. `CHIMERA_BLESS=1 cargo test --lib tui::poster` writes it anew.

use super::{
    app::Action,
    fixtures::{Bench, options, waiting},
    options::Prefill,
    view,
};
use crate::{
    domain::{
        digest::Digest,
        feed::{Channel, FeedItem, Shot},
        ids::{MissionId, TeamId},
        money::Money,
    },
    engine::state::Mission,
    runtime::feeds::Batch,
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::{fmt::Write as _, fs, path::Path, sync::Arc};

const COLUMNS: u16 = 132;
const ROWS: u16 = 36;
/// Pixels of one cell, and of the frame around all of them.
const CELL: (f32, f32) = (8.0, 15.0);
const FRAME: f32 = 12.0;
const BACK: &str = "#14161b";
const FORE: &str = "#d8dee9";
const FONTS: &str = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', ui-monospace, monospace";

const FIRST: &str = "diff --git a/src/cart.rs b/src/cart.rs\n--- a/src/cart.rs\n+++ b/src/cart.rs\n@@ -38,6 +38,9 @@ impl Cart {\n     /// Mean price of a piece, in cents.\n     pub fn average(&self) -> u64 {\n         let pieces = self.pieces();\n-        self.total() / pieces\n+        if pieces == 0 {\n+            return 0;\n+        }\n+        self.total() / pieces\n     }\n }\n";
const SECOND: &str = "diff --git a/src/cart.rs b/src/cart.rs\n--- a/src/cart.rs\n+++ b/src/cart.rs\n@@ -38,6 +38,6 @@ impl Cart {\n     /// Mean price of a piece, in cents.\n     pub fn average(&self) -> u64 {\n         let pieces = self.pieces();\n-        self.total() / pieces\n+        self.total().checked_div(pieces).unwrap_or(0)\n     }\n }\n";

fn stream(bench: &mut Bench, team: u8, thoughts: &[&str], last: &str, patch: &str) {
    let tool = |name: &str, brief: &str, done: &str| {
        [
            FeedItem::Tool { name: name.into(), brief: brief.into() },
            FeedItem::ToolDone { name: name.into(), brief: done.into(), ok: true },
        ]
    };
    let mut items = vec![FeedItem::Thought(thoughts[0].into())];
    items.extend(tool("search", "fn average", "2 places"));
    items.extend(tool("read", "src/cart.rs", "61 lines"));
    items.push(FeedItem::Thought(thoughts[1].into()));
    items.extend(tool("edit", "src/cart.rs", "changed"));
    items.extend(tool("run", "cargo test", "13 passed"));
    items.push(FeedItem::Text(last.into()));
    items.push(FeedItem::Shot(Arc::new(Shot { digest: Digest::of(&[team]), patch: patch.into() })));
    let channel = Channel { mission: MissionId(12), team: Some(TeamId(team)) };
    bench.act(Action::Feed(channel, Batch { items, next: 20, lost: 0 }));
}

fn scene() -> Buffer {
    let prefill = Prefill {
        text: "Checkout returns 500 when the cart is empty. It should answer 200 with a total of nothing."
            .into(),
        constraints: vec!["no new dependencies".into()],
        checks: vec!["cargo test".into()],
        budget: Some(Money::cents(50)),
        teams: vec![],
    };
    let mut wanted = options(Some(prefill));
    wanted.notice = String::new();
    let mut bench = Bench::with((COLUMNS, ROWS), wanted);
    let mut state = waiting();
    let mission: &mut Mission = Arc::make_mut(state.missions.get_mut(&MissionId(12)).unwrap());
    mission.teams[1].account.spent = Money::cents(1);
    mission.spent = Money::cents(9);
    bench.state(state);
    let first =
        ["the average divides by the number of pieces, which is 0", "a guard before the division is enough"];
    stream(&mut bench, 1, &first, "An empty cart now has an average of 0.", FIRST);
    let second = ["checkout asks the cart for its average price", "checked_div says the same in one line"];
    stream(&mut bench, 2, &second, "The division cannot fail any more.", SECOND);
    bench.press("ctrl-n");
    let mut terminal = Terminal::new(TestBackend::new(COLUMNS, ROWS)).unwrap();
    terminal
        .draw(|frame| {
            let _caret = view::draw(&bench.app, frame.buffer_mut());
        })
        .unwrap();
    terminal.backend().buffer().clone()
}

/// Colour of letters, colour behind them, weight and slant.
type Look = (String, Option<String>, Modifier);

fn look(cell: &Cell) -> Look {
    let hex = |color| match color {
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Reset => None,
        other => panic!("the dark theme speaks in true colours, not {other:?}"),
    };
    let (fore, back) = (hex(cell.fg), hex(cell.bg));
    if cell.modifier.contains(Modifier::REVERSED) {
        let back_of = fore.unwrap_or_else(|| FORE.into());
        return (back.unwrap_or_else(|| BACK.into()), Some(back_of), cell.modifier);
    }
    (fore.unwrap_or_else(|| FORE.into()), back, cell.modifier)
}

fn svg(buffer: &Buffer) -> String {
    let (width, height) = (f32::from(COLUMNS) * CELL.0 + 2.0 * FRAME, f32::from(ROWS) * CELL.1 + 2.0 * FRAME);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\" \
         font-size=\"13.2\">\n<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{BACK}\"/>\n"
    );
    for row in 0..ROWS {
        let mut column = 0;
        while column < COLUMNS {
            let start = column;
            let (fore, back, modifier) = look(&buffer[(start, row)]);
            let mut text = String::new();
            while column < COLUMNS && look(&buffer[(column, row)]) == (fore.clone(), back.clone(), modifier) {
                text.push_str(buffer[(column, row)].symbol());
                column += 1;
            }
            piece(&mut out, (start, column, row), &text, &(fore, back, modifier));
        }
    }
    out.push_str("</svg>\n");
    out
}

fn piece(out: &mut String, (start, end, row): (u16, u16, u16), text: &str, (fore, back, modifier): &Look) {
    let (x, y) = (FRAME + f32::from(start) * CELL.0, FRAME + f32::from(row) * CELL.1);
    let wide = f32::from(end - start) * CELL.0;
    if let Some(back) = back {
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{}\" fill=\"{back}\"/>",
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let slant = if modifier.contains(Modifier::ITALIC) { " font-style=\"italic\"" } else { "" };
    // Every letter has its place, so that no font can shift a column.
    let (mut places, mut letters) = (String::new(), String::new());
    for (at, letter) in text.chars().enumerate().filter(|(_, letter)| *letter != ' ') {
        let _ = write!(places, "{} ", x + CELL.0 * at as f32);
        match letter {
            '&' => letters.push_str("&amp;"),
            '<' => letters.push_str("&lt;"),
            letter => letters.push(letter),
        }
    }
    let (places, y) = (places.trim_end(), y + 11.5);
    let _ = writeln!(out, "<text x=\"{places}\" y=\"{y}\" fill=\"{fore}\"{weight}{slant}>{letters}</text>");
}

#[test]
fn the_picture_in_the_readme_is_what_the_program_draws() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screens/command.svg");
    let drawn = svg(&scene());
    if std::env::var_os("CHIMERA_BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &drawn).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == drawn, "the screen changed: CHIMERA_BLESS=1 cargo test --lib tui::poster draws it anew");
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    assert!(readme.contains("assets/screens/command.svg"));
}
