//! What a probe looks with: the clock, where secrets come from, the way to the web, the way to start a program, and
//! where the places in followed files are kept. Decides nothing and reads no settings; whoever builds the monitor fills
//! it in.
//!
//! Every web client made here takes a new connection for every question, so that a dead listener and a new certificate
//! are seen at once; follows a redirect only within the host that was asked; and reaches this machine without a proxy.

use super::reach;
use crate::{domain::time::Timestamp, workspace::process::Confinement};
use futures::future::BoxFuture;
use reqwest::{Client, ClientBuilder, Url, redirect};
use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

/// Redirects followed in one look.
const REDIRECTS_MOST: usize = 5;

/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// What `env:NAME`, `cmd:COMMAND` or plain text stands for; an error says why it stands for nothing, without the secret.
pub type Resolve = Arc<dyn Fn(&str) -> BoxFuture<'static, Result<String, String>> + Send + Sync>;
/// Begins a web client: trusted certificates and proxies are set, the rest is done here.
pub type Begin = Arc<dyn Fn() -> Result<ClientBuilder, String> + Send + Sync>;

/// What a probe looks with. Cheap to clone.
#[derive(Clone)]
pub struct Eyes {
    /// The runtime's clock.
    pub now: Now,
    /// Where secrets come from.
    pub secret: Resolve,
    /// The way to the web.
    pub web: Web,
    /// Directory where the places in followed files survive a restart; `None`: they do not.
    pub positions: Option<PathBuf>,
    /// Walls around the programs that probes start.
    pub walls: Confinement,
    /// Set for those programs on top of the scrubbed environment, such as `DOCKER_HOST` or `KUBECONFIG`.
    pub env: Vec<(String, String)>,
}

impl fmt::Debug for Eyes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Eyes")
            .field("positions", &self.positions)
            .field("walls", &self.walls)
            .finish_non_exhaustive()
    }
}

/// The way to the web: one client for this machine and one for the others, each made when it is first wanted.
#[derive(Clone)]
pub struct Web {
    begin: Begin,
    here: Arc<OnceLock<Result<Client, String>>>,
    there: Arc<OnceLock<Result<Client, String>>>,
}

impl Web {
    /// Clients that begin so.
    #[must_use]
    pub fn new(begin: Begin) -> Self {
        Self { begin, here: Arc::default(), there: Arc::default() }
    }

    /// The client for this address.
    ///
    /// # Errors
    /// Why there is none: no certificates on this machine, a proxy address that cannot be read.
    pub fn client(&self, url: &Url) -> Result<Client, String> {
        let finish = |begun: ClientBuilder| {
            let begun = begun.tls_info(true).pool_max_idle_per_host(0).redirect(within_host());
            begun.build().map_err(|error| reach::clean(&reach::whole(&error)))
        };
        if !is_here(url) {
            return self.there.get_or_init(|| finish((self.begin)()?)).clone();
        }
        let made = self.here.get_or_init(|| {
            // A machine without certificates can still talk to itself.
            finish((self.begin)()?.no_proxy())
                .or_else(|_| finish((self.begin)()?.no_proxy().tls_certs_only([])))
        });
        made.clone()
    }
}

/// Whether an address is on this machine's loopback.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip: Option<std::net::IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    ip.map_or_else(|| host == "localhost" || host.ends_with(".localhost"), |ip| ip.is_loopback())
}

/// Stays with the host and port that were asked, apart from the step from plain to encrypted.
fn within_host() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let asked = attempt.previous().first();
        let stays = asked.is_some_and(|asked| is_same_host(asked, attempt.url()));
        if stays && attempt.previous().len() <= REDIRECTS_MOST { attempt.follow() } else { attempt.stop() }
    })
}

fn is_same_host(asked: &Url, next: &Url) -> bool {
    let port = Url::port_or_known_default;
    let encrypts = (asked.scheme(), next.scheme()) == ("http", "https")
        && (port(asked), port(next)) == (Some(80), Some(443));
    asked.host_str() == next.host_str()
        && ((port(asked) == port(next) && asked.scheme() == next.scheme()) || encrypts)
}

#[cfg(test)]
pub(super) use tests::of_tests;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Eyes for the tests of this room: the machine's clock, plain secrets, no walls.
    pub(in crate::monitor::probes) fn of_tests() -> Eyes {
        let begin: Begin = Arc::new(|| {
            crate::providers::http::install_tls();
            Ok(Client::builder().tls_certs_only([]))
        });
        Eyes {
            now: Arc::new(clock),
            secret: Arc::new(|text| {
                let text = text.to_owned();
                Box::pin(async move { Ok(text) })
            }),
            web: Web::new(begin),
            positions: None,
            walls: Confinement::Host,
            env: Vec::new(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "certificates made for a test are good by the machine's clock"
    )]
    fn clock() -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for here in [
            "http://127.0.0.1:80",
            "https://[::1]/x",
            "http://localhost",
            "http://a.localhost/",
            "http://127.9.9.9",
        ] {
            assert!(is_here(&url(here)), "{here}");
        }
        for there in [
            "http://10.0.0.1",
            "http://localhost.example.org",
            "https://example.org",
            "http://[2001:db8::1]/",
        ] {
            assert!(!is_here(&url(there)), "{there}");
        }
    }

    #[test]
    fn a_redirect_stays_with_its_host_and_port() {
        for (asked, next, stays) in [
            ("http://a/", "http://a/login", true),
            ("http://a/", "https://a/", true),
            ("https://a/", "http://a/", false),
            ("http://a/", "http://b/", false),
            ("http://a:1/", "http://a:2/", false),
            ("http://a:8080/", "https://a/", false),
        ] {
            assert_eq!(is_same_host(&url(asked), &url(next)), stays, "{asked} -> {next}");
        }
    }
}
