//! Who may come in.

use super::credentials::hash_token as hash_of;
use super::*;
use crate::model::Scope;

/// What `comfy-recall password` prints for `p`.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// One of the fewest characters that do.
const TOKEN: &str = "a-token-of-24-characters";

fn plain(auth: Auth) -> String {
    match auth.password {
        Some(Password::Plain(password)) => password.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_machines_come_in_with_a_password_or_a_token_or_on_purpose() {
    let open = world().flag(Setting::Listen, "0.0.0.0:8588");
    assert_eq!(
        open.error(),
        "--listen \"0.0.0.0:8588\": other machines would have access without a password; set RECALL_PASSWORD or \
         RECALL_TOKEN (or use --password-file or --token-file), or use --no-auth"
    );
    assert!(!open.clone().variable("RECALL_TOKEN", TOKEN).config().auth.is_open());
    assert!(!open.clone().toml("password = \"p\"").config().auth.is_open());
    assert!(open.clone().flag(Setting::NoAuth, "true").config().auth.is_open());
    assert!(open.clone().variable("RECALL_NO_AUTH", "false").load().is_err());
    assert!(open.variable("RECALL_PASSWORD", "").load().is_err());
}

#[test]
fn a_token_that_can_be_guessed_is_refused_with_what_to_do() {
    let advice = "too short for a token; use one from comfy-recall token NAME, or at least 24 random characters";
    for short in ["abc", &TOKEN[1..], "\u{5bc6}\u{7801}\u{5bc6}\u{7801}\u{5bc6}\u{7801}\u{5bc6}\u{7801}"] {
        let error = world().variable("RECALL_TOKEN", short).error();
        assert_eq!(error, format!("RECALL_TOKEN \"[redacted]\": {advice}"));
        assert!(world().toml(&format!("token = \"{short}\"")).error().ends_with(advice));
        let of_file = world().flag(Setting::TokenFile, "t").file("/cwd/t", &format!("{short}\n")).error();
        assert_eq!(of_file, format!("--token-file \"t\": {advice}"));
    }
    let (token, _) = new_token("bot", Scope::Full).unwrap();
    for good in [TOKEN, token.expose()] {
        assert!(world().toml(&format!("token = \"{good}\"")).load().is_ok());
    }
}

#[test]
fn a_trusted_proxy_that_lets_everybody_in_is_warned_of() {
    let world = world().flag(Setting::TrustedProxy, "127.0.0.1");
    let warnings = |world: &World| world.load().unwrap().warnings;
    assert!(warnings(&world)[0].contains("set RECALL_PASSWORD or RECALL_TOKEN, or use --no-auth"));
    for said in [
        world.clone().variable("RECALL_PASSWORD", "p"),
        world.clone().variable("RECALL_TOKEN", TOKEN),
        world.clone().flag(Setting::NoAuth, "true"),
        self::world(),
    ] {
        assert_eq!(warnings(&said), [""; 0]);
    }
}

#[test]
fn no_auth_overrules_the_layers_below_and_no_others() {
    let world = world().toml("password = \"p\"");
    assert!(world.clone().variable("RECALL_NO_AUTH", "1").config().auth.no_auth);
    let config = world.clone().variable("RECALL_NO_AUTH", "1").flag(Setting::PasswordFile, "/p").file("/p", "q\n");
    assert_eq!(plain(config.config().auth), "q");
    let error = world.toml("password = \"p\"\nno_auth = true").error();
    assert!(error.ends_with("only one of them can be set; remove one"), "{error}");
}

#[test]
fn a_secret_in_a_file_loses_its_line_break_only() {
    let world = world().flag(Setting::PasswordFile, "pw").variable("RECALL_TOKEN", TOKEN);
    let auth = world.clone().file("/cwd/pw", " a b \r\n").config().auth;
    assert_eq!((auth.tokens[0].hash, auth.tokens.len()), (hash_of(TOKEN), 1));
    assert_eq!(plain(auth), " a b ");
    assert_eq!(
        world.clone().file("/cwd/pw", "\n").error(),
        "--password-file \"pw\": it is empty; set a value or remove it"
    );
    assert_eq!(world.error(), "--password-file \"/cwd/pw\": can't be read; check the path and its permissions");
}

#[test]
fn tokens_have_names_and_scopes_and_the_bare_one_is_full() {
    let toml = format!(
        "[[token]]\nname = \"bot\"\nscope = \"read\"\nhash = \"sha256:{}\"\n[[token]]\nname = \"backup\"\nhash = \"sha256:{}\"",
        hash_of("a"),
        hash_of("b"),
    );
    let world = world().toml(&toml).variable("RECALL_TOKEN", TOKEN);
    let tokens = world.config().auth.tokens;
    let told: Vec<_> = tokens.iter().map(|token| (token.name.as_str(), token.scope, token.hash)).collect();
    assert_eq!(
        told,
        [
            ("default", Scope::Full, hash_of(TOKEN)),
            ("bot", Scope::Read, hash_of("a")),
            ("backup", Scope::Full, hash_of("b"))
        ]
    );
    assert!(!world.clone().flag(Setting::Listen, "0.0.0.0:1").config().auth.is_open());
    assert!(world.flag(Setting::NoAuth, "true").config().auth.is_open());
    let same = self::world().toml(&toml.replace("backup", "bot")).error();
    assert_eq!(
        same,
        "/etc/recall.toml, line 6, token.name: there is another token named \"bot\"; give each its own name, \
         to tell them apart in the log"
    );
}

#[test]
fn what_the_command_prints_is_what_the_file_takes() {
    let (token, table) = new_token("bot", Scope::Read).unwrap();
    let [read] = world().toml(&table).config().auth.tokens.try_into().unwrap();
    assert_eq!((read.name.as_str(), read.scope, read.hash), ("bot", Scope::Read, hash_of(token.expose())));
    let hash = hash_password(&Secret::from("p".to_owned()), Some([7; 16])).unwrap();
    let auth = world().toml(&format!("password_hash = \"{hash}\"")).config().auth;
    assert_eq!(auth.password, Some(Password::Hashed(hash)));
}

#[test]
fn of_password_and_hash_the_higher_layer_counts() {
    let world = world().toml(&format!("password_hash = \"{HASH}\""));
    assert_eq!(plain(world.clone().variable("RECALL_PASSWORD", "q").config().auth), "q");
    let both = world.toml(&format!("password = \"p\"\npassword_hash = \"{HASH}\"")).error();
    assert!(both.ends_with("line 2, password_hash: only one of them can be set; remove one"), "{both}");
    let open = self::world().flag(Setting::Listen, "0.0.0.0:1").variable("RECALL_PASSWORD_HASH", HASH);
    assert!(!open.config().auth.is_open());
}
