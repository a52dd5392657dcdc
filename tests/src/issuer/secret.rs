//! Secrets as an issuer may one day make them: every character that some quoting gets wrong.

/// A fresh secret with quotes, backslashes, template and comment marks, and non-ASCII.
pub fn awkward() -> String {
    format!("s3cr3t-{}-\"\\'$x{{{{y}}}}#&é%/+", uuid::Uuid::new_v4())
}
