//! Whether and when to ask again.
//!
//! Waits double from one second to a minute, each cut by up to a half so that
//! many workspaces do not knock in step. The cut is a hash of feed, attempt and
//! time, not a random number: a pass can be replayed.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use sha2::{Digest, Sha256};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Whether a status may go away by itself.
pub(super) fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// The wait before attempt `attempt` (the first repeat is 1).
pub(super) fn backoff(feed: &str, attempt: u32, now: Timestamp) -> Duration {
    let full = FIRST.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST);
    let hash = Sha256::digest(format!("{feed}|{attempt}|{}", now.as_nanosecond()));
    full.mul_f64(1.0 - f64::from(hash[0]) / 512.0)
}

/// What a `Retry-After` header asks for: seconds, or a date.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::parse(value).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        for (attempt, full) in [(1, 1.0), (2, 2.0), (3, 4.0), (9, 60.0), (40, 60.0)] {
            let wait = backoff("pbx", attempt, Timestamp::UNIX_EPOCH).as_secs_f64();

            assert!(wait > full / 2.0 && wait <= full, "{attempt}: {wait}");
        }
    }

    #[test]
    fn two_feeds_do_not_wait_in_step() {
        let wait = |feed| backoff(feed, 3, Timestamp::UNIX_EPOCH);

        assert_ne!(wait("a"), wait("b"));
    }

    #[test]
    fn a_server_may_ask_for_seconds_or_a_date() {
        let now: Timestamp = "2026-11-25T03:25:23Z".parse().expect("a time");

        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 25 Nov 2026 03:26:23 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Wed, 25 Nov 2026 03:20:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        for (status, again) in
            [(500, true), (503, true), (408, true), (429, true), (404, false), (401, false), (200, false)]
        {
            assert_eq!(may_pass(StatusCode::from_u16(status).expect("a status")), again, "{status}");
        }
    }
}
