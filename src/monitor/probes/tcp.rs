//! Whether a port takes a connection. Sends nothing and closes at once.

use super::{
    found::{fails, holds, sample, with},
    reach,
};
use crate::domain::{
    probe::ProbeSpec,
    signal::{Check, Reading, kind},
};
use std::net::SocketAddr;
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout},
};

/// Addresses of one name that are tried.
const ADDRESSES_MOST: usize = 8;

/// Looks once.
pub(super) async fn look(spec: &ProbeSpec, address: &str) -> Result<Vec<Reading>, String> {
    let most = reach::share(spec.timeout);
    let started = Instant::now();
    let tried = timeout(most.to_std(), connect(address)).await;
    let took = started.elapsed().as_secs_f64() * 1_000.0;
    let check = |words: String| -> Check {
        with(holds("connect", kind::TCP_DOWN, spec.severity, words), &[("address", address)])
    };
    let why = match tried {
        Ok(Ok(())) => {
            let check = check(format!("connected in {took:.0} ms"));
            return Ok(vec![Reading::Check(check), sample("tcp_connect_ms", took)]);
        }
        Ok(Err(why)) => why,
        Err(_) => format!("no connection within {} ms", most.0),
    };
    Ok(vec![Reading::Check(fails(check(why))), sample("tcp_connect_ms", f64::NAN)])
}

async fn connect(address: &str) -> Result<(), String> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let found = lookup_host(address).await.map_err(|error| reach::unresolved(host, &error.to_string()))?;
    let found: Vec<SocketAddr> = found.take(ADDRESSES_MOST).collect();
    let mut why = reach::unresolved(host, "it has no address");
    for address in found {
        match TcpStream::connect(address).await {
            Ok(_) => return Ok(()),
            Err(error) => why = reach::words(&error),
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{incident::Severity, probe::Source, time::Millis};
    use tokio::net::TcpListener;

    async fn looked(address: &str) -> Vec<Reading> {
        let spec = ProbeSpec {
            id: "port".into(),
            service: "api".into(),
            env: "production".into(),
            every: Millis::secs(1),
            timeout: Millis::secs(30),
            heartbeat: Millis::secs(3),
            quiet_most: None,
            severity: Severity::P1,
            source: Source::Tcp { address: address.to_owned() },
        };
        look(&spec, address).await.unwrap()
    }

    #[tokio::test]
    async fn c2_a_port_that_listens_is_well_and_one_that_does_not_is_down() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let found = looked(&address).await;
        assert!(
            matches!(&found[0], Reading::Check(check) if check.ok && check.labels["address"] == address),
            "{found:?}"
        );
        assert!(
            matches!(&found[1], Reading::Sample { metric, value, .. } if metric == "tcp_connect_ms" && *value >= 0.0)
        );
        drop(listener);
        let found = looked(&address).await;
        let Reading::Check(check) = &found[0] else { panic!("{found:?}") };
        assert!(!check.ok && check.kind == kind::TCP_DOWN && check.words.contains("refused"), "{check:?}");
        assert!(matches!(&found[1], Reading::Sample { value, .. } if value.is_nan()));
    }

    #[tokio::test]
    async fn c2_what_is_no_address_is_said() {
        let found = looked("127.0.0.1:notaport").await;
        assert!(
            matches!(&found[0], Reading::Check(check) if !check.ok && check.words.contains("cannot be resolved")),
            "{found:?}"
        );
    }
}
