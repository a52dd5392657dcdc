//! Words of the API in any spelling.

use crate::matillion::{Cloud, ExecutionStatus, Status};

#[test]
fn runner_statuses() {
    let known = [
        "Pending", "RUNNING", "unknown", "Stopping", "stopped", "PAUSING", "paused ",
    ];
    for word in known {
        let status = Status::parse(word);
        assert!(!matches!(status, Status::Other(_)), "{word}");
        assert_eq!(status.to_string(), word.trim().to_lowercase());
    }
    assert_eq!(Status::parse(""), Status::Unknown);
    assert_eq!(
        Status::parse("Draining"),
        Status::Other("Draining".to_owned())
    );
}

#[test]
fn clouds() {
    let table = [
        ("AWS", Cloud::Aws),
        ("azure", Cloud::Azure),
        ("gcp", Cloud::Gcp),
        ("GOOGLE_CLOUD", Cloud::Gcp),
        ("snowflake", Cloud::Snowflake),
        ("moon", Cloud::Other("moon".to_owned())),
    ];
    for (word, cloud) in table {
        assert_eq!(Cloud::parse(word), cloud);
    }
}

#[test]
fn only_what_is_over_is_over() {
    let table = [
        ("QUEUED", true),
        ("running", true),
        ("Cancelling", true),
        ("SOMETHING_NEW", true),
        ("CANCELLED", false),
        ("SUCCESS", false),
        ("FAILED", false),
        ("SKIPPED", false),
        ("UNKNOWN", false),
        ("", false),
    ];
    for (word, in_flight) in table {
        assert_eq!(
            ExecutionStatus::parse(word).is_in_flight(),
            in_flight,
            "{word}"
        );
    }
}
