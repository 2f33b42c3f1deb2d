//! Secrets: what looking for them costs.

use std::time::Instant;

use comfy_recall::json::{Names, SecretFilter, Submitted};

use crate::support::comfyui::{ComfyUi, Run};
use crate::support::daemon::Daemon;
use crate::table::{Row, millis};

pub async fn measure() -> Vec<Row> {
    let mut rows = many_secrets();
    rows.push(large_with_a_secret().await);
    rows
}

/// Thousands of secrets, each sought in tens of thousands of texts.
fn many_secrets() -> Vec<Row> {
    let list =
        |texts: &mut dyn Iterator<Item = String>| texts.map(|text| format!("{text:?}")).collect::<Vec<_>>().join(",");
    let texts = list(&mut (0..50_000).map(|n| format!("some string number {n}")));
    let secrets = list(&mut (0..5_000).map(|n| format!("secretsecret{n:06}")));
    let with = |name: &str| format!(r#"{{"nodes":[],"{name}":[{secrets}],"t":[{texts}]}}"#);
    let timed = |workflow: &str| {
        let secret_filter = SecretFilter::new(Names::default());
        let start = Instant::now();
        let secrets = secret_filter.secrets(Submitted { workflow, ..Submitted::default() }, [""; 2]);
        assert_eq!(secrets.workflow().contains("secretsecret000000"), !workflow.contains("api_key"));
        start.elapsed()
    };
    let (ours, plain) = (timed(&with("api_key")), timed(&with("names")));
    let beside = format!("{} without a secret's name", millis(plain));
    vec![Row::new("5,000 secrets in 50,000 texts", ours.as_secs_f64(), 1.0, "s", beside)]
}

/// Memory at its highest, for a workflow of many small objects.
async fn large_with_a_secret() -> Row {
    let objects = vec!["{\"a\":0}"; 2_500_000].join(",");
    let mut peaks = Vec::new();
    for name in ["title", "token"] {
        let comfy = ComfyUi::start().await;
        let daemon = Daemon::beside(&comfy).await;
        comfy.until_sockets(1).await;
        let workflow = format!(r#"{{"{name}":"abcdefgh","a":[{objects}]}}"#);
        let id = comfy.run(Run::from_browser("b").with_workflow(&workflow));
        daemon.until_status(&id, "completed").await;
        peaks.push(daemon.memory().1 as f64 / f64::from(1 << 20));
    }
    let beside = format!("{:.0} MB without", peaks[0]);
    Row::new("a workflow of 19 MB with a secret, at its highest", peaks[1], 200.0, "MB", beside)
}
