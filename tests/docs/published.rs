//! What is said of installing holds today: `published` in `Cargo.toml` names where comfy-recall can be had, and pages,
//! messages and packages are held to it, in both directions. `docs/publishing.md` says how to turn it.

use std::fs;

use super::page::root;

/// Where it may be published, and what the switch calls it.
const PLACES: [&str; 3] = ["pypi", "comfyui", "containers"];

/// Programs that fetch what they install by its name, and from where. Those without a place never have it.
const FETCHERS: [(&str, Option<&str>); 13] = [
    ("pip", Some("pypi")),
    ("pip3", Some("pypi")),
    ("pipx", Some("pypi")),
    ("uv", Some("pypi")),
    ("uvx", Some("pypi")),
    ("comfy", Some("comfyui")),
    ("docker", Some("containers")),
    ("podman", Some("containers")),
    ("cargo", None),
    ("apt", None),
    ("apt-get", None),
    ("brew", None),
    ("winget", None),
];

/// What says so without a command.
const SIGNS: [(&str, &str); 5] = [
    ("pypi.org/project/comfy-recall", "pypi"),
    ("registry.comfy.org", "comfyui"),
    ("ComfyUI Manager", "comfyui"),
    ("ComfyUI's manager", "comfyui"),
    ("ComfyUI-Manager", "comfyui"),
];

/// Stands above each sentence, in each file, that has to change on the day: `until published: pypi comfyui`.
const MARK: &str = "until published:";

/// Sentences that need the mark.
const NOT_YET: [&str; 7] =
    ["not published", "isn't published", "aren't published", "published yet", "尚未发布", "还没有发布", "没有发布"];

/// What speaks of that day, or of days gone by.
const NOT_HELD: [&str; 3] = ["CHANGELOG.md", "docs/publishing.md", "tests/docs/published.rs"];

/// What the switch says.
fn published() -> Vec<String> {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let places = manifest["package"]["metadata"]["release"]["published"].as_array().unwrap();
    places.iter().map(|place| place.as_str().unwrap().to_owned()).collect()
}

/// Whether a word of a command is our name, as a registry knows it.
fn is_our_name(word: &str, place: Option<&str>) -> bool {
    let word = word.trim_end_matches(['.', ',', ')', '。', '，']);
    let name = word.split(['=', '<', '>', '[', ':', '@']).next().unwrap_or_default();
    match (place, name.rsplit_once('/')) {
        // An image without a registry is the one that was built here.
        (Some("containers"), Some((_, name))) => name == "comfy-recall",
        (Some("containers"), None) | (_, Some(_)) => false,
        (_, None) => ["comfy-recall", "comfy_recall", "comfyui-recall"].contains(&name),
    }
}

/// From where a piece of a line, free of quotation marks, would fetch us: `Some(None)` where we never are.
fn fetched(piece: &str) -> Option<Option<&'static str>> {
    let words: Vec<&str> = piece.split_whitespace().collect();
    for (at, word) in words.iter().enumerate() {
        let program = word.rsplit(['/', '\\']).next().unwrap().trim_end_matches(".exe");
        let Some((program, place)) = FETCHERS.iter().find(|(name, _)| *name == program) else { continue };
        let is_said = |word: &&&str| !word.starts_with('-') && !["tool", "pip", "node"].contains(*word);
        let mut said = words[at + 1..].iter().filter(is_said);
        let fetches = *program == "uvx"
            || said.next().is_some_and(|verb| ["install", "run", "pull", "add", "download", "inject"].contains(verb));
        if fetches && said.any(|word| is_our_name(word, *place)) {
            return Some(*place);
        }
    }
    None
}

/// From where a line of a file would fetch us.
fn offers(path: &str, line: &str) -> Vec<Option<&'static str>> {
    let is_list = path.ends_with("requirements.txt") || line.trim_start().starts_with("dependencies = [");
    let mut pieces = line.split(['`', '"', '\'', '|', ';', '&', '#', '“', '”']);
    let mut offers: Vec<_> = pieces.clone().filter_map(fetched).collect();
    offers.extend(SIGNS.iter().filter(|(sign, _)| line.contains(sign)).map(|(_, place)| Some(*place)));
    if is_list && pieces.any(|piece| is_our_name(piece.trim(), None)) {
        offers.push(Some("pypi"));
    }
    if let Some((_, image)) = line.split_once("image: ")
        && is_our_name(image.trim(), Some("containers"))
    {
        offers.push(Some("containers"));
    }
    offers
}

/// What a file says that isn't so.
fn faults(path: &str, text: &str, published: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut is_marked = false;
    for (number, line) in (1..).zip(text.lines()) {
        let mut fault = |what: &str| faults.push(format!("{path}:{number}: {what}: {}", line.trim()));
        if let Some((_, names)) = line.split_once(MARK) {
            is_marked = true;
            let names = names.split_whitespace().filter(|name| name.chars().all(char::is_alphanumeric));
            for name in names {
                match published.iter().any(|place| place == name) {
                    true => fault(&format!("{name} has it now; say so, and take the mark away")),
                    false if !PLACES.contains(&name) => fault("no such place"),
                    false => {}
                }
            }
            continue;
        }
        is_marked &= !line.trim().is_empty();
        if !is_marked && NOT_YET.iter().any(|words| line.contains(words)) {
            fault(&format!("a sentence of today without `{MARK}` above it"));
        }
        for place in offers(path, line) {
            if !place.is_some_and(|place| published.iter().any(|it| it == place)) {
                fault(&format!("{} doesn't have it", place.unwrap_or("this")));
            }
        }
    }
    faults
}

/// Every text of the repository that is held to the switch: its path, with slashes, and what it says.
fn texts() -> Vec<(String, String)> {
    let (mut texts, mut folders) = (Vec::new(), vec![root().to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            if ["target", "node_modules", "fixtures", ".git", ".venv", "Cargo.lock"].iter().any(|it| *it == name) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
                continue;
            }
            let short = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            if let Ok(text) = fs::read_to_string(&path)
                && !NOT_HELD.contains(&&*short)
            {
                texts.push((short, text));
            }
        }
    }
    texts
}

#[test]
fn nothing_says_otherwise_than_the_switch_where_it_can_be_had() {
    let (texts, published) = (texts(), published());
    assert!(texts.len() > 300, "only {} files were read", texts.len());
    assert!(published.iter().all(|place| PLACES.contains(&&**place)), "{published:?}: there are {PLACES:?}");
    let mut faults: Vec<_> = texts.iter().flat_map(|(path, text)| faults(path, text, &published)).collect();
    for (path, text) in texts.iter().filter(|(path, _)| ["README.md", "README.zh-CN.md"].contains(&&**path)) {
        for place in PLACES {
            let is_offered = text.lines().any(|line| offers(path, line).contains(&Some(place)));
            let is_disowned = text.lines().any(|line| line.contains(MARK) && line.contains(place));
            if !is_offered && !is_disowned {
                faults.push(format!("{path}: says neither how to get it from {place} nor that it isn't there"));
            }
        }
    }
    assert!(faults.is_empty(), "published = {published:?}\n{}", faults.join("\n"));
}

#[test]
fn what_fetches_by_name_is_seen_and_what_installs_a_file_is_not() {
    for (line, place) in [
        ("pip install comfy-recall", Some("pypi")),
        ("python -m pip install --upgrade comfy-recall==0.1", Some("pypi")),
        (r".\python_embeded\python.exe -m pip install comfy-recall", Some("pypi")),
        ("say `pipx install comfy-recall`, or", Some("pypi")),
        ("uv tool install comfy-recall", Some("pypi")),
        ("uvx comfy-recall --open", Some("pypi")),
        ("echo \"install it with: pip install comfy-recall, or\"", Some("pypi")),
        ("dependencies = [\"comfy-recall\"]", Some("pypi")),
        ("see https://pypi.org/project/comfy-recall/", Some("pypi")),
        ("comfy node install comfyui-recall", Some("comfyui")),
        ("Look for it in ComfyUI Manager", Some("comfyui")),
        ("docker run -d ghcr.io/somebody/comfy-recall:latest", Some("containers")),
        ("    image: ghcr.io/somebody/comfy-recall", Some("containers")),
        ("cargo install --locked comfy-recall", None),
        ("sudo apt-get install comfy-recall", None),
    ] {
        assert_eq!(offers("page.md", line), [place], "{line}");
        let published = PLACES.map(str::to_owned);
        assert_eq!(faults("page.md", line, &published).is_empty(), place.is_some(), "{line}");
        assert_eq!(faults("page.md", line, &[]).len(), 1, "{line}");
    }
    assert_eq!(offers("a/requirements.txt", "comfy-recall>=0.1"), [Some("pypi")]);
    for line in [
        "pipx install ./packaging/wheel",
        "pip install target/dist/comfy_recall-*.whl && comfy-recall",
        "pip uninstall comfy-recall",
        "cargo install --locked --path .",
        "sudo apt install ./target/dist/comfy-recall_*.deb",
        "docker run -d -v comfy-recall:/data comfy-recall",
        "    image: comfy-recall",
        "cargo build --bin comfy-recall",
    ] {
        assert_eq!(offers("page.md", line), [], "{line}");
    }
}

#[test]
fn a_sentence_of_today_is_marked_and_has_to_go_on_the_day() {
    let text = "<!-- until published: pypi comfyui -->\nNothing is published yet.\n\nMore.\n";
    assert_eq!(faults("page.md", text, &[]), Vec::<String>::new());
    assert_eq!(faults("page.md", text, &["containers".to_owned()]), Vec::<String>::new());
    assert_eq!(faults("page.md", text, &["pypi".to_owned()]).len(), 1);
    assert_eq!(faults("page.md", "# until published: everywhere\n", &[]).len(), 1);
    assert_eq!(faults("page.md", "A line.\n\nIt isn't published.\n", &[]).len(), 1);
    assert_eq!(faults("page.md", "目前尚未发布。\n", &["pypi".to_owned()]).len(), 1);
}
