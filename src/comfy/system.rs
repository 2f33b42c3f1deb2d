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
    /// Whether this is the answer of a ComfyUI at all.
    pub is_comfyui: bool,
}

impl System {
    pub(super) fn parse(text: &str) -> Self {
        let answer: Value = serde_json::from_str(&json::to_strict(text)).unwrap_or_default();
        let version = answer.pointer("/system/comfyui_version").and_then(Value::as_str);
        let devices = answer.get("devices").and_then(Value::as_array).into_iter().flatten();
        Self {
            version: version.filter(|version| *version != "unknown").map(str::to_owned),
            devices: devices.filter_map(|device| device.get("name")?.as_str().map(str::to_owned)).collect(),
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
        let system = System { version: Some("0.26.0".into()), devices: vec!["cpu".into()], is_comfyui: true };
        assert_eq!(System::parse(stats), system);
        assert_eq!(System::parse(&stats.replace("0.26.0", "unknown")).version, None);
        assert!(!System::parse("<html>").is_comfyui);
    }
}
