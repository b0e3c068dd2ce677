//! Contrast of every pair, every depth; files and their errors.

use super::*;
use color::{CONTRAST_LEAST, contrast, indexed};

fn looks(color: Option<Color>) -> Option<Rgb> {
    match color? {
        Color::Rgb(r, g, b) => Some(Rgb(r, g, b)),
        Color::Indexed(index) => Some(indexed(index)),
        Color::Reset => None,
        named => (0..16).map(indexed).find(|&rgb| Palette::Named16.nearest(rgb).0 == named),
    }
}

fn themes(depth: Depth) -> impl Iterator<Item = (&'static str, Theme)> {
    NAMES.into_iter().map(move |name| (name, Theme::load(name, None, depth).unwrap()))
}

#[test]
fn s7_every_text_reads_on_its_ground_at_every_depth() {
    for depth in [Depth::Truecolor, Depth::Indexed, Depth::Sixteen] {
        for (name, theme) in themes(depth) {
            let canvas = looks(theme.canvas().bg).unwrap();
            let mut pairs = vec![("canvas".to_owned(), theme.canvas())];
            pairs.extend(
                Role::ALL.iter().filter(|r| r.is_text()).map(|&r| (format!("{r:?}"), theme.style(r))),
            );
            for &ground in &GROUNDS {
                let over = |&r: &Role| (format!("{r:?} over {ground:?}"), theme.over(r, ground));
                pairs.extend(Role::ALL.iter().filter(|r| r.is_text()).map(over));
            }
            for (what, style) in pairs {
                let (fg, bg) = (looks(style.fg).unwrap(), looks(style.bg).unwrap_or(canvas));
                let ratio = contrast(fg, bg);
                assert!(ratio >= CONTRAST_LEAST, "{name} {depth:?} {what}: {ratio:.2} ({fg:?} on {bg:?})");
            }
        }
    }
}

/// The files themselves are good, not only what the floor makes of them.
#[test]
fn the_files_say_readable_pairs_by_themselves() {
    for name in NAMES {
        let sheet = built_in(name).unwrap();
        let painter = Painter { sheet: &sheet, depth: Depth::Truecolor };
        for &role in Role::ALL.iter().filter(|role| role.is_text()) {
            let look = sheet.look(role);
            assert_ne!(look, Look::default(), "{name} says nothing about {role:?}");
            let (fg, bg) = painter.pair(&look);
            let ratio = contrast(fg.rgb, bg.unwrap_or(sheet.canvas().1).rgb);
            assert!(ratio >= CONTRAST_LEAST, "{name} {role:?}: {ratio:.2}");
        }
    }
}

#[test]
fn added_and_removed_never_look_alike_nor_like_the_canvas() {
    for depth in [Depth::Truecolor, Depth::Indexed] {
        for (name, theme) in themes(depth) {
            let mut grounds: Vec<_> =
                [Role::DiffAdd, Role::DiffDel, Role::DiffAddWord, Role::DiffDelWord, Role::Selection]
                    .map(|role| theme.style(role).bg)
                    .into();
            grounds.push(theme.canvas().bg);
            for (at, ground) in grounds.iter().enumerate() {
                assert!(ground.is_some() && !grounds[..at].contains(ground), "{name} {depth:?}: {grounds:?}");
            }
        }
    }
    for (name, theme) in themes(Depth::Sixteen) {
        let [add, del] = [Role::DiffAdd, Role::DiffDel].map(|role| theme.style(role));
        assert_ne!((add.fg, add.bg), (del.fg, del.bg), "{name}");
    }
}

#[test]
fn s7_mono_never_sets_a_colour_and_still_tells_states_apart() {
    for (_, theme) in themes(Depth::Mono) {
        let mut all: Vec<_> = Role::ALL.iter().map(|&role| theme.style(role)).collect();
        all.push(theme.canvas());
        all.extend(Role::ALL.iter().map(|&role| theme.over(role, Role::Selection)));
        let allowed = Modifier::BOLD | Modifier::UNDERLINED | Modifier::REVERSED;
        for style in all {
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None));
            assert!(allowed.contains(style.add_modifier), "{style:?}");
        }
        assert_ne!(theme.style(Role::Selection), theme.style(Role::Text));
        assert_ne!(theme.style(Role::DiffAddWord), theme.style(Role::DiffAdd));
    }
}

#[test]
fn fewer_colours_never_use_more() {
    for (_, theme) in themes(Depth::Indexed) {
        for &role in Role::ALL {
            assert!(matches!(theme.style(role).fg, Some(Color::Indexed(16..))), "{role:?}");
        }
    }
    for (_, theme) in themes(Depth::Sixteen) {
        for &role in Role::ALL {
            let fg = theme.style(role).fg.unwrap();
            assert!(!matches!(fg, Color::Indexed(_) | Color::Rgb(..) | Color::Reset), "{role:?} {fg}");
        }
    }
}

#[test]
fn s7_a_layer_changes_what_it_names_and_all_that_uses_it() {
    let text = "[palette]\ngreen = \"#00ff00\"\n[roles]\ntext = { fg = \"green\", bold = true }\n";
    let theme = Theme::load("dark", Some(("mine.toml", text)), Depth::Truecolor).unwrap();
    assert_eq!(theme.style(Role::Ok).fg, Some(Color::Rgb(0, 255, 0)));
    assert_eq!(theme.style(Role::Text).add_modifier, Modifier::BOLD);
    let plain = Theme::named("dark").unwrap();
    assert_eq!(theme.style(Role::Bad), plain.style(Role::Bad));
    assert_ne!(theme.serial(), plain.serial());
    assert_eq!(plain.at(Depth::Truecolor).serial(), plain.serial());
    assert_eq!(Theme::default().serial(), plain.serial());
}

#[test]
fn an_unreadable_layer_is_kept_readable() {
    let text = "[roles]\nmuted = { fg = \"#15181f\" }\n";
    let theme = Theme::load("dark", Some(("mine.toml", text)), Depth::Truecolor).unwrap();
    let (fg, bg) = (looks(theme.style(Role::Muted).fg).unwrap(), looks(theme.canvas().bg).unwrap());
    assert!(contrast(fg, bg) >= CONTRAST_LEAST);
}

#[test]
fn errors_say_the_file_the_line_and_what_to_do() {
    let cases = [
        ("[palette]\nred = \"red\"\n", 2, "must be a colour like"),
        ("[palette]\n\nred = 3\n", 3, "must be a colour like"),
        ("[palette]\nred = { rgb = \"#a00000\", indexed = 3 }\n", 2, "indexed is 16 to 255"),
        ("[roles]\ndiff_ad = { fg = \"#000000\" }\n", 2, "not a role; use one of text, muted"),
        ("[roles]\ntext = \"#000000\"\n", 2, "must be like {"),
        ("[roles]\ntext = { fg = \"sparkle\" }\n", 2, "no palette colour `sparkle`; add it or use one of"),
        ("[roles]\ntext = { fg = 7 }\n", 2, "\"#rrggbb\" or a name"),
        ("[roles]\ntext = { fg = \"#12\" }\n", 2, "\"#rrggbb\" or a name"),
        ("[roles]\ntext = { bold = \"yes\" }\n", 2, "true or false"),
        ("[roles]\ntext = { blink = true }\n", 2, "use fg, bg"),
        ("\n\n[colours]\n", 3, "use the tables [palette] and [roles]"),
        ("palette = 3\n", 1, "write [palette]"),
        ("[palette]\nred = \n", 2, "not TOML"),
    ];
    for (text, line, says) in cases {
        let error = Theme::load("dark", Some(("mine.toml", text)), Depth::Truecolor).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("mine.toml", line), "{text:?}: {error}");
        assert!(error.to_string().contains(says), "{text:?}: {error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let big = " ".repeat(sheet::FILE_MOST + 1);
    assert!(Theme::load("dark", Some(("mine.toml", &big)), Depth::Truecolor).is_err());
    let missing = Theme::named("sepia").unwrap_err();
    assert_eq!(missing.to_string(), "themes/sepia.toml:1: there is no such theme; use one of dark, light");
}
