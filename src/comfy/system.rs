//! `/system_stats`: what a server says of itself.

use serde_json::Value;

use crate::json;

/// `/system_stats`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// `system.comfyui_version`; `None` for 0.3.x started outside of git, which says `unknown`.
    pub version: Option<String>,
    /// `devices[].name`
    pub devices: Vec<String>,
    /// What it was started with, from the path of its program on.
    pub argv: Vec<String>,
    /// Whether this is the answer of a ComfyUI at all.
    pub is_comfyui: bool,
    /// Whether nobody but a ComfyUI says so: all that every version since 0.3.10 says.
    pub is_unmistakable: bool,
}

impl System {
    pub(super) fn parse(text: &str) -> Self {
        let answer: Value = serde_json::from_str(&json::to_strict(text)).unwrap_or_default();
        let version = answer.pointer("/system/comfyui_version").and_then(Value::as_str);
        let python = answer.pointer("/system/python_version").and_then(Value::as_str);
        let argv = answer.pointer("/system/argv").and_then(Value::as_array);
        let devices = answer.get("devices").and_then(Value::as_array);
        let is_unmistakable = version.is_some() && python.is_some() && argv.is_some() && devices.is_some();
        let (argv, devices) = (argv.into_iter().flatten(), devices.into_iter().flatten());
        Self {
            version: version.filter(|version| *version != "unknown").map(str::to_owned),
            devices: devices.filter_map(|device| device.get("name")?.as_str().map(str::to_owned)).collect(),
            argv: argv.filter_map(|argument| argument.as_str().map(str::to_owned)).collect(),
            is_unmistakable,
            is_comfyui: answer.get("system").is_some_and(Value::is_object),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_is_no_comfyui_is_told_apart() {
        let stats = r#"{"system":{"comfyui_version":"0.26.0"},"devices":[{"name":"cpu"},{}]}"#;
        let system = System {
            version: Some("0.26.0".into()),
            devices: vec!["cpu".into()],
            is_comfyui: true,
            ..System::default()
        };
        assert_eq!(System::parse(stats), system);
        assert_eq!(System::parse(&stats.replace("0.26.0", "unknown")).version, None);
        assert!(!System::parse("<html>").is_comfyui);
    }

    #[test]
    fn only_a_whole_answer_is_unmistakable() {
        let stats =
            r#"{"system":{"comfyui_version":"unknown","python_version":"3.11","argv":["main.py",1]},"devices":[]}"#;
        let system = System::parse(stats);
        assert_eq!((system.is_unmistakable, system.argv), (true, vec!["main.py".to_owned()]));
        for missing in ["comfyui_version", "python_version", "argv", "devices", "system"] {
            assert!(!System::parse(&stats.replace(missing, "other")).is_unmistakable, "{missing}");
        }
        for other in ["", "[]", r#"{"status":"ok"}"#, r#"{"detail":"Not Found"}"#, r#"{"system":{"cpu":1}}"#] {
            assert!(!System::parse(other).is_unmistakable, "{other}");
        }
    }
}
