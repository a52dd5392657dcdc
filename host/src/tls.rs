//! The one TLS provider of the process.

/// Makes ring the provider that every TLS client uses; again is harmless.
pub fn install_provider() {
    // An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
