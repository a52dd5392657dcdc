//! One key made for these tests and used nowhere else, in every form that keys come in.

/// Opens the encrypted ones.
pub const PASSPHRASE: &str = "open-sesame";
/// PKCS#8.
pub const PLAIN: &str = include_str!("fixtures/plain.pem");
/// PKCS#1.
pub const PKCS1: &str = include_str!("fixtures/pkcs1.pem");
/// PKCS#8, encrypted with AES.
pub const AES256: &str = include_str!("fixtures/aes256.pem");
/// PKCS#8, encrypted as Snowflake's documentation says.
pub const DES3: &str = include_str!("fixtures/des3.pem");
/// A certificate, other text, and the key encrypted.
pub const APPLICATION: &str = include_str!("fixtures/application.pem");
/// Another kind of key.
pub const EC: &str = include_str!("fixtures/ec.pem");
/// The public key, PKCS#1.
pub const PUBLIC: &[u8] = include_bytes!("fixtures/public.der");
