//! Every option in its three spellings: the one table that flags, variables, file, README and example are held to.

use super::origin::Origin;

/// What can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // The README's table says what each is.
pub enum Setting {
    ComfyuiName,
    ComfyuiUrl,
    ComfyuiHeader,
    AcceptInvalidCerts,
    ComfyuiDir,
    ComfyuiOutputDir,
    ComfyuiTempDir,
    ComfyuiInputDir,
    DataDir,
    Listen,
    AllowHost,
    BasePath,
    TrustedProxy,
    CorsOrigin,
    Password,
    PasswordHash,
    PasswordFile,
    Token,
    TokenFile,
    TokenName,
    TokenScope,
    TokenHash,
    NoAuth,
    NoRedact,
    Redact,
    RedactExcept,
    LogFormat,
    LogLevel,
    WebhookUrl,
    WebhookSecret,
    WebhookSecretFile,
    WebhookStatus,
    WebhookInstance,
    ConfigFile,
}

/// What a value looks like, and how several share one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// `true` or `false`.
    Switch,
    /// Any number, none of which can hold a space: separated by spaces or line breaks.
    Words,
    /// Any number: one a line.
    Lines,
}

/// How an option is written in each layer.
#[derive(Debug, Clone, Copy)]
pub struct Spelling {
    pub setting: Setting,
    /// On the command line, with its dashes.
    pub flag: Option<&'static str>,
    pub variable: Option<&'static str>,
    /// In the file; what starts with `comfyui.` stands in a `[[comfyui]]` table, and so on.
    pub key: Option<&'static str>,
    /// What its value looks like.
    pub(super) shape: Shape,
}

const fn row(
    setting: Setting,
    flag: Option<&'static str>,
    variable: Option<&'static str>,
    key: Option<&'static str>,
    shape: Shape,
) -> Spelling {
    Spelling { setting, flag, variable, key, shape }
}

#[rustfmt::skip]
const SPELLINGS: [Spelling; 34] = [
    row(Setting::ComfyuiUrl, Some("--comfyui"), Some("RECALL_COMFYUI"), Some("comfyui.url"), Shape::Words),
    row(Setting::ComfyuiName, None, None, Some("comfyui.name"), Shape::Text),
    row(Setting::ComfyuiHeader, Some("--comfyui-header"), Some("RECALL_COMFYUI_HEADER"), Some("comfyui.headers"), Shape::Lines),
    row(Setting::AcceptInvalidCerts, Some("--accept-invalid-certs"), Some("RECALL_ACCEPT_INVALID_CERTS"), Some("comfyui.accept_invalid_certs"), Shape::Words),
    row(Setting::ComfyuiDir, Some("--comfyui-dir"), Some("RECALL_COMFYUI_DIR"), Some("comfyui.dir"), Shape::Lines),
    row(Setting::ComfyuiOutputDir, Some("--comfyui-output-dir"), Some("RECALL_COMFYUI_OUTPUT_DIR"), Some("comfyui.output_dir"), Shape::Lines),
    row(Setting::ComfyuiTempDir, Some("--comfyui-temp-dir"), Some("RECALL_COMFYUI_TEMP_DIR"), Some("comfyui.temp_dir"), Shape::Lines),
    row(Setting::ComfyuiInputDir, Some("--comfyui-input-dir"), Some("RECALL_COMFYUI_INPUT_DIR"), Some("comfyui.input_dir"), Shape::Lines),
    row(Setting::DataDir, Some("--data-dir"), Some("RECALL_DATA_DIR"), Some("data_dir"), Shape::Text),
    row(Setting::Listen, Some("--listen"), Some("RECALL_LISTEN"), Some("listen"), Shape::Text),
    row(Setting::AllowHost, Some("--allow-host"), Some("RECALL_ALLOW_HOST"), Some("allow_host"), Shape::Words),
    row(Setting::BasePath, Some("--base-path"), Some("RECALL_BASE_PATH"), Some("base_path"), Shape::Text),
    row(Setting::TrustedProxy, Some("--trusted-proxy"), Some("RECALL_TRUSTED_PROXY"), Some("trusted_proxy"), Shape::Words),
    row(Setting::CorsOrigin, Some("--cors-origin"), Some("RECALL_CORS_ORIGIN"), Some("cors_origin"), Shape::Words),
    row(Setting::Password, None, Some("RECALL_PASSWORD"), Some("password"), Shape::Text),
    row(Setting::PasswordFile, Some("--password-file"), Some("RECALL_PASSWORD_FILE"), Some("password_file"), Shape::Text),
    row(Setting::PasswordHash, None, Some("RECALL_PASSWORD_HASH"), Some("password_hash"), Shape::Text),
    row(Setting::Token, None, Some("RECALL_TOKEN"), Some("token"), Shape::Text),
    row(Setting::TokenFile, Some("--token-file"), Some("RECALL_TOKEN_FILE"), Some("token_file"), Shape::Text),
    row(Setting::TokenName, None, None, Some("token.name"), Shape::Text),
    row(Setting::TokenScope, None, None, Some("token.scope"), Shape::Text),
    row(Setting::TokenHash, None, None, Some("token.hash"), Shape::Text),
    row(Setting::NoAuth, Some("--no-auth"), Some("RECALL_NO_AUTH"), Some("no_auth"), Shape::Switch),
    row(Setting::NoRedact, Some("--no-redact"), Some("RECALL_NO_REDACT"), Some("no_redact"), Shape::Switch),
    row(Setting::Redact, Some("--redact"), Some("RECALL_REDACT"), Some("redact"), Shape::Lines),
    row(Setting::RedactExcept, Some("--redact-except"), Some("RECALL_REDACT_EXCEPT"), Some("redact_except"), Shape::Lines),
    row(Setting::LogFormat, Some("--log-format"), Some("RECALL_LOG_FORMAT"), Some("log_format"), Shape::Text),
    row(Setting::LogLevel, Some("--log-level"), Some("RECALL_LOG_LEVEL"), Some("log_level"), Shape::Text),
    row(Setting::WebhookUrl, None, None, Some("webhook.url"), Shape::Text),
    row(Setting::WebhookSecret, None, None, Some("webhook.secret"), Shape::Text),
    row(Setting::WebhookSecretFile, None, None, Some("webhook.secret_file"), Shape::Text),
    row(Setting::WebhookStatus, None, None, Some("webhook.status"), Shape::Words),
    row(Setting::WebhookInstance, None, None, Some("webhook.instance"), Shape::Words),
    row(Setting::ConfigFile, Some("--config"), Some("RECALL_CONFIG"), None, Shape::Text),
];

impl Spelling {
    /// Every option, in the order in which the README lists them.
    pub const ALL: &'static [Self] = &SPELLINGS;

    /// Whether it belongs to one ComfyUI server.
    pub(super) fn is_of_server(&self) -> bool {
        self.table() == Some("comfyui")
    }

    /// The table of the file that it stands in.
    pub(super) fn table(&self) -> Option<&'static str> {
        Some(self.key?.split_once('.')?.0)
    }

    /// The key without its table.
    pub(super) fn plain_key(&self) -> Option<&'static str> {
        self.key.map(|key| key.split_once('.').map_or(key, |(_, plain)| plain))
    }
}

impl Setting {
    /// How it is written.
    pub fn spelling(self) -> &'static Spelling {
        let found = SPELLINGS.iter().find(|spelling| spelling.setting == self);
        found.expect("every setting has a row: a test goes through them")
    }

    /// Where it stands on the command line.
    pub(super) fn flag(self) -> Origin {
        self.spelling().flag.map_or(Origin::Default, Origin::Flag)
    }
}

/// The known word that looks most like a wrong one.
pub(super) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase().replace('-', "_");
    let likeness = |word: &str| strsim::jaro(&wrong, &word.to_lowercase().replace('-', "_"));
    let best = known.into_iter().map(|word| (likeness(word), word)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness > 0.7).map(|(_, word)| word)
}
