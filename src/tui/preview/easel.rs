//! What the terminal holds of a photo: brought there once, in pieces between frames, so that no key waits for it; laid,
//! moved and taken away as the screen changes. Pure; the bytes are the loop's.

use super::eyes::{How, IMAGE, Placement};
use crate::tui::carrier::Carrier;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{collections::VecDeque, sync::Arc};

/// Characters of one command.
const COMMAND_MOST: usize = 4_096;
/// Commands that are sent at once.
const AT_ONCE: usize = 8;

/// One terminal's.
#[derive(Debug, Default)]
pub struct Easel {
    carrier: Carrier,
    shown: Option<Placement>,
    /// What is still to be sent of it.
    waits: VecDeque<Vec<u8>>,
}

impl Easel {
    /// An empty one.
    #[must_use]
    pub fn new(carrier: Carrier) -> Self {
        Self { carrier, shown: None, waits: VecDeque::new() }
    }

    /// Whether the terminal holds a photo.
    #[must_use]
    pub fn shows(&self) -> bool {
        self.shown.is_some()
    }

    /// The terminal was wiped.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// Shows this; the bytes to send at once. What was there is taken away by its mode when nothing is wanted.
    pub fn show(&mut self, wanted: Option<Placement>) -> Vec<u8> {
        if wanted == self.shown {
            return Vec::new();
        }
        let same = wanted.as_ref().zip(self.shown.as_ref());
        let same = same.is_some_and(|(new, old)| Arc::ptr_eq(&new.png, &old.png));
        let mut now = Vec::new();
        match &wanted {
            Some(placement) if same => {
                let laid = self.laid(placement);
                match self.waits.back_mut() {
                    // It is laid when it is there.
                    Some(last) => *last = laid,
                    None => now = laid,
                }
            }
            other => {
                // One that is on its way is ended before another command comes.
                if !self.waits.is_empty() {
                    self.waits.clear();
                    now.extend(self.command("m=0", ""));
                }
                if let Some(placement) = other {
                    now.extend(self.command(&format!("a=d,d=I,i={IMAGE},q=2"), ""));
                    self.bring(placement);
                }
            }
        }
        self.shown = wanted;
        now
    }

    /// Whether something is still to be sent.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.waits.is_empty()
    }

    /// The next piece of it.
    pub fn next_piece(&mut self) -> Vec<u8> {
        self.waits.pop_front().unwrap_or_default()
    }

    fn bring(&mut self, placement: &Placement) {
        let encoded = STANDARD.encode(&placement.png);
        let chunks: Vec<&[u8]> = encoded.as_bytes().chunks(COMMAND_MOST).collect();
        let last = chunks.len().saturating_sub(1);
        let commands = chunks.iter().enumerate().map(|(nth, chunk)| {
            let head = if nth == 0 { format!("a=t,f=100,i={IMAGE},q=2,") } else { String::new() };
            let more = u8::from(nth < last);
            self.command(&format!("{head}m={more}"), &String::from_utf8_lossy(chunk))
        });
        let commands: Vec<Vec<u8>> = commands.collect();
        self.waits.extend(commands.chunks(AT_ONCE).map(<[Vec<u8>]>::concat));
        self.waits.push_back(self.laid(placement));
    }

    fn laid(&self, placement: &Placement) -> Vec<u8> {
        let room = placement.room;
        if placement.how == How::Woven {
            let (columns, rows) = (room.columns, room.rows);
            return self.command(&format!("a=p,U=1,i={IMAGE},p=1,c={columns},r={rows},q=2"), "");
        }
        let (from, count) = placement.seen;
        let pixels =
            |rows: u16| u32::from(room.viewport.height) * u32::from(rows) / u32::from(room.rows.max(1));
        let (top, high) = (pixels(from), pixels(from + count) - pixels(from));
        let (width, columns) = (room.viewport.width, room.columns);
        let (x, y) = placement.at;
        let order = format!("a=p,i={IMAGE},p=1,x=0,y={top},w={width},h={high},c={columns},r={count},C=1,q=2");
        let there = format!("\x1b7\x1b[{};{}H", y + 1, x + 1);
        [there.as_bytes(), &self.command(&order, ""), b"\x1b8"].concat()
    }

    fn command(&self, order: &str, data: &str) -> Vec<u8> {
        let data = if data.is_empty() { String::new() } else { format!(";{data}") };
        self.carrier.graphics(&format!("\x1b_G{order}{data}\x1b\\"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::preview::eyes::{Cell, room};

    fn placement(png: &Arc<[u8]>, seen: (u16, u16), how: How) -> Placement {
        let room = room((60, 20), 80, Cell { width: 8, height: 16 }).unwrap();
        Placement { png: png.clone(), room, at: (60, 4), seen, how }
    }

    fn all(easel: &mut Easel) -> String {
        let mut bytes = Vec::new();
        while easel.has_more() {
            bytes.extend(easel.next_piece());
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a13_a_photo_comes_in_pieces_is_moved_without_coming_again_and_makes_room_for_the_next() {
        let mut easel = Easel::default();
        let png: Arc<[u8]> = vec![7; 100_000].into();
        let first = easel.show(Some(placement(&png, (0, 20), How::Laid)));
        assert_eq!(first, b"\x1b_Ga=d,d=I,i=77,q=2\x1b\\");
        let brought = all(&mut easel);
        assert!(brought.starts_with("\x1b_Ga=t,f=100,i=77,q=2,m=1;"));
        let strings: Vec<&str> = brought.split("\x1b_G").skip(1).collect();
        assert!(strings.iter().all(|one| one.len() < COMMAND_MOST + 60), "too long for some terminals");
        let data: String =
            strings.iter().filter_map(|one| one.split_once(';')?.1.split('\x1b').next()).collect();
        assert_eq!(STANDARD.decode(data).unwrap(), &*png);
        let end = "m=0;";
        assert_eq!(brought.matches(end).count(), 1);
        assert!(
            brought.contains("\x1b7\x1b[5;61H\x1b_Ga=p,i=77,p=1,x=0,y=0,w=720,")
                && brought.ends_with("\x1b8")
        );
        assert_eq!(easel.show(Some(placement(&png, (0, 20), How::Laid))), b"", "nothing changed");
        let scrolled = String::from_utf8(easel.show(Some(placement(&png, (5, 15), How::Laid)))).unwrap();
        assert!(
            scrolled.contains("a=p,") && !scrolled.contains("y=0,") && !scrolled.contains("a=t"),
            "{scrolled}"
        );
        // Another one while the first is still on its way.
        let other: Arc<[u8]> = vec![8; 100_000].into();
        easel.show(Some(placement(&other, (0, 20), How::Laid)));
        easel.next_piece();
        assert_eq!(easel.show(None), b"\x1b_Gm=0\x1b\\", "what is on its way is ended");
        assert!(!easel.has_more() && !easel.shows());
    }

    #[test]
    fn a13_through_tmux_every_command_is_wrapped_and_the_image_is_woven() {
        let tmux = Carrier::of(|name| match name {
            "TERM" => Some("tmux-256color".into()),
            "TMUX" => Some("/tmp/tmux".into()),
            _ => None,
        });
        let mut easel = Easel::new(tmux);
        let png: Arc<[u8]> = vec![7; 9].into();
        easel.show(Some(placement(&png, (0, 20), How::Woven)));
        let brought = all(&mut easel);
        assert!(brought.starts_with("\x1bPtmux;\x1b\x1b_Ga=t,f=100,i=77,q=2,m=0;"), "{brought:?}");
        assert!(brought.contains("\x1b\x1b_Ga=p,U=1,i=77,p=1,c=60,r="), "{brought:?}");
        assert!(!brought.contains("\x1b7"), "the place is said by the signs");
    }
}
