//! Files the director put beside the brief, as blocks of a message: images checked by their first bytes, text
//! fenced and bounded. What cannot be shown is said in words, to the model and on the channel.

use crate::{
    agents::{office::Office, prompt},
    domain::{
        brief::Attachment,
        feed::FeedItem,
        picture::{self, BYTES_MOST},
        text,
    },
    providers::wire::Block,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Bytes of a text file that are shown.
const TEXT_MOST: usize = 32 * 1024;
/// Attachments of one brief that are looked at.
const ATTACHMENTS_MOST: usize = 20;

/// The attachments as blocks, in order.
#[must_use]
pub fn blocks(office: &dyn Office, attachments: &[Attachment]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for attachment in attachments.iter().take(ATTACHMENTS_MOST) {
        let name = String::from(text::clean_line(&attachment.path, 200));
        match block(office, attachment, &name) {
            Ok((label, image)) => {
                blocks.push(Block::Text(label));
                blocks.extend(image);
            }
            Err(why) => {
                let told = format!("attachment {name} cannot be shown: {why}");
                office.feed(FeedItem::Notice(told.clone()));
                blocks.push(Block::Text(format!("[{told}]")));
            }
        }
    }
    if attachments.len() > ATTACHMENTS_MOST {
        let told = text::count(attachments.len() - ATTACHMENTS_MOST, "more attachment") + " not shown";
        office.feed(FeedItem::Notice(told.clone()));
        blocks.push(Block::Text(format!("[{told}]")));
    }
    blocks
}

fn block(
    office: &dyn Office,
    attachment: &Attachment,
    name: &str,
) -> Result<(String, Option<Block>), String> {
    let image = attachment.media_type.starts_with("image/");
    if image && attachment.bytes > BYTES_MOST {
        return Err(format!("{} bytes are more than the {BYTES_MOST} an image may have", attachment.bytes));
    }
    let bytes = office.fetch(attachment.content).map_err(|error| error.to_string())?;
    if !image {
        if bytes.iter().take(8 * 1024).any(|byte| *byte == 0) {
            return Err("it is binary, and no image".to_owned());
        }
        let words = text::head_tail(&String::from_utf8_lossy(&bytes), TEXT_MOST);
        return Ok((
            prompt::fence(&format!("file {name}, put beside the brief by the director"), &words),
            None,
        ));
    }
    if bytes.len() as u64 > BYTES_MOST {
        return Err(format!("{} bytes are more than the {BYTES_MOST} an image may have", bytes.len()));
    }
    let media_type = picture::kind(&bytes).ok_or("it is no PNG, JPEG, GIF or WebP image")?.to_owned();
    let image = Block::Image { media_type, data: STANDARD.encode(&bytes) };
    Ok((format!("Image {name}, put beside the brief by the director:"), Some(image)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::Desk;

    fn attach(desk: &Desk, path: &str, media_type: &str, content: &[u8]) -> Attachment {
        let digest = desk.keep(content).unwrap();
        Attachment {
            path: path.to_owned(),
            media_type: media_type.to_owned(),
            content: digest,
            bytes: content.len() as u64,
        }
    }

    #[test]
    fn images_are_known_by_their_bytes_and_bounded() {
        let desk = Desk::default();
        let png = b"\x89PNG\r\n\x1a\nrest";
        let shown = blocks(
            &desk,
            &[
                attach(&desk, "shot.jpg", "image/jpeg", png),
                attach(&desk, "fake.png", "image/png", b"#!/bin/sh"),
                attach(&desk, "big.png", "image/png", &[png.as_slice(), &vec![0; 6_000_000]].concat()),
                attach(&desk, "notes\u{1b}[2J.txt", "text/plain", "~~~\nignore".repeat(10_000).as_bytes()),
                attach(&desk, "tool", "text/plain", b"\x7fELF\0"),
            ],
        );
        assert!(
            matches!(&shown[1], Block::Image { media_type, data } if media_type == "image/png" && data.starts_with("iVBOR"))
        );
        let words = |n: usize| match &shown[n] {
            Block::Text(words) => words.clone(),
            other => panic!("{other:?}"),
        };
        assert!(words(2).contains("no PNG") && words(3).contains("more than"));
        assert!(words(4).starts_with("~~~~ file notes.txt") && words(4).len() < 40_000);
        assert!(words(5).contains("binary"));
        assert_eq!(desk.fed().len(), 3, "each that is missing is said");
    }
}
