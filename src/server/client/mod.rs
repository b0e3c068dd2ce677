//! The far end of a handle over a line: the state at one entry and what follows it, folded by the same engine; words of
//! a person by POST; what agents stream and candidates that run where somebody looks at it. A line that is lost is told, and
//! taken up again after the last entry that came.

mod address;
mod asks;
mod giver;
mod glass;
mod line;
mod login;
mod previews;
mod settings;
mod streams;
mod way;
mod wire;

pub use address::{Address, BadAddress};
pub use giver::{Giver, Happening};
pub use glass::{Glance, Glass, Health, Incident, Mission, Request};
pub use line::{ConnectError, Far, Remote, connect};
pub use login::{LoggedIn, Login, login, vendors};
pub use settings::FarSettings;
pub use way::Way;
