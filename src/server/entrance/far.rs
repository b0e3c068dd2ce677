//! The entrance over TCP: whoever connects is nobody yet. How many at once, how many of one address, TLS where there is a
//! certificate; a reader that takes nothing is cut off by the system.

use super::{
    connections::{Entrance, HEAD_MOST, connection, refuse},
    tls::Certificates,
};
use crate::{
    domain::time::Millis,
    server::problem::{Problem, Sort},
};
use axum::Router;
use futures::future::{BoxFuture, FutureExt as _};
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time,
};
use tokio_rustls::TlsAcceptor;

/// How long the system keeps what a reader does not take.
const UNREAD_MOST: Millis = Millis::secs(60);

/// Where somebody is who asks over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct Far(pub IpAddr);

impl Far {
    /// What is counted as one: an address, and of IPv6 the network that one household has.
    pub fn house(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(long) => IpAddr::V6((u128::from(long) >> 64 << 64).into()),
            short => short,
        }
    }
}

/// Connections of each address.
#[derive(Debug, Clone, Default)]
struct Open(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// One of them, for as long as it lives.
struct Place(Open, IpAddr);

impl Open {
    fn one(&self, address: IpAddr, most: usize) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = open.entry(address).or_default();
        if *here >= most {
            return None;
        }
        *here += 1;
        Some(Place(self.clone(), address))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = open.get_mut(&self.1) {
            *here -= 1;
            if *here == 0 {
                open.remove(&self.1);
            }
        }
    }
}

/// See the module.
pub(in crate::server) struct Outside {
    listener: TcpListener,
    certificates: Option<Arc<Certificates>>,
    most: usize,
    open: Open,
    app: Router,
    closing: watch::Receiver<bool>,
}

impl Outside {
    /// On this listener, in the clear where there is no certificate.
    pub fn new(
        (listener, certificates): (TcpListener, Option<Certificates>),
        most: usize,
        app: Router,
        closing: watch::Receiver<bool>,
    ) -> Self {
        let certificates = certificates.map(Arc::new);
        Self { listener, certificates, most, open: Open::default(), app, closing }
    }
}

impl Entrance for Outside {
    type Stream = (TcpStream, SocketAddr);

    async fn next(&mut self) -> io::Result<Self::Stream> {
        self.listener.accept().await
    }

    fn enter(&mut self, (stream, peer): Self::Stream, open: usize) -> Option<BoxFuture<'static, ()>> {
        let far = Far(peer.ip());
        let place = self.open.one(far.house(), (self.most / 2).max(1)).filter(|_| open < self.most);
        let Some(place) = place else {
            tracing::debug!(%peer, open, "a connection too many was dropped");
            let clear = self.certificates.is_none() && open < 2 * self.most;
            let problem =
                || Problem::new(Sort::Busy, "too many connections are open", "close some, and come again");
            return clear.then(|| refuse(stream, problem()).boxed());
        };
        patience(&stream);
        let (certificates, app, closing) =
            (self.certificates.clone(), self.app.clone(), self.closing.clone());
        let mark = move |marks: &mut axum::http::Extensions| {
            marks.insert(far);
        };
        let work = async move {
            let _place = place;
            let Some(certificates) = certificates else {
                return connection(stream, mark, app, closing).await;
            };
            let shaking = TlsAcceptor::from(certificates.now()).accept(stream);
            match time::timeout(HEAD_MOST.to_std(), shaking).await {
                Ok(Ok(stream)) => connection(stream, mark, app, closing).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS came of a connection"),
                Err(_) => tracing::debug!(%peer, "no TLS came of a connection in time"),
            }
        };
        Some(work.boxed())
    }
}

/// Small answers go at once; what is not taken for long ends the connection.
fn patience(stream: &TcpStream) {
    let set = stream.set_nodelay(true).map_err(|error| error.to_string());
    #[cfg(target_os = "linux")]
    let set = set.and_then(|()| {
        let most = u32::try_from(UNREAD_MOST.0).unwrap_or(u32::MAX);
        rustix::net::sockopt::set_tcp_user_timeout(stream, most).map_err(|error| error.to_string())
    });
    if let Err(error) = set {
        tracing::debug!(%error, "a connection keeps the system's own times");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e13_an_address_has_its_share_of_connections_and_gives_it_back() {
        let open = Open::default();
        let house = |text: &str| Far(text.parse().unwrap()).house();
        let (one, other) = (house("10.0.0.1"), house("10.0.0.2"));
        let first = open.one(one, 2).unwrap();
        let _second = open.one(one, 2).unwrap();
        assert!(open.one(one, 2).is_none() && open.one(other, 2).is_some());
        drop(first);
        assert!(open.one(one, 2).is_some());
        assert_eq!(house("2001:db8::1"), house("2001:db8::ffff:1"));
        assert_ne!(house("2001:db8::1"), house("2001:db8:0:1::1"));
        assert_eq!(house("::ffff:10.0.0.1"), one, "the same address in another form");
    }
}
