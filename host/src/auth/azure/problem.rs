//! What a source said, fit to be shown: on one line, without the secrets that were sent, and
//! without a token that came in an answer of an unexpected shape.

use azure_core::error::ErrorKind;

use crate::secret::SecretString;

const LONGEST: usize = 600;

pub(super) fn explain(error: &azure_core::Error, secrets: &[SecretString]) -> String {
    if is_unread(error) {
        return "its answer was not understood: check `authority`".to_owned();
    }
    let mut text = error.to_string();
    for secret in secrets {
        text = text.replace(secret.expose(), "[secret]");
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut text: String = words
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

/// Whether an answer could not be read; the parser's error may quote it.
fn is_unread(error: &azure_core::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let unread = error.downcast_ref::<azure_core::Error>();
        if unread.is_some_and(|error| matches!(error.kind(), ErrorKind::DataConversion))
            || error.is::<serde_json::Error>()
        {
            return true;
        }
        cause = error.source();
    }
    false
}
