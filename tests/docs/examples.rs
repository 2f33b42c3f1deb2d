//! Examples of searches find something: one that finds nothing teaches that searching doesn't work.

use std::sync::LazyLock;

use comfy_recall::search::Field;
use regex_lite::Regex;

use super::page::Page;
use crate::commands::{Shell, recorded, studio};

/// A search that the page offers, with the address that it leads to.
static OFFERED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"<a href="[^"]*"><code>([^<]+)</code></a>"#).unwrap());

fn offered(page: &str) -> Vec<String> {
    let plain =
        |text: &str| text.replace("&#34;", "\"").replace("&#62;", ">").replace("&#60;", "<").replace("&#38;", "&");
    OFFERED.captures_iter(page).map(|found| plain(&found[1])).collect()
}

/// Of the table of searches: what stands before what it finds. Parentheses alone are no search.
fn of_readme(path: &str) -> Vec<String> {
    let page = Page::read(path);
    let is_search = |code: &str| Field::ALL.iter().any(|field| code.starts_with(&format!("{field}:")));
    let plain = ["fox snow", "\"red fox\"", "fox -blurry", "fox OR wolf", "today", "yesterday", "7d"];
    let codes = page.rows().into_iter().flatten().flatten().map(ToString::to_string);
    codes.filter(|code| is_search(code) || plain.contains(&code.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_of_a_search_finds_something() {
    let (_comfy, mut daemon) = recorded().await;
    let page = daemon.get("/").await.text().await.unwrap();
    daemon.terminate().await;
    studio::add(daemon.data_dir()).await;
    let shell = Shell::on(daemon.data_dir());
    let offered = offered(&page);
    assert!(offered.len() > 20 && offered.contains(&"7d".to_owned()), "{offered:?}");
    let of_fields = Field::ALL.iter().map(|field| field.example().to_owned());
    let days = Field::Date.choices().iter().flat_map(|day| [format!("date:{day}"), (*day).to_owned()]);
    let mut searches: Vec<String> = offered.into_iter().chain(of_fields).chain(days).collect();
    for readme in ["README.md", "README.zh-CN.md"] {
        let named = of_readme(readme);
        assert!(named.len() > 25, "{readme}: {named:?}");
        searches.extend(named);
    }
    searches.sort_unstable();
    searches.dedup();
    let finds = |search: &str| !shell.done(&["list", "--limit", "1", "--", search]).is_empty();
    let vain: Vec<&String> = searches.iter().filter(|search| !finds(search)).collect();
    assert!(vain.is_empty(), "these find nothing: {vain:?}");
    assert!(!finds("model:nothing"), "what finds nothing is seen");
}
