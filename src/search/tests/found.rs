//! What is indexed of a run is found by what the grammar promises, and by nothing else.

use super::*;
use crate::model::testing::fits;
use crate::model::{Entry, Term};

fn finds(entry: &Entry, text: &str) -> bool {
    let search = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    fits(entry, &search.want(&Noon))
}

#[track_caller]
fn check(entry: &Entry, found: &[&str], not_found: &[&str]) {
    for text in found {
        assert!(finds(entry, text), "{text} isn't found");
    }
    for text in not_found {
        assert!(!finds(entry, text), "{text} is found");
    }
}

fn fox() -> Entry {
    let mut run = run();
    run.workflow_name = Some("Portrait_Studio v2".to_owned());
    run.workflow_id = Some("wf-1234".to_owned());
    run.previews_count = 1;
    entry(&Source {
        positive: vec!["A (red fox:1.2) in the snow, <lora:add_detail:0.7>, très_élégant", "second text"],
        negative: vec!["blurry, text"],
        models: vec![r"SDXL\juggernautXL_v9.safetensors"],
        loras: vec!["add-detail-xl.safetensors"],
        samplers: vec!["dpmpp_2m"],
        schedulers: vec!["karras"],
        seeds: vec!["18446744073709551615"],
        steps: vec!["20", "8"],
        cfg: vec!["7.0"],
        denoise: vec!["0.6000000000000001", "nonsense", "NaN"],
        width: vec!["1024"],
        height: vec!["768"],
        nodes: vec!["KSamplerAdvanced", "ImageUpscaleWithModel", "easy kSampler", "VAEDecode"],
        titles: vec!["My Decoder"],
        custom_nodes: vec!["ComfyUI-Impact-Pack"],
        outputs: vec![SourceFile { subfolder: "animals", filename: "ComfyUI_00012_.png" }],
        inputs: vec![SourceFile { subfolder: "", filename: "pose ref.jpg" }],
        texts: vec!["a caption of a vixen"],
        has_workflow: true,
        graph_hash: Some("00112233aabbccdd"),
        ..Source::new(&run)
    })
}

#[test]
fn plain_words_are_found_in_what_people_see() {
    check(
        &fox(),
        &[
            "",
            "fox",
            "FOX",
            "fo",
            "red snow",
            "\"red fox\"",
            "(fox:1.2)",
            "<lora:add_detail:1>",
            "elegant",
            "Élégant",
            "tres_elegant",
            "juggernaut",
            "detail",
            "portrait",
            "00012",
            "animals",
            "pose",
            "vixen",
            "fox OR cat",
            "cat OR fox",
            "fox -cat",
            "juggernautXL_v9.safetensors",
            "\"fox\"",
            "sno* red",
            "\"red fo\"*",
        ],
        &["cat", "sno red", "\"fo\"", "\"fox red\"", "\"elegant second\"", "blurry", "upscale", "karras", "fox -snow"],
    );
}

#[test]
fn fields_are_found_where_they_look() {
    check(
        &fox(),
        &[
            "prompt:fox",
            "prompt:\"a red fox\"",
            "prompt:(fox snow)",
            "negative:blurry",
            "model:jugger",
            "model:\"juggernautXL v9\"",
            "model:sdxl/juggernautXL_v9.safetensors",
            "model:juggernaut",
            r"model:=SDXL\juggernautXL_v9.safetensors",
            "lora:detail",
            "lora:add-detail",
            "workflow:studio",
            "workflow:=wf-1234",
            "workflow:=\"Portrait_Studio v2\"",
            "workflow:#00112233AABBCCDD",
            "node:upscale",
            "node:ksampler",
            "node:KSamplerAdvanced",
            "node:\"Image Upscale\"",
            "node:easy_kSampler",
            "node:decoder",
            "node:=VAEDecode",
            "node:impact",
            "node:vae",
            "sampler:DPMPP_2M",
            "sampler:\"dpmpp 2m\"",
            "sampler:dpm*",
            "scheduler:karras",
            "seed:18446744073709551615",
            "file:00012",
            "file:pose",
            "file:=\"pose ref.jpg\"",
            "text:caption",
            "instance:default",
            "is:temp",
            "has:workflow",
            "has:lora",
            "has:negative",
            "has:input",
            "has:file",
            "has:image",
            "kind:image",
            "status:completed",
            "is:completed",
            "date:today",
        ],
        &[
            "prompt:blurry",
            "negative:fox",
            "model:detail",
            "model:naut",
            "model:=juggernautXL_v9.safetensors",
            "lora:juggernaut",
            "node:fox",
            "node:\"KSample\"",
            "node:=ksampleradvanced",
            "sampler:dpmpp",
            "seed:1844",
            "file:fox",
            "text:fox",
            "instance:defa",
            "has:error",
            "has:video",
            "kind:video",
            "status:failed",
            "date:yesterday",
            "workflow:#00112233aabbccde",
            "error:memory",
        ],
    );
}

#[test]
fn what_is_excluded_is_not_found() {
    check(
        &fox(),
        &[
            "-cat",
            "-fo",
            "-(cat dog)",
            "-(fox cat)",
            "-\"fox red\"",
            "-prompt:blurry",
            "-steps:30",
            "cat OR -dog",
            "-date:2025",
        ],
        &["-fox", "-(fox OR cat)", "-fo*", "-prompt:fo", "-has:lora", "-steps:20", "fox -red", "-(cat OR snow)"],
    );
}

#[test]
fn numbers_are_found_in_their_ranges() {
    check(
        &fox(),
        &[
            "steps:20",
            "steps:8",
            "steps:>19",
            "steps:>=20",
            "steps:<9",
            "steps:<=8",
            "steps:20..30",
            "steps:10..20",
            "cfg:7",
            "cfg:6.5..7",
            "denoise:0.6",
            "denoise:<1",
            "width:1024",
            "height:<1024",
            "duration:12",
            "duration:>12",
            "duration:10..13",
            "duration:<1m",
        ],
        &[
            "steps:>20",
            "steps:<8",
            "steps:9..19",
            "cfg:>7",
            "cfg:<7",
            "denoise:<0.6",
            "denoise:>0.6",
            "length:>0",
            "duration:13",
            "duration:>1m",
            "guidance:>=0",
        ],
    );
}

#[test]
fn failed_runs_are_found_by_their_error() {
    let failed = failed_run();
    check(
        &entry(&Source::new(&failed)),
        &[
            "error:memory",
            "memory",
            "error:\"out of memory\"",
            "error:outofmemory",
            "error:=KSampler",
            "error:sampler",
            "has:error",
            "status:failed",
            "is:failed",
        ],
        &["error:fox", "error:=Sampler", "is:temp", "has:file", "has:workflow", "kind:image", "status:completed"],
    );
}

#[test]
fn any_part_of_a_text_is_found_where_words_are_not_written_apart() {
    let run = run();
    let with = |text| entry(&Source { positive: vec![text], ..Source::new(&run) });
    check(
        &with("杰作，红色的狐狸在雪地里，best quality"),
        &["狐", "狐狸", "红色的狐", "的狐狸在", "狐狸 雪", "「雪地」", "best qual", "prompt：狐狸"],
        &["狸狐", "猫", "狐雪", "作红色的猫"],
    );
    check(
        &with("雪の中のキツネ、ガラス"),
        &["キツネ", "ｷﾂﾈ", "の中", "ガ", "か\u{3099}ラス OR ガラス"],
        &["ネコ", "カラス"],
    );
    check(&with("눈 속의 여우"), &["여우", "우", "속의", "\u{110b}\u{1167}"], &["우여", "요"]);
    check(&with("จิ้งจอกแดง"), &["จอก", "แดง", "จิ้งจอก"], &["แมว", "แดงจอก"]);
    check(&with("рыжая Лиса, ёлка"), &["лиса", "ЛИС", "елка"], &["\"лис\"", "кот"]);
}

#[test]
fn the_same_texts_have_the_same_hash() {
    let hash = |texts: &[&str]| text_hash(texts).unwrap();
    assert_eq!(hash(&["A red fox"]), hash(&["a  red, fox", ""]));
    assert_ne!(hash(&["a red fox"]), hash(&["a red", "fox"]));
    assert_eq!(hash(&["fox"]).len(), 16);
    assert_eq!(text_hash(&["", " ,"]), None);
    let run = run();
    let texts = vec!["a red fox", "in snow"];
    let search = exact(List::PromptHash, &hash(&texts));
    assert!(finds(&entry(&Source { positive: texts, ..Source::new(&run) }), &search));
}

#[test]
fn terms_of_a_huge_run_are_bounded() {
    let run = run();
    let text = "word ".repeat(200_000);
    let long = "ж".repeat(3_000);
    let many: Vec<String> = (0..20_000).map(|n| format!("model{n}")).collect();
    let models = many.iter().map(String::as_str).collect();
    let entry = entry(&Source { positive: vec![&text, &long], negative: vec![&long], models, ..Source::new(&run) });
    assert!(entry.terms.len() < 20_000, "{}", entry.terms.len());
    assert!(entry.terms.iter().all(|term| term.bytes.len() <= Term::MOST_BYTES));
    let long = "ж/".repeat(500);
    let entry = super::entry(&Source { loras: vec![&long], ..Source::new(&run) });
    assert!(entry.terms.iter().all(|term| term.bytes.len() <= Term::MOST_BYTES));
    assert!(finds(&entry, &exact(List::Lora, &long)), "cut in the same way");
}

#[test]
fn every_list_is_filled() {
    let mut run = failed_run();
    run.workflow_name = Some("name".to_owned());
    run.kinds = vec![MediaKind::Image];
    let fox = fox();
    let failed = entry(&Source { guidance: vec!["3.5"], length: vec!["49"], ..Source::new(&run) });
    for list in List::ALL {
        let is_filled = fox.terms.iter().chain(&failed.terms).any(|term| term.list == *list);
        assert!(is_filled, "{list:?}");
    }
}

#[test]
fn no_term_comes_twice_at_the_same_place() {
    let mut terms = fox().terms;
    terms.sort();
    let count = terms.len();
    terms.dedup();
    assert_eq!(terms.len(), count);
}
