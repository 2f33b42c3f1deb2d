//! The daemon's own options, one for each setting: for the commands that need the whole configuration.

use clap::Args;

use crate::config::{Given, Setting};

/// Every setting that has a flag.
#[derive(Args)]
pub(super) struct Options {
    /// ComfyUI to record [default: found automatically on this machine, at 8188 and other usual ports]
    #[arg(long, value_name = "[NAME=]URL")]
    comfyui: Vec<String>,
    /// Its folder on this machine, which contains output, temp and input
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_dir: Vec<String>,
    /// Its output folder, if it is elsewhere
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_output_dir: Vec<String>,
    /// Its temp folder, if it is elsewhere
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_temp_dir: Vec<String>,
    /// Its input folder, if it is elsewhere
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_input_dir: Vec<String>,
    /// Header to send with every request to it
    #[arg(long, value_name = "[NAME=]HEADER: VALUE")]
    comfyui_header: Vec<String>,
    /// Accept any certificate from it
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    accept_invalid_certs: Vec<String>,
    /// Data folder [default: the platform's data folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Address to listen on [default: 127.0.0.1:8588]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Additional host name that visitors may use
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Path under which everything is served, behind a proxy that serves other things too
    #[arg(long, value_name = "/PATH")]
    base_path: Option<String>,
    /// Proxy whose X-Forwarded-For, -Proto and -Host are trusted
    #[arg(long, value_name = "ADDRESS|NET")]
    trusted_proxy: Vec<String>,
    /// Additional site whose pages may read the history
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// File with the password for people
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
    /// File with the token for scripts
    #[arg(long, value_name = "FILE")]
    token_file: Option<String>,
    /// Allow access without a password or token, from other machines too
    #[arg(long)]
    no_auth: bool,
    /// Keep secrets in prompts and workflows
    #[arg(long)]
    no_redact: bool,
    /// Name of an additional input that holds a secret
    #[arg(long, value_name = "NAME")]
    redact: Vec<String>,
    /// Name of an input whose value is kept
    #[arg(long, value_name = "NAME")]
    redact_except: Vec<String>,
    /// Log format: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Log level: error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Configuration file [default: config.toml in the platform's configuration folder]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
}

impl Options {
    /// What was given, as the highest layer of the configuration.
    pub(super) fn into_givens(self) -> Vec<Given> {
        let with_name = |name: String| if name.is_empty() { "true".to_owned() } else { format!("{name}=true") };
        let switch = |is_on: bool| is_on.then(|| "true".to_owned());
        let lists = [
            (Setting::ComfyuiUrl, self.comfyui),
            (Setting::ComfyuiDir, self.comfyui_dir),
            (Setting::ComfyuiOutputDir, self.comfyui_output_dir),
            (Setting::ComfyuiTempDir, self.comfyui_temp_dir),
            (Setting::ComfyuiInputDir, self.comfyui_input_dir),
            (Setting::ComfyuiHeader, self.comfyui_header),
            (Setting::AcceptInvalidCerts, self.accept_invalid_certs.into_iter().map(with_name).collect()),
            (Setting::AllowHost, self.allow_host),
            (Setting::TrustedProxy, self.trusted_proxy),
            (Setting::CorsOrigin, self.cors_origin),
            (Setting::Redact, self.redact),
            (Setting::RedactExcept, self.redact_except),
        ];
        let single = [
            (Setting::DataDir, self.data_dir),
            (Setting::Listen, self.listen),
            (Setting::BasePath, self.base_path),
            (Setting::PasswordFile, self.password_file),
            (Setting::TokenFile, self.token_file),
            (Setting::NoAuth, switch(self.no_auth)),
            (Setting::NoRedact, switch(self.no_redact)),
            (Setting::LogFormat, self.log_format),
            (Setting::LogLevel, self.log_level),
            (Setting::ConfigFile, self.config),
        ];
        let lists = lists.into_iter().flat_map(|(setting, texts)| texts.into_iter().map(move |text| (setting, text)));
        let single = single.into_iter().filter_map(|(setting, text)| Some((setting, text?)));
        lists.chain(single).map(|(setting, text)| Given::by_flag(setting, text)).collect()
    }
}
