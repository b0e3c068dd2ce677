//! TLS for the PostgreSQL client over the rustls that is in the house anyway. The server's certificate is bound into
//! the password exchange (RFC 5929, `tls-server-end-point`), so that somebody in between gains nothing even where the
//! address asks for no proof of who the server is.

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use rustls::{
    ClientConfig,
    pki_types::{InvalidDnsNameError, ServerName},
};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::{TlsConnector, client};

/// Makes encrypted lines.
#[derive(Clone)]
pub(super) struct Wrap(pub(super) Arc<ClientConfig>);

/// Makes one to a server of this name.
pub(super) struct WrapNamed(TlsConnector, ServerName<'static>);

/// An encrypted line.
pub(super) struct Wrapped<S>(client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Wrap {
    type Stream = Wrapped<S>;
    type TlsConnect = WrapNamed;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<WrapNamed, InvalidDnsNameError> {
        Ok(WrapNamed(TlsConnector::from(self.0.clone()), ServerName::try_from(host)?.to_owned()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for WrapNamed {
    type Stream = Wrapped<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Wrapped<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { self.0.connect(self.1, stream).await.map(Wrapped) })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Wrapped<S> {
    fn channel_binding(&self) -> ChannelBinding {
        let (_, session) = self.0.get_ref();
        let first = session.peer_certificates().and_then(|chain| chain.first());
        let hash = first.and_then(|leaf| Some(digest(signed_with(leaf)?, leaf).as_ref().to_vec()));
        hash.map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wrapped<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wrapped<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// The hash function of a certificate's signature; MD5 and SHA-1 count as SHA-256 (RFC 5929). `None` for signatures
/// without one, such as Ed25519: there the exchange is not bound.
fn signed_with(certificate: &[u8]) -> Option<&'static Algorithm> {
    // Certificate ::= SEQUENCE { the signed part, SEQUENCE { OID of the algorithm, .. }, signature }
    let (whole, _) = value(certificate)?;
    let (_, rest) = value(whole)?;
    let (algorithm, _) = value(rest)?;
    let (oid, _) = value(algorithm)?;
    // 1.2.840.113549.1.1 (RSA) and 1.2.840.10045.4 (ECDSA).
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
    const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4];
    match (oid.strip_prefix(RSA), oid.strip_prefix(ECDSA)) {
        (Some([4 | 5 | 11]), _) | (_, Some([1] | [3, 2])) => Some(&SHA256),
        (Some([12]), _) | (_, Some([3, 3])) => Some(&SHA384),
        (Some([13]), _) | (_, Some([3, 4])) => Some(&SHA512),
        _ => None,
    }
}

/// The first DER value's content and what follows it.
fn value(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_of_a_certificate_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = signed_with(&bytes);
        }
    }

    #[test]
    fn the_hash_of_a_signature_is_known() {
        let certificate = |oid: &[u8]| {
            let oid_len = u8::try_from(oid.len()).unwrap();
            let mut algorithm = vec![0x30, oid_len + 2, 6, oid_len];
            algorithm.extend_from_slice(oid);
            let signed = [0x30, 0x81, 1, 7];
            let mut whole = vec![0x30, u8::try_from(signed.len() + algorithm.len()).unwrap()];
            whole.extend_from_slice(&signed);
            whole.extend_from_slice(&algorithm);
            whole
        };
        let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13];
        let ecdsa = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
        assert!(signed_with(&certificate(&rsa)).is_some_and(|hash| hash == &SHA512));
        assert!(signed_with(&certificate(&ecdsa)).is_some_and(|hash| hash == &SHA384));
        assert!(signed_with(&certificate(&[0x2b, 0x65, 0x70])).is_none(), "Ed25519 has none");
    }
}
