//! Colours as numbers: contrast, and the nearest colour a smaller palette has.
//!
//! Nearness is measured in Oklab with hue and chroma weighted over lightness, so that green stays green
//! instead of becoming grey. Pure; knows no role and no file.

use ratatui::style::Color;
use std::sync::LazyLock;

/// A colour, 8 bits a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// The contrast that text must have against its ground (WCAG 2, level AA).
pub const CONTRAST_LEAST: f32 = 4.5;

impl Rgb {
    /// Reads `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#')?;
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let all = u32::from_str_radix(hex, 16).ok()?.to_be_bytes();
        Some(Self(all[1], all[2], all[3]))
    }

    fn luminance(self) -> f32 {
        let [r, g, b] = [self.0, self.1, self.2].map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// `self` moved towards `other`: `part` of 0 is `self`, 1 is `other`.
    fn towards(self, other: Self, part: f32) -> Self {
        let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * part).round() as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

pub(super) fn linear(channel: u8) -> f32 {
    let c = f32::from(channel) / 255.0;
    if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// Contrast ratio of two colours as WCAG 2 defines it: 1 (same) to 21 (black on white).
#[must_use]
pub fn contrast(a: Rgb, b: Rgb) -> f32 {
    let (a, b) = (a.luminance(), b.luminance());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// `fg`, or the nearest colour on its way to white or black whose contrast with `bg` is at least this.
#[must_use]
pub fn readable(fg: Rgb, bg: Rgb, least: f32) -> Rgb {
    const STEPS: u8 = 20;
    let goal = if bg.luminance() < 0.18 { Rgb(255, 255, 255) } else { Rgb(0, 0, 0) };
    (0..=STEPS)
        .map(|step| fg.towards(goal, f32::from(step) / f32::from(STEPS)))
        .find(|&tried| contrast(tried, bg) >= least)
        .unwrap_or(goal)
}

pub(super) type Lab = [f32; 3];

/// Oklab (Ottosson 2020).
pub(super) fn lab(c: Rgb) -> Lab {
    let [r, g, b] = [c.0, c.1, c.2].map(linear);
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// Hue and chroma count this much more than lightness: tuned so that accents of both themes keep their hue.
const CHROMA_WEIGHT: f32 = 2.0;

fn distance(a: Lab, b: Lab) -> f32 {
    let [l, x, y] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    l * l + CHROMA_WEIGHT * CHROMA_WEIGHT * (x * x + y * y)
}

/// The 16 colours as xterm ships them; terminals let people change them, so this is a best guess.
const ANSI: [(Color, Rgb); 16] = [
    (Color::Black, Rgb(0, 0, 0)),
    (Color::Red, Rgb(205, 0, 0)),
    (Color::Green, Rgb(0, 205, 0)),
    (Color::Yellow, Rgb(205, 205, 0)),
    (Color::Blue, Rgb(0, 0, 238)),
    (Color::Magenta, Rgb(205, 0, 205)),
    (Color::Cyan, Rgb(0, 205, 205)),
    (Color::Gray, Rgb(229, 229, 229)),
    (Color::DarkGray, Rgb(127, 127, 127)),
    (Color::LightRed, Rgb(255, 0, 0)),
    (Color::LightGreen, Rgb(0, 255, 0)),
    (Color::LightYellow, Rgb(255, 255, 0)),
    (Color::LightBlue, Rgb(92, 92, 255)),
    (Color::LightMagenta, Rgb(255, 0, 255)),
    (Color::LightCyan, Rgb(0, 255, 255)),
    (Color::White, Rgb(255, 255, 255)),
];

/// One of the 16 by its name, such as `blue` or `lightblue`.
pub(super) fn named(name: &str) -> Option<Color> {
    ANSI.iter().map(|(color, _)| *color).find(|color| color.to_string().eq_ignore_ascii_case(name))
}

/// What one of the 16 looks like, as xterm ships it.
pub(super) fn looks_like(color: Color) -> Option<Rgb> {
    ANSI.iter().find(|(known, _)| *known == color).map(|(_, rgb)| *rgb)
}

/// What colour 16–255 of the 256 looks like. The first 16 are not used: terminals let people change them.
#[must_use]
pub fn indexed(index: u8) -> Rgb {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match index {
        0..=15 => ANSI[usize::from(index)].1,
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            Rgb(grey, grey, grey)
        }
        _ => {
            let cube = usize::from(index - 16);
            Rgb(LEVELS[cube / 36], LEVELS[cube / 6 % 6], LEVELS[cube % 6])
        }
    }
}

static TABLE_256: LazyLock<Vec<(Color, Rgb, Lab)>> = LazyLock::new(|| {
    (16..=255).map(|index| (Color::Indexed(index), indexed(index), lab(indexed(index)))).collect()
});
static TABLE_16: LazyLock<Vec<(Color, Rgb, Lab)>> =
    LazyLock::new(|| ANSI.iter().map(|&(color, rgb)| (color, rgb, lab(rgb))).collect());

/// What a colour looks like; none is the terminal's own.
#[cfg(test)]
pub(in crate::tui) fn shown(color: Option<Color>) -> Option<Rgb> {
    match color? {
        Color::Rgb(r, g, b) => Some(Rgb(r, g, b)),
        Color::Indexed(index) => Some(indexed(index)),
        named => looks_like(named),
    }
}

/// Which palette to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// 240 fixed colours of xterm's 256.
    Fixed240,
    /// The 16 named ones.
    Named16,
}

impl Palette {
    fn table(self) -> &'static [(Color, Rgb, Lab)] {
        match self {
            Self::Fixed240 => &TABLE_256,
            Self::Named16 => &TABLE_16,
        }
    }

    /// The nearest colour, and how it looks.
    #[must_use]
    pub fn nearest(self, want: Rgb) -> (Color, Rgb) {
        self.nearest_where(want, |_| true).unwrap_or((Color::Reset, want))
    }

    /// The nearest colour whose contrast with `bg` is at least this; without one, black or white.
    #[must_use]
    pub fn nearest_readable(self, want: Rgb, bg: Rgb, least: f32) -> (Color, Rgb) {
        let extreme = if bg.luminance() < 0.18 { Rgb(255, 255, 255) } else { Rgb(0, 0, 0) };
        self.nearest_where(want, |rgb| contrast(rgb, bg) >= least).unwrap_or_else(|| self.nearest(extreme))
    }

    fn nearest_where(self, want: Rgb, fits: impl Fn(Rgb) -> bool) -> Option<(Color, Rgb)> {
        let goal = lab(want);
        let fitting = self.table().iter().filter(|row| fits(row.1));
        fitting.min_by(|a, b| distance(a.2, goal).total_cmp(&distance(b.2, goal))).map(|row| (row.0, row.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_as_wcag_says() {
        assert!((contrast(Rgb(0, 0, 0), Rgb(255, 255, 255)) - 21.0).abs() < 0.01);
        assert!((contrast(Rgb(0x77, 0x77, 0x77), Rgb(255, 255, 255)) - 4.48).abs() < 0.01);
        assert!((contrast(Rgb(9, 9, 9), Rgb(9, 9, 9)) - 1.0).abs() < 0.001);
    }

    #[test]
    fn colours_are_read_strictly() {
        assert_eq!(Rgb::parse("#0aB1ff"), Some(Rgb(10, 177, 255)));
        for bad in ["0ab1ff", "#0ab1f", "#0ab1fff", "#0ab1fg", "#+ab1ff", "", "#ä0000"] {
            assert_eq!(Rgb::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_nearest_of_256_is_itself_for_each_of_them() {
        for index in 16..=255 {
            let (color, rgb) = Palette::Fixed240.nearest(indexed(index));
            assert_eq!(rgb, indexed(index), "{color:?}");
        }
    }

    #[test]
    fn hue_survives_the_way_down() {
        assert_eq!(Palette::Named16.nearest(Rgb(230, 30, 40)).0, Color::Red);
        assert_eq!(Palette::Named16.nearest(Rgb(18, 22, 28)).0, Color::Black);
        let (_, Rgb(r, g, b)) = Palette::Fixed240.nearest(Rgb(0x1c, 0x70, 0x2f));
        assert!(g > r && g > b, "green became {r},{g},{b}");
    }

    #[test]
    fn unreadable_pairs_are_moved_apart() {
        for bg in [Rgb(0, 0, 0), Rgb(90, 90, 90), Rgb(118, 118, 118), Rgb(128, 0, 0), Rgb(255, 255, 255)] {
            let fg = readable(bg, bg, CONTRAST_LEAST);
            assert!(contrast(fg, bg) >= CONTRAST_LEAST, "{fg:?} on {bg:?}");
        }
    }
}
