//! What the preview's keys do.

use super::Look;
use crate::{
    domain::feed::Channel,
    runtime::previews::Want,
    tui::{app::App, commands::CommandId, preview::eyes::Eyes, sheets::Sheet, task::Task, view},
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
                self.sheet =
                    Some(Sheet::Preview(open.unwrap_or(Look { channel, width: 0, at: 0, asked: None })));
                let ask = view::shows_photos(self) && self.look.eyes == Eyes::Unasked;
                let ask = ask.then_some(Task::AskImages);
                ask.into_iter().chain([Task::Preview(Want::Show(channel))]).collect()
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

impl App {
    /// The photo that there is room for, if it was not asked for.
    pub(in crate::tui) fn missing_photo(&mut self) -> Option<Task> {
        let wanted = view::photo_room(self)?.viewport;
        let Some(Sheet::Preview(look)) = &mut self.sheet else { return None };
        let taken = self.previews.get(&look.channel).and_then(|preview| preview.photo.as_ref());
        let known = look.asked == Some(wanted) || taken.is_some_and(|photo| photo.viewport == wanted);
        look.asked = Some(wanted);
        (!known).then_some(Task::Preview(Want::Photograph(look.channel, wanted)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ids::{MissionId, TeamId},
            preview::{Answer, Photo, Preview, Stage},
            text::clean,
            time::Millis,
        },
        tui::{
            app::Action,
            fixtures::{Bench, waiting},
            preview::eyes::{Cell, How},
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
        Preview { attempt: 1, stage: Stage::Up, url, reach: None, answer: Some(answer), photo: None, tail }
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
        assert_eq!(bench.tasks.pop(), Some(Task::AskImages), "once, and only when there is something to see");
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
        assert!(!picture.contains("brings it here"), "it is this machine's own");
        let reach =
            Some("it answers on shop alone: `ssh -N -L 4567:127.0.0.1:4567 shop` brings it here".into());
        bench.act(Action::Previews(Arc::new([(CHANNEL, Preview { reach: reach.clone(), ..up() })].into())));
        assert!(drawn(&bench, (160, 40)).contains("`ssh -N -L 4567:127.0.0.1:4567 shop`"));
        let gone = Preview { reach, stage: Stage::Gone("it was ended".into()), ..up() };
        bench.act(Action::Previews(Arc::new([(CHANNEL, gone)].into())));
        assert!(!drawn(&bench, (160, 40)).contains("ssh -N"), "there is nothing to bring");
        bench.act(Action::Previews(Arc::new([(CHANNEL, up())].into())));
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

    fn seeing(how: How) -> Bench {
        let mut bench = Bench::new((160, 40));
        bench.state(waiting()).wait(1_000).press("esc P");
        bench.act(Action::Sees(Eyes::Sees(how, Cell { width: 8, height: 16 })));
        bench
    }

    /// Answers the photo that was asked for.
    fn photograph(bench: &mut Bench) -> Arc<[u8]> {
        bench.tasks.clear();
        bench.act(Action::Previews(Arc::new([(CHANNEL, up())].into())));
        let Some(Task::Preview(Want::Photograph(CHANNEL, viewport))) = bench.tasks.pop() else {
            panic!("no photo is asked for")
        };
        let png: Arc<[u8]> = vec![1, 2, 3].into();
        let photo = Some(Photo { viewport, png: Ok(png.clone()) });
        let tail = clean("one\ntwo\nthree\nfour\nfive");
        bench.act(Action::Previews(Arc::new([(CHANNEL, Preview { photo, tail, ..up() })].into())));
        assert!(bench.tasks.is_empty(), "it is asked for once");
        png
    }

    #[test]
    fn a13_where_the_terminal_shows_images_the_page_is_one_in_its_place() {
        let mut bench = seeing(How::Laid);
        let png = photograph(&mut bench);
        let picture = drawn(&bench, (160, 40));
        assert!(picture.contains("page as an image") && !picture.contains("many words"), "{picture}");
        let placed = view::placement(&bench.app).unwrap();
        assert!(Arc::ptr_eq(&placed.png, &png));
        assert!(placed.at.0 > 80 && placed.at.1 > 2 && placed.seen.0 == 0, "{placed:?}");
        assert!(placed.at.1 + placed.seen.1 <= 38 && placed.at.0 + placed.room.columns <= 159);
        // Scrolled, covered, closed.
        bench.press("down down down down down down down down");
        let scrolled = view::placement(&bench.app).unwrap();
        assert!(scrolled.seen.0 > 0 && scrolled.at.1 < placed.at.1 + placed.seen.0 + 1, "{scrolled:?}");
        bench.press("=");
        assert!(matches!(bench.tasks.pop(), Some(Task::Preview(Want::Photograph(..)))), "another width");
        assert_eq!(view::placement(&bench.app), None, "the old one has another size");
        assert!(drawn(&bench, (160, 40)).contains("many words"), "text meanwhile");
        bench.press("q");
        assert_eq!(view::placement(&bench.app), None);
    }

    #[test]
    fn a13_behind_tmux_the_image_is_signs_of_the_text() {
        let mut bench = seeing(How::Woven);
        photograph(&mut bench);
        let picture = drawn(&bench, (160, 40));
        assert!(picture.contains("\u{10EEEE}\u{305}\u{305}\u{10EEEE}\u{305}\u{30d}"), "{picture}");
        let mut buf = Buffer::empty(Rect::new(0, 0, 160, 40));
        let _caret = view::draw(&bench.app, &mut buf);
        let placed = view::placement(&bench.app).unwrap();
        assert_eq!(buf[placed.at].fg, ratatui::style::Color::Indexed(77));
    }

    #[test]
    fn a13_no_image_where_it_is_not_wanted_or_cannot_be_had() {
        for command in ["z b", "z r"] {
            let mut bench = seeing(How::Laid);
            photograph(&mut bench);
            bench.press("q").press(command).press("P");
            assert_eq!(view::placement(&bench.app), None, "{command}");
        }
        let mut bench = seeing(How::Laid);
        bench.tasks.clear();
        bench.act(Action::Previews(Arc::new([(CHANNEL, up())].into())));
        let Some(Task::Preview(Want::Photograph(_, viewport))) = bench.tasks.pop() else { panic!() };
        let photo = Some(Photo { viewport, png: Err("no browser is installed".into()) });
        bench.act(Action::Previews(Arc::new([(CHANNEL, Preview { photo, ..up() })].into())));
        let picture = drawn(&bench, (160, 40));
        assert!(
            picture.contains("no image: no browser is installed") && picture.contains("many words"),
            "{picture}"
        );
        assert!(bench.tasks.is_empty());
        let mut small = Bench::new((45, 12));
        small.state(waiting()).wait(1_000).press("esc P");
        small.act(Action::Sees(Eyes::Sees(How::Laid, Cell { width: 8, height: 16 })));
        small.tasks.clear();
        small.act(Action::Previews(Arc::new([(CHANNEL, up())].into())));
        small.act(Action::Resize(20, 5));
        assert_eq!(view::placement(&small.app), None);
    }
}
