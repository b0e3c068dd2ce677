//! The recording of the README: scenes of the real program, as its terminal showed them, one after the other in one
//! picture. Made while the demo's test runs, kept only where `CHIMERA_RECORD` names a file: `assets/screens/record`.

use super::pty::Terminal;
use std::{fmt::Write as _, path::PathBuf, time::Duration};

/// Pixels of one cell, of the frame around all of them and of the line of words below.
const CELL: (f32, f32) = (8.0, 15.0);
const FRAME: f32 = 12.0;
const WORDS: f32 = 26.0;
/// How long a scene stands, in seconds.
const STANDS: f32 = 4.0;
/// How long a picture has to become whole.
const SETTLES: Duration = Duration::from_millis(600);
const BACK: &str = "#14161b";
const FORE: &str = "#d8dee9";
const FONTS: &str = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', ui-monospace, monospace";

/// Scenes so far.
pub struct Recording {
    file: Option<PathBuf>,
    size: (u16, u16),
    scenes: Vec<String>,
}

/// What cells look like: colour of letters, colour behind them, bold, italic.
type Look = (String, Option<String>, bool, bool);

impl Recording {
    /// For a terminal of this size.
    pub fn new(size: (u16, u16)) -> Self {
        let file = std::env::var_os("CHIMERA_RECORD").map(PathBuf::from);
        Self { file, size, scenes: Vec::new() }
    }

    /// Keeps what the terminal shows now, under these words.
    pub fn scene(&mut self, terminal: &mut Terminal, words: &str) {
        if self.file.is_none() {
            return;
        }
        // The words that were waited for may be the first of their frame.
        terminal.heard_within(SETTLES);
        let mut out = String::new();
        for row in 0..self.size.1 {
            let mut column = 0;
            while column < self.size.0 {
                let (start, here) = (column, look(terminal.screen(), row, column));
                let mut letters = Vec::new();
                while column < self.size.0 && look(terminal.screen(), row, column) == here {
                    let cell = terminal.screen().cell(row, column);
                    let text = cell.map(|cell| cell.contents().to_owned()).unwrap_or_default();
                    letters.push(text);
                    column += 1;
                }
                piece(&mut out, (start, row), &letters, &here);
            }
        }
        let below = FRAME * 1.5 + f32::from(self.size.1) * CELL.1 + WORDS / 2.0;
        let _ = writeln!(out, "<text x=\"{FRAME}\" y=\"{below}\" fill=\"#8fbcbb\">{}</text>", safe(words));
        self.scenes.push(out);
    }

    /// Writes the picture, where one is wanted.
    pub fn finish(self) {
        let Some(file) = &self.file else { return };
        let wide = f32::from(self.size.0) * CELL.0 + 2.0 * FRAME;
        let high = f32::from(self.size.1) * CELL.1 + 2.0 * FRAME + WORDS;
        let count = self.scenes.len() as f32;
        let (whole, part) = (count * STANDS, 100.0 / count);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" font-family=\"{FONTS}\" \
             font-size=\"13.2\">\n<style>\n.scene {{ visibility: hidden; animation: turn {whole}s step-end infinite; }}\n\
             @keyframes turn {{ 0% {{ visibility: visible; }} {part}% {{ visibility: hidden; }} }}\n\
             @media (prefers-reduced-motion: reduce) {{ .scene {{ animation: none; }} .first {{ visibility: visible; }} }}\n\
             </style>\n<rect width=\"{wide}\" height=\"{high}\" rx=\"8\" fill=\"{BACK}\"/>\n"
        );
        for (nth, scene) in self.scenes.iter().enumerate() {
            let (class, after) = (if nth == 0 { "scene first" } else { "scene" }, nth as f32 * STANDS);
            let _ = writeln!(out, "<g class=\"{class}\" style=\"animation-delay: {after}s\">\n{scene}</g>");
        }
        out.push_str("</svg>\n");
        std::fs::write(file, out).unwrap();
    }
}

fn look(screen: &vt100::Screen, row: u16, column: u16) -> Look {
    let Some(cell) = screen.cell(row, column) else { return (FORE.into(), None, false, false) };
    let hex = |color| match color {
        vt100::Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        vt100::Color::Default | vt100::Color::Idx(_) => None,
    };
    let (fore, back) = (hex(cell.fgcolor()).unwrap_or_else(|| FORE.into()), hex(cell.bgcolor()));
    if cell.inverse() {
        return (back.unwrap_or_else(|| BACK.into()), Some(fore), cell.bold(), cell.italic());
    }
    (fore, back.filter(|back| back != BACK), cell.bold(), cell.italic())
}

fn piece(out: &mut String, (column, row): (u16, u16), letters: &[String], (fore, back, bold, italic): &Look) {
    let (x, y) = (FRAME + f32::from(column) * CELL.0, FRAME + f32::from(row) * CELL.1);
    if let Some(back) = back {
        let wide = letters.len() as f32 * CELL.0;
        let high = CELL.1;
        let _ =
            writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\" fill=\"{back}\"/>");
    }
    let mut words = String::new();
    let mut at = 0;
    for word in letters.split(|letter| letter.trim().is_empty()) {
        if !word.is_empty() {
            // A word has its place and a long one its width, so that no font can shift a column.
            let (from, wide) = (x + CELL.0 * at as f32, CELL.0 * word.len() as f32);
            let wide = if word.len() > 6 { format!(" textLength=\"{wide}\"") } else { String::new() };
            let text = safe(&word.concat());
            let _ = write!(words, "<tspan x=\"{from}\"{wide}>{text}</tspan>");
        }
        at += word.len() + 1;
    }
    if words.is_empty() {
        return;
    }
    let weight = if *bold { " font-weight=\"bold\"" } else { "" };
    let slant = if *italic { " font-style=\"italic\"" } else { "" };
    let y = y + 11.5;
    let _ = writeln!(out, "<text y=\"{y}\" fill=\"{fore}\"{weight}{slant}>{words}</text>");
}

fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
