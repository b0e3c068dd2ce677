//! Theme and keymap as the settings name them, with the person's own files over them. A mistake keeps no screen
//! shut: what is good is taken, and the mistake is told. Never reads a disk.

use super::{
    keymap::{self, Keymap, KeymapError},
    theme::{self, Depth, Theme, ThemeError},
};
use std::fmt;

/// A theme or a keymap: its name, and the person's own file over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// As the settings have it.
    pub name: String,
    /// Their own file, if there is one.
    pub file: Option<OwnFile>,
}

/// A person's own file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFile {
    /// As it is named to them.
    pub path: String,
    /// What stands in it, or why it cannot be read.
    pub text: Result<String, String>,
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

/// The theme at this depth, and what is wrong with the choice: then it is the built-in one, of that name if there
/// is one.
///
/// # Errors
/// A theme of the program itself cannot be read.
pub fn theme(chosen: &Chosen, depth: Depth) -> Result<(Theme, Option<Mistake>), ThemeError> {
    choose(("theme", &theme::NAMES), chosen, |name, file| Theme::load(name, file, depth))
}

/// The keymap, and what is wrong with the choice: as [`theme()`].
///
/// # Errors
/// A keymap of the program itself cannot be read.
pub fn keymap(chosen: &Chosen) -> Result<(Keymap, Option<Mistake>), KeymapError> {
    choose(("keymap", &keymap::NAMES), chosen, Keymap::load)
}

fn choose<T, E: Into<Mistake>>(
    (kind, names): (&str, &[&str]),
    chosen: &Chosen,
    load: impl Fn(&str, Option<(&str, &str)>) -> Result<T, E>,
) -> Result<(T, Option<Mistake>), E> {
    let name = chosen.name.as_str();
    if !names.contains(&name) {
        let what = format!("there is no {kind} {name:?}; there are {}", names.join(", "));
        let otherwise = names.first().copied().unwrap_or_default();
        return Ok((load(otherwise, None)?, Some(Mistake { place: None, what })));
    }
    let mistake = match &chosen.file {
        None => None,
        Some(OwnFile { path, text: Err(why) }) => {
            Some(Mistake { place: Some(path.clone()), what: why.clone() })
        }
        Some(OwnFile { path, text: Ok(text) }) => match load(name, Some((path, text))) {
            Ok(loaded) => return Ok((loaded, None)),
            Err(error) => Some(error.into()),
        },
    };
    Ok((load(name, None)?, mistake))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(name: &str, text: Option<&str>) -> Chosen {
        let file = |text: &str| OwnFile { path: "/my/own.toml".into(), text: Ok(text.into()) };
        Chosen { name: name.into(), file: text.map(file) }
    }

    #[test]
    fn a_bad_choice_leaves_the_built_in_one_and_says_why() {
        let plain = |name| Theme::named(name).unwrap().serial();
        for (name, text, serial, said) in [
            ("light", None, plain("light"), None),
            ("drak", None, plain("dark"), Some("there is no theme \"drak\"; there are dark, light")),
            ("light", Some("[roles]\nokk = 'red'\n"), plain("light"), Some("/my/own.toml:2: ")),
        ] {
            let (theme, mistake) = theme(&chosen(name, text), Depth::Truecolor).unwrap();
            assert_eq!(theme.serial(), serial, "{name}");
            let mistake = mistake.map(|mistake| mistake.to_string());
            assert_eq!(mistake.is_some(), said.is_some(), "{name}: {mistake:?}");
            assert!(mistake.unwrap_or_default().starts_with(said.unwrap_or_default()), "{name}");
        }
        let own = "[palette]\nbackground = '#000000'\n";
        let (mine, mistake) = theme(&chosen("dark", Some(own)), Depth::Truecolor).unwrap();
        assert!(mistake.is_none() && mine.serial() != plain("dark"));
    }

    #[test]
    fn keymaps_fall_back_the_same_way() {
        let (map, mistake) = keymap(&chosen("emacs", None)).unwrap();
        assert_eq!(map.rows(), Keymap::load("default", None).unwrap().rows());
        assert_eq!(mistake.unwrap().to_string(), "there is no keymap \"emacs\"; there are default, vim");
        let bad = "keys = [\n { on = 'x', run = 'fly' },\n]\n";
        let (map, mistake) = keymap(&chosen("vim", Some(bad))).unwrap();
        assert_eq!(map.rows(), Keymap::load("vim", None).unwrap().rows());
        assert!(mistake.unwrap().to_string().starts_with("/my/own.toml:2: there is no command \"fly\""));
        let unread = OwnFile { path: "/my/own.toml".into(), text: Err("is a directory".into()) };
        let (_, mistake) = keymap(&Chosen { name: "default".into(), file: Some(unread) }).unwrap();
        assert_eq!(mistake.unwrap().to_string(), "/my/own.toml: is a directory");
    }
}
