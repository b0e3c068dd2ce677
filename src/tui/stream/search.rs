//! Finding words. Small letters find both cases; a capital letter finds itself only. Case of letters outside
//! ASCII is not folded. Pure.

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    text: String,
    any_case: bool,
}

impl Needle {
    /// Nothing is found by an empty text.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let any_case = !text.bytes().any(|b| b.is_ascii_uppercase());
        (!text.is_empty()).then(|| Self { text: text.to_owned(), any_case })
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Bytes of a match.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Never: an empty text makes no needle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// First bytes of all matches that do not overlap. UTF-8 makes them begin at characters.
    pub fn find_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        let (hay, needle) = (text.as_bytes(), self.text.as_bytes());
        let mut from = 0;
        std::iter::from_fn(move || {
            let same = |window: &[u8]| match self.any_case {
                true => window.eq_ignore_ascii_case(needle),
                false => window == needle,
            };
            let at = from + hay.get(from..)?.windows(needle.len()).position(same)?;
            from = at + needle.len();
            Some(at)
        })
    }
}
