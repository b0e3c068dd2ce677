//! A screen as text for picture tests: what stands where, then which role each cell has, then what the letters
//! mean. A change of a theme's colours changes no picture.

use super::{GROUNDS, Role, Theme};
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier, Style},
};
use unicode_width::UnicodeWidthStr;

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Text and roles of a buffer drawn with `theme`.
pub(in crate::tui) fn picture(buf: &Buffer, theme: &Theme) -> String {
    let mut legend: Vec<String> = Vec::new();
    let (mut text, mut roles) = (String::new(), String::new());
    for y in buf.area.top()..buf.area.bottom() {
        let (mut line, mut marks) = (String::new(), String::new());
        let mut x = buf.area.left();
        while x < buf.area.right() {
            let cell = &buf[(x, y)];
            let width = cell.symbol().width().max(1) as u16;
            line.push_str(cell.symbol());
            let name = name(cell, theme);
            let mark = match legend.iter().position(|known| *known == name) {
                _ if name == "-" => '.',
                Some(at) => LETTERS.chars().nth(at).unwrap(),
                None => {
                    legend.push(name);
                    LETTERS.chars().nth(legend.len() - 1).unwrap()
                }
            };
            (0..width).for_each(|_| marks.push(mark));
            x += width;
        }
        text.push_str(line.trim_end());
        text.push('\n');
        roles.push_str(marks.trim_end_matches('.'));
        roles.push('\n');
    }
    let legend: Vec<_> = LETTERS.chars().zip(&legend).map(|(mark, name)| format!("{mark} {name}")).collect();
    format!("{text}\n{roles}\n{}\n", legend.join("\n"))
}

fn name(cell: &Cell, theme: &Theme) -> String {
    let same = |style: Style| {
        cell.fg == style.fg.unwrap_or(Color::Reset)
            && cell.bg == style.bg.unwrap_or(Color::Reset)
            && cell.modifier == style.add_modifier
    };
    if same(Style::new()) {
        return "-".into();
    }
    if let Some(role) = Role::ALL.iter().find(|&&role| same(theme.style(role))) {
        return role.word().into();
    }
    let bold = |style: Style| style.add_modifier(Modifier::BOLD);
    if let Some(role) = Role::ALL.iter().find(|&&role| same(bold(theme.style(role)))) {
        return format!("{} bold", role.word());
    }
    for &ground in &GROUNDS {
        if cell.symbol() == " " && theme.style(ground).bg == Some(cell.bg) {
            return format!("{} ground", ground.word());
        }
        if let Some(role) = Role::ALL.iter().find(|&&role| same(theme.over(role, ground))) {
            return format!("{} over {}", role.word(), ground.word());
        }
    }
    panic!("a look that no role has: {cell:?}")
}
