//! The configuration with the origin of each value, as `comfy-recall config` prints it: a TOML file without secrets.

use std::fmt;
use std::path::{Path, PathBuf};

use super::access::{Password, Token};
use super::checked::Config;
use super::instance::ServerConfig;
use super::origin::{Origin, ValueOrigins};
use super::secret::Secret;
use super::webhooks::WebhookConfig;
use crate::model::Status;

/// The configuration, and how it came about. Its `Display` is what `comfy-recall config` prints.
#[derive(Debug)]
pub struct Effective {
    pub config: Config,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// Where one is read from if none is named.
    pub usual_file: Option<PathBuf>,
    /// What the user should hear but what stops nothing; for the log.
    pub warnings: Vec<String>,
    pub(super) origins: ValueOrigins,
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = &self.config;
        let of = |key: &str| self.origins.of(key);
        match (&self.file, &self.usual_file) {
            (Some(file), _) => writeln!(f, "# configuration file: {}", file.display())?,
            (None, Some(usual)) => writeln!(f, "# configuration file: none at {}", usual.display())?,
            (None, None) => writeln!(f, "# configuration file: none")?,
        }
        line(f, "data_dir", path_text(&config.data_dir), of("data_dir"))?;
        line(f, "listen", quoted(&config.listen.to_string()), of("listen"))?;
        line(f, "allow_host", list(&config.allowed_hosts), of("allow_host"))?;
        line(f, "base_path", quoted(&config.base_path.join("/")), of("base_path"))?;
        line(f, "trusted_proxy", list(&config.trusted_proxies), of("trusted_proxy"))?;
        line(f, "cors_origin", list(&config.cors_origins), of("cors_origin"))?;
        self.secrets(f)?;
        line(f, "no_auth", config.auth.no_auth, of("no_auth"))?;
        line(f, "no_redact", !config.redact_secrets, of("no_redact"))?;
        line(f, "redact", list(&config.redact), of("redact"))?;
        line(f, "redact_except", list(&config.redact_except), of("redact_except"))?;
        line(f, "log_format", quoted(config.log.format.as_str()), of("log_format"))?;
        line(f, "log_level", quoted(config.log.level.as_str()), of("log_level"))?;
        config.comfyui.iter().try_for_each(|instance| self.instance(f, instance))?;
        config.auth.tokens.iter().try_for_each(|token| self.token(f, token))?;
        config.webhooks.iter().enumerate().try_for_each(|(nth, webhook)| self.webhook(f, nth, webhook))
    }
}

impl Effective {
    /// The password and the bare token: that there is one, and whence.
    fn secrets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let highest = |keys: &[&str]| {
            keys.iter().map(|key| self.origins.of(key)).max_by_key(|origin| origin.layer()).unwrap_or(&Origin::Default)
        };
        let auth = &self.config.auth;
        match auth.password {
            Some(Password::Plain(_)) => {
                line(f, "password", quoted(Secret::REDACTED), highest(&["password", "password_file"]))?;
            }
            Some(Password::Hashed(_)) => {
                line(f, "password_hash", quoted(Secret::REDACTED), self.origins.of("password_hash"))?;
            }
            None => {}
        }
        if auth.tokens.iter().any(|token| self.is_bare(token)) {
            line(f, "token", quoted(Secret::REDACTED), highest(&["token", "token_file"]))?;
        }
        Ok(())
    }

    /// Whether it stands by itself and in no table.
    fn is_bare(&self, token: &Token) -> bool {
        *self.origins.of(&format!("token.{}.name", token.name)) == Origin::Default
    }

    fn token(&self, f: &mut fmt::Formatter<'_>, token: &Token) -> fmt::Result {
        if self.is_bare(token) {
            return Ok(());
        }
        let of = |key: &str| self.origins.of(&format!("token.{}.{key}", token.name));
        f.write_str("\n[[token]]\n")?;
        line(f, "name", quoted(&token.name), of("name"))?;
        line(f, "scope", quoted(token.scope.as_str()), of("scope"))?;
        line(f, "hash", quoted(Secret::REDACTED), of("hash"))
    }

    fn webhook(&self, f: &mut fmt::Formatter<'_>, nth: usize, webhook: &WebhookConfig) -> fmt::Result {
        let of = |key: &str| self.origins.of(&format!("webhook.{nth}.{key}"));
        f.write_str("\n[[webhook]]\n")?;
        line(f, "url", quoted(&webhook.shown()), of("url"))?;
        let secret = [of("secret"), of("secret_file")].into_iter().max_by_key(|origin| origin.layer());
        line(f, "secret", quoted(Secret::REDACTED), secret.unwrap_or(&Origin::Default))?;
        let statuses: Vec<&str> = webhook.statuses.iter().map(|status| Status::as_str(*status)).collect();
        line(f, "status", list(&statuses), of("status"))?;
        line(f, "instance", list(&webhook.instances), of("instance"))
    }

    fn instance(&self, f: &mut fmt::Formatter<'_>, instance: &ServerConfig) -> fmt::Result {
        let ServerConfig { name, url, headers, accept_invalid_certs, folders } = instance;
        let of = |key: &str| self.origins.of(&format!("comfyui.{name}.{key}"));
        writeln!(f, "\n[[comfyui]]\nname = {}", quoted(name.as_str()))?;
        line(f, "url", quoted(url.as_str()), of("url"))?;
        line(f, "accept_invalid_certs", accept_invalid_certs, of("accept_invalid_certs"))?;
        let folders = [("output_dir", &folders.output), ("temp_dir", &folders.temp), ("input_dir", &folders.input)];
        for (key, folder) in folders.into_iter().filter_map(|(key, folder)| Some((key, folder.as_deref()?))) {
            line(f, key, path_text(folder), of(key))?;
        }
        for name in headers.keys() {
            let key = format!("headers.{name}");
            line(f, &key, quoted(Secret::REDACTED), of(&key))?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, key: &str, value: impl fmt::Display, origin: &Origin) -> fmt::Result {
    writeln!(f, "{key} = {value}  # {origin}")
}

fn list(values: &[impl fmt::Display]) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(&value.to_string())).collect();
    format!("[{}]", values.join(", "))
}

fn path_text(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// A TOML string. JSON's escapes are a part of TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
