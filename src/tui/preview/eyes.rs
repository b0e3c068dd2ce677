//! Whether the terminal shows images, how, and how large its cells are; which part of a screen a photo takes, and the
//! signs that stand for it where what lies between (tmux) knows text only. Kitty's graphics protocol. Pure.

use crate::domain::preview::Viewport;
use std::sync::Arc;

/// The one image that is ever in the terminal; small enough for a colour of 256, which carries it through tmux.
pub const IMAGE: u8 = 77;
/// Pixels of a page for a column of its text: 40, 80 and 120 columns are a telephone, a tablet and a desk.
const PIXELS_A_COLUMN: u32 = 9;
/// Rows and columns below which a photo shows nothing.
const LEAST: (u16, u16) = (24, 6);
/// Stands for a part of an image.
const PLACEHOLDER: char = '\u{10EEEE}';
/// Marks that count rows and columns: code points and how many follow each other.
const MARKS: [(u32, u32); 69] = [
    (0x305, 1),
    (0x30d, 2),
    (0x310, 1),
    (0x312, 1),
    (0x33d, 3),
    (0x346, 1),
    (0x34a, 3),
    (0x350, 3),
    (0x357, 1),
    (0x35b, 1),
    (0x363, 13),
    (0x483, 5),
    (0x592, 4),
    (0x597, 3),
    (0x59c, 6),
    (0x5a8, 2),
    (0x5ab, 2),
    (0x5af, 1),
    (0x5c4, 1),
    (0x610, 8),
    (0x657, 5),
    (0x65d, 2),
    (0x6d6, 7),
    (0x6df, 4),
    (0x6e4, 1),
    (0x6e7, 2),
    (0x6eb, 2),
    (0x730, 1),
    (0x732, 2),
    (0x735, 2),
    (0x73a, 1),
    (0x73d, 1),
    (0x73f, 3),
    (0x743, 1),
    (0x745, 1),
    (0x747, 1),
    (0x749, 2),
    (0x7eb, 7),
    (0x7f3, 1),
    (0x816, 4),
    (0x81b, 9),
    (0x825, 3),
    (0x829, 5),
    (0x951, 1),
    (0x953, 2),
    (0xf82, 2),
    (0xf86, 2),
    (0x135d, 3),
    (0x17dd, 1),
    (0x193a, 1),
    (0x1a17, 1),
    (0x1a75, 8),
    (0x1b6b, 1),
    (0x1b6d, 7),
    (0x1cd0, 3),
    (0x1cda, 2),
    (0x1ce0, 1),
    (0x1dc0, 2),
    (0x1dc3, 7),
    (0x1dcb, 2),
    (0x1dd1, 22),
    (0x1dfe, 1),
    (0x20d0, 2),
    (0x20d4, 4),
    (0x20db, 2),
    (0x20e1, 1),
    (0x20e7, 1),
    (0x20e9, 1),
    (0x20f0, 1),
];
/// Marks there are: no photo has more rows or columns.
const MARKS_MOST: u16 = 210;

/// What is known of the terminal's eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Eyes {
    /// It was not asked.
    #[default]
    Unasked,
    /// It was asked, and said nothing yet.
    Asked,
    /// It shows images.
    Sees(How, Cell),
}

/// How an image comes into the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Laid over cells.
    Laid,
    /// Woven into cells as signs, that scroll and go like any text.
    Woven,
}

/// Pixels of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// From left to right.
    pub width: u16,
    /// From top to bottom.
    pub height: u16,
}

impl Cell {
    /// A cell of a screen of so many cells and pixels; the usual one where the terminal tells none.
    #[must_use]
    pub fn of((columns, rows): (u16, u16), (width, height): (u16, u16)) -> Self {
        match (width.checked_div(columns), height.checked_div(rows)) {
            (Some(width @ 2..), Some(height @ 2..)) => Self { width, height },
            _ => Self { width: 8, height: 16 },
        }
    }
}

/// A photo's room: cells, and what a browser shall show in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Columns it takes.
    pub columns: u16,
    /// Rows it takes.
    pub rows: u16,
    /// What is photographed.
    pub viewport: Viewport,
}

/// The room of a page of this width in so many columns and rows; none where there is too little.
#[must_use]
pub fn room((columns, rows): (u16, u16), page: u16, cell: Cell) -> Option<Room> {
    if columns < LEAST.0 || rows < LEAST.1 {
        return None;
    }
    let (cell_width, cell_height) = (u32::from(cell.width.max(1)), u32::from(cell.height.max(1)));
    let width = u32::from(page) * PIXELS_A_COLUMN;
    // Never drawn larger than it is.
    let columns = u32::from(columns.min(MARKS_MOST)).min(width.div_ceil(cell_width));
    let rows = u32::from(rows.min(MARKS_MOST));
    let viewport = Viewport::new(width, rows * cell_height * width / (columns * cell_width));
    let (width, height) = (u32::from(viewport.width), u32::from(viewport.height));
    // A viewport has bounds of its own: what it shows then is narrower or lower than the room.
    let columns = columns.min((rows * cell_height * width).div_ceil(height * cell_width)).max(1);
    let taken = (height * columns * cell_width).div_ceil(width * cell_height).clamp(1, rows);
    Some(Room {
        columns: u16::try_from(columns).unwrap_or(MARKS_MOST),
        rows: u16::try_from(taken).unwrap_or(MARKS_MOST),
        viewport,
    })
}

/// Where on the screen a photo is.
#[derive(Debug, Clone)]
pub struct Placement {
    /// It.
    pub png: Arc<[u8]>,
    /// Its cells and pixels.
    pub room: Room,
    /// Column and row of its first cell in sight, counted from 0.
    pub at: (u16, u16),
    /// The first of its rows in sight, and how many are.
    pub seen: (u16, u16),
    /// How it comes there.
    pub how: How,
}

impl PartialEq for Placement {
    /// The same photo, not one that looks the same: there are millions of bytes in it.
    fn eq(&self, other: &Self) -> bool {
        let place = |it: &Self| (it.room, it.at, it.seen, it.how);
        Arc::ptr_eq(&self.png, &other.png) && place(self) == place(other)
    }
}

/// The sign for one cell of a woven image.
#[must_use]
pub fn sign(row: u16, column: u16) -> String {
    [Some(PLACEHOLDER), mark(row), mark(column)].into_iter().flatten().collect()
}

fn mark(nth: u16) -> Option<char> {
    let mut left = u32::from(nth);
    for (first, count) in MARKS {
        if left < count {
            return char::from_u32(first + left);
        }
        left -= count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr as _;

    const CELL: Cell = Cell { width: 8, height: 16 };

    #[test]
    fn a13_marks_count_as_the_protocol_says_and_take_one_cell() {
        let known = [(0, '\u{305}'), (1, '\u{30d}'), (2, '\u{30e}'), (29, '\u{36f}'), (30, '\u{483}')];
        known.into_iter().for_each(|(nth, wanted)| assert_eq!(mark(nth), Some(wanted)));
        assert_eq!(mark(MARKS_MOST - 1), Some('\u{20f0}'));
        assert_eq!(mark(MARKS_MOST), None);
        assert_eq!(sign(1, 30).width(), 1);
    }

    #[test]
    fn a13_a_photo_keeps_its_shape_and_stays_in_its_room() {
        for page in [20, 40, 80, 120, 400] {
            for space in [(24, 6), (58, 20), (78, 40), (149, 90), (600, 400)] {
                let room = room(space, page, CELL).unwrap();
                assert!(room.columns <= space.0 && room.rows <= space.1 && room.rows > 0, "{page} {space:?}");
                let shown = f64::from(room.columns * 8) / f64::from(room.rows * 16);
                let real = f64::from(room.viewport.width) / f64::from(room.viewport.height);
                assert!((shown / real - 1.0).abs() < 0.25, "{page} {space:?}: {room:?}");
            }
        }
        assert_eq!(room((23, 40), 80, CELL), None);
        assert_eq!(room((80, 5), 80, CELL), None);
        assert_eq!(Cell::of((80, 24), (0, 0)), CELL);
        assert_eq!(Cell::of((80, 24), (800, 480)), Cell { width: 10, height: 20 });
        assert_eq!(Cell::of((0, 0), (800, 480)), CELL);
    }
}
