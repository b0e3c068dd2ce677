//! The few words that say what stands beside them: `user` before a name, `KB` after a number, `Jul` in a date. It names
//! no product and no log format.

use super::hashing;

/// What a word says about its neighbours or itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    None,
    /// A day of the week or a month.
    Calendar,
    /// A time zone or half of the day.
    Zone,
    /// What follows is a name.
    Cue,
    /// Not a name, even after a cue.
    Plain,
    /// `for`: a name follows if `from` and a value come after it.
    For,
    /// `from`.
    From,
    /// A unit: belongs to the number before it.
    Unit,
    /// `true` or `false`: a value that says which of two messages this is.
    Truth,
    /// A last label of host names.
    Domain,
    /// A word, and a digit: `eth0`, `IPv4`. As often a name of a kind as a value.
    Numbered,
    /// A word with a dot in it.
    Dotted,
}

const WORDS: [(Hint, &str); 10] = [
    (
        Hint::Calendar,
        "Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Monday Tuesday Wednesday Thursday \
         Friday Saturday Sunday January February March April June July August September October November December",
    ),
    (Hint::Zone, "UTC GMT PST PDT EST EDT CST CDT MST MDT CET CEST BST IST JST AM PM am pm"),
    (Hint::Cue, "user username uid host hostname login account User Username Host Hostname Login Account"),
    (
        Hint::Plain,
        "is was are were has had have not no and or in on at to by with name names id of as unknown the a an does did do \
         can cannot could must will would authentication agent process processes space session sessions data error \
         errors request requests",
    ),
    (Hint::For, "for"),
    (Hint::From, "from"),
    (
        Hint::Unit,
        "bytes byte B KB MB GB TB kB KiB MiB GiB TiB K M G T ms us ns s sec secs second seconds C F Hz MHz GHz",
    ),
    (Hint::Truth, "true false True False TRUE FALSE"),
    (Hint::Domain, "com net org edu gov mil io local lan internal localdomain cn de uk hk"),
    (Hint::None, ""),
];

/// Places of the table; many more than words, so that one look is enough nearly always.
const PLACES: usize = 2_048;

/// The table.
#[derive(Debug, Clone)]
pub struct Lexicon(Box<[(u64, Hint)]>);

impl Default for Lexicon {
    fn default() -> Self {
        let mut table = vec![(0, Hint::None); PLACES];
        for (hint, words) in WORDS {
            for word in words.split_whitespace() {
                let hash = hashing::of(word.as_bytes());
                let mut at = hash as usize % PLACES;
                while table[at].1 != Hint::None {
                    at = (at + 1) % PLACES;
                }
                table[at] = (hash, hint);
            }
        }
        Self(table.into())
    }
}

impl Lexicon {
    /// What the word with this hash says.
    pub fn hint(&self, hash: u64) -> Hint {
        let mut at = hash as usize % PLACES;
        loop {
            match self.0[at] {
                (_, Hint::None) => return Hint::None,
                (found, hint) if found == hash => return hint,
                _ => at = (at + 1) % PLACES,
            }
        }
    }
}
