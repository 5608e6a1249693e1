//! The fields that tell clients of their limit: `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers-11), and `Retry-After` (RFC 9110, 10.2.3).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{Class, Rate};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What is told of a class; the same in every answer.
#[derive(Debug)]
pub(super) struct Policy {
    class: Class,
    /// `"query";q=1000;w=20`: so many requests, refilled within so many seconds.
    value: Option<HeaderValue>,
    /// Seconds until one token more is there, at least 1.
    step: u64,
}

impl Policy {
    pub(super) fn new(class: Class, rate: Rate) -> Self {
        let (burst, per_minute) = (u64::from(rate.burst.get()), u64::from(rate.per_minute.get()));
        let window = (burst * 60).div_ceil(per_minute);
        let text = format!("\"{}\";q={burst};w={window}", class.name());
        Self { class, value: HeaderValue::from_str(&text).ok(), step: 60_u64.div_ceil(per_minute) }
    }

    /// Tells how many requests are left.
    pub(super) fn tell(&self, headers: &mut HeaderMap, left: u32) {
        self.write(headers, left, self.step);
    }

    /// Tells when the next one is there.
    pub(super) fn tell_refused(&self, headers: &mut HeaderMap, seconds: u64) {
        self.write(headers, 0, seconds);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }

    fn write(&self, headers: &mut HeaderMap, left: u32, seconds: u64) {
        let text = format!("\"{}\";r={left};t={seconds}", self.class.name());
        if let (Some(policy), Ok(limit)) = (&self.value, HeaderValue::try_from(text)) {
            headers.insert(POLICY, policy.clone());
            headers.insert(LIMIT, limit);
        }
    }
}

/// Seconds, so that whoever waits them does not come too early; at least 1.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(begun).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(burst: u32, per_minute: u32) -> Policy {
        let rate =
            Rate { burst: burst.try_into().unwrap(), per_minute: per_minute.try_into().unwrap() };
        Policy::new(Class::Query, rate)
    }

    #[test]
    fn the_fields_are_those_of_the_draft() {
        let mut headers = HeaderMap::new();
        policy(1_000, 3_000).tell(&mut headers, 999);
        assert_eq!(headers[POLICY], "\"query\";q=1000;w=20");
        assert_eq!(headers[LIMIT], "\"query\";r=999;t=1");
        assert!(!headers.contains_key(header::RETRY_AFTER));
        policy(10, 7).tell_refused(&mut headers, 9);
        assert_eq!(headers[POLICY], "\"query\";q=10;w=86");
        assert_eq!(headers[LIMIT], "\"query\";r=0;t=9");
        assert_eq!(headers[header::RETRY_AFTER], "9");
        assert_eq!(headers.get_all(LIMIT).iter().count(), 1);
    }

    #[test]
    fn whoever_waits_as_told_does_not_come_too_early() {
        let seconds = |millis| whole_seconds(Duration::from_millis(millis));
        assert_eq!([0, 1, 999, 1_000, 1_001].map(seconds), [1, 1, 1, 1, 2]);
    }
}
