//! One message on its way: signed, with a limit of time, and without going where an answer points to.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, redirect};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use sha2::Sha256;

use super::Webhook;
use crate::model::{Delivery, Timestamp};

/// How long an address may take, connecting included. Whoever has more to do takes the message first.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends messages; clones share their connections.
#[derive(Debug, Clone)]
pub(super) struct Sender(Client);

impl Sender {
    /// Prepares; connects to nobody yet. A platform without certificates only fails those who need one.
    pub(super) fn new(is_any_https: bool) -> Result<Self, rustls::Error> {
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        let tls = match is_any_https {
            true => tls.with_platform_verifier()?,
            false => tls.with_root_certificates(RootCertStore::empty()),
        };
        let tls = tls.with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent(concat!("comfy-recall/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self(client))
    }

    /// Sends one; an error says in a few words why it wasn't taken, without the address.
    pub(super) async fn send(&self, webhook: &Webhook, delivery: &Delivery, body: Vec<u8>) -> Result<(), String> {
        let id = format!("msg_{}_{}", delivery.id, delivery.ended_at.as_millis());
        let timestamp = (Timestamp::now().as_millis() / 1_000).to_string();
        let signature = sign(&webhook.key, &id, &timestamp, &body);
        let request = self.0.post(webhook.url.clone()).header("content-type", "application/json");
        let request = request.header("webhook-id", id).header("webhook-timestamp", timestamp);
        let answer = request.header("webhook-signature", signature).body(body).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("answered {}", answer.status())),
            Err(error) if error.is_timeout() => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
            Err(error) => Err(innermost(&error)),
        }
    }
}

/// `v1,` and the HMAC-SHA256 of id, time and body in base64.
pub(super) fn sign(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// The cause of the causes: those above only say that a request failed, and name the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_standard() {
        // The example of the specification's reference libraries.
        let key = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
