//! The configuration as its users meet it: three layers in, one configuration or one line of advice out.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::Path;

use proptest::prelude::*;

use super::*;

const FILE: &str = "/etc/recall.toml";

/// What the tests give: flags, variables, and files by path.
#[derive(Default, Clone)]
struct World {
    flags: Vec<(Setting, &'static str)>,
    variables: Vec<(&'static str, &'static str)>,
    files: BTreeMap<&'static str, String>,
}

impl World {
    fn flag(mut self, setting: Setting, text: &'static str) -> Self {
        self.flags.push((setting, text));
        self
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    fn toml(self, text: &str) -> Self {
        self.file(FILE, text)
    }

    fn file(mut self, path: &'static str, text: &str) -> Self {
        self.files.insert(path, text.to_owned());
        self
    }

    fn load(&self) -> Result<Effective, Error> {
        let read = |path: &Path| {
            let text = path.to_str().and_then(|path| self.files.get(path));
            text.cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        let variables = self.variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let surroundings = Surroundings {
            variables: variables.collect(),
            working_dir: "/cwd".into(),
            home: Some("/home/ada".into()),
            config_file: Some(FILE.into()),
            data_dir: Some("/home/ada/data".into()),
            read: &read,
        };
        let flags = self.flags.iter().map(|(setting, text)| Given::by_flag(*setting, (*text).to_owned()));
        super::load(flags.collect(), &surroundings)
    }

    fn config(&self) -> Config {
        self.load().unwrap_or_else(|error| panic!("{error}")).config
    }

    fn error(&self) -> String {
        self.load().map(|effective| effective.to_string()).unwrap_err().to_string()
    }
}

fn world() -> World {
    World::default()
}

fn header<'a>(instance: &'a Instance, name: &str) -> Option<&'a str> {
    instance.headers.get(name).map(|value| value.to_str().unwrap())
}

fn output(instance: &Instance) -> Option<&str> {
    instance.folders.output.as_deref().and_then(Path::to_str)
}

#[test]
fn nothing_given_records_the_comfyui_of_this_machine_for_this_machine() {
    let Config { comfyui, data_dir, listen, allowed_hosts, auth, redact_secrets, log } = world().config();
    let [instance] = comfyui.as_slice() else { panic!("one server") };
    assert_eq!((instance.name.as_str(), instance.url.as_str()), ("default", "http://127.0.0.1:8188/"));
    assert_eq!((instance.headers.len(), instance.accept_invalid_certs), (0, false));
    assert_eq!(instance.folders, Folders::default());
    assert_eq!((data_dir.to_str(), listen.to_string().as_str()), (Some("/home/ada/data"), "127.0.0.1:8189"));
    assert_eq!((allowed_hosts.len(), auth, redact_secrets), (0, Auth::default(), true));
    assert_eq!(log, Log { format: LogFormat::Text, level: LogLevel::Info });
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let file = world().toml("listen = \"localhost:1\"\nlog_level = \"debug\"\nno_redact = true\n");
    assert_eq!(file.config().listen.to_string(), "localhost:1");
    let variable = file.variable("RECALL_LISTEN", "localhost:2").variable("RECALL_NO_REDACT", "no");
    assert_eq!(variable.config().listen.to_string(), "localhost:2");
    let config = variable.flag(Setting::Listen, "localhost:3").config();
    assert_eq!(config.listen.to_string(), "localhost:3");
    assert_eq!((config.log.level, config.redact_secrets), (LogLevel::Debug, true));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    assert_eq!(world().variable("RECALL_LISTEN", "").config().listen.to_string(), "127.0.0.1:8189");
}

#[test]
fn several_servers_come_from_flags_from_one_variable_or_from_tables() {
    let expected = ["a http://h:1/", "b https://h/x/"];
    let toml = "[[comfyui]]\nname = \"a\"\nurl = \"http://h:1\"\n[[comfyui]]\nname = \"b\"\nurl = \"https://h/x\"";
    for world in [
        world().flag(Setting::ComfyuiUrl, "a=http://h:1").flag(Setting::ComfyuiUrl, "b=https://h/x"),
        world().variable("RECALL_COMFYUI", "a=http://h:1  b=https://h/x\n"),
        world().toml(toml),
    ] {
        let servers = world.config().comfyui;
        assert_eq!(servers.iter().map(|it| format!("{} {}", it.name, it.url)).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn what_belongs_to_a_server_comes_from_every_layer_by_name() {
    let world = world()
        .toml("[[comfyui]]\nname = \"gpu\"\nurl = \"http://h\"\nheaders = { X-A = \"1\", X-B = \"1\" }\ndir = \"/f\"")
        .variable("RECALL_COMFYUI_HEADER", "gpu=X-A: 2\nX-C: 2")
        .variable("RECALL_ACCEPT_INVALID_CERTS", "true")
        .flag(Setting::ComfyuiTempDir, "gpu=/t");
    let [instance] = world.config().comfyui.try_into().unwrap();
    let headers = ["x-a", "x-b", "x-c"].map(|name| header(&instance, name));
    assert_eq!(headers, [Some("2"), Some("1"), Some("2")]);
    assert!(instance.accept_invalid_certs);
    let folder = |path: &str| Some(PathBuf::from(path));
    let folders = Folders { output: folder("/f/output"), temp: folder("/t"), input: folder("/f/input") };
    assert_eq!(instance.folders, folders);
}

#[test]
fn a_password_for_one_address_never_goes_to_another() {
    for (toml, flag) in [
        ("[[comfyui]]\nurl = \"https://a\"\nheaders = { X-Key = \"k\" }\ndir = \"/a\"", "http://b"),
        ("[[comfyui]]\nurl = \"https://a\"\nheaders = { X-Key = \"k\" }\ndir = \"/a\"", "studio=http://b"),
        ("[[comfyui]]\nname = \"x\"\nurl = \"https://a\"\nheaders = { X-Key = \"k\" }\ndir = \"/a\"", "http://b"),
        ("[[comfyui]]\nname = \"x\"\nurl = \"https://a\"\nheaders = { X-Key = \"k\" }\ndir = \"/a\"", "x=http://b"),
    ] {
        let [instance] = world().toml(toml).flag(Setting::ComfyuiUrl, flag).config().comfyui.try_into().unwrap();
        assert_eq!((header(&instance, "x-key"), output(&instance)), (None, None), "{flag}");
    }
}

#[test]
fn headers_without_an_address_go_to_the_address_of_a_higher_layer() {
    let toml = "[[comfyui]]\nheaders = { X-Key = \"k\" }";
    for url in ["http://b", "studio=http://b"] {
        let [instance] = world().toml(toml).flag(Setting::ComfyuiUrl, url).config().comfyui.try_into().unwrap();
        assert_eq!(header(&instance, "x-key"), Some("k"));
    }
}

#[test]
fn a_folder_of_a_higher_layer_wins_over_a_more_exact_one_below() {
    let world = world().variable("RECALL_COMFYUI_OUTPUT_DIR", "/old/out").flag(Setting::ComfyuiDir, "/new");
    assert_eq!(output(&world.config().comfyui[0]), Some("/new/output"));
    let world = world.flag(Setting::ComfyuiOutputDir, "/new/out");
    assert_eq!(output(&world.config().comfyui[0]), Some("/new/out"));
}

#[test]
fn paths_start_from_where_they_are_written() {
    let toml = "data_dir = \"data\"\n[[comfyui]]\noutput_dir = \"~/out\"\ntemp_dir = \"/t/./u\"";
    let config = world().toml(toml).flag(Setting::ComfyuiInputDir, "./in").config();
    assert_eq!(config.data_dir, Path::new("/etc/data"));
    let Folders { output, temp, input } = &config.comfyui[0].folders;
    let paths = [output, temp, input].map(|path| path.as_deref().and_then(Path::to_str));
    assert_eq!(paths, [Some("/home/ada/out"), Some("/t/u"), Some("/cwd/in")]);
}

#[test]
fn other_machines_come_in_with_a_password_or_a_token_or_on_purpose() {
    let open = world().flag(Setting::Listen, "0.0.0.0:8189");
    assert_eq!(
        open.error(),
        "--listen \"0.0.0.0:8189\": other machines could come in without a password; set RECALL_PASSWORD or \
         RECALL_TOKEN (or use --password-file or --token-file), or say --no-auth"
    );
    assert!(!open.clone().variable("RECALL_TOKEN", "t").config().auth.is_open());
    assert!(!open.clone().toml("password = \"p\"").config().auth.is_open());
    assert!(open.clone().flag(Setting::NoAuth, "true").config().auth.is_open());
    assert!(open.clone().variable("RECALL_NO_AUTH", "false").load().is_err());
    assert!(open.variable("RECALL_PASSWORD", "").load().is_err());
}

#[test]
fn no_auth_overrules_the_layers_below_and_no_others() {
    let world = world().toml("password = \"p\"");
    assert!(world.clone().variable("RECALL_NO_AUTH", "1").config().auth.no_auth);
    let config = world.clone().variable("RECALL_NO_AUTH", "1").flag(Setting::PasswordFile, "/p").file("/p", "q\n");
    assert_eq!(config.config().auth.password.unwrap().expose(), "q");
    let error = world.toml("password = \"p\"\nno_auth = true").error();
    assert!(error.ends_with("only one of them can hold; remove one"), "{error}");
}

#[test]
fn a_secret_in_a_file_loses_its_line_break_only() {
    let world = world().flag(Setting::PasswordFile, "pw").variable("RECALL_TOKEN", "t");
    let auth = world.clone().file("/cwd/pw", " a b \r\n").config().auth;
    assert_eq!((auth.password.unwrap().expose(), auth.token.unwrap().expose()), (" a b ", "t"));
    assert_eq!(
        world.clone().file("/cwd/pw", "\n").error(),
        "--password-file \"pw\": it is empty; write something or remove it"
    );
    assert_eq!(world.error(), "--password-file \"/cwd/pw\": can't be read; check the path and its permissions");
}

#[test]
fn a_named_configuration_file_must_exist_and_the_usual_one_need_not() {
    assert_eq!(world().load().unwrap().file, None);
    assert_eq!(world().toml("").load().unwrap().file.as_deref(), Some(Path::new(FILE)));
    let named = world().toml("listen = \"localhost:1\"").variable("RECALL_CONFIG", "my.toml");
    assert_eq!(named.error(), "RECALL_CONFIG \"/cwd/my.toml\": can't be read; check the path and its permissions");
    assert_eq!(named.file("/cwd/my.toml", "").config().listen.to_string(), "127.0.0.1:8189");
}

#[test]
fn a_mistyped_variable_is_an_error_and_a_foreign_one_a_warning() {
    let error = world().variable("RECALL_PASWORD", "p").error();
    assert_eq!(error, "RECALL_PASWORD: not a known variable; did you mean RECALL_PASSWORD?");
    let foreign = world().variable("RECALL_PORT_8189_TCP", "tcp://10.0.0.1:8189").variable("PATH", "/bin");
    assert_eq!(foreign.load().unwrap().warnings, ["RECALL_PORT_8189_TCP is set, but it is no option of comfy-recall"]);
}

#[test]
fn every_mistake_names_its_place_and_says_what_to_do() {
    use Setting as S;
    for (world, expected) in [
        (
            world().flag(S::Listen, "127.0.0.1:80800"),
            "--listen \"127.0.0.1:80800\": not a port; use HOST:PORT, for example 127.0.0.1:8189",
        ),
        (
            world().variable("RECALL_LISTEN", "8189"),
            "RECALL_LISTEN \"8189\": no port; use HOST:PORT, for example 127.0.0.1:8189",
        ),
        (
            world().toml("# ours\nlisten = \"::1:8189\""),
            "/etc/recall.toml, line 2, listen \"::1:8189\": an IPv6 address needs brackets; use [ADDRESS]:PORT, for example [::1]:8189",
        ),
        (
            world().toml("listen = 8189"),
            "/etc/recall.toml, line 1, listen: a number can't stand here; write a text in quotation marks",
        ),
        (
            world().toml("no_auth = \"yes\""),
            "/etc/recall.toml, line 1, no_auth: a text can't stand here; use true or false, without quotation marks",
        ),
        (world().toml("lisen = \"x\""), "/etc/recall.toml, line 1, lisen: not a known key; did you mean listen?"),
        (
            world().toml("log-level = \"x\""),
            "/etc/recall.toml, line 1, log-level: not a known key; did you mean log_level?",
        ),
        (
            world().toml("comfyui_dir = \"x\""),
            "/etc/recall.toml, line 1, comfyui_dir: not a known key; write dir below [[comfyui]]",
        ),
        (
            world().toml("[[comfyui]]\nlisten = \"x\""),
            "/etc/recall.toml, line 2, comfyui.listen: not a known key; write listen above the first [[comfyui]]",
        ),
        (
            world().toml("[[comfyui]]\nuri = \"x\""),
            "/etc/recall.toml, line 2, comfyui.uri: not a known key; did you mean url?",
        ),
        (
            world().toml("xyzzy = 1"),
            "/etc/recall.toml, line 1, xyzzy: not a known key; known: data_dir, listen, allow_host, password, \
             password_file, token, token_file, no_auth, no_redact, log_format, log_level",
        ),
        (
            world().toml("comfyui = \"http://h\""),
            "/etc/recall.toml, line 1, comfyui: a text can't stand here; write [[comfyui]] on one line and \
             url = \"http://127.0.0.1:8188\" on the next",
        ),
        (
            world().toml("\n[[comfyui]]\nname = \"gpu\""),
            "/etc/recall.toml, line 2, comfyui: this ComfyUI has no address; add url = \"http://127.0.0.1:8188\"",
        ),
        (
            world().toml("[[comfyui]]\nname = \"a\"\nurl = \"http://a\"\n[[comfyui]]\ndir = \"/f\""),
            "/etc/recall.toml, line 4, comfyui: this ComfyUI has no address; add url = \"http://127.0.0.1:8188\"",
        ),
        (
            world().flag(S::ComfyuiUrl, "localhost:8188"),
            "--comfyui \"localhost:8188\": not an http or https address; use http://HOST:PORT, for example http://127.0.0.1:8188",
        ),
        (
            world().flag(S::ComfyuiUrl, "my gpu=http://h"),
            "--comfyui \"my gpu=http://h\": not a name for an instance: use 1 to 64 letters, digits, '-', '_' or '.'",
        ),
        (
            world().flag(S::ComfyuiUrl, "http://a").flag(S::ComfyuiUrl, "http://b"),
            "--comfyui: there is another ComfyUI named \"default\"; give each a name of its own, as NAME=URL or name = \"NAME\"",
        ),
        (
            world().flag(S::ComfyuiUrl, "a=http://h").flag(S::ComfyuiUrl, "b=http://u:p@H:80/"),
            "--comfyui \"http://h/\": this is also the address of \"a\"; name every ComfyUI once",
        ),
        (
            world().flag(S::ComfyuiDir, "gpu=/f"),
            "--comfyui-dir: no ComfyUI is named \"gpu\"; known: default; check the name, or give its address too",
        ),
        (
            world().variable("RECALL_COMFYUI", "a=http://a b=http://b").flag(S::ComfyuiDir, "/f"),
            "--comfyui-dir: it is not said for which ComfyUI; name one of a, b",
        ),
        (
            world().flag(S::ComfyuiDir, "/f").flag(S::ComfyuiDir, "default=/g"),
            "--comfyui-dir: given twice for ComfyUI \"default\"; remove one",
        ),
        (
            world().flag(S::ComfyuiUrl, "http://u:p@h").flag(S::ComfyuiHeader, "authorization: Bearer x"),
            "--comfyui and --comfyui-header: only one of them can hold; remove one",
        ),
        (
            world().flag(S::AcceptInvalidCerts, "my gpu=true"),
            "--accept-invalid-certs \"my gpu=true\": neither yes nor no; use true or false",
        ),
        (
            world().flag(S::AllowHost, "https://recall.example.org"),
            "--allow-host \"https://recall.example.org\": not a host name; use a name without scheme and port, for \
             example recall.example.org",
        ),
        (
            world().flag(S::LogLevel, "loud\n"),
            "--log-level \"loud\\n\": not a level of the log; use error, warn, info, debug or trace",
        ),
        (world().flag(S::LogFormat, "xml"), "--log-format \"xml\": not a format of the log; use text or json"),
        (world().flag(S::DataDir, ""), "--data-dir \"\": it is empty; write something or remove it"),
        (
            world().variable("RECALL_PASSWORD", "p").variable("RECALL_PASSWORD_FILE", "f"),
            "RECALL_PASSWORD and RECALL_PASSWORD_FILE: only one of them can hold; remove one",
        ),
    ] {
        assert_eq!(world.error(), expected);
    }
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    let error = world().toml("listen = \"localhost:1\"\npassword = \"hunter2\nno_auth = true").error();
    assert!(error.starts_with("/etc/recall.toml, line 2: not valid TOML: "), "{error}");
    assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
}

#[test]
fn no_secret_is_shown_by_an_error() {
    for world in [
        world().flag(Setting::ComfyuiUrl, "ftp://u:hunter2@h"),
        world().flag(Setting::ComfyuiUrl, "u:hunter2@h:8188"),
        world().flag(Setting::ComfyuiUrl, "http://u:hunter2@h?x"),
        world().flag(Setting::ComfyuiHeader, "Bearer hunter2"),
        world().flag(Setting::ComfyuiHeader, "X-Key: hunter2\u{1}"),
        world().flag(Setting::ComfyuiHeader, "Host Name: hunter2"),
        world().toml("[[comfyui]]\nheaders = { \"a b\" = \"hunter2\" }"),
        world().toml("[[comfyui]]\nheaders = { \"a\" = [\"hunter2\"] }"),
        world().toml("[[comfyui]]\nheaders = \"X-Key: hunter2\""),
        world().toml("password = [\"hunter2\"]"),
        world().toml("password = hunter2"),
        world().toml("password = \"hunter2"),
        world().toml("password = 'hunter2' 'x'"),
        world().toml("password = \"hunter2\"\nno_auth = true"),
        world().toml("paswort = \"hunter2\""),
        world().variable("RECALL_TOKEN", "hunter2").variable("RECALL_NO_AUTH", "true"),
    ] {
        let error = world.load().unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn no_secret_is_shown_by_a_configuration() {
    let world = world()
        .flag(Setting::ComfyuiUrl, "http://hunter1:hunter2@h/x")
        .flag(Setting::ComfyuiHeader, "X-Key: hunter3")
        .variable("RECALL_PASSWORD", "hunter4")
        .variable("RECALL_TOKEN_FILE", "/t")
        .file("/t", "hunter5");
    let effective = world.load().unwrap();
    assert_eq!(header(&effective.config.comfyui[0], "authorization"), Some("Basic aHVudGVyMTpodW50ZXIy"));
    let shown = format!("{effective} {effective:?} {:#?}", effective.config);
    assert!(!shown.contains("hunter") && !shown.contains("aHVudGVy"), "{shown}");
}

#[test]
fn the_printed_configuration_says_where_each_value_comes_from() {
    let world = world()
        .toml("log_level = \"warn\"\n[[comfyui]]\nheaders = { X-Key = \"k\" }\ndir = \"/f\"")
        .variable("RECALL_COMFYUI", "http://u:p@h")
        .variable("RECALL_PASSWORD_FILE", "/p")
        .file("/p", "p")
        .flag(Setting::Listen, "0.0.0.0:8189");
    insta::assert_snapshot!(world.load().unwrap(), @r#"
    # configuration file: /etc/recall.toml
    data_dir = "/home/ada/data"  # default
    listen = "0.0.0.0:8189"  # --listen
    allow_host = []  # default
    password = "[redacted]"  # RECALL_PASSWORD_FILE
    no_auth = false  # default
    no_redact = false  # default
    log_format = "text"  # default
    log_level = "warn"  # /etc/recall.toml, line 1, log_level

    [[comfyui]]
    name = "default"
    url = "http://h/"  # RECALL_COMFYUI
    accept_invalid_certs = false  # default
    output_dir = "/f/output"  # /etc/recall.toml, line 4, comfyui.dir
    temp_dir = "/f/temp"  # /etc/recall.toml, line 4, comfyui.dir
    input_dir = "/f/input"  # /etc/recall.toml, line 4, comfyui.dir
    headers.x-key = "[redacted]"  # /etc/recall.toml, line 3, comfyui.headers.X-Key
    headers.authorization = "[redacted]"  # RECALL_COMFYUI
    "#);
}

#[test]
fn the_printed_configuration_is_a_configuration_file() {
    let world = world().toml("[[comfyui]]\nname = \"工作站\"\nurl = \"https://h/x\"\noutput_dir = \"/a\\t\\\"b\\\\c\"");
    let printed = world.load().unwrap().to_string();
    let again = World::default().toml(&printed).config();
    assert_eq!(format!("{again:?}"), format!("{:?}", world.config()));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), toml in "[a-z_]{0,9} ?= ?\\PC{0,20}\n?(\\[\\[comfyui\\]\\]\n)?\\PC{0,30}") {
        for spelling in Spelling::ALL {
            let given = |text: &str| Given::by_flag(spelling.setting, text.to_owned());
            let surroundings = |read| Surroundings {
                variables: Vec::new(), working_dir: "/".into(), home: None, config_file: None, data_dir: Some("/d".into()), read,
            };
            let read = |_: &Path| Ok(toml.clone());
            let _ = super::load(vec![given(&text)], &surroundings(&read)).map(|effective| effective.to_string());
        }
        let _ = world().toml(&toml).load().map(|effective| effective.to_string());
    }
}

mod documents {
    //! The table of spellings against what users read.

    use super::*;

    const README: &str = include_str!("../../README.md");
    const EXAMPLE: &str = include_str!("../../packaging/config.example.toml");

    #[test]
    fn every_setting_has_one_row_and_spellings_that_follow_one_rule() {
        let settings: BTreeSet<Setting> = Spelling::ALL.iter().map(|spelling| spelling.setting).collect();
        assert_eq!(settings.len(), Spelling::ALL.len());
        assert_eq!(Setting::ConfigFile as usize + 1, settings.len(), "a setting has no row");
        for Spelling { flag, variable, key, .. } in Spelling::ALL {
            if let (Some(flag), Some(variable)) = (flag, variable) {
                let name = flag.trim_start_matches("--").replace('-', "_");
                assert_eq!(*variable, format!("RECALL_{}", name.to_uppercase()));
            }
            let is_secret = key.is_some_and(|key| ["password", "token", "comfyui.name"].contains(&key));
            assert_eq!(flag.is_none(), is_secret, "{key:?}");
        }
    }

    /// The first three columns of the README's tables: option, variable, key.
    #[test]
    fn the_readme_lists_every_option_and_no_other() {
        let cells = |line: &str| -> [String; 3] {
            let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
            std::array::from_fn(|_| cells.next().unwrap_or_default())
        };
        let listed: BTreeSet<[String; 3]> =
            README.lines().filter(|line| line.starts_with("| `--") || line.starts_with("| –")).map(cells).collect();
        let known = Spelling::ALL.iter().map(|spelling| {
            [spelling.flag, spelling.variable, spelling.key.map(|key| key.trim_start_matches("comfyui."))]
                .map(|word| word.unwrap_or("–").to_owned())
        });
        assert_eq!(listed, known.collect());
    }

    #[test]
    fn the_example_names_every_key_and_is_valid_in_each_line() {
        let is_off = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && *line != "#";
        let lines = EXAMPLE.lines().filter(is_off).map(|line| &line[1..]);
        let text = lines.collect::<Vec<_>>().join("\n");
        let givens =
            file::read(Path::new("config.example.toml"), &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let named: BTreeSet<Setting> = givens.iter().map(|given| given.setting).collect();
        // A name isn't a value of its own: it says which server the others are for.
        let with_key = Spelling::ALL.iter().filter(|spelling| spelling.key.is_some()).map(|spelling| spelling.setting);
        assert_eq!(named, with_key.filter(|setting| *setting != Setting::ComfyuiName).collect());
        assert!(givens.iter().any(|given| given.server.is_some()));
        // Two pairs exclude each other; without one of each the whole must hold.
        let without = |line: &&str| !["password =", "token =", "no_auth ="].iter().any(|key| line.starts_with(key));
        world()
            .toml(&text.lines().filter(without).collect::<Vec<_>>().join("\n"))
            .file("/run/secrets/recall-password", "p")
            .file("/run/secrets/recall-token", "t")
            .config();
    }

    #[test]
    fn the_example_as_it_comes_changes_nothing() {
        assert_eq!(format!("{:?}", world().toml(EXAMPLE).config()), format!("{:?}", world().config()));
    }
}
