//! Who is told of runs that ended.

use super::*;
use crate::model::InstanceName;
use crate::model::Status;

const SECRET: &str = "0123456789abcdef01234567";

#[test]
fn a_webhook_has_an_address_a_secret_and_a_filter() {
    let toml = format!(
        "[[webhook]]\nurl = \"https://hooks.example/a?key=hunter2\"\nsecret = \"{SECRET}\"\nstatus = [\"failed\", \"lost\"]\n\
         instance = \"default\"\n[[webhook]]\nurl = \"http://127.0.0.1:9000\"\nsecret_file = \"hook\"\n",
    );
    let world = world().toml(&toml).file("/etc/hook", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\n");
    let [first, second] = world.config().webhooks.try_into().unwrap();
    assert_eq!(first.url.as_str(), "https://hooks.example/a?key=hunter2");
    assert_eq!(first.statuses, [Status::Failed, Status::Lost]);
    assert_eq!(first.instances, [InstanceName::default()]);
    assert_eq!((second.statuses.len(), second.instances.len()), (0, 0));
    assert_eq!(first.key(), SECRET.as_bytes());
    assert_eq!(second.key(), SECRET.as_bytes(), "the same bytes in base64");
    let shown = format!("{first:?} {second:?} {}", world.load().unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains(SECRET) && !shown.contains("whsec_"), "{shown}");
}

#[test]
fn the_documented_webhook_is_one() {
    let guide = include_str!("../../../docs/api.md");
    let toml = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let [webhook] = world().toml(toml).config().webhooks.try_into().unwrap();
    assert_eq!(webhook.statuses, [Status::Failed, Status::Lost]);
}

#[test]
fn what_is_wrong_with_a_webhook_is_said() {
    let webhook = |rest: &str| world().toml(&format!("[[webhook]]\n{rest}"));
    let whole = |rest: &str| webhook(&format!("url = \"https://h/x\"\nsecret = \"{SECRET}\"\n{rest}"));
    for (world, expected) in [
        (
            webhook(&format!("secret = \"{SECRET}\"")),
            "line 1, webhook: this webhook has no address; add url = \"https://HOST/PATH\"",
        ),
        (
            webhook("url = \"https://h/x\""),
            "line 1, webhook: this webhook has no secret to sign with; add secret = \"…\" or secret_file = \"FILE\" with \
             24 random characters or more",
        ),
        (
            webhook("url = \"https://h/x\"\nsecret = \"short\""),
            "line 3, webhook.secret \"[redacted]\": too short for a secret; use at least 24 random characters, or whsec_ and \
             at least 24 bytes in base64",
        ),
        (
            webhook(&format!("url = \"ftp://u:p@h/x\"\nsecret = \"{SECRET}\"")),
            "line 2, webhook.url \"ftp://[redacted]@h/x\": not an http or https address without '#'; use one such as \
             https://example.org/hooks/recall",
        ),
        (
            whole("status = [\"pending\"]"),
            "line 4, webhook.status \"pending\": not a final status; use completed, failed, cancelled or lost",
        ),
        (
            whole("instance = [\"gpu\"]"),
            "line 4, webhook.instance: no ComfyUI is named \"gpu\"; known: default; check the name, or give its address too",
        ),
        (whole("uri = \"x\""), "line 4, webhook.uri: not a known key; did you mean url?"),
        (
            world().toml("webhook = \"https://h\""),
            "line 1, webhook: a text isn't valid here; write [[webhook]] on one line and url = \"https://HOST/PATH\" on the \
             next",
        ),
    ] {
        assert_eq!(world.error(), format!("/etc/recall.toml, {expected}"));
    }
}
