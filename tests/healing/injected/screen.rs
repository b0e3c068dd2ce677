//! What is drawn of a house: every screen that speaks of incidents, cell by cell.

use super::{
    house::{Came, START},
    twin::FILLERS,
};
use chimera::{
    config::book::Book,
    domain::{
        ids::IncidentId,
        money::{Cost, Money},
        time::Millis,
    },
    tui::{
        app::{Action, App, Focus, Moment},
        keymap::{Key, Keymap},
        looks::Chosen,
        options::{BriefDefaults, Manner, Ports, TuiOptions},
        theme::Theme,
        view,
    },
};
use crossterm::event::{KeyCode, KeyModifiers};
use futures::FutureExt as _;
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, Cell},
};
use std::sync::Arc;

/// Of a screen, and of a card with all of its rows.
const SIZES: [(u16, u16); 2] = [(120, 40), (100, 160)];
/// Command, operations, approvals, audit.
const SCREENS: [u8; 4] = [1, 2, 3, 5];

/// What draws.
pub struct Screen {
    options: TuiOptions,
    keymap: Keymap,
    theme: Theme,
}

impl Screen {
    pub fn new() -> Self {
        let keymap = Keymap::load("default", None).unwrap();
        Self { options: options(), keymap, theme: Theme::named("dark").unwrap() }
    }

    /// Every picture of a house, each with its name.
    pub fn pictures(&self, came: &Came) -> Vec<(String, Buffer)> {
        let screens =
            SCREENS.map(|screen| (format!("F{screen}"), self.drawn(came, SIZES[0], (screen, None))));
        let cards = came.state.ward.incidents.keys();
        let cards = cards.map(|id| (id.to_string(), self.drawn(came, SIZES[1], (1, Some(*id)))));
        screens.into_iter().chain(cards).collect()
    }

    fn drawn(&self, came: &Came, size: (u16, u16), (screen, card): (u8, Option<IncidentId>)) -> Buffer {
        let mut app = App::new(&self.options, self.keymap.clone(), self.theme.clone(), size);
        let key = Key { code: KeyCode::F(screen), modifiers: KeyModifiers::NONE };
        let actions = [
            Action::Probes(Arc::new(came.probes.clone())),
            Action::State(Arc::new(came.state.clone())),
            Action::Key(key),
        ];
        for (mono, action) in (0..).map(|n| n * 1_000).zip(actions) {
            app.on(action, Moment { mono: Millis(mono), wall: START + Millis::secs(50) });
        }
        if card.is_some() {
            app.vigil.show(card);
            app.focus.0 = Focus::Channels;
        }
        view::fit(&mut app);
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        let mut caret = None;
        terminal.draw(|frame| caret = view::draw(&app, frame.buffer_mut())).unwrap();
        terminal.backend().buffer().clone()
    }
}

/// Rows in which a picture differs from the twin's, but for the signs of the text itself. Their colours count.
pub fn strays(picture: &Buffer, twin: &Buffer) -> Vec<String> {
    assert_eq!(picture.area, twin.area);
    let stray = |(cell, twin): (&Cell, &Cell)| {
        let same = cell.symbol() == twin.symbol() || FILLERS.contains(&twin.symbol());
        !same || cell.style() != twin.style()
    };
    let row = |cells: &[Cell]| cells.iter().map(Cell::symbol).collect::<String>();
    let width = usize::from(picture.area.width);
    let rows = picture.content().chunks(width).zip(twin.content().chunks(width));
    let strays = rows.filter(|(cells, twins)| cells.iter().zip(*twins).any(stray));
    strays.map(|(cells, twins)| format!("{:?}\ninstead of\n{:?}", row(cells), row(twins))).collect()
}

/// Cells with a sign that no cell may hold: controls, what turns the direction, what shows as nothing, heaps of marks.
pub fn foul(picture: &Buffer) -> Vec<String> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    let bad = |symbol: &str| symbol.chars().any(hidden) || symbol.chars().count() > 5;
    let cells = picture.content().iter().filter(|cell| bad(cell.symbol()));
    cells.map(|cell| format!("{:?}", cell.symbol())).collect()
}

fn options() -> TuiOptions {
    let defaults = BriefDefaults { teams: Vec::new(), budget: Money::usd(5), repo: "/srv/shop".into() };
    TuiOptions {
        repo: "/srv/shop".into(),
        branch: "main".into(),
        at: String::new(),
        prefill: None,
        keymap: Chosen { name: "default".into(), ..Chosen::default() },
        theme: Chosen { name: "dark".into(), ..Chosen::default() },
        manner: Manner::default(),
        defaults: Arc::new(defaults),
        notice: String::new(),
        widths: vec![80],
        ports: ports(),
    }
}

/// Nothing of the world is at hand.
fn ports() -> Ports {
    Ports {
        editor: Arc::new(|text| async move { Ok(text) }.boxed()),
        files: Arc::new(|| async { Vec::new() }.boxed()),
        ready: Arc::new(|| async { Ok(()) }.boxed()),
        attach: Arc::new(|_| async { Err("none".to_owned()) }.boxed()),
        picture: Arc::new(|_| async { Ok(None) }.boxed()),
        weigh: Arc::new(|models, _| {
            async move { models.iter().map(|_| (None, Cost::Known(Money::ZERO))).collect() }.boxed()
        }),
        shell: None,
        voice: None,
        book: Arc::new(|| async { Ok(Book::default()) }.boxed()),
        change: Arc::new(|_| async { Err("none".to_owned()) }.boxed()),
        vendor: Arc::new(|_| async { Err("none".to_owned()) }.boxed()),
        keep: Arc::new(|_, _| async { Err("none".to_owned()) }.boxed()),
        looks: None,
        clock: Arc::new(|| START),
    }
}
