//! Contrast of every pair, every depth; files and their errors.

use super::*;
use color::{CONTRAST_LEAST, lab, linear, shown as looks};

/// A theme of the program, at a depth.
fn theme(name: &str, depth: Depth) -> Theme {
    Theme::layered(&[(name, built_in(name).unwrap())], depth).unwrap()
}

/// The dark theme with a layer of one's own.
fn mine(text: &str, depth: Depth) -> Result<Theme, ThemeError> {
    Theme::layered(&[("dark.toml", built_in("dark").unwrap()), ("mine.toml", text)], depth)
}

fn themes(depth: Depth) -> impl Iterator<Item = (&'static str, Theme)> {
    let coloured = NAMES.into_iter().filter(move |name| *name != "mono" || depth == Depth::Mono);
    coloured.map(move |name| (name, theme(name, depth)))
}

#[test]
fn names_are_those_of_the_files() {
    assert!(NAMES.iter().eq(BUILT_IN.iter().map(|(name, _)| name)));
}

#[test]
fn s7_every_text_reads_on_its_ground_at_every_depth() {
    for depth in [Depth::Truecolor, Depth::Indexed, Depth::Sixteen] {
        let spare = themes(depth).map(|(name, theme)| (name, theme.sparing()));
        for (name, theme) in themes(depth).chain(spare) {
            let least = if name == "high-contrast" { 7.0 } else { CONTRAST_LEAST };
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
                assert!(ratio >= least, "{name} {depth:?} {what}: {ratio:.2} ({fg:?} on {bg:?})");
            }
        }
    }
}

/// The files themselves are good, not only what the floor makes of them.
#[test]
fn the_files_say_readable_pairs_by_themselves() {
    for name in NAMES.into_iter().filter(|name| *name != "mono") {
        let sheet = theme(name, Depth::Truecolor).sheet;
        let least = if name == "high-contrast" { 7.0 } else { CONTRAST_LEAST };
        let painter = Painter { sheet: &sheet, depth: Depth::Truecolor };
        for &role in Role::ALL.iter().filter(|role| role.is_text()) {
            let look = sheet.look(role);
            assert_ne!(look, Look::default(), "{name} says nothing about {role:?}");
            let (fg, bg) = painter.pair(&look);
            let ratio = contrast(fg.rgb, bg.unwrap_or(sheet.canvas().1).rgb);
            assert!(ratio >= least, "{name} {role:?}: {ratio:.2}");
        }
    }
    for &role in Role::ALL {
        assert!(built_in("mono").unwrap().contains(&format!("\n{} = {{", role.word())), "mono: {role:?}");
    }
}

/// What an eye without one sort of cones makes of a colour (Machado, Oliveira & Fernandes 2009, severity 1).
fn without_cones(rgb: Rgb, matrix: [[f32; 3]; 3]) -> Rgb {
    let light = [rgb.0, rgb.1, rgb.2].map(linear);
    let [r, g, b] = matrix.map(|row| {
        let c = (0..3).map(|n| row[n] * light[n]).sum::<f32>().clamp(0.0, 1.0);
        let encoded = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
        (255.0 * encoded).round() as u8
    });
    Rgb(r, g, b)
}

/// The distance in Oklab of two colours for the eye that tells them apart worst. 0.02 is just noticeable side by side.
fn apart(a: Rgb, b: Rgb) -> f32 {
    const PROTAN: [[f32; 3]; 3] = [
        [0.152_286, 1.052_583, -0.204_868],
        [0.114_503, 0.786_281, 0.099_216],
        [-0.003_882, -0.048_116, 1.051_998],
    ];
    const DEUTAN: [[f32; 3]; 3] = [
        [0.367_322, 0.860_646, -0.227_968],
        [0.280_085, 0.672_501, 0.047_413],
        [-0.011_820, 0.042_940, 0.968_881],
    ];
    let seen = |matrix| {
        let (a, b) = (lab(without_cones(a, matrix)), lab(without_cones(b, matrix)));
        (0..3).map(|n| (a[n] - b[n]).powi(2)).sum::<f32>().sqrt()
    };
    seen(PROTAN).min(seen(DEUTAN))
}

/// Pairs that must be told apart: states by their text, diffs by their grounds.
const STATE_PAIRS: [(Role, Role); 6] = [
    (Role::Ok, Role::Bad),
    (Role::Ok, Role::Warn),
    (Role::Ok, Role::Busy),
    (Role::Warn, Role::Bad),
    (Role::Warn, Role::Busy),
    (Role::Bad, Role::Busy),
];
const GROUND_PAIRS: [(Role, Role); 2] =
    [(Role::DiffAdd, Role::DiffDel), (Role::DiffAddWord, Role::DiffDelWord)];

#[test]
fn s7_states_stay_apart_for_eyes_without_red_or_green_cones() {
    const LEAST: f32 = 0.1;
    let fg = |theme: &Theme, role| looks(theme.style(role).fg).unwrap();
    let bg = |theme: &Theme, role| looks(theme.style(role).bg).unwrap();
    for depth in [Depth::Truecolor, Depth::Indexed, Depth::Sixteen] {
        let safe = theme("colour-blind-safe", depth);
        for (a, b) in STATE_PAIRS {
            let apart = apart(fg(&safe, a), fg(&safe, b));
            assert!(apart >= LEAST, "{depth:?} {a:?} {b:?}: {apart:.3}");
        }
        for (a, b) in GROUND_PAIRS {
            let apart = apart(bg(&safe, a), bg(&safe, b));
            assert!(apart >= LEAST, "{depth:?} grounds of {a:?} {b:?}: {apart:.3}");
        }
    }
    // The measure tells themes apart: in the dark one, green and red are nearly the same to such eyes.
    let dark = theme("dark", Depth::Truecolor);
    assert!(apart(fg(&dark, Role::Ok), fg(&dark, Role::Bad)) < LEAST);
}

#[test]
fn a_slow_line_has_colours_for_states_and_nothing_else() {
    let spare = theme("dark", Depth::Truecolor).sparing();
    assert_eq!(spare.depth(), Depth::Indexed);
    let plain = spare.style(Role::Text);
    for role in [Role::Title, Role::Border, Role::Accent, Role::Keyword, Role::Vendor1, Role::Comment] {
        assert_eq!(spare.style(role), plain, "{role:?}");
    }
    for role in STATES {
        assert_ne!(spare.style(role), plain, "{role:?}");
    }
    assert_eq!(spare.over(Role::Keyword, Role::DiffAdd), spare.style(Role::DiffAdd));
    assert_eq!(spare.style(Role::DiffAddWord), spare.style(Role::DiffAdd));
    assert_ne!(spare.serial(), theme("dark", Depth::Indexed).serial());
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
    let theme = mine(text, Depth::Truecolor).unwrap();
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
    let theme = mine(text, Depth::Truecolor).unwrap();
    let (fg, bg) = (looks(theme.style(Role::Muted).fg).unwrap(), looks(theme.canvas().bg).unwrap());
    assert!(contrast(fg, bg) >= CONTRAST_LEAST);
}

#[test]
fn errors_say_the_file_the_line_and_what_to_do() {
    let cases = [
        ("[palette]\nred = \"red\"\n", 2, "must be a colour like"),
        ("[palette]\n\nred = 3\n", 3, "must be a colour like"),
        ("[palette]\nred = { rgb = \"#a00000\", indexed = 3 }\n", 2, "indexed is 16 to 255"),
        ("[palette]\nred = { rgb = \"#a00000\", named = \"rot\" }\n", 2, "named one of the 16"),
        ("[roles]\ndiff_ad = { fg = \"#000000\" }\n", 2, "not a role; use one of text, muted"),
        ("[roles]\ntext = \"#000000\"\n", 2, "must be like {"),
        ("[roles]\ntext = { fg = \"sparkle\" }\n", 2, "no palette colour `sparkle`; add it or use one of"),
        ("[roles]\ntext = { fg = 7 }\n", 2, "\"#rrggbb\" or a name"),
        ("[roles]\ntext = { fg = \"#12\" }\n", 2, "\"#rrggbb\" or a name"),
        ("[roles]\ntext = { bold = \"yes\" }\n", 2, "true or false"),
        ("[roles]\ntext = { blink = true }\n", 2, "use fg, bg"),
        ("\n\n[colours]\n", 3, "use base, contrast, depth and the tables [palette] and [roles]"),
        ("contrast = 3\n", 1, "a number from 4.5 to 15"),
        ("\ndepth = \"8\"\n", 2, "`depth` is \"mono\""),
        ("base = 3\n", 1, "the name of another theme"),
        ("palette = 3\n", 1, "write [palette]"),
        ("[palette]\nred = \n", 2, "not TOML"),
        ("[palette]\nred = \"#00000g\"\n", 2, "must be a colour like"),
        ("[palette]\nred = { indexed = 28 }\n", 2, "must be a colour like"),
        ("[palette]\nred = { rgb = \"#a00000\", indexed = 256 }\n", 2, "indexed is 16 to 255"),
        ("[palette]\nred = { rgb = \"#a00000\", hsl = 1 }\n", 2, "must be a colour like"),
        ("[palette]\nred = \"#a00000\"\nred = \"#b00000\"\n", 3, "not TOML"),
        ("[roles]\n\ntext = { underline = 1 }\n", 3, "true or false"),
        ("[roles]\ntext = { bg = \"nowhere\" }\n", 2, "no palette colour `nowhere`"),
        ("[roles]\ntext = [\"#000000\"]\n", 2, "must be like {"),
        ("[[roles]]\ntext = { fg = \"#000000\" }\n", 1, "write [roles]"),
        ("contrast = nan\n", 1, "a number from 4.5 to 15"),
        ("contrast = \"7\"\n", 1, "a number from 4.5 to 15"),
        ("contrast = 99999999999\n", 1, "a number from 4.5 to 15"),
        ("depth = 16\n", 1, "`depth` is \"mono\""),
        ("\u{0}", 1, "not TOML"),
        ("[palette\n", 1, "not TOML"),
    ];
    assert!(cases.len() >= 20);
    for (text, line, says) in cases {
        let error = mine(text, Depth::Truecolor).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("mine.toml", line), "{text:?}: {error}");
        assert!(error.to_string().contains(says), "{text:?}: {error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let big = " ".repeat(sheet::FILE_MOST + 1);
    assert!(mine(&big, Depth::Truecolor).is_err());
    let missing = Theme::named("sepia").unwrap_err();
    assert_eq!(
        missing.to_string(),
        "themes/sepia.toml:1: there is no such theme; use one of dark, light, high-contrast, colour-blind-safe, mono"
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_theme_fail_badly(noise in "\\PC{0,80}", at in 0_usize..200) {
        let good = "base = \"dark\"\n[palette]\nred = \"#a00000\"\n[roles]\ntext = { fg = \"red\", bold = true }\n";
        let at = at.min(good.len());
        for text in [noise.clone(), format!("{}{noise}{}", &good[..at], &good[at..])] {
            if let Err(error) = mine(&text, Depth::Truecolor) {
                proptest::prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 1);
            }
        }
    }
}
