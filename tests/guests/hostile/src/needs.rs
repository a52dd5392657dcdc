//! What the sink asks for. `describe` has no settings, so a test picks the mode by patching one
//! byte of the component.

use std::hint::black_box;

use crate::exports::keyferry::sink::manifest::{Description, HttpNeed, Need};
use crate::keyferry::sink::http;
use crate::misuse;
use crate::wasi::random::random;

/// The byte after the colon is the mode. A test finds it in the component by what stands before.
static CHOICE: [u8; 18] = *b"hostile-describe:0";

fn mode() -> u8 {
    black_box(&CHOICE)[17]
}

pub fn describe() -> Description {
    let mut description = Description {
        name: "hostile".into(),
        version: "0.1.0".into(),
        summary: "does what a test says".into(),
        settings_schema: r#"{"type":"object"}"#.into(),
        needs: usual(),
    };
    match mode() {
        b'1' => description
            .needs
            .push(http_need("GET", "https://evil.test/", false)),
        b'2' => panic!("a message with \u{1b}[2J in it"),
        b'3' => misuse::spin(),
        b'4' => {
            let number = random::get_random_u64();
            let url = format!("https://store.test/{number}");
            description.needs.push(http_need("GET", &url, false));
        }
        b'5' => {
            let sent = http::send(&http::Request {
                method: "GET".into(),
                url: "https://store.test/".into(),
                headers: Vec::new(),
                body: Vec::new(),
            });
            description.summary = match sent {
                Ok(_) => "sent".into(),
                Err(unanswered) => format!("{:?}: {}", unanswered.why, unanswered.message),
            };
        }
        b'6' => description.needs = (0..100_000).flat_map(|_| usual()).collect(),
        b'7' => description.summary = "x".repeat(20 << 20),
        b'8' => {
            let mut need = usual().remove(0);
            if let Need::Http(need) = &mut need {
                need.reason = "harmless\r\u{1b}[1A\u{1b}[2K".into();
            }
            description.needs.push(need);
        }
        b'9' => description.settings_schema = r##"{"$ref":"#"}"##.into(),
        b'a' => description.settings_schema = "{".repeat(100_000),
        b'b' => misuse::grow(),
        b'c' => description.summary = "right \u{202e}tfel".into(),
        _ => {}
    }
    description
}

fn usual() -> Vec<Need> {
    vec![
        http_need("GET", "https://store.test/secret/{place}", false),
        http_need("PUT", "https://store.test/secret/{place}", true),
    ]
}

fn http_need(method: &str, url: &str, carries_secret: bool) -> Need {
    Need::Http(HttpNeed {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body: match carries_secret {
            true => vec![("/value".into(), "{token}".into())],
            false => Vec::new(),
        },
        auth: None,
        carries_secret,
        seals: Vec::new(),
        reason: "for a test".into(),
    })
}
