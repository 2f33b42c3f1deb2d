//! What is a secret and what isn't, of both kinds as nodes have them.

use std::borrow::Cow;
use std::sync::Arc;

use super::secret_filter::is_marked;
use super::secrets::MOST_SOUGHT;
use super::*;

const SECRET: &str = include_str!("../../../tests/fixtures/secrets/secret.tsv");
const HONEST: &str = include_str!("../../../tests/fixtures/secrets/honest.tsv");
const RANDOM: &str = "q7Gx2LmP9vTz4WkB";

fn names() -> Arc<Names> {
    static NAMES: std::sync::LazyLock<Arc<Names>> = std::sync::LazyLock::new(Arc::default);
    Arc::clone(&NAMES)
}

fn of<'a>(prompt: &'a str, workflow: &'a str, extra: &'a str) -> Secrets<'a> {
    Secrets::of(names(), Submitted { prompt, workflow, extra })
}

fn prompt(json: &str) -> String {
    of(json, "", "").prompt().into_owned()
}

fn workflow(json: &str) -> String {
    of("", json, "").workflow().into_owned()
}

/// What becomes of a text that stands in a prompt.
fn text(text: &str) -> String {
    let json = serde_json::json!({"1": {"inputs": {"text": text}, "class_type": "X"}}).to_string();
    let after: serde_json::Value = serde_json::from_str(&prompt(&json)).unwrap();
    after["1"]["inputs"]["text"].as_str().unwrap().to_owned()
}

fn inputs_of(list: &str) -> Vec<(&str, &str)> {
    let lines = list.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    lines.map(|line| (line[0], line[1])).collect()
}

fn one_input(name: &str, value: &str) -> String {
    let mut inputs = serde_json::Map::new();
    inputs.insert(name.to_owned(), value.into());
    serde_json::json!({"1": {"inputs": inputs, "class_type": "X"}}).to_string()
}

#[test]
fn what_nodes_keep_under_the_name_of_a_secret_is_replaced() {
    let inputs = inputs_of(SECRET);
    assert!(inputs.len() >= 150);
    let kept = |(name, value): &&(&str, &str)| {
        let json = one_input(name, value);
        prompt(&json).contains(value) || !is_marked(&names(), &json, 0..json.len())
    };
    let kept: Vec<_> = inputs.iter().filter(kept).collect();
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn what_nodes_keep_under_names_that_only_look_like_one_stays() {
    let inputs = inputs_of(HONEST);
    assert!(inputs.len() >= 150);
    let lost = |(name, value): &&(&str, &str)| {
        let json = one_input(name, value);
        prompt(&json) != json
    };
    let lost: Vec<_> = inputs.iter().filter(lost).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn a_name_is_known_however_it_is_written() {
    for name in
        ["secret_key", "SecretKey", "secretKey2", "SECRET-KEY_1", "Secret key", "aws.secret.key", "secret_key_v2"]
    {
        assert!(is_secret_name(name), "{name}");
    }
    for name in ["", "1", "_", "é", "monkey", "tokens_per_second", "max_tokens", "class_type", &"key".repeat(100)] {
        assert!(!is_secret_name(name), "{name}");
    }
}

#[test]
fn a_secret_is_replaced_under_its_name_and_wherever_its_value_occurs_again() {
    let json = r#"{"2":{"inputs":{"image":["1",0],"api_key":"sk-THIS-IS-A-KEY"},"class_type":"X"}}"#;
    let secrets = of(json, "", "");
    assert_eq!(secrets.prompt(), r#"{"2":{"inputs":{"image":["1",0],"api_key":"[redacted]"},"class_type":"X"}}"#);
    assert_eq!(
        secrets.other(r#"{"widgets_values":["sk-THIS-IS-A-KEY", 5],"m":"401 for \"sk-THIS-IS-A-KEY\"\n"}"#),
        r#"{"widgets_values":["[redacted]", 5],"m":"401 for \"[redacted]\"\n"}"#
    );
    let linked = r#"{"current_inputs":{"token":["x",7]}}"#;
    assert_eq!(secrets.other(linked), linked);
    assert_eq!(secrets.other(r#"{"token":["short"]}"#), r#"{"token":["[redacted]"]}"#);
}

#[test]
fn numbers_are_secrets_too_and_counts_are_none() {
    let json = r#"{"1":{"inputs":{"password":123456789012,"token":77,"seed":123456789012,"pin":0.5}}}"#;
    assert_eq!(prompt(json), json.replace(r#""password":123456789012"#, r#""password":"[redacted]""#));
}

#[test]
fn a_word_is_not_looked_for_elsewhere() {
    let json =
        r#"{"1":{"inputs":{"password":"masterpiece"}},"2":{"inputs":{"text":"masterpiece","b":"a masterpiece"}}}"#;
    assert_eq!(prompt(json), json.replacen("masterpiece", REDACTED, 1));
    let json =
        r#"{"1":{"inputs":{"instance_token":"ohwx_person_v2"}},"2":{"inputs":{"text":"photo of ohwx_person_v2"}}}"#;
    assert_eq!(prompt(json), json);
}

#[test]
fn a_secret_is_told_by_its_looks_wherever_it_stands() {
    for (before, after) in [
        ("use sk-proj-Ab3dE6gH9jK2mN5pQ8 please", "use [redacted] please"),
        ("hf_AbCdEfGhIjKlMnOpQrStUvWx12", "[redacted]"),
        ("ghp_1234567890abcdefghijklmnopqrstuvwxyz", "[redacted]"),
        ("key: AKIAIOSFODNN7EXAMPLE", "key: [redacted]"),
        ("a AIzaSyD-1234567890abcdefghijklmnopqrstu b", "a [redacted] b"),
        ("xoxb-1234567890-abcdefGHIJ", "[redacted]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP", "[redacted]"),
        ("Authorization: Bearer sk-1", "Authorization: [redacted]"),
        ("curl -H 'Authorization: Bearer abc123def456' http://h", "curl -H 'Authorization: [redacted]' http://h"),
        ("Bearer 9f86d081884c7d659a2feaa0", "Bearer [redacted]"),
        ("Basic dXNlcjpwYXNzd29yZA==", "Basic [redacted]"),
        ("Cookie: a=1; session=2\nX-Other: 3", "Cookie: [redacted]\nX-Other: 3"),
        ("x-api-key: a-plain-key", "x-api-key: [redacted]"),
        ("Authorization: a-plain-token", "Authorization: [redacted]"),
        ("https://user:pass@host/a", "https://[redacted]@host/a"),
        ("postgresql://u:p@w0rd@db:5432/x", "postgresql://[redacted]@db:5432/x"),
        (
            "https://c.com/api/download/models/1?type=a&token=abc",
            "https://c.com/api/download/models/1?type=a&token=[redacted]",
        ),
        (
            "https://b.s3/x.png?X-Amz-Date=1&X-Amz-Signature=9f86d081&x=y",
            "https://b.s3/x.png?X-Amz-Date=1&X-Amz-Signature=[redacted]&x=y",
        ),
        (
            "https://a.blob.core.windows.net/c?sp=r&sig=Ab3%2Fd4%3D",
            "https://a.blob.core.windows.net/c?sp=r&sig=[redacted]",
        ),
        (
            "https://discord.com/api/webhooks/1234567890/Ab3dE6gH9jK2mN5pQ8",
            "https://discord.com/api/webhooks/[redacted]",
        ),
        (
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX12ab34cd56ef",
            "https://hooks.slack.com/services/[redacted]",
        ),
        (
            "OPENAI_API_KEY=abcdef\nexport DB_PASSWORD='x y'\nPORT=1",
            "OPENAI_API_KEY=[redacted]\nexport DB_PASSWORD='[redacted]'\nPORT=1",
        ),
        ("Server=db;User Id=sa;Password=hunter2;Timeout=3", "Server=db;User Id=sa;Password=[redacted];Timeout=3"),
        ("AccountName=a;AccountKey=Ab3/d4+==;x=1", "AccountName=a;AccountKey=[redacted];x=1"),
        (r#"{"api_key":"abc","n":1}"#, r#"{"api_key":"[redacted]","n":1}"#),
        (r#"{"Authorization": "Bearer sk-1"}"#, r#"{"Authorization": "[redacted]"}"#),
        (r#"{"a":{"api_keys":["abc","def"]}}"#, r#"{"a":{"api_keys":["[redacted]","[redacted]"]}}"#),
        (r#"{"a":"{\"password\":\"hunter2\"}"}"#, r#"{"a":"{\"password\":\"[redacted]\"}"}"#),
        ("{'api_key': 'abc', 'n': 1}", "{'api_key': '[redacted]', 'n': 1}"),
        ("tool --api-key abc123def --x", "tool --api-key [redacted] --x"),
        ("openai:\n  api_key: abc-def\n  model: x", "openai:\n  api_key: [redacted]\n  model: x"),
        ("curl -H \"X-Api-Key: abcdef\" http://h", "curl -H \"X-Api-Key: [redacted]\" http://h"),
        ("Bearer abcdefghijklmnopqrstuvwxyz", "Bearer [redacted]"),
        ("Access Key: abc123def456", "Access Key: [redacted]"),
        ("API密钥：abc123def456", "API密钥：[redacted]"),
        ("123456789:AAF9f86d081884c7d659a2feaa0c55ad015ab", "[redacted]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n", "[redacted]\n"),
    ] {
        assert_eq!(text(before), after, "{before}");
    }
}

#[test]
fn honest_texts_stay_as_they_are() {
    for honest in [
        "a photo of a fox, (secret garden:1.2), token of love, key light",
        "Secret: the garden behind the house",
        "cookie: chocolate chip, a plate of cookies",
        "a ring bearer standing, bearer 2girls",
        "sk-toon-style-lora-v12-fix, risk-free, task-oriented",
        "keyframes 0: (1.0), 24: (0.5)",
        "Cookie: monster, authorization: granted, key-light: soft",
        "https://huggingface.co/org/model/resolve/main/model_v2.safetensors?download=true",
        "https://example.org:8188/view?filename=a.png&type=output&subfolder=",
        "api_key = os.environ[\"X\"]",
        "client = OpenAI(api_key=get_key(), token=token)",
        "embedding:easynegative, <lora:style_v12:0.8>, {red|green}",
        "{\"keyframes\":[1,2],\"max_tokens\":512}",
        "max_tokens=512&tokenizer=clip-l-14",
        "password protected area sign, PIN: on the wall",
        "ssh://git@github.com/owner/name.git, mail ada@example.org",
        "asian, basic clothes, Basic training",
        "urn:air:sdxl:checkpoint:civitai:101055@128078",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "550e8400-e29b-41d4-a716-446655440000",
        "触发词：ohwx_v2, 关键帧=24",
    ] {
        assert_eq!(text(honest), honest);
    }
}

#[test]
fn a_secret_is_found_in_pairs_of_name_and_value() {
    for (json, after) in [
        (r#"[{"name":"OPENAI_API_KEY","value":"abc"}]"#, r#"[{"name":"OPENAI_API_KEY","value":"[redacted]"}]"#),
        (r#"[{"value":"abc","key":"password"}]"#, r#"[{"value":"[redacted]","key":"password"}]"#),
        (r#"[["Authorization","Bearer abc123def456"]]"#, r#"[["Authorization","[redacted]"]]"#),
        (
            r#"{"headers":{"cookie":"a=b"},"openai_key":"x"}"#,
            r#"{"headers":{"cookie":"[redacted]"},"openai_key":"[redacted]"}"#,
        ),
        (
            r#"[{"name":"style","value":"abc"},["password","garden"]]"#,
            r#"[{"name":"style","value":"abc"},["password","garden"]]"#,
        ),
    ] {
        assert_eq!(of("", "", json).extra(), after);
    }
}

#[test]
fn a_secret_that_comes_through_links_is_found_in_the_node_that_holds_it() {
    let json = r#"{"1":{"inputs":{"value":"hunter2hunter2"}},"2":{"inputs":{"password":["1",0]}}}"#;
    assert_eq!(prompt(json), json.replace("hunter2hunter2", REDACTED));
    let json = r#"{"1":{"inputs":{"words":"hunter2"}},"2":{"inputs":{"":["1",0]}},"3":{"inputs":{"api_key":["2",0]}}}"#;
    assert_eq!(prompt(json), json.replace("hunter2", REDACTED));
    let json =
        r#"{"1":{"inputs":{"a":"hunter2","mode":"first"}},"3":{"inputs":{"max_tokens":["1",0],"sort_key":["1",0]}}}"#;
    assert_eq!(prompt(json), json);
}

#[test]
fn the_editor_s_values_are_told_by_the_prompt_s_names() {
    let json = r#"{"12:1":{"inputs":{"text":"a fox","password":"correct horse","n":5}}}"#;
    let graph = r#"{"nodes":[{"id":1,"widgets_values":["a fox","correct horse",5]},{"id":2,"widgets_values":["correct horse"]}]}"#;
    let after = graph.replacen("correct horse", REDACTED, 1);
    assert_eq!(of(json, graph, "").workflow(), after);
}

#[test]
fn a_secret_in_a_node_that_is_switched_off_is_found() {
    let named = r#"{"nodes":[{"inputs":[{"widget":{"name":"seed"}},{"widget":{"name":"api_key"}}],"widgets_values":[7,"fixed","muted"]}]}"#;
    assert_eq!(workflow(named), named.replace("\"muted\"", "\"[redacted]\""));
    let late = r#"{"nodes":[{"widgets_values":["muted",7,"fixed"],"inputs":[{"widget":{"name":"api_key"}},{"widget":{"name":"seed"}}]}]}"#;
    assert_eq!(workflow(late), late.replace("\"muted\"", "\"[redacted]\""));
    let nameless = format!(
        r#"{{"nodes":[{{"id":4,"mode":2,"widgets_values":["a fox","{RANDOM}{RANDOM}","v1-5-pruned-emaonly.safetensors"]}}]}}"#
    );
    assert_eq!(workflow(&nameless), nameless.replace(&RANDOM.repeat(2), REDACTED));
    assert!(is_marked(&names(), &nameless, 0..nameless.len()));
    // One of two widgets was made an input: it isn't sure whose the values are.
    let partly =
        r#"{"nodes":[{"inputs":[{"widget":{"name":"api_key"}}],"widgets_values":["a fox in the snow","plain"]}]}"#;
    assert_eq!(workflow(partly), partly);
}

#[test]
fn names_of_files_and_of_classes_are_never_replaced() {
    let json = format!(r#"{{"1":{{"inputs":{{"api_key":"{RANDOM}"}},"class_type":"{RANDOM}"}}}}"#);
    let secrets = of(&json, "", "");
    assert_eq!(secrets.prompt(), json.replacen(RANDOM, REDACTED, 1));
    let given = format!(
        r#"{{"9":{{"cookie":[{{"filename":"{RANDOM}_1.png","subfolder":"{RANDOM}","type":"output","note":"{RANDOM}"}}]}}}}"#
    );
    assert_eq!(secrets.outputs(&given), given.replace(&format!("\"note\":\"{RANDOM}"), "\"note\":\"[redacted]"));
}

#[test]
fn what_a_person_adds_and_excepts_holds() {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let ours = Arc::new(Names::new(&list(&["studio code", "暗号"]), &list(&["api_key", "trigger"])));
    let json = format!(
        r#"{{"1":{{"inputs":{{"StudioCode":"a","暗号":"b","api_key":"{RANDOM}","trigger":"sk-proj-{RANDOM}","token":"c"}}}}}}"#
    );
    assert!(is_marked(&ours, &json, 0..json.len()));
    assert!(is_marked(&ours, r#"{"\u6697\u53f7":"b"}"#, 0..20));
    let secrets = Secrets::of(ours, Submitted { prompt: &json, ..Submitted::default() });
    let after =
        ["\"a\"", "\"b\"", "\"c\""].iter().fold(json.clone(), |json, value| json.replace(value, "\"[redacted]\""));
    assert_eq!(secrets.prompt(), after);
}

#[test]
fn what_python_escapes_is_read() {
    let json = r#"{"1":{"inputs":{"API\u5bc6\u94a5":"abc","\u6700\u5927\u4ee4\u724c\u6570":"512","t":"\u5bc6\u94a5=abcdef"}}}"#;
    assert_eq!(
        prompt(json),
        json.replace("\"abc\"", "\"[redacted]\"").replace(r#""\u5bc6\u94a5=abcdef""#, r#""密钥=[redacted]""#)
    );
    assert!(is_marked(&names(), json, 0..json.len()));
}

#[test]
fn what_came_when_the_run_ended_does_not_change_what_was_submitted() {
    let json = format!(r#"{{"1":{{"inputs":{{"text":"{RANDOM}","api_key":["2",0]}}}}}}"#);
    let mut secrets = of(&json, "", "");
    let submitted = secrets.prompt().into_owned();
    secrets.learn("", &format!(r#"{{"current_inputs":{{"api_key":["{RANDOM}"]}}}}"#));
    assert_eq!(submitted, json);
    assert_eq!(secrets.other(&format!(r#"["401 for {RANDOM}"]"#)), r#"["401 for [redacted]"]"#);
}

#[test]
fn texts_without_secrets_are_not_copied() {
    let json = r#"{"1":{"inputs":{"token":"none","key":"prompt"}}}"#;
    assert!(matches!(of(json, "", "").prompt(), Cow::Borrowed(_)));
}

#[test]
fn a_secret_is_found_however_deep_it_lies() {
    let deep =
        |value: &str| format!("{}{{\"api_key\":\"{value}\"}}{}", "{\"a\":[".repeat(200_000), "]}".repeat(200_000));
    assert_eq!(workflow(&deep("hunter2")), deep(REDACTED));
    let nested = "{\"nodes\":[{\"inputs\":[],\"widgets_values\":[".repeat(50_000);
    assert_eq!(workflow(&nested), nested, "nodes within nodes take no time");
}

#[test]
fn beyond_the_most_that_are_sought_secrets_are_replaced_where_they_stand() {
    let secrets: Vec<String> = (0..MOST_SOUGHT + 10).map(|n| format!("\"secretsecret{n:06}\"")).collect();
    let json =
        format!(r#"{{"nodes":[],"api_key":[{}],"t":["secretsecret{:06}"]}}"#, secrets.join(","), MOST_SOUGHT + 5);
    let after = workflow(&json);
    assert_eq!(after.matches("secretsecret").count(), 1);
}

#[test]
fn a_text_of_megabytes_is_looked_at_each_time_and_not_held() {
    let (secret_filter, long) = (SecretFilter::default(), "x".repeat((1 << 20) + 1));
    for text in [long.as_str(), "short", &long] {
        assert!(!secret_filter.holds_back([text, ""], &[]));
        assert!(secret_filter.holds_back([&format!("{text} token"), ""], &[]));
    }
}

const PIECES: &str = r#"("api_key":|"token"|"a":|sk-|Ab3dE6gH9jK2mN5pQ8|hunter2|Bearer |https://|u:p@|\?token=|&sig=|password=|Cookie: |[\[\]{}",:\\ é=]|\\"|\\u5bc6\\u94a5|1234567){0,40}"#;

proptest::proptest! {
    #[test]
    fn a_sieve_holds_back_every_text_that_a_full_look_would(texts in proptest::collection::vec("(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|b|to|ken|token|API|_key|é|sort_|max_|s|sk-|Ab3dE6gH9|://|u:p@|密钥){0,12}", 1..6)) {
        let secret_filter = SecretFilter::default();
        for text in &texts {
            proptest::prop_assert_eq!(secret_filter.holds_back([text, ""], &[]), is_marked(&names(), text, 0..text.len()), "{}", text);
        }
    }

    #[test]
    fn a_text_that_passes_the_sieve_holds_nothing_to_replace(text in PIECES) {
        let json = serde_json::json!({"1": {"inputs": {"text": text}}}).to_string();
        if !is_marked(&names(), &json, 0..json.len()) {
            proptest::prop_assert_eq!(prompt(&json), json);
        }
    }

    #[test]
    fn a_redacted_text_stays_as_it_is(text in PIECES) {
        let json = serde_json::json!({"1": {"inputs": {"text": text, "token": text}}, "2": {"inputs": {"t": [text]}}}).to_string();
        let once = prompt(&json);
        proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&once).is_ok(), "{}", once);
        proptest::prop_assert_eq!(prompt(&once), once);
    }

    #[test]
    fn hostile_texts_do_not_panic(text in PIECES) {
        let mut secrets = of(&text, &text, &text);
        secrets.learn(&text, &text);
        let _ = (secrets.prompt(), secrets.workflow(), secrets.extra(), secrets.outputs(&text), secrets.text(&text, &text));
    }
}
