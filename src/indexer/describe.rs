//! A run as the index knows it: what its prompt says, what it gave, how it ended.

use crate::facts::{self, Facts, Pass};
use crate::model::{Attachment, Content, Entry, Role};
use crate::search::{self, Source, SourceFile};
use crate::store::Unindexed;

/// What a run is found by, and the name of its main model.
pub(super) fn entry(run: &Unindexed) -> (Entry, Option<String>) {
    let facts = run.prompt.as_deref().map(facts::read).unwrap_or_default();
    let model = facts.models.first().map(|name| facts::short_name(name).to_owned());
    (search::entry(&source(run, &facts)), model)
}

fn source<'a>(run: &'a Unindexed, facts: &'a Facts) -> Source<'a> {
    let of_passes = |value: fn(&Pass) -> &Option<String>| {
        facts.passes.iter().filter_map(|pass| value(pass).as_deref()).collect::<Vec<_>>()
    };
    Source {
        positive: texts(&facts.positive),
        negative: texts(&facts.negative),
        instructions: texts(&facts.instructions),
        tags: texts(&facts.tags),
        lyrics: texts(&facts.lyrics),
        models: texts(&facts.models),
        loras: facts.loras.iter().map(|lora| &*lora.name).collect(),
        samplers: of_passes(|pass| &pass.sampler),
        schedulers: of_passes(|pass| &pass.scheduler),
        seeds: texts(&facts.seeds),
        steps: of_passes(|pass| &pass.steps),
        cfg: of_passes(|pass| &pass.cfg),
        guidance: of_passes(|pass| &pass.guidance),
        denoise: of_passes(|pass| &pass.denoise),
        width: facts.width.as_deref().into_iter().collect(),
        height: facts.height.as_deref().into_iter().collect(),
        length: facts.length.as_deref().into_iter().collect(),
        nodes: texts(&facts.nodes),
        titles: texts(&facts.titles),
        outputs: files(&run.attachments, Role::Output),
        inputs: files(&run.attachments, Role::Input),
        texts: run
            .attachments
            .iter()
            .filter_map(|attachment| match &attachment.content {
                Content::Text(text) => Some(text.as_str()),
                Content::File { .. } => None,
            })
            .collect(),
        has_workflow: run.has_workflow,
        graph_hash: Some(facts.shape.as_str()).filter(|shape| !shape.is_empty()),
        ..Source::new(&run.summary)
    }
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn files(attachments: &[Attachment], role: Role) -> Vec<SourceFile<'_>> {
    let files = attachments.iter().filter(|attachment| attachment.role == role);
    let files = files.filter_map(|attachment| match &attachment.content {
        Content::File { file, .. } => Some(SourceFile { subfolder: &file.subfolder, filename: &file.filename }),
        Content::Text(_) => None,
    });
    files.collect()
}
