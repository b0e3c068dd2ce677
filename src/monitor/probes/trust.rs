//! Whom a probe believes on an encrypted line to a database or cache. Owns how a TLS configuration is made of what an
//! address asks for; the web has its own, made by whoever builds the monitor. Never decides whether a line is encrypted.

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use std::{path::PathBuf, sync::Arc};
use tokio::io::AsyncReadExt as _;

/// Bytes of a file with certificates.
const ROOTS_MOST: u64 = 4 * 1024 * 1024;

/// How far a server must prove who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Not at all: the line is encrypted, whoever is at its end. What `sslmode=require` means everywhere.
    Nothing,
    /// Its certificate is by someone we trust.
    Chain,
    /// That, and it is the certificate of the host that was asked for.
    Name,
}

/// The configuration for such a line. Trusted are the certificates of `roots` alone, or those of the system.
///
/// # Errors
/// A file without certificates, a system without any.
pub(super) async fn configuration(proof: Proof, roots: Option<PathBuf>) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match (proof, roots) {
        (Proof::Nothing, _) => Arc::new(Anyone(provider.clone())),
        (_, Some(path)) => {
            let store = Arc::new(read(&path).await.map_err(|why| format!("{}: {why}", path.display()))?);
            let built = WebPkiServerVerifier::builder_with_provider(store, provider.clone()).build();
            named(proof, built.map_err(|error| error.to_string())?)
        }
        (_, None) => {
            let own = provider.clone();
            // Reading the system's certificates takes tens of milliseconds: not on a thread that serves others.
            let made = tokio::task::spawn_blocking(|| rustls_platform_verifier::Verifier::new(own)).await;
            let made = made.map_err(|error| error.to_string())?;
            named(proof, Arc::new(made.map_err(|error| error.to_string())?))
        }
    };
    let begun = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let begun = begun.map_err(|error| error.to_string())?;
    Ok(Arc::new(begun.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

fn named(proof: Proof, verifier: Arc<dyn ServerCertVerifier>) -> Arc<dyn ServerCertVerifier> {
    if proof == Proof::Name { verifier } else { Arc::new(AnyName(verifier)) }
}

async fn read(path: &PathBuf) -> Result<RootCertStore, String> {
    let file = tokio::fs::File::open(path).await.map_err(|error| error.to_string())?;
    let mut pem = Vec::new();
    file.take(ROOTS_MOST).read_to_end(&mut pem).await.map_err(|error| error.to_string())?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("no PEM certificates: {error}"))?;
        store.add(certificate).map_err(|error| error.to_string())?;
    }
    if store.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(store) }
}

/// Takes every certificate; signatures of the handshake are checked all the same.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Asks another one and overlooks that the name is not the one asked for.
#[derive(Debug)]
struct AnyName(Arc<dyn ServerCertVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        cert: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.0.verify_server_cert(cert, between, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, signed)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, signed)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
