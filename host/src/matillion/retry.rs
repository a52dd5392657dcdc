//! When a read is tried again, and after how long. Only reads: a command or a refresh that may have
//! been done is never sent twice.

use std::time::Duration;

use reqwest::header::HeaderValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::error::Error;

/// How patient a call is.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) tries: u32,
    pub(super) first_pause: Duration,
    /// A longer wait than this is the operator's to decide.
    pub(super) longest_wait: Duration,
}

impl Pace {
    pub(super) const READS: Pace = Pace {
        tries: 3,
        first_pause: Duration::from_millis(300),
        longest_wait: Duration::from_secs(30),
    };

    /// The pause before the next try, or `None` if there is to be none. `tried` counts the tries
    /// made; `chance`, from 0 to 1, spreads callers that failed together.
    pub(super) fn pause(&self, error: &Error, tried: u32, chance: f64) -> Option<Duration> {
        if tried >= self.tries {
            return None;
        }
        let own = self.first_pause * 2u32.pow(tried - 1);
        let own = own.mul_f64(0.5 + chance / 2.0);
        match error {
            Error::Unreachable { .. } | Error::TimedOut { .. } => Some(own),
            Error::Refused {
                status: 429 | 500 | 502 | 503 | 504,
                wait,
                ..
            } => {
                let wait = wait.map_or(own, |asked| asked.max(own));
                (wait <= self.longest_wait).then_some(wait)
            }
            _ => None,
        }
    }
}

/// A number from 0 to 1.
pub(super) fn chance() -> f64 {
    // No randomness costs only the spreading.
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}

/// Reads `Retry-After`: seconds, or a date.
pub(super) fn asked_wait(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    let wait = then - OffsetDateTime::now_utc();
    Some(wait.try_into().unwrap_or(Duration::ZERO))
}
