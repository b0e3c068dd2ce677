//! What the preview's keys do.

use super::Look;
use crate::{
    domain::feed::Channel,
    runtime::previews::Want,
    tui::{app::App, commands::CommandId, sheets::Sheet, task::Task},
};

impl App {
    /// Opens it, lays it out wider, ends it.
    pub(in crate::tui) fn preview(&mut self, command: CommandId) -> Vec<Task> {
        let open = match &self.sheet {
            Some(Sheet::Preview(look)) => Some(*look),
            _ => None,
        };
        match (command, open) {
            (CommandId::PreviewOpen, open) => {
                let chosen = self.shown.zip(self.team().map(|team| team.id));
                let chosen = chosen.map(|(mission, team)| Channel { mission, team: Some(team) });
                let Some(channel) = open.map(|look| look.channel).or(chosen) else {
                    self.notes().note("there is no team whose candidate could be looked at");
                    return Vec::new();
                };
                self.sheet = Some(Sheet::Preview(open.unwrap_or(Look { channel, width: 0, at: 0 })));
                vec![Task::Preview(Want::Show(channel))]
            }
            (CommandId::PreviewEnd, Some(look)) => vec![Task::Preview(Want::End(look.channel))],
            (CommandId::PreviewWidth, Some(look)) => {
                let widths = self.look.widths.len().max(1);
                self.sheet = Some(Sheet::Preview(Look { width: (look.width + 1) % widths, at: 0, ..look }));
                Vec::new()
            }
            _ => {
                let key =
                    self.look.keymap.keys_of(CommandId::PreviewOpen).into_iter().next().unwrap_or_default();
                self.notes().note(format!("no preview is open; {key} opens one"));
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ids::{MissionId, TeamId},
            preview::{Answer, Preview, Stage},
            text::clean,
            time::Millis,
        },
        tui::{
            app::Action,
            fixtures::{Bench, waiting},
            view,
        },
    };
    use ratatui::{buffer::Buffer, layout::Rect};
    use std::sync::Arc;

    const CHANNEL: Channel = Channel { mission: MissionId(12), team: Some(TeamId(1)) };

    fn up() -> Preview {
        let answer = Answer {
            status: 200,
            bytes: 27,
            latency: Millis(3),
            media_type: clean("text/html"),
            title: clean("Shop"),
            text: clean(&format!("Checkout\u{1b}[2J\n{}", "many words ".repeat(30))),
        };
        let (url, tail) = ("http://127.0.0.1:4567/".to_owned(), clean("listening on 4567"));
        Preview { attempt: 1, stage: Stage::Up, url, answer: Some(answer), tail }
    }

    fn drawn(bench: &Bench, (columns, rows): (u16, u16)) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
        let _caret = view::draw(&bench.app, &mut buf);
        let row = |y: u16| (0..columns).map(|x| buf[(x, y)].symbol()).collect::<String>();
        (0..rows).map(row).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a13_a_key_runs_the_candidate_and_shows_status_address_and_first_answer() {
        let mut bench = Bench::new((160, 40));
        bench.state(waiting()).wait(1_000).press("esc P");
        assert_eq!(bench.tasks.pop(), Some(Task::Preview(Want::Show(CHANNEL))));
        assert!(drawn(&bench, (160, 40)).contains("nothing is known of it yet"));
        bench.act(Action::Previews(Arc::new([(CHANNEL, up())].into())));
        let picture = drawn(&bench, (160, 40));
        for part in [
            "● up",
            "http://127.0.0.1:4567/",
            "200",
            "27 bytes",
            "3 ms",
            "Shop",
            "Checkout",
            "40 columns",
            "listening on 4567",
        ] {
            assert!(picture.contains(part), "{part}\n{picture}");
        }
        bench.press("=");
        assert!(drawn(&bench, (160, 40)).contains("80 columns"));
        bench.press("K");
        assert_eq!(bench.tasks.pop(), Some(Task::Preview(Want::End(CHANNEL))));
        let failed = Preview { stage: Stage::Failed("exit status 1".into()), ..up() };
        bench.act(Action::Previews(Arc::new([(CHANNEL, failed)].into())));
        assert!(drawn(&bench, (160, 40)).contains("✗ failed: exit status 1"));
        for size in [(80, 24), (41, 11), (20, 5)] {
            drawn(&bench, size);
        }
        bench.press("q");
        assert!(bench.app.sheet.is_none());
    }
}
