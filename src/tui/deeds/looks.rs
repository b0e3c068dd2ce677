//! How the screen looks and how lively it is, changed while it is up: by key, by file, by what the terminal tells.

use crate::{
    config::settings::Motion,
    tui::{
        app::App,
        commands::CommandId,
        keymap::Editing,
        looks::{AUTO, Ground, Own, keymap_strictly},
        pace::Tempo,
        sheets::Sheet,
        theme::color::Rgb,
        vim::Modal,
    },
};

impl App {
    pub(super) fn look_otherwise(&mut self, command: CommandId) {
        let worn = &self.look.wardrobe;
        match command {
            CommandId::PickTheme => self.sheet = Some(Sheet::themes(worn.themes(), &worn.theme.name)),
            CommandId::PickKeymap => self.sheet = Some(Sheet::keymaps(worn.keymaps(), &worn.keymap.name)),
            CommandId::Stillness => {
                let (motion, words) = match self.look.manner.motion {
                    Motion::Full => (Motion::Reduced, "reduced motion: streams move once a second"),
                    Motion::Reduced => (Motion::Full, "full motion"),
                };
                self.look.manner.motion = motion;
                self.notes().good(words);
            }
            CommandId::Bandwidth => {
                let slow = !self.look.manner.low_bandwidth;
                self.look.manner.low_bandwidth = slow;
                self.look.wardrobe.sparing = slow;
                let words = if slow {
                    "low bandwidth: few frames, colours for states only, of each stream the last lines"
                } else {
                    "full bandwidth"
                };
                self.wear_theme(words);
            }
            CommandId::Mouse => {
                let on = !self.look.manner.mouse;
                self.look.manner.mouse = on;
                let words = if on {
                    "the mouse is taken: most terminals select text with Shift now"
                } else {
                    "the mouse is the terminal's"
                };
                self.notes().good(words);
            }
            _ => {}
        }
    }

    /// How often frames come.
    #[must_use]
    pub fn tempo(&self) -> Tempo {
        match (self.look.manner.low_bandwidth, self.look.manner.motion) {
            (true, _) => Tempo::Slow,
            (false, Motion::Reduced) => Tempo::Still,
            (false, Motion::Full) => Tempo::Full,
        }
    }

    /// Puts on another theme.
    pub(in crate::tui) fn choose_theme(&mut self, name: String) {
        let before = std::mem::replace(&mut self.look.wardrobe.theme.name, name);
        let worn = &self.look.wardrobe.theme.name;
        let words = match worn.as_str() {
            AUTO => format!("theme auto: {} here, as the terminal is", self.look.wardrobe.ground.theme()),
            name => format!("theme {name} until you leave; `theme` in [ui] of your settings keeps it"),
        };
        if !self.wear_theme(&words) {
            self.look.wardrobe.theme.name = before;
        }
    }

    /// Takes another keymap.
    pub(in crate::tui) fn choose_keymap(&mut self, name: String) {
        let before = std::mem::replace(&mut self.look.wardrobe.keymap.name, name.clone());
        let words = format!("keymap {name} until you leave; `keymap` in [ui] of your settings keeps it");
        if !self.take_keymap(&words) {
            self.look.wardrobe.keymap.name = before;
        }
    }

    /// The person's own files are these now. What is wrong with one is told; what was worn before stays.
    pub(in crate::tui) fn reread(&mut self, own: Own) {
        let worn = &mut self.look.wardrobe;
        let themes = worn.theme.own != own.themes;
        let keymaps = worn.keymap.own != own.keymaps;
        (worn.theme.own, worn.keymap.own) = (own.themes, own.keymaps);
        let before = (self.look.theme.serial(), self.look.keymap.rows().to_vec());
        if themes && self.wear_theme("") && self.look.theme.serial() != before.0 {
            let words = format!("theme {} is read again", self.look.wardrobe.theme.name);
            self.notes().good(words);
        }
        if keymaps && self.take_keymap("") && self.look.keymap.rows() != before.1 {
            let words = format!("keymap {} is read again", self.look.wardrobe.keymap.name);
            self.notes().good(words);
        }
    }

    /// The terminal told its ground.
    pub(in crate::tui) fn grounded(&mut self, rgb: Rgb) {
        let ground = Ground::of(rgb);
        if ground != self.look.wardrobe.ground {
            self.look.wardrobe.ground = ground;
            if self.look.wardrobe.theme.name == AUTO {
                self.wear_theme("");
            }
        }
    }

    fn wear_theme(&mut self, words: &str) -> bool {
        match self.look.wardrobe.theme() {
            Ok(theme) => self.look.theme = theme,
            Err(mistake) => {
                self.notes().bad(format!("{mistake}; the theme stays as it was"));
                return false;
            }
        }
        if !words.is_empty() {
            self.notes().good(words);
        }
        true
    }

    fn take_keymap(&mut self, words: &str) -> bool {
        match keymap_strictly(&self.look.wardrobe.keymap) {
            Ok(keymap) => self.look.keymap = keymap,
            Err(mistake) => {
                self.notes().bad(format!("{mistake}; the keymap stays as it was"));
                return false;
            }
        }
        self.voice.0.keys.clear();
        match (self.look.keymap.editing(), self.briefing.modal) {
            (Editing::Modal, None) => self.briefing.modal = Some(Modal::default()),
            (Editing::Plain, Some(_)) => self.briefing.modal = None,
            _ => {}
        }
        if !words.is_empty() {
            self.notes().good(words);
        }
        true
    }
}
