use super::*;
#[test]
fn dump() {
    let mut out = serde_json::Map::new();
    for e in std::fs::read_dir("../shared/comfyui/workflows").unwrap() {
        let p = e.unwrap().path();
        if p.extension().is_none_or(|x| x != "json") || p.ends_with("expected.json") {
            continue;
        }
        let t = std::fs::read_to_string(&p).unwrap();
        let prompt = crate::json::members(&t).find(|(k, _)| k == "prompt").unwrap().1.to_owned();
        let s = std::time::Instant::now();
        let f = read(&prompt);
        let us = s.elapsed().as_micros();
        assert_eq!(model(&prompt).as_deref(), f.models.first().map(|m| short_name(m)));
        let mut v = serde_json::to_value(&f).unwrap();
        v["us"] = (us as u64).into();
        out.insert(p.file_stem().unwrap().to_str().unwrap().to_owned(), v);
    }
    std::fs::write("/tmp/f/out.json", serde_json::to_string(&out).unwrap()).unwrap();
}
