//! Putting what landed into the staging environment: by a command of its own, or by a service's release commands. Carried
//! out like a runbook; says in words what went wrong. Never chooses what is put there.

use super::{
    releases,
    runbooks::{self, Broken, Ground, Looking, Tell},
};
use crate::domain::{
    expr::{Call, Value},
    feature::Place,
    service::{Release, Service},
    time::Millis,
};
use futures::future::{BoxFuture, FutureExt as _};
use std::path::Path;
use tokio::{net::TcpStream, time};

/// Between two questions whether an address answers, and how long one may take.
const ASK_EVERY: Millis = Millis(200);
const ASK_MOST: Millis = Millis::secs(5);

/// How what landed gets there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staging {
    /// Program and arguments; empty: none.
    pub deploy: Vec<String>,
    /// The service whose release commands do it instead.
    pub release: Option<String>,
    /// How long `deploy` may take.
    pub timeout: Millis,
}

impl Staging {
    /// The service that is released, where one is named; without one, one that stands for the command.
    ///
    /// # Errors
    /// There is no service of that name, or nothing releases it.
    pub fn service(&self, known: &[Service]) -> Result<Option<Service>, String> {
        let Some(name) = &self.release else {
            let release =
                Release { deploy: self.deploy.clone(), timeout: self.timeout, ..Release::default() };
            let own = Service {
                name: "staging".into(),
                env: "staging".into(),
                release: Some(release),
                ..Service::default()
            };
            return Ok((!self.deploy.is_empty()).then_some(own));
        };
        let found = known.iter().find(|service| service.name == *name);
        let found =
            found.ok_or_else(|| format!("feature.release names {name}, and there is no such service"))?;
        if found.release.is_none() {
            return Err(format!("feature.release names {name}, which has no release commands"));
        }
        Ok(Some(found.clone()))
    }
}

/// Why it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unstaged {
    /// The end was asked for.
    Stopped,
    /// Trying again does not help: why.
    Impossible(String),
    /// What went wrong.
    Failed(String),
}

impl From<Broken> for Unstaged {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Stopped { .. } => Self::Stopped,
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Runs a service's release commands.
///
/// # Errors
/// One of them failed, none are laid down, or it was stopped.
pub async fn put<F: Future<Output = ()> + Send>(
    service: &Service,
    (dir, env, tell): (&Path, &[(String, String)], Tell<'_>),
    stop: impl Fn() -> F,
) -> Result<(), Unstaged> {
    let Some(release) = &service.release else {
        return Err(Unstaged::Impossible(format!("nothing releases {}", service.name)));
    };
    let ground = Ground { dir, env, look: &Blind, tell };
    let previous = match releases::question(service, release) {
        Some(question) => {
            let done = runbooks::carry_out(&question, &ground, stop()).await?;
            done.steps.first().map(|step| step.said.trim().to_owned())
        }
        None => None,
    };
    let plan = releases::delivery(service, release, previous.as_deref()).map_err(Unstaged::Impossible)?;
    runbooks::carry_out(&plan, &ground, stop()).await?;
    Ok(())
}

/// Release commands ask nothing.
struct Blind;

impl Looking for Blind {
    fn look<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Option<Value>> {
        async { None }.boxed()
    }
}

/// Whether anybody takes connections at an address, asked until `most` has passed.
pub async fn answers(place: &Place, most: Millis) -> bool {
    let ask = async {
        loop {
            let connect = TcpStream::connect((place.host.as_str(), place.port));
            if matches!(time::timeout(ASK_MOST.to_std(), connect).await, Ok(Ok(_))) {
                return;
            }
            time::sleep(ASK_EVERY.to_std()).await;
        }
    };
    time::timeout(most.to_std(), ask).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn staging(deploy: &[&str]) -> Staging {
        let deploy = deploy.iter().map(|word| (*word).to_owned()).collect();
        Staging { deploy, release: None, timeout: Millis::mins(1) }
    }

    #[tokio::test]
    async fn d2_a_command_puts_it_there_and_says_why_it_did_not() {
        let dir = tempfile::tempdir().unwrap();
        let env = [("STAGING_URL".to_owned(), "http://127.0.0.1:9".to_owned())];
        let heard = Mutex::new(Vec::new());
        let tell = |line: &str| heard.lock().unwrap().push(line.to_owned());
        let never = std::future::pending::<()>;
        let good = staging(&["sh", "-c", "echo \"$STAGING_URL\" > there"]).service(&[]).unwrap().unwrap();
        assert_eq!(put(&good, (dir.path(), &env, &tell), never).await, Ok(()));
        assert_eq!(std::fs::read_to_string(dir.path().join("there")).unwrap(), "http://127.0.0.1:9\n");
        assert!(!heard.lock().unwrap().is_empty());
        let bad = staging(&["sh", "-c", "echo no room >&2; exit 3"]).service(&[]).unwrap().unwrap();
        let Err(Unstaged::Failed(why)) = put(&bad, (dir.path(), &env, &tell), never).await else {
            panic!("it is there");
        };
        assert!(why.contains("no room"), "{why}");
    }

    #[test]
    fn d2_a_service_is_released_by_its_name() {
        let service = |release| Service { name: "web".into(), release, ..Service::default() };
        let named = Staging { release: Some("web".into()), ..staging(&[]) };
        assert!(named.service(&[]).unwrap_err().contains("no such service"));
        assert!(named.service(&[service(None)]).unwrap_err().contains("no release commands"));
        let whole = service(Some(Release::default()));
        assert_eq!(named.service(std::slice::from_ref(&whole)), Ok(Some(whole)));
        assert_eq!(staging(&[]).service(&[]), Ok(None), "a push does it");
    }

    #[tokio::test]
    async fn d2_an_address_answers_when_somebody_listens() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let place = Place { host: "127.0.0.1".into(), port };
        assert!(answers(&place, Millis::secs(20)).await);
        drop(listener);
        assert!(!answers(&place, Millis(300)).await);
    }
}
