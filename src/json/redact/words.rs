//! The words that names of secrets are made of, and those that look like them. From the inputs of several hundred node
//! packs; `tests/fixtures/secrets` names the packs.

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Words that are last in a secret's name, whatever stands before them.
#[rustfmt::skip]
pub(super) const SECRET: [&str; 50] = [
    "password", "passwords", "passwd", "passwort", "pwd", "pswd", "passphrase", "passcode", "userpass", "pin",
    "pincode", "secret", "secrets", "credential", "credentials", "creds", "cred", "authorization", "bearer", "jwt",
    "cookie", "cookies", "apikey", "apikeys", "apitoken", "apisecret", "accesskey", "accesskeyid", "accesstoken",
    "authkey", "authtoken", "authheader", "secretkey", "secretid", "secretaccesskey", "privatekey", "appsecret",
    "appkey", "clientsecret", "bottoken", "refreshtoken", "sessiontoken", "idtoken", "connectionstring", "connstr",
    "sasurl", "webhook", "webhooks", "webhookurl", "mnemonic",
];

/// Two words that are a secret's wherever they stand in a name.
#[rustfmt::skip]
pub(super) const PAIRS: [(&str, &str); 62] = [
    ("api", "key"), ("api", "keys"), ("api", "token"), ("api", "tokens"), ("api", "secret"), ("api", "pass"),
    ("access", "key"), ("access", "keys"), ("access", "token"), ("private", "key"), ("secret", "key"),
    ("secret", "keys"), ("secret", "id"), ("secret", "access"), ("secret", "word"), ("secret", "phrase"),
    ("secret", "code"), ("seed", "phrase"), ("auth", "token"), ("auth", "key"), ("auth", "header"),
    ("auth", "headers"), ("auth", "code"), ("auth", "cookie"), ("auth", "string"), ("auth", "data"),
    ("authorization", "header"), ("authorization", "code"), ("basic", "auth"), ("http", "auth"), ("proxy", "auth"),
    ("bearer", "token"), ("client", "secret"), ("connection", "string"), ("connection", "str"), ("connection", "uri"),
    ("conn", "string"), ("conn", "str"), ("sas", "url"), ("sas", "token"), ("sas", "uri"), ("webhook", "url"),
    ("webhook", "urls"), ("webhook", "uri"), ("webhook", "endpoint"), ("webhook", "address"), ("webhook", "link"),
    ("webhook", "token"), ("webhook", "key"), ("hook", "url"), ("service", "account"), ("session", "token"),
    ("session", "cookie"), ("cookie", "string"), ("cookie", "header"), ("pin", "code"), ("pass", "code"),
    ("id", "token"), ("pass", "phrase"), ("pass", "word"), ("access", "id"), ("user", "pass"),
];

/// Behind such a pair: what the name is about then isn't the secret itself.
#[rustfmt::skip]
pub(super) const HONEST_TAILS: [&str; 54] = [
    "file", "files", "path", "dir", "folder", "filename", "env", "var", "variable", "name", "names", "type", "kind",
    "mode", "count", "counts", "limit", "length", "len", "size", "max", "min", "budget", "usage", "source", "status",
    "label", "title", "help", "tooltip", "hint", "placeholder", "description", "format", "index", "number", "num",
    "required", "enabled", "position", "weight", "strength", "normalization", "order", "group", "email", "url", "uri",
    "endpoint", "host", "scope", "expiry", "ttl", "timeout",
];

/// First words of what is done with a secret, or asks whether there is one.
#[rustfmt::skip]
pub(super) const HEADS: [&str; 22] = [
    "save", "use", "uses", "show", "hide", "has", "have", "is", "enable", "require", "requires", "remember", "with",
    "no", "skip", "reset", "clear", "validate", "check", "print", "count", "generate",
];

/// Choices that stand where a secret may be, and are none.
#[rustfmt::skip]
pub(super) const CHOICES: [&str; 23] = [
    "none", "null", "nil", "undefined", "true", "false", "yes", "no", "on", "off", "auto", "default", "enable",
    "disable", "enabled", "disabled", "n/a", "optional", "required", "fixed", "randomize", "increment", "decrement",
];

/// Last words that say nothing.
#[rustfmt::skip]
pub(super) const TAILS: [&str; 19] = [
    "value", "str", "string", "input", "field", "widget", "optional", "override", "json", "here", "comfy", "org",
    "plain", "raw", "new", "old", "default", "base64", "b64",
];

/// Whose keys and tokens are secret: what lets somebody in, and who lets them in.
#[rustfmt::skip]
pub(super) const OWNERS: [&str; 165] = [
    "access", "account", "admin", "aes", "api", "app", "application", "auth", "authentication", "authorization",
    "bearer", "bot", "client", "cloud", "consumer", "crypto", "csrf", "decrypt", "decryption", "deploy", "device",
    "download", "encrypt", "encryption", "git", "gpg", "hmac", "hub", "jwt", "licence", "license", "login", "master",
    "my", "oauth", "oauth2", "owner", "personal", "pgp", "presign", "private", "push", "refresh", "root", "rsa",
    "sas", "secret", "security", "server", "service", "shared", "sign", "signature", "signing", "ssh", "ssl",
    "storage", "subscription", "tls", "upload", "user", "web", "webhook", "xsrf", "your", "accuweather", "adobe",
    "airtable", "akool", "alibaba", "aliyun", "anthropic", "apify", "ark", "assemblyai", "aws", "azure", "baidu",
    "bailian", "bfl", "bing", "blackforest", "brave", "cartesia", "cerebras", "chatgpt", "civitai", "claude",
    "clipdrop", "cohere", "comfy", "comfydeploy", "coze", "dashscope", "deepgram", "deepl", "deepseek", "dify",
    "discord", "doubao", "dropbox", "eagle", "elevenlabs", "fal", "feishu", "fireworks", "freepik", "gcp", "gemini",
    "giphy", "github", "gitlab", "glm", "google", "gpt", "grok", "groq", "heygen", "hf", "huggingface", "ideogram",
    "imgbb", "imgur", "jina", "kimi", "kling", "leonardo", "lepton", "llm", "luma", "magnific", "meshy", "midjourney",
    "minimax", "mistral", "modelscope", "moonshot", "nim", "notion", "novita", "nvidia", "ollama", "openai",
    "openrouter", "openweather", "oss", "perplexity", "pexels", "pixabay", "qiniu", "qwen", "replicate", "rodin",
    "runpod", "runway", "s3", "siliconflow", "slack", "stability", "supabase", "suno", "tencent", "volc",
    "volcengine", "telegram",
];

#[rustfmt::skip]
pub(super) const SPELLED: [&str; 22] = [
    "connection_string", "connection string", "connection-string", "connection_str", "connection_uri", "conn_str",
    "conn_string", "service_account", "service account", "service-account", "hook_url", "seed_phrase", "access_id",
    "access id", "accessid", "\"sk\"", "\"ak\"", "_sk\"", "_ak\"", "callback_url", "callback url", "callbackurl",
];

/// Whose pass is a password and no run through something.
#[rustfmt::skip]
pub(super) const OWNERS_OF_PASS: [&str; 18] = [
    "user", "db", "database", "smtp", "ftp", "sftp", "imap", "mail", "email", "admin", "root", "login", "proxy",
    "mysql", "redis", "account", "my", "http",
];

/// Whose keys open nothing.
#[rustfmt::skip]
pub(super) const HONEST_KEYS: [&str; 59] = [
    "answer", "attribute", "block", "bucket", "cache", "chroma", "color", "colour", "column", "config", "context",
    "data", "dict", "dictionary", "env", "field", "file", "filter", "first", "foreign", "frame", "group", "hash",
    "history", "hot", "image", "index", "input", "json", "keyboard", "label", "last", "layer", "locale", "major",
    "map", "metadata", "model", "music", "musical", "node", "object", "option", "output", "parameter", "partition",
    "preset", "primary", "prompt", "property", "public", "replacement", "search", "setting", "shortcut", "sort",
    "state", "tag", "text",
];

/// Whose tokens are words, or counted.
#[rustfmt::skip]
pub(super) const HONEST_TOKENS: [&str; 84] = [
    "activation", "added", "banned", "begin", "bos", "character", "class", "cls", "completion", "concept", "context",
    "current", "decoder", "direction", "end", "eos", "extra", "face", "first", "force", "forced", "frame", "head",
    "identifier", "image", "init", "initializer", "input", "instance", "invert", "keep", "language", "last", "latent",
    "learnable", "mask", "max", "maximum", "min", "modifier", "motion", "n", "negative", "new", "next", "num",
    "number", "object", "output", "pad", "padding", "patch", "person", "placeholder", "positive", "prefix", "prompt",
    "quality", "rare", "register", "reasoning", "sep", "separator", "skip", "spatial", "special", "start", "stop",
    "style", "subject", "suffix", "suppress", "system", "tag", "task", "text", "think", "thinking", "total",
    "trigger", "unk", "unique", "visual", "word",
];

/// What the name of any secret holds.
#[rustfmt::skip]
pub(super) const ROOTS: [&str; 17] = [
    "key", "token", "secret", "pass", "pwd", "pswd", "cred", "auth", "bearer", "jwt", "cookie", "session", "hook",
    "sas", "sig", "pin", "mnemonic",
];

/// Words for secrets in other languages, in lower case.
#[rustfmt::skip]
pub(super) const FOREIGN: [&str; 37] = [
    "密钥", "密匙", "秘钥", "私钥", "金钥", "密码", "口令", "令牌", "凭证", "凭据", "鉴权", "授权码", "授权令", "密鑰", "金鑰", "私鑰", "密碼", "憑證",
    "權杖", "パスワード", "トークン", "秘密鍵", "シークレット", "apiキー", "api キー", "비밀번호", "비밀키", "토큰", "api키", "api 키", "пароль",
    "токен", "секрет", "contraseña", "mot de passe", "hasło", "şifre",
];
