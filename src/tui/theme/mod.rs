//! Looks by role. Panes ask for `theme.style(Role::Ok)`; no colour is named anywhere else.
//!
//! A theme file says a look for true colour; fewer colours are derived from it: the nearest of 256 or 16 that
//! still reads, or none at all, where bold, underline and reverse carry the difference. Invariants, each held
//! by a test: every text role reads on its ground with a contrast of 4.5:1 at true colour, 256 and 16; at
//! [`Depth::Mono`] no colour is ever set. Never reads a disk or the environment: text and values come in.

pub mod color;
pub mod depth;
#[cfg(test)]
pub(in crate::tui) mod picture;
pub mod role;
pub mod sheet;

pub use depth::Depth;
pub use role::Role;
pub use sheet::ThemeError;

use color::{Palette, Rgb, indexed, readable};
use ratatui::style::{Color, Modifier, Style};
use sheet::{Look, Sheet, Tone};

const DARK: &str = include_str!("../../../themes/dark.toml");
const LIGHT: &str = include_str!("../../../themes/light.toml");

/// The themes in the program, the one that is taken where nothing is said first.
pub const NAMES: [&str; 2] = ["dark", "light"];

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
        let mut sheet = Sheet::default();
        // The file is part of the program and a test reads it; were it broken, text would be white on black.
        let _ = sheet.lay("dark.toml", DARK);
        Self::of(sheet, Depth::Truecolor)
    }
}

impl Theme {
    /// A theme of the program, at true colour.
    ///
    /// # Errors
    /// No theme of that name.
    pub fn named(name: &str) -> Result<Self, ThemeError> {
        Ok(Self::of(built_in(name)?, Depth::Truecolor))
    }

    /// A theme of the program with a person's file (its name for messages, its text) layered over.
    ///
    /// # Errors
    /// No theme of that name, or the file is not a theme: file, line, what to do.
    pub fn load(name: &str, user: Option<(&str, &str)>, depth: Depth) -> Result<Self, ThemeError> {
        let mut sheet = built_in(name)?;
        if let Some((file, text)) = user {
            sheet.lay(file, text)?;
        }
        Ok(Self::of(sheet, depth))
    }

    /// The same theme with more or fewer colours.
    #[must_use]
    pub fn at(&self, depth: Depth) -> Self {
        Self::of(self.sheet.clone(), depth)
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

fn built_in(name: &str) -> Result<Sheet, ThemeError> {
    let text = match name {
        "dark" => DARK,
        "light" => LIGHT,
        _ => {
            let what = format!("there is no such theme; use one of {}", NAMES.join(", "));
            return Err(ThemeError { file: format!("themes/{name}.toml"), line: 1, what });
        }
    };
    let mut sheet = Sheet::default();
    sheet.lay(&format!("themes/{name}.toml"), text)?;
    Ok(sheet)
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
            return Style::new().add_modifier(mono(role));
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
                style = if wanted.is_some() { style.add_modifier(mono(role)) } else { style };
                self.color(self.sheet.canvas().1).1
            }
        };
        style.fg(if role.is_text() { self.color_on(fg, looks) } else { self.color(fg).0 })
    }

    fn over(&self, role: Role, ground: Role) -> Style {
        let under = self.style(ground);
        if self.depth == Depth::Mono {
            return under.add_modifier(mono(role));
        }
        let look = self.sheet.look(role);
        let bg = self.pair(&self.sheet.look(ground)).1.and_then(|bg| self.ground(bg));
        let looks = bg.map_or_else(|| self.color(self.sheet.canvas().1).1, |(_, looks)| looks);
        let own = under.add_modifier | flags(&look).add_modifier;
        Style { bg: under.bg, add_modifier: own, ..Style::new() }.fg(self.color_on(self.pair(&look).0, looks))
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
            (Depth::Sixteen, _) => Palette::Named16.nearest(tone.rgb),
            (Depth::Mono, _) => (Color::Reset, tone.rgb),
        }
    }

    /// The same for text that must read on a ground that looks like `ground`.
    fn color_on(&self, tone: Tone, ground: Rgb) -> Color {
        match self.depth {
            Depth::Truecolor => {
                let Rgb(r, g, b) = readable(tone.rgb, ground);
                Color::Rgb(r, g, b)
            }
            Depth::Indexed => Palette::Fixed240.nearest_readable(tone.rgb, ground).0,
            Depth::Sixteen => Palette::Named16.nearest_readable(tone.rgb, ground).0,
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

/// What a role looks like without colour.
fn mono(role: Role) -> Modifier {
    match role {
        Role::Selection | Role::Caret | Role::Match => Modifier::REVERSED,
        Role::Attention => Modifier::REVERSED.union(Modifier::BOLD),
        Role::DiffAddWord | Role::DiffDelWord => Modifier::UNDERLINED.union(Modifier::BOLD),
        Role::Warn | Role::Code => Modifier::UNDERLINED,
        Role::Title
        | Role::BorderFocus
        | Role::Accent
        | Role::Bad
        | Role::Busy
        | Role::DiffHunk
        | Role::Keyword
        | Role::Vendor1
        | Role::Vendor2
        | Role::Vendor3
        | Role::Vendor4 => Modifier::BOLD,
        _ => Modifier::empty(),
    }
}

#[cfg(test)]
mod tests;
