//! What `comfy-recall config` prints: the configuration as a TOML file, each value with its origin, secrets left out.

use std::fmt;
use std::path::Path;

use super::{Effective, Instance, Origin, Secret};

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = &self.config;
        let of = |key: &str| self.origins.of(key);
        let file = self.file.as_ref().map_or("none".into(), |path| path.to_string_lossy());
        writeln!(f, "# configuration file: {file}")?;
        line(f, "data_dir", path_text(&config.data_dir), of("data_dir"))?;
        line(f, "listen", quoted(&config.listen.to_string()), of("listen"))?;
        let hosts: Vec<String> = config.allowed_hosts.iter().map(|host| quoted(host)).collect();
        line(f, "allow_host", format!("[{}]", hosts.join(", ")), of("allow_host"))?;
        for (secret, key) in [(&config.auth.password, "password"), (&config.auth.token, "token")] {
            if secret.is_some() {
                let origins = [of(key), of(&format!("{key}_file"))];
                let highest = origins.into_iter().max_by_key(|origin| origin.layer());
                line(f, key, quoted(Secret::REDACTED), highest.unwrap_or(&Origin::Default))?;
            }
        }
        line(f, "no_auth", config.auth.no_auth, of("no_auth"))?;
        line(f, "no_redact", !config.redact_secrets, of("no_redact"))?;
        line(f, "log_format", quoted(config.log.format.as_str()), of("log_format"))?;
        line(f, "log_level", quoted(config.log.level.as_str()), of("log_level"))?;
        config.comfyui.iter().try_for_each(|instance| self.instance(f, instance))
    }
}

impl Effective {
    fn instance(&self, f: &mut fmt::Formatter<'_>, instance: &Instance) -> fmt::Result {
        let Instance { name, url, headers, accept_invalid_certs, folders } = instance;
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

fn path_text(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// A TOML string. JSON's escapes are a part of TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
