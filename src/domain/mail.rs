//! How addresses of people and ways of letters are written. Who sends letters and who reads settings read them here.

use super::{binding::suits, runbook::VariableKind};

/// Which way letters go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A mail server: `smtp://host:25` in the clear, `smtp://host:587?tls=required`, `smtps://host:465`.
    Smtp(String),
    /// `<base>/v3/mail/send`.
    SendGrid(String),
    /// `<base>/emails`.
    Resend(String),
}

/// Where SendGrid is, unless said otherwise.
pub const SENDGRID: &str = "https://api.sendgrid.com";
/// Where Resend is, unless said otherwise.
pub const RESEND: &str = "https://api.resend.com";

impl Way {
    /// As it is written: an `smtp` or `smtps` address without a login, `sendgrid`, `resend`, or one of these two and `+` an
    /// address.
    ///
    /// # Errors
    /// What is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        let (word, base) = text.split_once('+').map_or((text, None), |(word, base)| (word, Some(base)));
        let base = |usual: &str| match base {
            None => Ok(usual.to_owned()),
            Some(own) if suits(VariableKind::Url, own) && !own.contains('@') => {
                Ok(own.trim_end_matches('/').to_owned())
            }
            Some(own) => Err(format!("{own:?} is no http or https address")),
        };
        let server = ["smtp://", "smtps://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let host =
            |rest: &&str| !rest.is_empty() && !rest.contains(char::is_whitespace) && !rest.contains('@');
        match (word, server.filter(host)) {
            ("sendgrid", _) => base(SENDGRID).map(Self::SendGrid),
            ("resend", _) => base(RESEND).map(Self::Resend),
            (_, Some(_)) => Ok(Self::Smtp(text.to_owned())),
            _ => Err(format!(
                "{text:?}: smtp://host:port, smtps://host:port (login in mail_login), sendgrid or resend"
            )),
        }
    }
}

/// Refuses what is no address of a person: `name@host`, or `Name <name@host>`.
///
/// # Errors
/// In words.
pub fn mailbox(text: &str) -> Result<(), String> {
    let bare = text.split_once('<').map_or(Some(text), |(_, rest)| rest.strip_suffix('>'));
    let good = bare.and_then(|bare| bare.trim().rsplit_once('@')).is_some_and(|(name, host)| {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;@".contains(c);
        !name.is_empty() && !host.is_empty() && !name.contains(odd) && !host.contains(odd)
    });
    if good && !text.contains(char::is_control) {
        Ok(())
    } else {
        Err(format!("{text:?} is no mail address such as ops@example.com"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c16_ways_of_letters_and_addresses_are_read_or_refused() {
        let own = Way::read("resend+http://127.0.0.1:1/").unwrap();
        assert_eq!(own, Way::Resend("http://127.0.0.1:1".into()));
        for good in ["smtps://mail.example.com:465", "smtp://127.0.0.1:25", "sendgrid"] {
            assert!(Way::read(good).is_ok(), "{good}");
        }
        for bad in
            ["", "smtp://", "smtp://u:p@host", "smtps://a b", "post", "sendgrid+ftp://x", "resend+http://u@h"]
        {
            assert!(Way::read(bad).is_err(), "{bad}");
        }
        for good in ["ops@example.com", "Ops of it <ops@example.com>"] {
            assert!(mailbox(good).is_ok(), "{good}");
        }
        for bad in ["", "ops", "@x", "a@", "a@b@c d", "X <a@b", "a@b\nBcc: c@d", "a@b,c@d"] {
            assert!(mailbox(bad).is_err(), "{bad}");
        }
    }
}
