//! From what the layers give to one configuration: the highest layer that speaks of a setting wins.

use super::checked::Config;
use super::environment::Environment;
use super::error::Error;
use super::given::Given;
use super::listen::{Host, Listen};
use super::log::{Log, LogFormat, LogLevel};
use super::origin::ValueOrigins;
use super::problem::ValueProblem;
use super::scalars::Scalars;
use super::servers::{ports_to_look_at, servers};
use super::setting::Setting;
use super::{access, text, webhooks};

/// Merges what was given, highest layer first, and checks it.
pub(super) fn merge(givens: &[Given], environment: &Environment<'_>) -> Result<(Config, ValueOrigins), Error> {
    let mut origins = ValueOrigins::default();
    let comfyui = servers(givens, environment, &mut origins)?;
    let mut scalars = Scalars { givens, environment, origins: &mut origins };
    let listen: Listen = scalars.value(Setting::Listen, str::parse)?.unwrap_or_else(default_listen);
    let allowed_hosts = scalars.list(Setting::AllowHost, text::host_name)?;
    let base_path =
        scalars.value(Setting::BasePath, |text| text.parse().map_err(ValueProblem::BasePath))?.unwrap_or_default();
    let trusted_proxies = scalars.list(Setting::TrustedProxy, text::net)?;
    let cors_origins = scalars.list(Setting::CorsOrigin, text::origin)?;
    let data_dir = scalars.path(Setting::DataDir)?.or_else(|| environment.data_dir.clone()).ok_or(Error::NoDataDir)?;
    let redact_secrets = !scalars.value(Setting::NoRedact, text::switch)?.unwrap_or(false);
    let redact = scalars.list(Setting::Redact, text::secret_name)?;
    let redact_except = scalars.list(Setting::RedactExcept, text::secret_name)?;
    let format = scalars.value(Setting::LogFormat, text::log_format)?.unwrap_or(LogFormat::Text);
    let level = scalars.value(Setting::LogLevel, text::log_level)?.unwrap_or(LogLevel::Info);
    let auth = access::auth(&mut scalars)?;
    let webhooks = webhooks::webhooks(&mut scalars, &comfyui)?;
    if auth.is_open() && !auth.no_auth && !listen.is_loopback() {
        return Err(Error::Unprotected { origin: origins.of("listen").clone(), listen });
    }
    let log = Log { format, level };
    let config = Config {
        comfyui,
        looks_at: ports_to_look_at(givens),
        data_dir,
        listen,
        allowed_hosts,
        base_path,
        trusted_proxies,
        cors_origins,
        auth,
        redact_secrets,
        redact,
        redact_except,
        log,
        webhooks,
    };
    Ok((config, origins))
}

fn default_listen() -> Listen {
    Listen { host: Host::Ip([127, 0, 0, 1].into()), port: Listen::DEFAULT_PORT }
}
