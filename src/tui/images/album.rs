//! The images of the Briefing Room: those that were pasted, each a token in the text, and what is known of those that
//! `@` names. A token that is deleted and undone, or recalled with its text, is its image again.

use super::picture::{Picture, Weight};
use crate::{
    domain::{brief::Attachment, money::Cost, team::TeamSpec, text::clean_line},
    tui::mentions::mentions,
};
use std::collections::BTreeMap;

/// Pasted images that are remembered.
const PICTURES_MOST: usize = 16;
/// Mentioned files whose weight is remembered.
const WEIGHTS_MOST: usize = 64;

/// All of them.
#[derive(Debug, Default)]
pub struct Album {
    pictures: Vec<Picture>,
    /// Mentioned files: not answered yet, or what they weigh; nothing for what is no image.
    weights: BTreeMap<String, Option<Option<Weight>>>,
}

fn token(attachment: &Attachment) -> String {
    format!("[image {}]", attachment.path)
}

impl Album {
    /// Takes an image in and gives the token that stands for it in a text.
    ///
    /// # Errors
    /// There are too many in the text.
    pub fn take(&mut self, mut picture: Picture, text: &str) -> Result<String, String> {
        let content = picture.attachment.content;
        if let Some(known) = self.pictures.iter().find(|known| known.attachment.content == content) {
            return Ok(token(&known.attachment));
        }
        if self.pictures.len() >= PICTURES_MOST {
            let gone = self.pictures.iter().position(|known| !text.contains(&token(&known.attachment)));
            let gone = gone.ok_or_else(|| format!("{PICTURES_MOST} images are in the brief already"))?;
            self.pictures.remove(gone);
        }
        let plain = clean_line(&picture.attachment.path, 60).replace(['[', ']'], "_");
        let taken = |name: &String| self.pictures.iter().any(|known| known.attachment.path == *name);
        let name = (1..).map(|n| if n == 1 { plain.clone() } else { format!("{plain} #{n}") });
        picture.attachment.path = name.take(PICTURES_MOST + 1).find(|name| !taken(name)).unwrap_or(plain);
        let token = token(&picture.attachment);
        self.pictures.push(picture);
        Ok(token)
    }

    /// What goes with this text, in its order.
    #[must_use]
    pub fn attachments(&self, text: &str) -> Vec<Attachment> {
        self.inside(text).map(|picture| picture.attachment.clone()).collect()
    }

    fn inside(&self, text: &str) -> impl Iterator<Item = &Picture> {
        let found = self
            .pictures
            .iter()
            .filter_map(|picture| Some((text.find(&token(&picture.attachment))?, picture)));
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, picture)| picture)
    }

    /// A mentioned file that was not asked after yet; from now on it was.
    pub fn unasked(&mut self, text: &str) -> Option<String> {
        let new = mentions(text).into_iter().find(|name| !self.weights.contains_key(name))?;
        if self.weights.len() >= WEIGHTS_MOST {
            self.weights.retain(|_, weight| weight.is_none());
        }
        self.weights.insert(new.clone(), None);
        Some(new)
    }

    /// Whether an answer is still to come.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.weights.values().any(Option::is_none)
    }

    /// The answer.
    pub fn weighed(&mut self, name: String, weight: Option<Weight>) {
        self.weights.insert(name, Some(weight));
    }

    /// Mentioned files may have changed: what they weigh is asked again.
    pub fn forget_weights(&mut self) {
        self.weights.retain(|_, weight| weight.is_none());
    }

    /// Whether there is nothing that could cost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty() && self.weights.values().flatten().all(Option::is_none)
    }

    /// What the images of this text cost: a line for each image, and one for each team.
    #[must_use]
    pub fn lines(&self, text: &str, teams: &[TeamSpec]) -> Vec<String> {
        let pasted = self.inside(text).map(|picture| (picture.attachment.path.clone(), &picture.weight));
        let named = mentions(text).into_iter().filter_map(|name| {
            let weight = self.weights.get(&name)?.as_ref()?.as_ref()?;
            Some((clean_line(&name, 60).to_string(), weight))
        });
        pasted.chain(named).flat_map(|(name, weight)| lines(&name, weight, teams)).collect()
    }
}

fn lines(name: &str, weight: &Weight, teams: &[TeamSpec]) -> Vec<String> {
    let Some(size) = weight.size else {
        return vec![format!("{name}: its size and its cost are unknown")];
    };
    let costs = weight.costs.iter().zip(teams).map(|((tokens, cost), team)| {
        let words = match (tokens, cost) {
            (Some(tokens), Cost::Known(money)) => format!("≈{tokens} tok {money} a call"),
            (Some(tokens), Cost::Unknown) => format!("≈{tokens} tok, price unknown"),
            (None, Cost::Known(money)) => format!("{money} a call"),
            (None, Cost::Unknown) => "cost unknown".to_owned(),
        };
        format!("  {words}  {}", clean_line(team.name.strip_prefix("Team ").unwrap_or(&team.name), 40))
    });
    std::iter::once(format!("{name} {size}")).chain(costs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{digest::Digest, money::Money, picture::Size},
        tui::fixtures,
    };

    fn picture(path: &str, content: &[u8]) -> Picture {
        let attachment = Attachment {
            path: path.into(),
            media_type: "image/png".into(),
            content: Digest::of(content),
            bytes: 3,
        };
        let costs = vec![(Some(1_334), Cost::Known(Money(4_002))), (Some(1_032), Cost::Unknown)];
        Picture { attachment, weight: Weight { size: Some(Size { width: 1_000, height: 1_000 }), costs } }
    }

    #[test]
    fn a6_a_token_is_its_image_as_long_as_it_stands_in_the_text() {
        let mut album = Album::default();
        let first = album.take(picture("shot.png", b"1"), "").unwrap();
        let second = album.take(picture("shot.png", b"2"), "").unwrap();
        assert_eq!((first.as_str(), second.as_str()), ("[image shot.png]", "[image shot.png #2]"));
        assert_eq!(album.take(picture("copy.png", b"1"), "").unwrap(), first, "the same image once");
        let text = "see [image shot.png #2] and [image shot.png]";
        let paths: Vec<_> = album.attachments(text).into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["shot.png #2", "shot.png"]);
        assert!(album.attachments("see [image other.png]").is_empty());
        let evil = album.take(picture("a]\u{1b}[2J[b.png", b"3"), "").unwrap();
        assert_eq!(evil, "[image a__b.png]");
    }

    #[test]
    fn a6_each_image_says_its_cost_for_each_team_and_the_unknown_is_unknown() {
        let mut album = Album::default();
        let token = album.take(picture("shot.png", b"1"), "").unwrap();
        let teams = fixtures::defaults().teams.clone();
        let text = format!("{token} @torn.png @notes.txt");
        assert_eq!(album.unasked(&text).as_deref(), Some("torn.png"));
        assert_eq!(album.unasked(&text).as_deref(), Some("notes.txt"));
        assert!(album.unasked(&text).is_none() && album.asks());
        album.weighed("torn.png".into(), Some(Weight::default()));
        album.weighed("notes.txt".into(), None);
        assert!(!album.asks());
        let said = album.lines(&text, &teams);
        assert_eq!(
            said,
            [
                "shot.png 1000×1000",
                "  ≈1334 tok $0.0041 a call  Anthropic",
                "  ≈1032 tok, price unknown  Google",
                "torn.png: its size and its cost are unknown",
            ]
        );
        assert!(album.lines("nothing here", &teams).is_empty());
    }

    #[test]
    fn it_is_bounded_and_never_forgets_what_is_in_the_text() {
        let mut album = Album::default();
        let mut text = String::new();
        for n in 0..PICTURES_MOST {
            text.push_str(&album.take(picture("s.png", &n.to_be_bytes()), &text).unwrap());
        }
        assert!(album.take(picture("more.png", b"more"), &text).unwrap_err().contains("16 images"));
        let text = text.replace("[image s.png #3]", "");
        assert!(album.take(picture("more.png", b"more"), &text).is_ok());
        assert_eq!(album.attachments(&text).len(), PICTURES_MOST - 1);
        for n in 0..3 * WEIGHTS_MOST {
            let name = album.unasked(&format!("@{n}")).unwrap();
            album.weighed(name, None);
        }
        assert!(album.weights.len() <= WEIGHTS_MOST);
    }
}
