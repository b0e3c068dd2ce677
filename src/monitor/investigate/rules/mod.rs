//! Rules: how facts become a verdict. A rule is data; this room reads rules and asks them, and is pure: facts and times
//! arrive as arguments.
//!
//! Invariants, each held by a test here or in the scenes:
//! - Text from outside can say that something may be so. It never satisfies a clause about now, never agrees as the
//!   second sort of evidence, never contradicts, and never fills in a variable of a remedy.
//! - A clause that is known to be false ends the rule, and so does one that is not known, unless the rule says that it need
//!   not be: then the grade is B at most.
//! - Grade A wants every clause about now to hold and another sort of trusted evidence to agree.

pub mod judge;
pub mod matching;
pub mod nearest;
pub mod own;
pub mod packs;
pub mod parse;
pub mod phrase;
pub mod rollback;
pub mod rule;

pub use judge::{judge, offers};
pub use packs::Rules;
pub use rule::{Clause, Cure, Rule, RuleError};
