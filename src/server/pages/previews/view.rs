//! A preview on the wire, both ways. What comes over a line is cleaned again: a page is whatever a candidate makes of it.

use crate::domain::{
    digest::Digest,
    preview::{Answer, Photo, Preview, Stage, TAIL_MOST, TEXT_MOST, Viewport},
    text::{clean, clean_line, head_tail},
    time::Millis,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of a line that the other side wrote.
const LINE_MOST: usize = 500;

/// What one event tells.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PreviewPiece")]
pub(in crate::server) struct Piece {
    /// How it stands; null: as the event before told.
    pub preview: Option<View>,
    /// The program's last words.
    pub tail: String,
}

/// How one stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Preview")]
pub(in crate::server) struct View {
    /// Which of the team's candidates runs; 0: none.
    attempt: u32,
    /// How it stands.
    stage: Word,
    /// Why it failed or was ended.
    why: Option<String>,
    /// Where it answers, on the daemon's machine alone; empty before there is a port.
    url: String,
    /// What its page answered.
    answer: Option<AnswerView>,
    /// How the page looks, once somebody has asked for a photo.
    pub photo: Option<PhotoView>,
}

/// `starting`, `up` (it answers), `failed` (it ended or never answered) or `gone` (it was ended).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PreviewStage")]
enum Word {
    /// Built and started, not answering yet.
    Starting,
    /// It answers.
    Up,
    /// It ended or never answered.
    Failed,
    /// It was ended.
    Gone,
}

/// One answer to a request for the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PreviewAnswer")]
struct AnswerView {
    /// Status code.
    status: u16,
    /// Bytes of the body that were read.
    bytes: u64,
    /// Milliseconds to the end of the body.
    latency_ms: u64,
    /// Media type as it was sent; empty if none was.
    media_type: String,
    /// The page's title; empty if it has none.
    title: String,
    /// The page as text, at most 64 KiB.
    text: String,
}

/// A photo that was taken, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PreviewPhoto")]
pub(in crate::server) struct PhotoView {
    /// Pixels from left to right.
    pub width: u16,
    /// Pixels from top to bottom.
    pub height: u16,
    /// SHA-256 of the PNG; null: there is none.
    pub digest: Option<String>,
    /// Why there is none.
    pub why: Option<String>,
}

impl Piece {
    /// What is to be told of one where this was told before.
    pub fn of(now: &Preview, before: Option<&Preview>) -> Self {
        let same = |before: &Preview| Preview { tail: now.tail.clone(), ..before.clone() } == *now;
        let preview = (!before.is_some_and(same)).then(|| View::from(now));
        Self { preview, tail: now.tail.to_string() }
    }
}

impl From<&Preview> for View {
    fn from(preview: &Preview) -> Self {
        let stage = match preview.stage {
            Stage::Starting => Word::Starting,
            Stage::Up => Word::Up,
            Stage::Failed(_) => Word::Failed,
            Stage::Gone(_) => Word::Gone,
        };
        let answer = preview.answer.as_ref().map(|answer| AnswerView {
            status: answer.status,
            bytes: answer.bytes,
            latency_ms: answer.latency.0,
            media_type: answer.media_type.to_string(),
            title: answer.title.to_string(),
            text: answer.text.to_string(),
        });
        Self {
            attempt: preview.attempt,
            stage,
            why: preview.stage.why().map(|why| clean_line(why, LINE_MOST).to_string()),
            url: preview.url.clone(),
            answer,
            photo: preview.photo.as_ref().map(PhotoView::from),
        }
    }
}

impl From<&Photo> for PhotoView {
    fn from(photo: &Photo) -> Self {
        let Viewport { width, height } = photo.viewport;
        let (digest, why) = match &photo.png {
            Ok(png) => (Some(Digest::of(png).to_string()), None),
            Err(why) => (None, Some(clean_line(why, LINE_MOST).to_string())),
        };
        Self { width, height, digest, why }
    }
}

impl View {
    /// The other way, at the far end; a photo is brought apart.
    pub fn preview(self, tail: &str) -> Preview {
        let why = || clean_line(self.why.as_deref().unwrap_or_default(), LINE_MOST).to_string();
        let stage = match self.stage {
            Word::Starting => Stage::Starting,
            Word::Up => Stage::Up,
            Word::Failed => Stage::Failed(why()),
            Word::Gone => Stage::Gone(why()),
        };
        let answer = self.answer.map(|answer| Answer {
            status: answer.status,
            bytes: answer.bytes,
            latency: Millis(answer.latency_ms),
            media_type: clean_line(&answer.media_type, LINE_MOST),
            title: clean_line(&answer.title, LINE_MOST),
            text: clean(&head_tail(&answer.text, TEXT_MOST)),
        });
        let url = clean_line(&self.url, LINE_MOST).to_string();
        let tail = clean(&head_tail(tail, TAIL_MOST));
        Preview { attempt: self.attempt, stage, url, reach: None, answer, photo: None, tail }
    }
}

impl PhotoView {
    /// In which size.
    pub fn viewport(&self) -> Viewport {
        Viewport::new(self.width.into(), self.height.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(text: &str, tail: &str) -> Preview {
        let answer = Answer {
            status: 200,
            bytes: 3,
            latency: Millis(4),
            media_type: "text/html".into(),
            title: "Shop".into(),
            text: text.into(),
        };
        let url = "http://127.0.0.1:4567/".to_owned();
        Preview {
            attempt: 2,
            stage: Stage::Up,
            url,
            reach: None,
            answer: Some(answer),
            photo: None,
            tail: tail.into(),
        }
    }

    #[test]
    fn a13_one_comes_over_the_wire_as_it_is_and_only_its_words_where_nothing_else_changed() {
        let (first, later) = (preview("a page", "listening"), preview("a page", "listening\nGET /"));
        let over = |piece: &Piece| -> Piece {
            serde_json::from_str(&serde_json::to_string(piece).unwrap()).unwrap()
        };
        let piece = over(&Piece::of(&first, None));
        assert_eq!(piece.preview.unwrap().preview(&piece.tail), first);
        let piece = over(&Piece::of(&later, Some(&first)));
        assert_eq!((piece.preview, piece.tail.as_str()), (None, "listening\nGET /"));
        for stage in
            [Stage::Starting, Stage::Failed("exit status 1".into()), Stage::Gone("it was ended".into())]
        {
            let changed = Preview { stage, ..later.clone() };
            let piece = over(&Piece::of(&changed, Some(&later)));
            assert_eq!(piece.preview.unwrap().preview(&piece.tail), changed);
        }
    }

    #[test]
    fn a13_what_a_page_would_do_to_a_terminal_it_does_not_do_over_a_line_either() {
        let view = View { url: "http://127.0.0.1:1/\u{1b}[2J".into(), ..View::from(&preview("", "")) };
        let answer = AnswerView { text: "\u{1b}]0;x\u{7}page".into(), ..view.answer.clone().unwrap() };
        let shown = View { answer: Some(answer), why: Some("\u{1b}[1m".into()), stage: Word::Gone, ..view }
            .preview("\u{9b}2J");
        let all = format!("{shown:?}");
        assert!(!all.contains("\\u{1b}") && !all.contains("\\u{9b}") && !all.contains("\\u{7}"), "{all}");
    }

    #[test]
    fn a13_a_photo_is_told_by_its_digest_or_why_there_is_none() {
        let viewport = Viewport::new(360, 640);
        let told = PhotoView::from(&Photo { viewport, png: Ok(vec![1, 2].into()) });
        assert_eq!((told.digest, told.why), (Some(Digest::of(&[1, 2]).to_string()), None));
        let none = PhotoView::from(&Photo { viewport, png: Err("no browser is installed".into()) });
        assert_eq!((none.viewport(), none.digest), (viewport, None));
        assert_eq!(none.why.as_deref(), Some("no browser is installed"));
    }
}
