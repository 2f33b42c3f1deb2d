//! The daemon's own options, one for each setting: for the commands that need the whole configuration.

use clap::Args;

use crate::config::{Given, Setting};

/// Every setting that has a flag.
#[derive(Args)]
pub(super) struct Options {
    /// A ComfyUI to record [default: looked for on this machine, at 8188 and other usual ports]
    #[arg(long, value_name = "[NAME=]URL")]
    comfyui: Vec<String>,
    /// Its folder on this machine, with output, temp and input below
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_dir: Vec<String>,
    /// Its output folder, if that lies elsewhere
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_output_dir: Vec<String>,
    /// Its temp folder, if that lies elsewhere
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_temp_dir: Vec<String>,
    /// Its input folder, if that lies elsewhere
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_input_dir: Vec<String>,
    /// A header to send with every request to it
    #[arg(long, value_name = "[NAME=]HEADER: VALUE")]
    comfyui_header: Vec<String>,
    /// Trust any certificate it shows
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    accept_invalid_certs: Vec<String>,
    /// Where to keep everything [default: the platform's data folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Where to listen [default: 127.0.0.1:8588]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// A further name that visitors may use for this machine
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// The path below which everything is served, behind a proxy that others share
    #[arg(long, value_name = "/PATH")]
    base_path: Option<String>,
    /// A proxy whose X-Forwarded-For, -Proto and -Host count
    #[arg(long, value_name = "ADDRESS|NET")]
    trusted_proxy: Vec<String>,
    /// A further site whose pages may read here
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// A file that holds the password for visitors
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
    /// A file that holds the token for scripts
    #[arg(long, value_name = "FILE")]
    token_file: Option<String>,
    /// Let everybody in, also from other machines
    #[arg(long)]
    no_auth: bool,
    /// Keep the secrets that prompts and workflows hold
    #[arg(long)]
    no_redact: bool,
    /// A further input whose value is a secret
    #[arg(long, value_name = "NAME")]
    redact: Vec<String>,
    /// An input whose value is none, whatever it is called
    #[arg(long, value_name = "NAME")]
    redact_except: Vec<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// The configuration file [default: config.toml in the platform's configuration folder]
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
