//! What a daemon serves, and waiting until it serves what is due.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::process::Daemon;
use crate::support::DEADLINE;

/// How often a condition on the daemon is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What it serves.
impl Daemon {
    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap_or_else(|error| {
            panic!("GET {path}: {error}; has it ended: {}; its log:\n{}", self.process.has_ended(), self.log())
        })
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "GET {path}: {status}: {text}\n{}", self.log());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {path}: {error}: {text}"))
    }

    /// Every generation that the query selects, newest first, page by page.
    pub async fn list(&self, query: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let page = self.json(&format!("/api/v1/generations?limit=200&{query}{next}")).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["next"].as_str() else { return items };
            next = format!("&next={}", encoded(cursor));
        }
    }

    /// Every generation with this prompt id.
    pub async fn of_prompt(&self, prompt_id: &str) -> Vec<Value> {
        self.list(&format!("prompt_id={}", encoded(prompt_id))).await
    }

    pub async fn detail(&self, id: &Value) -> Value {
        self.json(&format!("/api/v1/generations/{id}")).await
    }

    /// The bytes of a stored output or input.
    pub async fn file(&self, attachment: &Value) -> bytes::Bytes {
        let response = self.get(attachment["url"].as_str().unwrap()).await;
        assert!(response.status().is_success(), "{attachment}: {}", response.status());
        response.bytes().await.unwrap()
    }
}

/// Waiting.
impl Daemon {
    /// Looks again and again until there is an answer; fails the test when none comes in time, or when it has ended.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let looking = async {
            loop {
                ticks.tick().await;
                assert!(!self.process.has_ended(), "waited for {what}, but the daemon ended:\n{}", self.log());
                if let Some(answer) = look(self).await {
                    return answer;
                }
            }
        };
        match timeout(DEADLINE, looking).await {
            Ok(answer) => answer,
            Err(_) => {
                let list = self.json("/api/v1/generations?limit=20").await;
                panic!("waited in vain for {what}; there is {list:#}\nlog:\n{}", self.log())
            }
        }
    }

    /// Waits until the one generation of this prompt has this status; gives its detail.
    pub async fn until_status(&self, prompt_id: &str, status: &str) -> Value {
        let found = self
            .until(&format!("{prompt_id:?} to be {status}"), async |daemon| {
                let found = daemon.of_prompt(prompt_id).await;
                assert!(found.len() <= 1, "{prompt_id} was recorded more than once: {found:#?}");
                found.into_iter().find(|generation| generation["status"] == status)
            })
            .await;
        self.detail(&found["id"]).await
    }

    /// Waits until it has this status and none of its files is still to be fetched; gives its detail.
    pub async fn until_whole(&self, prompt_id: &str, status: &str) -> Value {
        self.until_status(prompt_id, status).await;
        self.until(&format!("the files of {prompt_id:?}"), async |daemon| {
            let id = &daemon.of_prompt(prompt_id).await[0]["id"];
            Some(daemon.detail(id).await).filter(is_whole)
        })
        .await
    }

    /// Waits until so many generations are recorded, none is open, and none of their files is still to be fetched; gives
    /// their details, newest first.
    pub async fn until_all_whole(&self, generations: usize) -> Vec<Value> {
        self.until(&format!("{generations} generations"), async |daemon| {
            let found = daemon.list("").await;
            let is_open = |found: &Value| matches!(found["status"].as_str(), Some("pending" | "in_progress"));
            if found.len() != generations || found.iter().any(is_open) {
                return None;
            }
            let mut details = Vec::new();
            for found in found {
                details.push(Some(daemon.detail(&found["id"]).await).filter(is_whole)?);
            }
            Some(details)
        })
        .await
    }
}

fn is_whole(detail: &Value) -> bool {
    let attachments = ["outputs", "inputs"].into_iter().flat_map(|role| detail[role].as_array().unwrap());
    attachments.into_iter().all(|attachment| attachment["state"] != "pending")
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
