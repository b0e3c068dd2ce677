//! What a piece of the screen means. Panes say a role, never a colour.

/// Declares [`Role`] with its word in theme files, so that the list exists once.
macro_rules! roles {
    ($($(#[doc = $doc:literal])* $role:ident = $word:literal,)*) => {
        /// A meaning that a theme gives a look.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Role { $($(#[doc = $doc])* $role,)* }
        impl Role {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$role,)*];
            /// The word in theme files.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$role => $word,)* }
            }
        }
    };
}

roles! {
    /// Ordinary text.
    Text = "text",
    /// Less important text: still readable.
    Muted = "muted",
    /// Headings.
    Title = "title",
    /// Frames.
    Border = "border",
    /// Frame of the focused pane.
    BorderFocus = "border_focus",
    /// Emphasis: keys, links, the active thing.
    Accent = "accent",
    /// Good.
    Ok = "ok",
    /// Doubtful.
    Warn = "warn",
    /// Wrong.
    Bad = "bad",
    /// At work.
    Busy = "busy",
    /// A person is waited for.
    Attention = "attention",
    /// The chosen row.
    Selection = "selection",
    /// The caret.
    Caret = "caret",
    /// What a search found.
    Match = "match",
    /// Code inside prose.
    Code = "code",
    /// An added line.
    DiffAdd = "diff_add",
    /// A removed line.
    DiffDel = "diff_del",
    /// The added part of a changed line.
    DiffAddWord = "diff_add_word",
    /// The removed part of a changed line.
    DiffDelWord = "diff_del_word",
    /// A hunk's heading.
    DiffHunk = "diff_hunk",
    /// An unchanged line.
    DiffContext = "diff_context",
    /// Line numbers.
    LineNumber = "line_number",
    /// Keywords of a language.
    Keyword = "keyword",
    /// Names of functions.
    Function = "function",
    /// Names of types.
    Type = "type",
    /// Strings.
    String = "string",
    /// Numbers and constants.
    Number = "number",
    /// Comments.
    Comment = "comment",
    /// Other names.
    Variable = "variable",
    /// Operators.
    Operator = "operator",
    /// Accent of the first vendor.
    Vendor1 = "vendor1",
    /// Accent of the second vendor.
    Vendor2 = "vendor2",
    /// Accent of the third vendor.
    Vendor3 = "vendor3",
    /// Accent of the fourth vendor.
    Vendor4 = "vendor4",
}

impl Role {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Position in [`Role::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The role of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.word() == word)
    }

    /// Whether people read text in it, so that its contrast must hold. Frames are not text.
    #[must_use]
    pub fn is_text(self) -> bool {
        self != Self::Border
    }

    /// The accent of the n-th vendor, counted from 0, in turn.
    #[must_use]
    pub fn vendor(nth: usize) -> Self {
        [Self::Vendor1, Self::Vendor2, Self::Vendor3, Self::Vendor4][nth % 4]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_positions_are_one_to_one() {
        for (at, role) in Role::ALL.iter().enumerate() {
            assert_eq!(role.index(), at);
            assert_eq!(Role::of_word(role.word()), Some(*role));
        }
        assert_eq!(Role::of_word("sparkle"), None);
        assert_eq!(Role::vendor(5), Role::Vendor2);
    }
}
