//! Theme and keymap as the settings name them, with the person's own files over them: which files make up a name, and
//! what is worn now. A mistake keeps no screen shut: what is good is taken, and the mistake is told. Never reads a disk.

use super::{
    keymap::{self, Keymap, KeymapError},
    theme::{
        self, Depth, Theme, ThemeError,
        color::{Rgb, contrast},
    },
};
use std::{collections::BTreeMap, fmt};
use toml_edit::Document;

/// The theme's name that means: dark or light, as the terminal is.
pub const AUTO: &str = "auto";
/// Themes or keymaps that one may be built on, one over the other.
const BASES_MOST: usize = 8;

/// A person's own files of one kind, by name.
pub type Shelf = BTreeMap<String, OwnFile>;

/// A theme or a keymap: its name, and the person's own files that may be part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// As the settings have it.
    pub name: String,
    /// Their own files.
    pub own: Shelf,
}

/// A person's own file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFile {
    /// As it is named to them.
    pub path: String,
    /// What stands in it, or why it cannot be read.
    pub text: Result<String, String>,
}

/// All of a person's own files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// Of themes.
    pub themes: Shelf,
    /// Of keymaps.
    pub keymaps: Shelf,
}

/// What a terminal writes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ground {
    /// Dark, as most are; also where it does not say.
    #[default]
    Dark,
    /// Light.
    Light,
}

impl Ground {
    /// The ground that has this colour.
    #[must_use]
    pub fn of(rgb: Rgb) -> Self {
        let light = contrast(rgb, Rgb(0, 0, 0)) > contrast(rgb, Rgb(255, 255, 255));
        if light { Self::Light } else { Self::Dark }
    }

    /// What `COLORFGBG` says: the colours of text and ground, of the 16, the last one counts.
    #[must_use]
    pub fn of_env(colorfgbg: Option<&str>) -> Option<Self> {
        let ground: u8 = colorfgbg?.rsplit(';').next()?.parse().ok()?;
        match ground {
            0..=6 | 8 => Some(Self::Dark),
            7 | 9..=15 => Some(Self::Light),
            _ => None,
        }
    }

    /// The theme for it.
    #[must_use]
    pub fn theme(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}

/// What is wrong with a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Place in the person's own file; `None`: the name is wrong.
    pub place: Option<String>,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl From<ThemeError> for Mistake {
    fn from(error: ThemeError) -> Self {
        Self { place: Some(format!("{}:{}", error.file, error.line)), what: error.what }
    }
}

impl From<KeymapError> for Mistake {
    fn from(error: KeymapError) -> Self {
        Self { place: Some(format!("{}:{}", error.file, error.line)), what: error.what }
    }
}

/// Themes or keymaps: where their files are, and those of the program.
struct Kind {
    word: &'static str,
    /// Names besides those of files, for messages.
    also: &'static str,
    folder: &'static str,
    names: &'static [&'static str],
    built_in: fn(&str) -> Option<&'static str>,
}

const THEMES: Kind =
    Kind { word: "theme", also: "auto, ", folder: "themes", names: &theme::NAMES, built_in: theme::built_in };
const KEYMAPS: Kind =
    Kind { word: "keymap", also: "", folder: "keymaps", names: &keymap::NAMES, built_in: keymap::built_in };

/// A file by its name for messages, and its text.
type Layer<'a> = (String, &'a str);

impl Kind {
    /// Names there are: the program's, then the person's own.
    fn known(&self, shelf: &Shelf) -> Vec<String> {
        let own = shelf.keys().map(String::as_str).filter(|name| !self.names.contains(name));
        self.names.iter().copied().chain(own).map(str::to_owned).collect()
    }

    /// The files that make up a name, each laid over those before it.
    fn layers<'a>(&self, name: &str, shelf: &'a Shelf) -> Result<Vec<Layer<'a>>, Mistake> {
        let mut layers = Vec::new();
        self.collect(name, shelf, BASES_MOST, &mut layers)?;
        Ok(layers)
    }

    fn collect<'a>(
        &self,
        name: &str,
        shelf: &'a Shelf,
        left: usize,
        layers: &mut Vec<Layer<'a>>,
    ) -> Result<(), Mistake> {
        let Some(file) = shelf.get(name) else {
            let Some(text) = (self.built_in)(name) else {
                let known = self.known(shelf).join(", ");
                let what = format!("there is no {} {name:?}; there are {}{known}", self.word, self.also);
                return Err(Mistake { place: None, what });
            };
            self.collect_built_in(name, text, layers);
            return Ok(());
        };
        let said = file.text.as_ref();
        let text = said.map_err(|why| Mistake { place: Some(file.path.clone()), what: why.clone() })?;
        match (base_of(text), (self.built_in)(name)) {
            (Some((base, line)), _) if base != name => {
                let at = |what: String| Mistake { place: Some(format!("{}:{line}", file.path)), what };
                let Some(left) = left.checked_sub(1) else {
                    return Err(at(format!("base = {base:?} goes round in a circle, or too deep")));
                };
                // The place of a base that is not there is where it is named.
                self.collect(&base, shelf, left, layers).map_err(|mistake| match mistake.place {
                    None => at(mistake.what),
                    Some(_) => mistake,
                })?;
            }
            (_, Some(built_in)) => self.collect_built_in(name, built_in, layers),
            (_, None) => {
                let first = self.names.first().copied().unwrap_or_default();
                self.collect_built_in(first, (self.built_in)(first).unwrap_or_default(), layers);
            }
        }
        layers.push((file.path.clone(), text));
        Ok(())
    }

    fn collect_built_in<'a>(&self, name: &str, text: &'static str, layers: &mut Vec<Layer<'a>>) {
        if let Some((base, _)) = base_of(text).filter(|(base, _)| base != name)
            && let Some(below) = (self.built_in)(&base)
        {
            self.collect_built_in(&base, below, layers);
        }
        layers.push((format!("{}/{name}.toml", self.folder), text));
    }
}

/// What a file says it is built on, and the line. A file that cannot be read says nothing: who lays it tells why.
fn base_of(text: &str) -> Option<(String, usize)> {
    let document = Document::parse(text).ok()?;
    let item = document.get("base")?;
    let start = item.span().map_or(0, |span| span.start).min(text.len());
    let line = text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1;
    Some((item.as_str()?.to_owned(), line))
}

fn borrowed<'a>(layers: &'a [Layer<'_>]) -> Vec<(&'a str, &'a str)> {
    layers.iter().map(|(file, text)| (file.as_str(), *text)).collect()
}

/// The theme at this depth.
///
/// # Errors
/// No such theme, or a file of it is wrong.
pub fn theme_strictly(chosen: &Chosen, depth: Depth, ground: Ground) -> Result<Theme, Mistake> {
    let name = if chosen.name == AUTO { ground.theme() } else { &chosen.name };
    let layers = THEMES.layers(name, &chosen.own)?;
    Ok(Theme::layered(&borrowed(&layers), depth)?)
}

/// The keymap.
///
/// # Errors
/// No such keymap, or a file of it is wrong.
pub fn keymap_strictly(chosen: &Chosen) -> Result<Keymap, Mistake> {
    let layers = KEYMAPS.layers(&chosen.name, &chosen.own)?;
    Ok(Keymap::layered(&borrowed(&layers))?)
}

/// The theme at this depth, and what is wrong with the choice: then it is the built-in one, of that name if there
/// is one.
///
/// # Errors
/// A theme of the program itself cannot be read.
pub fn theme(chosen: &Chosen, depth: Depth, ground: Ground) -> Result<(Theme, Option<Mistake>), ThemeError> {
    let mistake = match theme_strictly(chosen, depth, ground) {
        Ok(theme) => return Ok((theme, None)),
        Err(mistake) => mistake,
    };
    let built_in = theme::built_in(&chosen.name).map_or(ground.theme(), |_| chosen.name.as_str());
    Ok((Theme::named(built_in)?.at(depth), Some(mistake)))
}

/// The keymap, and what is wrong with the choice: as [`theme()`].
///
/// # Errors
/// A keymap of the program itself cannot be read.
pub fn keymap(chosen: &Chosen) -> Result<(Keymap, Option<Mistake>), KeymapError> {
    let mistake = match keymap_strictly(chosen) {
        Ok(keymap) => return Ok((keymap, None)),
        Err(mistake) => mistake,
    };
    let built_in = keymap::built_in(&chosen.name).map_or(keymap::NAMES[0], |_| chosen.name.as_str());
    Ok((Keymap::load(built_in, None)?, Some(mistake)))
}

/// What could be worn, and what is.
#[derive(Debug, Clone, Default)]
pub struct Wardrobe {
    /// The theme.
    pub theme: Chosen,
    /// The keymap.
    pub keymap: Chosen,
    /// What the terminal writes on, as far as is known.
    pub ground: Ground,
    /// Colours the terminal has.
    pub depth: Depth,
    /// Whether colours are for states only: the line is slow.
    pub sparing: bool,
}

impl Wardrobe {
    /// The theme that is chosen.
    ///
    /// # Errors
    /// As [`theme_strictly`].
    pub fn theme(&self) -> Result<Theme, Mistake> {
        let theme = theme_strictly(&self.theme, self.depth, self.ground)?;
        Ok(if self.sparing { theme.sparing() } else { theme })
    }

    /// Names of themes to choose from.
    #[must_use]
    pub fn themes(&self) -> Vec<String> {
        std::iter::once(AUTO.to_owned()).chain(THEMES.known(&self.theme.own)).collect()
    }

    /// Names of keymaps to choose from.
    #[must_use]
    pub fn keymaps(&self) -> Vec<String> {
        KEYMAPS.known(&self.keymap.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(files: &[(&str, &str)]) -> Shelf {
        let file = |&(name, text): &(&str, &str)| {
            (name.to_owned(), OwnFile { path: format!("/my/{name}.toml"), text: Ok(text.into()) })
        };
        files.iter().map(file).collect()
    }

    fn chosen(name: &str, files: &[(&str, &str)]) -> Chosen {
        Chosen { name: name.into(), own: own(files) }
    }

    fn dark(chosen: &Chosen) -> (Theme, Option<Mistake>) {
        theme(chosen, Depth::Truecolor, Ground::Dark).unwrap()
    }

    #[test]
    fn a_bad_choice_leaves_the_built_in_one_and_says_why() {
        let plain = |name| Theme::named(name).unwrap().serial();
        for (name, text, serial, said) in [
            ("light", None, plain("light"), None),
            (
                "drak",
                None,
                plain("dark"),
                Some(
                    "there is no theme \"drak\"; there are auto, dark, light, high-contrast, colour-blind-safe, mono",
                ),
            ),
            ("light", Some("[roles]\nokk = 'red'\n"), plain("light"), Some("/my/light.toml:2: ")),
        ] {
            let files: Vec<_> = text.map(|text| (name, text)).into_iter().collect();
            let (theme, mistake) = dark(&chosen(name, &files));
            assert_eq!(theme.serial(), serial, "{name}");
            let mistake = mistake.map(|mistake| mistake.to_string());
            assert_eq!(mistake.is_some(), said.is_some(), "{name}: {mistake:?}");
            assert!(mistake.unwrap_or_default().starts_with(said.unwrap_or_default()), "{name}");
        }
        let own = [("dark", "[palette]\nbackground = '#000000'\n")];
        let (mine, mistake) = dark(&chosen("dark", &own));
        assert!(mistake.is_none() && mine.serial() != plain("dark"));
    }

    #[test]
    fn keymaps_fall_back_the_same_way() {
        let (map, mistake) = keymap(&chosen("ed", &[])).unwrap();
        assert_eq!(map.rows(), Keymap::load("default", None).unwrap().rows());
        assert_eq!(mistake.unwrap().to_string(), "there is no keymap \"ed\"; there are default, vim, emacs");
        let bad = "keys = [\n { on = 'x', run = 'fly' },\n]\n";
        let (map, mistake) = keymap(&chosen("vim", &[("vim", bad)])).unwrap();
        assert_eq!(map.rows(), Keymap::load("vim", None).unwrap().rows());
        assert!(mistake.unwrap().to_string().starts_with("/my/vim.toml:2: there is no command \"fly\""));
        let mut unread = chosen("default", &[("default", "")]);
        unread.own.get_mut("default").unwrap().text = Err("is a directory".into());
        let (_, mistake) = keymap(&unread).unwrap();
        assert_eq!(mistake.unwrap().to_string(), "/my/default.toml: is a directory");
    }

    #[test]
    fn s7_own_names_are_built_on_any_other() {
        let files = [
            ("mine", "base = \"light\"\n[palette]\ngreen = \"#004400\"\n"),
            ("yours", "base = \"mine\"\n[palette]\nred = \"#660000\"\n"),
            ("bare", "[palette]\nred = \"#ff9999\"\n"),
        ];
        let on = |name| theme_strictly(&chosen(name, &files), Depth::Truecolor, Ground::Dark).unwrap();
        let light = Theme::named("light").unwrap();
        let ok = theme::Role::Ok;
        assert_eq!(on("mine").canvas(), light.canvas());
        assert_ne!(on("mine").style(ok), light.style(ok));
        assert_eq!(on("yours").style(ok), on("mine").style(ok));
        assert_ne!(on("yours").style(theme::Role::Bad), on("mine").style(theme::Role::Bad));
        assert_eq!(on("bare").canvas(), Theme::named("dark").unwrap().canvas(), "without a base: the first");
        let keys = "base = \"emacs\"\nkeys = [ { on = \"alt-t\", run = \"palette.open\" } ]\n";
        let map = keymap_strictly(&chosen("own", &[("own", keys)])).unwrap();
        assert_eq!(map.rows().len(), Keymap::load("emacs", None).unwrap().rows().len() + 1);
        let vim = keymap_strictly(&chosen("own", &[("own", "base = \"vim\"\n")])).unwrap();
        assert_eq!(vim.editing(), keymap::Editing::Modal);
    }

    #[test]
    fn a_base_that_is_not_there_or_goes_round_is_told_with_its_line() {
        let files = [
            ("a", "\nbase = \"b\"\n"),
            ("b", "base = \"a\"\n"),
            ("c", "\n\nbase = \"sepia\"\n"),
            ("d", "base = \"e\"\n"),
            ("e", "[roles]\nokk = {}\n"),
        ];
        for (name, place, words) in [
            ("a", "/my/a.toml:2", "goes round in a circle"),
            ("c", "/my/c.toml:3", "there is no theme \"sepia\"; there are auto, dark, light"),
            ("d", "/my/e.toml:2", "`okk` is not a role"),
        ] {
            let mistake = theme_strictly(&chosen(name, &files), Depth::Truecolor, Ground::Dark).unwrap_err();
            assert_eq!(mistake.place.as_deref(), Some(place), "{mistake}");
            assert!(mistake.what.contains(words), "{mistake}");
        }
    }

    #[test]
    fn s7_auto_is_dark_or_light_as_the_terminal_is() {
        let auto = chosen(AUTO, &[("light", "[palette]\nbackground = '#ffffff'\n")]);
        let on = |ground| theme(&auto, Depth::Truecolor, ground).unwrap().0;
        assert_eq!(on(Ground::Dark).serial(), Theme::named("dark").unwrap().serial());
        assert_eq!(on(Ground::Light).canvas().bg, Some(ratatui::style::Color::Rgb(255, 255, 255)));
        for (rgb, ground) in [
            (Rgb(0, 0, 0), Ground::Dark),
            (Rgb(0, 43, 54), Ground::Dark),
            (Rgb(253, 246, 227), Ground::Light),
            (Rgb(128, 128, 128), Ground::Light),
        ] {
            assert_eq!(Ground::of(rgb), ground, "{rgb:?}");
        }
        for (said, ground) in [
            (Some("15;0"), Some(Ground::Dark)),
            (Some("0;default;15"), Some(Ground::Light)),
            (Some("0;7"), Some(Ground::Light)),
            (Some("7;8"), Some(Ground::Dark)),
            (Some("0;default"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(Ground::of_env(said), ground, "{said:?}");
        }
    }
}
