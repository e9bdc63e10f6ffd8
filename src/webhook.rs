//! Announcing accusations: the outbox and the receiver it empties into.
//!
//! Messages are written in the transaction that records the accusation, and
//! leave in this or a later pass; a receiver that is down for a day loses
//! nothing. They are signed as Standard Webhooks asks: `v1,` and the base64 of
//! HMAC-SHA256 over `id.timestamp.body`. The id stays the same over retries, so
//! that a receiver can drop what it has seen.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::Mac;
use jiff::{Timestamp, ToSpan};

use crate::config::Webhook;
use crate::fault::Fault;
use crate::key::mac;
use crate::registry::{self, Registry};

/// Longest wait between two attempts: 6 hours.
const MAX_WAIT_SECONDS: i64 = 6 * 3600;

/// What came of emptying the outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Delivery {
    /// Messages the receiver took.
    pub delivered: u64,
    /// Messages that wait for a later pass.
    pub waiting: u64,
    /// Why the newest attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A signing secret: base64, with or without the `whsec_` in front.
pub struct Secret(zeroize::Zeroizing<Vec<u8>>);

impl Secret {
    /// Parses a secret.
    ///
    /// # Errors
    ///
    /// When it is not base64 of at least 24 bytes.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let bytes = BASE64
            .decode(text.strip_prefix("whsec_").unwrap_or(text))
            .ok()
            .filter(|bytes| bytes.len() >= 24)
            .ok_or_else(|| {
            Fault::new("expected base64 of at least 24 bytes as the webhook's secret")
                .hint("make one with `openssl rand -base64 32`")
        })?;
        Ok(Self(zeroize::Zeroizing::new(bytes)))
    }

    /// Signs a message.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut state = mac(&self.0);
        state.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", BASE64.encode(state.finalize().into_bytes()))
    }
}

/// Delivers what is due; stops at the first failure, since the next message
/// would meet the same receiver.
///
/// # Errors
///
/// When the registry fails. A receiver that fails is no error here: it is noted
/// in the outbox and in the result.
pub fn deliver(
    registry: &mut dyn Registry,
    client: &reqwest::blocking::Client,
    hook: &Webhook,
    secret: &Secret,
    now: Timestamp,
) -> registry::Result<Delivery> {
    let mut delivery = Delivery::default();
    for message in registry.outbox_due(now)? {
        // Named after the row and the moment it was written, never after its content.
        let id = format!("msg_{}_{}", message.at.as_microsecond(), message.id);
        match post(client, hook, secret, &id, &message.body, now) {
            Ok(()) => {
                registry.outbox_delivered(message.id, now)?;
                delivery.delivered += 1;
            }
            Err(error) => {
                let wait = (60 << message.attempts.min(9)).min(MAX_WAIT_SECONDS);
                let next = now.checked_add(wait.seconds()).unwrap_or(now);
                registry.outbox_failed(message.id, &error, next)?;
                delivery.error = Some(error);
                break;
            }
        }
    }
    delivery.waiting = registry.outbox_waiting()?;
    Ok(delivery)
}

fn post(
    client: &reqwest::blocking::Client,
    hook: &Webhook,
    secret: &Secret,
    id: &str,
    body: &str,
    now: Timestamp,
) -> Result<(), String> {
    let timestamp = now.as_second();
    let response = client
        .post(&hook.url)
        .timeout(Duration::from_secs(hook.timeout_seconds))
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", secret.sign(id, timestamp, body))
        .body(body.to_owned())
        .send()
        // The address may carry a token in its query: it stays out of the message.
        .map_err(|error| format!("the webhook's receiver did not answer: {}", error.without_url()))?;
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(format!("the webhook's receiver answered {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_standard() {
        // The example of the Standard Webhooks specification.
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");

        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);

        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn short_or_malformed_secrets_are_refused() {
        assert!(Secret::parse("c2hvcnQ=").is_err());
        assert!(Secret::parse("not base64 at all!").is_err());
    }
}
