//! Who else is told when a run has ended. Only from the file: a secret and a filter belong to each address.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::Url;

use crate::model::{InstanceName, Status};

use super::error::Error;
use super::given::Given;
use super::instance::ServerConfig;
use super::problem::ValueProblem;
use super::scalars::{Scalars, groups};
use super::secret::Secret;
use super::setting::Setting;
use super::text;

/// What marks a secret as bytes in base64, and how many bytes are enough: as
/// <https://github.com/standard-webhooks/standard-webhooks> has it.
const BASE64_MARK: &str = "whsec_";
const LEAST_BYTES: usize = 24;

/// Somebody who is told of runs that have ended.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// `http` or `https`, without a fragment; its path and query may hold a secret of their own.
    pub url: Url,
    /// What each message is signed with, as it was given; see [`Self::key`].
    pub secret: Secret,
    /// Only runs that ended so; all when empty.
    pub statuses: Vec<Status>,
    /// Only runs of these; all when empty.
    pub instances: Vec<InstanceName>,
}

impl WebhookConfig {
    /// The bytes to sign with.
    pub fn key(&self) -> Vec<u8> {
        bytes(self.secret.expose()).unwrap_or_default()
    }

    /// The address without what may be secret in it.
    pub fn shown(&self) -> String {
        let host = self.url.origin().ascii_serialization();
        let is_whole = matches!(self.url.path(), "/" | "") && self.url.query().is_none();
        if is_whole { format!("{host}/") } else { format!("{host}/{}", Secret::REDACTED) }
    }
}

impl fmt::Debug for WebhookConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", self.shown(), self.statuses, self.instances)
    }
}

/// `None` for base64 that isn't.
fn bytes(secret: &str) -> Option<Vec<u8>> {
    match secret.strip_prefix(BASE64_MARK) {
        Some(encoded) => BASE64_STANDARD.decode(encoded).ok(),
        None => Some(secret.as_bytes().to_owned()),
    }
}

/// The webhooks, each in its order in the file.
pub(super) fn webhooks(scalars: &mut Scalars<'_>, instances: &[ServerConfig]) -> Result<Vec<WebhookConfig>, Error> {
    let mut webhooks = Vec::new();
    for group in groups(scalars.givens, "webhook") {
        let webhook = webhook(scalars, &group, instances)?;
        for given in group {
            let key = given.setting.spelling().plain_key().unwrap_or_default();
            scalars.origins.note(format!("webhook.{}.{key}", webhooks.len()), &given.origin);
        }
        webhooks.extend(webhook);
    }
    Ok(webhooks)
}

fn webhook(scalars: &Scalars<'_>, group: &[&Given], known: &[ServerConfig]) -> Result<Option<WebhookConfig>, Error> {
    let all = |setting| group.iter().filter(move |given| given.setting == setting);
    let (inline, in_file) = (all(Setting::WebhookSecret).next(), all(Setting::WebhookSecretFile).next());
    let given = match (inline, in_file) {
        (Some(first), Some(second)) => {
            return Err(Error::Conflict { first: first.origin.clone(), second: second.origin.clone() });
        }
        (given, None) | (None, given) => given,
    };
    let (Some(given), Some(url)) = (given, all(Setting::WebhookUrl).next()) else { return Ok(None) };
    let secret = scalars.secret(given)?;
    if bytes(secret.expose()).is_none_or(|bytes| bytes.len() < LEAST_BYTES) {
        return Err(given.is_wrong(ValueProblem::WebhookSecret));
    }
    let mut instances = Vec::new();
    for given in all(Setting::WebhookInstance) {
        let name: InstanceName = given.read(|text| text.parse().map_err(ValueProblem::InstanceName))?;
        if !known.iter().any(|instance| instance.name == name) {
            let known = known.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Error::UnknownServer { origin: given.origin.clone(), name, known });
        }
        instances.push(name);
    }
    let statuses = all(Setting::WebhookStatus).map(|given| given.read(text::final_status));
    let (url, statuses) = (url.read(text::webhook_url)?, statuses.collect::<Result<_, _>>()?);
    Ok(Some(WebhookConfig { url, secret, statuses, instances }))
}
