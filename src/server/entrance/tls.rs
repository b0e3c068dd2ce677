//! The certificate of the network face: read from its files, and anew when they have changed, as renewals do. One that
//! cannot be used does not take the place of one that can.

use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{
    fs::{self, File},
    io::Read as _,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes of a file.
const BYTES_MOST: u64 = 1 << 20;

/// A certificate cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The file with the certificate.
    #[error("the certificate {0}: {1}; it must hold PEM certificates, the server's own first")]
    Certificate(PathBuf, String),
    /// The file with the key.
    #[error("the key {0}: {1}; it must hold one PEM private key without a password")]
    Key(PathBuf, String),
    /// Both together.
    #[error("the certificate {0} and the key {1} do not go together: {2}")]
    Pair(PathBuf, PathBuf, String),
}

/// What changes when a file does.
type Mark = Option<(u64, u64, i64, i64)>;

/// See the module.
#[derive(Debug)]
pub(in crate::server) struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    now: Mutex<([Mark; 2], Arc<ServerConfig>)>,
}

impl Certificates {
    /// Of these files.
    ///
    /// # Errors
    /// One of them cannot be used: which, and why.
    pub fn read(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let marks = [mark(&certificate), mark(&key)];
        let config = config(&certificate, &key)?;
        Ok(Self { certificate, key, now: Mutex::new((marks, config)) })
    }

    /// As the files are now.
    pub fn now(&self) -> Arc<ServerConfig> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = [mark(&self.certificate), mark(&self.key)];
        if marks != now.0 {
            now.0 = marks;
            match config(&self.certificate, &self.key) {
                Ok(config) => {
                    tracing::info!(certificate = %self.certificate.display(), "a new certificate is shown");
                    now.1 = config;
                }
                Err(error) => tracing::error!(%error, "the certificate before is shown on"),
            }
        }
        now.1.clone()
    }
}

fn mark(path: &Path) -> Mark {
    fs::metadata(path).ok().map(|found| (found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(BYTES_MOST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > BYTES_MOST {
        return Err(format!("it has more than {BYTES_MOST} bytes"));
    }
    Ok(bytes)
}

fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let bad = |why: String| TlsError::Certificate(certificate.to_owned(), why);
    let chain = bytes(certificate).map_err(bad)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
    let chain = chain.map_err(|error| bad(error.to_string()))?;
    if chain.is_empty() {
        return Err(bad("there is no certificate in it".to_owned()));
    }
    let bad = |why: String| TlsError::Key(key.to_owned(), why);
    let secret = PrivateKeyDer::from_pem_slice(&bytes(key).map_err(bad)?);
    // What is wrong with it is said without a word of it.
    let secret = secret.map_err(|error| {
        bad(match error {
            rustls::pki_types::pem::Error::NoItemsFound => "there is no private key in it".to_owned(),
            _ => "it cannot be read".to_owned(),
        })
    })?;
    let pair = |why: String| TlsError::Pair(certificate.to_owned(), key.to_owned(), why);
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|error| pair(error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
