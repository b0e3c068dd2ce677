//! What a paste and a mention of an image do to the Briefing Room.

use super::{paste::pastes, picture::Found};
use crate::{
    domain::{team::ModelRef, text::clean_line},
    tui::{app::App, briefing::Field, task::Task},
};

impl App {
    /// The models of the teams that will race.
    fn racing(&self) -> Vec<ModelRef> {
        self.briefing.teams().iter().map(|team| team.model.clone()).collect()
    }

    /// A paste into the brief is in the text at once; where it consists of paths, those are looked at.
    pub(in crate::tui) fn paste_brief(&mut self, text: &str) -> Vec<Task> {
        self.briefing.paste(text);
        let paths = pastes(text);
        if self.briefing.field != Field::Text || paths.is_empty() || self.briefing.complaint.is_some() {
            return Vec::new();
        }
        vec![Task::Look(paths, self.racing())]
    }

    /// Paths that are images become tokens; the others stay words.
    pub(in crate::tui) fn looked(&mut self, all: Vec<Found>) {
        for Found { paste, picture } in all {
            let name = clean_line(&paste.path, 200);
            let taken = match picture {
                Ok(Some(picture)) => self.briefing.attach(&paste.written, picture),
                Ok(None) => continue,
                Err(why) => Err(why),
            };
            match taken {
                Ok(Some(token)) => self.notes().good(format!("{token} goes with the brief")),
                // What was pasted is not there any more.
                Ok(None) => {}
                Err(why) => self.notes().bad(format!("{name} is not attached: {why}")),
            }
        }
    }

    /// The next mentioned file that was not weighed, one at a time.
    pub(in crate::tui) fn unweighed(&mut self) -> Option<Task> {
        if self.briefing.images.asks() {
            return None;
        }
        let text = self.briefing.text(Field::Text);
        let name = self.briefing.images.unasked(&text)?;
        Some(Task::Weigh(name, self.racing()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            brief::Attachment,
            digest::Digest,
            money::{Cost, Money},
            picture::Size,
        },
        tui::{
            app::Action,
            fixtures::Bench,
            images::{Picture, Weight},
            task::Done,
            view,
        },
    };
    use ratatui::{buffer::Buffer, layout::Rect};

    fn weight() -> Weight {
        let costs = vec![(Some(1_334), Cost::Known(Money(4_002))), (Some(1_032), Cost::Unknown)];
        Weight { size: Some(Size { width: 1_000, height: 1_000 }), costs }
    }

    fn found(bench: &mut Bench, picture: Result<Option<Weight>, String>) {
        let Some(Task::Look(pastes, models)) = bench.tasks.pop() else { panic!("nothing is looked at") };
        assert_eq!(models.len(), 2);
        let attachment = Attachment {
            path: "my shot.png".into(),
            media_type: "image/png".into(),
            content: Digest::of(b"png"),
            bytes: 3,
        };
        let picture = picture.map(|weight| weight.map(|weight| Picture { attachment, weight }));
        let found = vec![Found { paste: pastes[0].clone(), picture }];
        bench.act(Action::Done(Done::Looked(found)));
    }

    fn drawn(bench: &Bench, (columns, rows): (u16, u16)) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
        let _caret = view::draw(&bench.app, &mut buf);
        let row = |y: u16| (0..columns).map(|x| buf[(x, y)].symbol()).collect::<String>();
        (0..rows).map(row).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a6_a_pasted_path_becomes_an_image_of_the_brief_with_its_cost_before_it_is_sent() {
        let mut bench = Bench::new((160, 48));
        bench.write("Fix this: ");
        bench.act(Action::Paste("'/home/ada/my shot.png' ".into()));
        bench.write("soon");
        found(&mut bench, Ok(Some(weight())));
        assert_eq!(bench.app.briefing.whole(), "Fix this: [image my shot.png] soon");
        bench.write("!");
        assert_eq!(bench.app.briefing.whole(), "Fix this: [image my shot.png] soon!", "the caret stayed");
        let picture = drawn(&bench, (160, 48));
        for words in ["my shot.png 1000×1000", "≈1334 tok $0.0041 a call", "≈1032 tok, price unknown"] {
            assert!(picture.contains(words), "{words}\n{picture}");
        }
        for size in [(80, 24), (45, 12), (41, 11), (20, 5)] {
            drawn(&bench, size);
        }
        bench.press("enter");
        let Some(Task::Open { brief, .. }) = bench.tasks.pop() else { panic!("nothing was sent") };
        assert_eq!(brief.attachments.len(), 1);
        assert_eq!(brief.attachments[0].path, "my shot.png");
    }

    #[test]
    fn a6_what_is_no_image_stays_words_and_what_no_model_takes_says_why() {
        let mut bench = Bench::new((120, 40));
        bench.act(Action::Paste("/etc/passwd".into()));
        found(&mut bench, Ok(None));
        assert_eq!(bench.app.briefing.whole(), "/etc/passwd");
        bench.act(Action::Paste(" /big.png".into()));
        found(&mut bench, Err("it is longer than 5242880 bytes".into()));
        assert!(
            bench.last_words().contains("/big.png is not attached: it is longer"),
            "{}",
            bench.last_words()
        );
        assert!(bench.app.briefing.whole().ends_with("/big.png"));
        bench.act(Action::Paste("two words".into()));
        assert!(bench.tasks.is_empty(), "words are no paths");
    }

    #[test]
    fn a6_a_mentioned_image_says_its_cost_while_it_is_written() {
        let mut bench = Bench::new((160, 48));
        bench.act(Action::Paste("see @shot.png now".into()));
        assert_eq!(bench.tasks.pop(), Some(Task::Weigh("shot.png".into(), bench.app.racing())));
        bench.act(Action::Done(Done::Weighed("shot.png".into(), Some(weight()))));
        assert!(bench.tasks.is_empty());
        assert!(drawn(&bench, (160, 48)).contains("≈1334 tok $0.0041 a call"));
    }
}
