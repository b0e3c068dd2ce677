//! Looks by role. Panes ask for `theme.style(Role::Ok)`; no colour is named anywhere else.
//!
//! A theme file says a look for true colour; fewer colours are derived from it: the nearest of 256 or 16 that
//! still reads, or none at all, where bold, underline and reverse carry the difference. Invariants, each held
//! by a test: every text role reads on its ground with a contrast of 4.5:1 (or more, as the theme says) at true
//! colour, 256 and 16; at [`Depth::Mono`] no colour is ever set. Never reads a disk or the environment: text and
//! values come in.

pub mod color;
pub mod depth;
#[cfg(test)]
pub(in crate::tui) mod picture;
pub mod role;
pub mod sheet;

pub use depth::Depth;
pub use role::Role;
pub use sheet::ThemeError;

use color::{Palette, Rgb, contrast, indexed, looks_like, readable};
use ratatui::style::{Color, Modifier, Style};
use sheet::{Look, Sheet, Tone};
use std::sync::LazyLock;

/// The themes in the program, the one that is taken where nothing is said first.
const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colour-blind-safe", include_str!("../../../themes/colour-blind-safe.toml")),
    ("mono", MONO),
];
const MONO: &str = include_str!("../../../themes/mono.toml");

/// Their names.
pub const NAMES: [&str; 5] = ["dark", "light", "high-contrast", "colour-blind-safe", "mono"];

/// What a theme of the program says.
#[must_use]
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// What carries the difference where there is no colour.
static WITHOUT_COLOUR: LazyLock<Sheet> = LazyLock::new(|| {
    let mut sheet = Sheet::default();
    // The file is part of the program and a test reads it; were it broken, all text would look the same.
    let _ = sheet.lay("themes/mono.toml", MONO);
    sheet
});

/// Roles that say a state, or where a person is: what is left of the colours on a slow line.
const STATES: [Role; 10] = [
    Role::Ok,
    Role::Warn,
    Role::Bad,
    Role::Busy,
    Role::Attention,
    Role::Selection,
    Role::Caret,
    Role::Match,
    Role::DiffAdd,
    Role::DiffDel,
];

/// Grounds that other roles are drawn over: syntax on a diff line, anything on the chosen row.
const GROUNDS: [Role; 7] = [
    Role::Selection,
    Role::DiffAdd,
    Role::DiffDel,
    Role::DiffAddWord,
    Role::DiffDelWord,
    Role::Match,
    Role::Attention,
];

/// A look for every role at one colour depth. Cheap to ask; made once per theme change.
#[derive(Debug, Clone)]
pub struct Theme {
    sheet: Sheet,
    depth: Depth,
    canvas: Style,
    styles: Vec<Style>,
    /// `over[g * Role::COUNT + r]`: role r on the ground of `GROUNDS[g]`.
    over: Vec<Style>,
    serial: u64,
}

impl Default for Theme {
    /// Dark at true colour.
    fn default() -> Self {
        // The file is part of the program and a test reads it; were it broken, text would be white on black.
        Self::named(NAMES[0]).unwrap_or_else(|_| Self::of(Sheet::default(), Depth::Truecolor))
    }
}

impl Theme {
    /// A theme of the program, at true colour.
    ///
    /// # Errors
    /// No theme of that name.
    pub fn named(name: &str) -> Result<Self, ThemeError> {
        let text = built_in(name).ok_or_else(|| {
            let what = format!("there is no such theme; use one of {}", NAMES.join(", "));
            ThemeError { file: format!("themes/{name}.toml"), line: 1, what }
        })?;
        Self::layered(&[(&format!("themes/{name}.toml"), text)], Depth::Truecolor)
    }

    /// Files (a name for messages, the text), each laid over those before it, at this depth or the one they say if that
    /// is less.
    ///
    /// # Errors
    /// A file is not a theme: file, line, what to do.
    pub fn layered(files: &[(&str, &str)], depth: Depth) -> Result<Self, ThemeError> {
        let mut sheet = Sheet::default();
        for (file, text) in files {
            sheet.lay(file, text)?;
        }
        Ok(Self::of(sheet, depth))
    }

    /// The same theme with more or fewer colours.
    #[must_use]
    pub fn at(&self, depth: Depth) -> Self {
        Self::of(self.sheet.clone(), depth)
    }

    /// The same theme for a slow line: colours where they say a state, and nowhere else.
    #[must_use]
    pub fn sparing(&self) -> Self {
        let mut spare = Self::of(self.sheet.clone(), self.depth.min(Depth::Indexed));
        let plain = Style { fg: spare.canvas.fg, ..Style::new() };
        let keeps = |role: Role| STATES.contains(&role);
        for &role in Role::ALL.iter().filter(|&&role| !keeps(role)) {
            let stands_for = match role {
                Role::DiffAddWord => Some(Role::DiffAdd),
                Role::DiffDelWord => Some(Role::DiffDel),
                _ => None,
            };
            spare.styles[role.index()] = stands_for.map_or(plain, |state| spare.styles[state.index()]);
        }
        for (row, &ground) in GROUNDS.iter().enumerate() {
            for &role in Role::ALL.iter().filter(|&&role| !keeps(role) || !keeps(ground)) {
                spare.over[row * Role::COUNT + role.index()] = spare.styles[ground.index()];
            }
        }
        spare.serial = spare.serial.wrapping_add(1);
        spare
    }

    /// How many colours it uses.
    #[must_use]
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The ground of the whole screen with ordinary text on it: fill the frame with it first.
    #[must_use]
    pub fn canvas(&self) -> Style {
        self.canvas
    }

    /// The look of a role. Roles without a ground of their own leave the ground that is there.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles[role.index()]
    }

    /// The look of `role` drawn on the ground of `ground`, readable there. Grounds are `Selection`, `Match`,
    /// `Attention` and the diff roles; on any other role this is [`Theme::style`].
    #[must_use]
    pub fn over(&self, role: Role, ground: Role) -> Style {
        match GROUNDS.iter().position(|&known| known == ground) {
            Some(row) => self.over[row * Role::COUNT + role.index()],
            None => self.style(role),
        }
    }

    /// A number that differs between themes that look different: caches of styled text are keyed by it.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    fn of(sheet: Sheet, depth: Depth) -> Self {
        let depth = depth.min(sheet.depth());
        let painter = Painter { sheet: &sheet, depth };
        let styles: Vec<_> = Role::ALL.iter().map(|&role| painter.style(role)).collect();
        let over: Vec<_> = GROUNDS
            .iter()
            .flat_map(|&ground| Role::ALL.iter().map(move |&role| (role, ground)))
            .map(|(role, ground)| painter.over(role, ground))
            .collect();
        let canvas = painter.canvas();
        let mut serial = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(&(canvas, &styles), &mut serial);
        let serial = std::hash::Hasher::finish(&serial);
        Self { depth, canvas, styles, over, serial, sheet }
    }
}

/// Turns looks into styles at one depth.
struct Painter<'a> {
    sheet: &'a Sheet,
    depth: Depth,
}

impl Painter<'_> {
    fn canvas(&self) -> Style {
        let (text, ground) = self.sheet.canvas();
        match self.depth {
            Depth::Mono => Style::new(),
            _ => {
                let (bg, looks) = self.color(ground);
                Style::new().bg(bg).fg(self.color_on(text, looks))
            }
        }
    }

    /// Foreground, and ground if the role has one, in true colours.
    fn pair(&self, look: &Look) -> (Tone, Option<Tone>) {
        let (text, _) = self.sheet.canvas();
        let tone = |paint: &Option<_>| paint.as_ref().and_then(|paint| self.sheet.tone(paint));
        (tone(&look.fg).unwrap_or(text), tone(&look.bg))
    }

    fn style(&self, role: Role) -> Style {
        let look = self.sheet.look(role);
        if self.depth == Depth::Mono {
            return self.without_colour(role);
        }
        let (fg, wanted) = self.pair(&look);
        let mut style = flags(&look);
        let looks = match wanted.and_then(|bg| self.ground(bg)) {
            Some((color, looks)) => {
                style = style.bg(color);
                looks
            }
            None => {
                // Too few colours for this ground: what it said is said as without colours.
                style = if wanted.is_some() { style.patch(self.without_colour(role)) } else { style };
                self.color(self.sheet.canvas().1).1
            }
        };
        style.fg(if role.is_text() { self.color_on(fg, looks) } else { self.color(fg).0 })
    }

    fn over(&self, role: Role, ground: Role) -> Style {
        let under = self.style(ground);
        if self.depth == Depth::Mono {
            return under.patch(self.without_colour(role));
        }
        let look = self.sheet.look(role);
        let bg = self.pair(&self.sheet.look(ground)).1.and_then(|bg| self.ground(bg));
        let looks = bg.map_or_else(|| self.color(self.sheet.canvas().1).1, |(_, looks)| looks);
        let own = under.add_modifier | flags(&look).add_modifier;
        Style { bg: under.bg, add_modifier: own, ..Style::new() }.fg(self.color_on(self.pair(&look).0, looks))
    }

    /// What a role looks like without colour: as this theme says it, if it has none itself.
    fn without_colour(&self, role: Role) -> Style {
        let sheet = if self.sheet.depth() == Depth::Mono { self.sheet } else { &*WITHOUT_COLOUR };
        flags(&Look { italic: None, ..sheet.look(role) })
    }

    /// A ground at this depth; none when it would look like the canvas.
    fn ground(&self, bg: Tone) -> Option<(Color, Rgb)> {
        let (color, looks) = self.color(bg);
        let (_, canvas) = self.sheet.canvas();
        (bg == canvas || color != self.color(canvas).0).then_some((color, looks))
    }

    /// What this depth has for a tone, and how that looks.
    fn color(&self, tone: Tone) -> (Color, Rgb) {
        let Rgb(r, g, b) = tone.rgb;
        match (self.depth, tone.indexed) {
            (Depth::Truecolor, _) => (Color::Rgb(r, g, b), tone.rgb),
            (Depth::Indexed, Some(index)) => (Color::Indexed(index), indexed(index)),
            (Depth::Indexed, None) => Palette::Fixed240.nearest(tone.rgb),
            (Depth::Sixteen, _) => {
                let said = tone.named.and_then(|color| Some((color, looks_like(color)?)));
                said.unwrap_or_else(|| Palette::Named16.nearest(tone.rgb))
            }
            (Depth::Mono, _) => (Color::Reset, tone.rgb),
        }
    }

    /// The same for text that must read on a ground that looks like `ground`.
    fn color_on(&self, tone: Tone, ground: Rgb) -> Color {
        let least = self.sheet.contrast();
        match self.depth {
            Depth::Truecolor => {
                let Rgb(r, g, b) = readable(tone.rgb, ground, least);
                Color::Rgb(r, g, b)
            }
            Depth::Indexed => Palette::Fixed240.nearest_readable(tone.rgb, ground, least).0,
            Depth::Sixteen => {
                let reads =
                    |color: &Color| looks_like(*color).is_some_and(|rgb| contrast(rgb, ground) >= least);
                let said = tone.named.filter(reads);
                said.unwrap_or_else(|| Palette::Named16.nearest_readable(tone.rgb, ground, least).0)
            }
            Depth::Mono => Color::Reset,
        }
    }
}

fn flags(look: &Look) -> Style {
    let mut style = Style::new();
    for (on, modifier) in [
        (look.bold, Modifier::BOLD),
        (look.underline, Modifier::UNDERLINED),
        (look.reverse, Modifier::REVERSED),
        (look.italic, Modifier::ITALIC),
    ] {
        if on == Some(true) {
            style = style.add_modifier(modifier);
        }
    }
    style
}

#[cfg(test)]
mod tests;
