//! `${name}` in a text stands for something, `$$` for a dollar. Where a text is read for names, it is read here; what a name
//! may be and what stands for it is the matter of whoever reads.

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// `${name}`.
    Name(&'a str),
    /// `$$`.
    Dollar,
    /// A dollar that begins neither.
    Stray,
}

/// The pieces of a text, in order.
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let Some(after) = rest.strip_prefix('$') else {
            let end = rest.find('$').unwrap_or(rest.len());
            let (plain, more) = rest.split_at(end);
            rest = more;
            return (!plain.is_empty()).then_some(Piece::Text(plain));
        };
        let (piece, more) = match (after.strip_prefix('$'), after.strip_prefix('{')) {
            (Some(more), _) => (Piece::Dollar, more),
            (None, Some(inside)) => match inside.split_once('}') {
                Some((name, more)) => (Piece::Name(name), more),
                None => (Piece::Stray, after),
            },
            (None, None) => (Piece::Stray, after),
        };
        rest = more;
        Some(piece)
    })
}

/// The names in a text, in order.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) | Piece::Dollar | Piece::Stray => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{
        Piece::{Dollar, Name, Stray, Text},
        *,
    };

    #[test]
    fn c12_a_text_falls_into_what_stands_and_what_is_filled_in() {
        let of = |text| pieces(text).collect::<Vec<_>>();
        assert_eq!(of("a ${b}$$c"), [Text("a "), Name("b"), Dollar, Text("c")]);
        assert_eq!(of("$5 ${open"), [Stray, Text("5 "), Stray, Text("{open")]);
        assert_eq!(of("$"), [Stray]);
        assert_eq!(of("${}"), [Name("")]);
        assert!(of("").is_empty());
        assert_eq!(names("${a}-$${b}-${c}").collect::<Vec<_>>(), ["a", "c"]);
    }
}
