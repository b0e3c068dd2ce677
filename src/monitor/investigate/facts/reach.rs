//! Whether the services below answer: their names resolve and their ports take a connection, from here and now.

use crate::{
    domain::{incident::ClueSort, service::Service, time::Millis},
    monitor::investigate::{
        findings::{Found, Piece},
        scene::Scene,
    },
};
use tokio::net::TcpStream;

/// Services below that are tried.
const TRIED_MOST: usize = 8;

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It takes connections.
    Yes,
    /// Its name has no address.
    NoName,
    /// Nobody takes the connection.
    No,
}

/// Looks at each, all at once.
pub async fn look(scene: &Scene, wall: Millis) -> Found {
    let below = |name: &String| {
        scene.others.iter().find(|other| other.name == *name && other.env == scene.service.env)
    };
    let tried: Vec<(&Service, String, u16)> = scene
        .service
        .depends_on
        .iter()
        .filter_map(below)
        .filter_map(|service| {
            let (host, port) = address(service)?;
            Some((service, host, port))
        })
        .take(TRIED_MOST)
        .collect();
    let asked = tried.iter().map(|(_, host, port)| reach(host, *port, wall));
    let reached = futures::future::join_all(asked).await;
    let pairs: Vec<(&str, &str, Reached)> = tried
        .iter()
        .zip(reached)
        .map(|((service, host, _), reached)| (service.name.as_str(), host.as_str(), reached))
        .collect();
    read(&pairs)
}

/// Reads what became of each: name of the service, host, outcome.
#[must_use]
pub fn read(tried: &[(&str, &str, Reached)]) -> Found {
    if tried.is_empty() {
        return Found::default();
    }
    let mut found = Found::default();
    let unnamed = tried.iter().find(|(.., reached)| *reached == Reached::NoName);
    let down = tried.iter().find(|(.., reached)| *reached == Reached::No);
    let piece = match unnamed {
        Some((name, host, _)) => {
            Piece::now(ClueSort::Check, format!("the name {host} of {name} has no address now"))
                .truth("dns.fails", true)
                .name("dns.host", host)
        }
        None => Piece::now(ClueSort::Check, "every name of a service below has an address")
            .truth("dns.fails", false),
    };
    found.pieces.push(piece);
    if let Some((name, host, _)) = down {
        let piece = Piece::now(
            ClueSort::Check,
            format!("{name} at {host}, which it stands on, takes no connection now"),
        );
        found.pieces.push(piece.truth("dependency.down", true).name("dependency.name", name));
    }
    found
}

async fn reach(host: &str, port: u16, wall: Millis) -> Reached {
    let resolved = tokio::time::timeout(wall.to_std(), tokio::net::lookup_host((host, port))).await;
    let addresses: Vec<_> = match resolved {
        Ok(Ok(addresses)) => addresses.take(4).collect(),
        Ok(Err(_)) | Err(_) => return Reached::NoName,
    };
    match tokio::time::timeout(wall.to_std(), TcpStream::connect(addresses.as_slice())).await {
        Ok(Ok(_)) => Reached::Yes,
        _ => Reached::No,
    }
}

/// Where a service takes connections: `address` or its health address.
fn address(service: &Service) -> Option<(String, u16)> {
    if let Some(address) = service.variables.get("address") {
        let (host, port) = address.rsplit_once(':')?;
        return Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?));
    }
    host_and_port(service.health.as_deref()?)
}

/// Host and port of an http address.
#[must_use]
pub fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (rest, usual) = match url.split_once("://")? {
        ("http", rest) => (rest, 80),
        ("https", rest) => (rest, 443),
        _ => return None,
    };
    let place = rest.split(['/', '?', '#']).next()?;
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    if let Some((host, after)) = place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Some((
            host.to_owned(),
            after.strip_prefix(':').map_or(Some(usual), |port| port.parse().ok())?,
        ));
    }
    match place.split_once(':') {
        Some((host, port)) => Some((host.to_owned(), port.parse().ok()?)),
        None => (!place.is_empty()).then(|| (place.to_owned(), usual)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    #[test]
    fn addresses_are_read_from_what_the_director_wrote() {
        for (url, host, port) in [
            ("http://db:5432/x", "db", 5432),
            ("https://api.example.org/health", "api.example.org", 443),
            ("http://u:p@127.0.0.1?x", "127.0.0.1", 80),
            ("http://[::1]:8080/", "::1", 8080),
        ] {
            assert_eq!(host_and_port(url), Some((host.into(), port)), "{url}");
        }
        assert_eq!(
            (host_and_port("ftp://x"), host_and_port("http:///"), host_and_port("http://a:b/")),
            (None, None, None)
        );
    }

    #[tokio::test]
    async fn a_port_that_takes_connections_is_told_from_one_that_does_not() {
        let open = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (up, down) = (open.local_addr().unwrap(), gone.local_addr().unwrap());
        drop(gone);
        let below = |name: &str, address: String| {
            let variables = [("address".to_owned(), address)].into();
            Service { name: name.into(), variables, ..Service::default() }
        };
        let mut scene = Scene {
            others: vec![below("a", up.to_string()), below("b", down.to_string())],
            ..Scene::default()
        };
        scene.service.depends_on = vec!["a".into(), "b".into()];
        let found = look(&scene, Millis::secs(1)).await;
        assert_eq!(found.pieces.len(), 2, "{found:?}");
        assert!(found.pieces[1].facts.contains(&("dependency.name".into(), Value::Text("b".into()))));
    }
}
