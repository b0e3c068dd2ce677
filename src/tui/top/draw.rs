//! The page, drawn: a head, numbers in columns, tables one under the other, each with its share of the rows.

use super::{Figure, Sheet, Table, Tone};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns and rows below which there is no page.
const LEAST: (u16, u16) = (40, 10);
/// Columns of a number with its name.
const FIGURE: u16 = 20;
/// Between two columns of a table.
const GAP: u16 = 2;
/// What each table is drawn with at least: its heading, one line, and an empty one behind it.
const TABLE_LEAST: usize = 3;
/// At the foot.
const KEYS: &str = "q leaves   ctrl-l draws anew";

impl Tone {
    fn role(self) -> Role {
        match self {
            Self::Plain => Role::Text,
            Self::Good => Role::Ok,
            Self::Busy => Role::Busy,
            Self::Waits => Role::Attention,
            Self::Bad => Role::Bad,
        }
    }
}

/// A pen on one row.
struct Row<'a> {
    buf: &'a mut Buffer,
    theme: &'a Theme,
    y: u16,
    x: u16,
    end: u16,
}

impl<'a> Row<'a> {
    fn at(y: u16, theme: &'a Theme, buf: &'a mut Buffer) -> Self {
        let (y, end) = (y.min(buf.area.height.saturating_sub(1)), buf.area.width);
        Self { buf, theme, y, x: 0, end }
    }

    fn write(&mut self, role: Role, words: &str) {
        let room = usize::from(self.end.saturating_sub(self.x));
        let (x, _) = self.buf.set_stringn(self.x, self.y, cut(words, room), room, self.theme.style(role));
        self.x = x;
    }

    fn to(&mut self, x: u16) {
        self.x = x.min(self.end);
    }
}

/// What fits, and a sign where more is.
fn cut(words: &str, room: usize) -> String {
    if words.width() <= room {
        return words.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let mut out = String::new();
    for c in words.chars() {
        let wide = c.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        out.push(c);
    }
    if room > 0 {
        out.push('…');
    }
    out
}

/// Draws it.
pub(super) fn draw(sheet: &Sheet, theme: &Theme, buf: &mut Buffer) {
    let area = buf.area;
    buf.set_style(area, theme.canvas());
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let words = format!("too small: {} by {} at least", LEAST.0, LEAST.1);
        Row::at(0, theme, buf).write(Role::Text, &words);
        return;
    }
    head(sheet, &mut Row::at(0, theme, buf));
    if let Some(why) = &sheet.lost {
        Row::at(1, theme, buf).write(Role::Bad, &format!("what follows is not how it is now: {why}"));
    }
    let mut y = 2;
    let columns = usize::from((area.width / FIGURE).max(1));
    for some in sheet.figures.chunks(columns) {
        figures(some, sheet.lost.is_some(), &mut Row::at(y, theme, buf));
        y += 1;
    }
    y += 1;
    let foot = area.height - 1;
    let room = usize::from(foot.saturating_sub(y));
    for (table, rows) in sheet.tables.iter().zip(shares(&sheet.tables, room)) {
        for line in lines(table, rows.saturating_sub(1), area.width).into_iter().take(rows.saturating_sub(1))
        {
            let mut row = Row::at(y, theme, buf);
            for (x, role, words) in line {
                row.to(x);
                row.write(role, &words);
            }
            y += 1;
        }
        // The last of its rows stays empty where it has one.
        y += u16::from(rows > 0);
        y = y.min(foot);
    }
    Row::at(foot, theme, buf).write(Role::Muted, KEYS);
}

fn head(sheet: &Sheet, row: &mut Row<'_>) {
    row.write(Role::Title, "CHIMERA TOP  ");
    // How the line stands comes first, since what stands last is cut; of a place the end is what tells it from others.
    if sheet.lost.is_some() {
        row.write(Role::Bad, &format!("LINE LOST  as of {}  ", sheet.at));
    } else {
        row.write(Role::Muted, &format!("{}  ", sheet.at));
    }
    row.write(Role::Accent, &ending(&sheet.place, usize::from(row.end.saturating_sub(row.x))));
}

/// What fits of it, the end first, and a sign where more is.
fn ending(words: &str, room: usize) -> String {
    if words.width() <= room {
        return words.to_owned();
    }
    let backwards: String = words.chars().rev().collect();
    cut(&backwards, room).chars().rev().collect()
}

/// Numbers that are not of now have no colour of their own, and a sign behind them.
fn figures(some: &[Figure], stale: bool, row: &mut Row<'_>) {
    for (at, figure) in some.iter().enumerate() {
        let x = u16::try_from(at).unwrap_or(u16::MAX).saturating_mul(FIGURE);
        let end = row.end;
        row.end = x.saturating_add(FIGURE - 1).min(end);
        row.to(x);
        row.write(Role::Muted, &format!("{} ", figure.name));
        if stale {
            row.write(Role::Muted, &format!("{}?", figure.value));
        } else {
            row.write(figure.tone.role(), &figure.value);
        }
        row.end = end;
    }
}

/// Rows of each table: what it needs, as long as there is room; a long one takes nothing that another needs.
fn shares(tables: &[Table], room: usize) -> Vec<usize> {
    let wants: Vec<usize> = tables.iter().map(|table| 2 + table.lines.len().max(1)).collect();
    let mut shares: Vec<usize> = wants.iter().map(|want| (*want).min(TABLE_LEAST)).collect();
    while shares.iter().sum::<usize>() > room {
        match shares.iter().rposition(|share| *share > 0) {
            Some(last) => shares[last] -= 1,
            None => break,
        }
    }
    let mut left = room - shares.iter().sum::<usize>();
    while left > 0 {
        let before = left;
        for (share, want) in shares.iter_mut().zip(&wants) {
            if left > 0 && *share < *want {
                *share += 1;
                left -= 1;
            }
        }
        if before == left {
            break;
        }
    }
    shares
}

/// Heading, columns and lines, each as words with their place; at most so many rows.
fn lines(table: &Table, rows: usize, width: u16) -> Vec<Vec<(u16, Role, String)>> {
    let count = table.lines.len();
    let title = vec![(0, Role::Title, format!("{} {count}", table.title))];
    if count == 0 {
        return vec![title, vec![(0, Role::Muted, table.none.clone())]];
    }
    let room = rows.saturating_sub(1);
    let shown = if count > room { room.saturating_sub(1) } else { count };
    let widths = widths(table, width);
    let mut all = vec![title];
    if let Some(title) = all.first_mut() {
        // One row for both: there are never many.
        let x = u16::try_from(title[0].2.width()).unwrap_or(u16::MAX).saturating_add(GAP);
        title.push((x, Role::Muted, table.columns.join(" · ")));
    }
    for line in table.lines.iter().take(shown) {
        let mut x = 0;
        let mut cells = Vec::new();
        for (cell, (width, at)) in line.cells.iter().zip(widths.iter().zip(0..)) {
            let role = if at == 0 { line.tone.role() } else { Role::Text };
            cells.push((x, role, cut(cell, usize::from(*width))));
            x += width + GAP;
        }
        all.push(cells);
    }
    if shown < count {
        all.push(vec![(0, Role::Muted, format!("… {} more", count - shown))]);
    }
    all
}

/// Columns as wide as their widest cell; the last one takes what is left.
fn widths(table: &Table, width: u16) -> Vec<u16> {
    let columns = table.lines.iter().map(|line| line.cells.len()).max().unwrap_or(0);
    let widest = |at: usize| {
        let cells = table.lines.iter().filter_map(|line| line.cells.get(at));
        cells.map(|cell| u16::try_from(cell.width()).unwrap_or(u16::MAX)).max().unwrap_or(0)
    };
    let mut left = width;
    let mut all = Vec::new();
    for at in 0..columns {
        let own = if at + 1 == columns { left } else { widest(at).min(left) };
        all.push(own);
        left = left.saturating_sub(own + GAP);
    }
    all
}
