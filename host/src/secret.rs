//! The types a secret travels in. What has no `Debug`, `Display` or `Serialize` can't slip into a
//! log or an error by accident, and what is zeroized can't be found in freed memory.

use std::hint::black_box;

use zeroize::Zeroizing;

/// A secret as text. Only [`SecretString::expose`] gives it away, so every use can be searched for.
///
/// It can't be printed:
/// ```compile_fail,E0277
/// let secret = keyferry::secret::SecretString::new("hidden".to_owned());
/// println!("{secret:?}");
/// ```
/// ```compile_fail,E0277
/// let secret = keyferry::secret::SecretString::new("hidden".to_owned());
/// println!("{secret}");
/// ```
/// and not be serialized:
/// ```compile_fail,E0277
/// let secret = keyferry::secret::SecretString::new("hidden".to_owned());
/// serde_json::to_string(&secret).ok();
/// ```
#[derive(Clone)]
pub struct SecretString(Zeroizing<String>);

impl SecretString {
    /// Takes the text over; it is wiped when the last clone is dropped.
    pub fn new(secret: String) -> Self {
        SecretString(Zeroizing::new(secret))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in a time that depends on the lengths only.
    pub fn same_as(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.0.as_bytes(), other.0.as_bytes());
        let mut difference = 0u8;
        for (left, right) in mine.iter().zip(theirs) {
            // Without `black_box` the compiler may leave the loop at the first difference.
            difference = black_box(difference | (left ^ right));
        }
        mine.len() == theirs.len() && difference == 0
    }
}

/// What a runner signs in with. The id is no secret, but the pair is handled as one.
#[derive(Clone)]
pub struct Credential {
    /// The client id, as the issuer gave it.
    pub client_id: String,
    /// The client secret, as the issuer gave it.
    pub client_secret: SecretString,
}

#[cfg(test)]
mod tests;
