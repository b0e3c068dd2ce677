//! Pictures by their first bytes: what they are and how large they are, whatever a name says. Pure; never decodes a
//! pixel, and no bytes of any kind make it fail.

/// Bytes of a picture: what vendors take.
pub const BYTES_MOST: u64 = 5 * 1024 * 1024;
/// Pixels of a side: what vendors take.
pub const SIDE_MOST: u32 = 8_000;
/// Segments of a JPEG that are passed over on the way to its size.
const SEGMENTS_MOST: usize = 1_000;

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}×{}", self.width, self.height)
    }
}

/// What a picture is: its media type; none if it is no PNG, JPEG, GIF or WebP.
#[must_use]
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// How large a picture is, if it says so and is not empty.
#[must_use]
pub fn size(bytes: &[u8]) -> Option<Size> {
    let size = match kind(bytes)? {
        "image/png" => png(bytes),
        "image/jpeg" => jpeg(bytes),
        "image/gif" => Some(Size { width: little(bytes, 6, 2)?, height: little(bytes, 8, 2)? }),
        _ => webp(bytes),
    }?;
    (size.width > 0 && size.height > 0).then_some(size)
}

fn big(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

fn little(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

fn png(bytes: &[u8]) -> Option<Size> {
    bytes.get(12..16).filter(|name| *name == b"IHDR")?;
    Some(Size { width: big(bytes, 16, 4)?, height: big(bytes, 20, 4)? })
}

/// The frame header (`SOF`) behind other segments.
fn jpeg(bytes: &[u8]) -> Option<Size> {
    let mut at = 2;
    for _ in 0..SEGMENTS_MOST {
        let marker = *bytes.get(at..).filter(|rest| rest.first() == Some(&0xff))?.get(1)?;
        match marker {
            // Filling before a marker, and markers without a segment.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            // Huffman tables, arithmetic coding and an extension share the numbers of frames.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some(Size { height: big(bytes, at + 5, 2)?, width: big(bytes, at + 7, 2)? });
            }
            // The end, or the pixels: no frame came before them.
            0xd9 | 0xda => return None,
            _ => at = at.checked_add(2)?.checked_add(usize::try_from(big(bytes, at + 2, 2)?).ok()?)?,
        }
    }
    None
}

fn webp(bytes: &[u8]) -> Option<Size> {
    match bytes.get(12..16)? {
        b"VP8X" => Some(Size { width: little(bytes, 24, 3)? + 1, height: little(bytes, 27, 3)? + 1 }),
        // Without loss: fourteen bits for each side, less one.
        b"VP8L" => {
            bytes.get(20).filter(|sign| **sign == 0x2f)?;
            let bits = little(bytes, 21, 4)?;
            Some(Size { width: (bits & 0x3fff) + 1, height: (bits >> 14 & 0x3fff) + 1 })
        }
        b"VP8 " => {
            bytes.get(23..26).filter(|sign| *sign == [0x9d, 0x01, 0x2a])?;
            Some(Size { width: little(bytes, 26, 2)? & 0x3fff, height: little(bytes, 28, 2)? & 0x3fff })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn of(width: u32, height: u32) -> Option<Size> {
        Some(Size { width, height })
    }

    #[test]
    fn a6_four_kinds_are_known_by_their_first_bytes_with_their_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x05\0\0\0\x02\xd0\x08\x02\0\0\0";
        assert_eq!((kind(png), size(png)), (Some("image/png"), of(1280, 720)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xff\xc4\0\x03x\xff\xc2\0\x11\x08\x01\xe0\x02\x80";
        assert_eq!((kind(jpeg), size(jpeg)), (Some("image/jpeg"), of(640, 480)));
        let gif = b"GIF89a\x20\x03\x58\x02";
        assert_eq!((kind(gif), size(gif)), (Some("image/gif"), of(800, 600)));
        let extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x07\0\x37\x04\0";
        assert_eq!((kind(extended), size(extended)), (Some("image/webp"), of(1920, 1080)));
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x63\xc0\x18\0";
        assert_eq!(size(lossless), of(100, 100));
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x40\x01\xf0\x00";
        assert_eq!(size(lossy), of(320, 240));
        assert_eq!((kind(b"<svg>"), size(b"<svg>")), (None, None));
        assert_eq!(size(b"GIF89a\0\0\x58\x02"), None, "nothing is seen of it");
    }

    proptest! {
        #[test]
        fn no_bytes_of_any_kind_make_it_fail(head in 0usize..4, rest in proptest::collection::vec(any::<u8>(), 0..64)) {
            let heads: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"RIFF\0\0\0\0WEBPVP8L"];
            let _ = size(&[heads[head], &rest].concat());
        }
    }
}
