//! `show`: everything about one run, for people; or as JSON, or one of its documents as it came.

use anyhow::{Context as _, anyhow};

use super::error::Error;
use super::history::{read, threads};
use super::numbers::duration;
use super::table::of_status;
use super::terminal::{Style, Terminal, lines, wrapped};
use crate::blobs::Blobs;
use crate::cli::Show;
use crate::config::Effective;
use crate::export::{Course, json, strict, texts};
use crate::facts::{self, Facts, Lora, Pass, short_name};
use crate::model::{Attachment, AttachmentState, Content, Detail, DocumentKind, GenerationId, Timestamp, shown_bytes};
use crate::search::Zone;
use crate::store::History;

/// Columns of what stands before a value.
const LABEL: usize = 11;

/// Columns of a text where nobody says how many there are.
const UNLIMITED: usize = usize::MAX;

pub(super) fn show(show: &Show, effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let store = read(effective)?;
    let id = GenerationId(show.id);
    threads()?.block_on(async {
        let kind = match (show.prompt, show.workflow) {
            (true, _) => DocumentKind::Prompt,
            (_, true) => DocumentKind::Workflow,
            _ => return whole(&store, id, show, effective, terminal).await,
        };
        match store.document(id, kind).await? {
            Some(document) => {
                terminal.json(&document)?;
                // Only where it would stand before the next prompt of a shell.
                if terminal.width.is_some() { Ok(terminal.out.write_all(b"\n")?) } else { Ok(()) }
            }
            None if store.outline(id).await?.is_none() => Err(no_run(id)),
            None => Err(anyhow!("run {id} has no {}", kind.as_str()).into()),
        }
    })
}

/// That there is no such run.
pub(super) fn no_run(id: GenerationId) -> Error {
    anyhow!("there is no run {id}; comfy-recall list shows all runs").into()
}

async fn whole(
    store: &History,
    id: GenerationId,
    show: &Show,
    effective: &Effective,
    terminal: &mut Terminal<'_>,
) -> Result<(), Error> {
    let detail = store.detail(id).await?.ok_or_else(|| no_run(id))?;
    if show.json {
        let json = json::full(&detail, super::history::base(effective)).context("write the run as JSON")?;
        terminal.json(&String::from_utf8_lossy(&json))?;
        return Ok(terminal.out.write_all(b"\n")?);
    }
    let blobs = Blobs::look(&effective.config.data_dir.join("blobs"));
    let mut sheet = Sheet { terminal };
    sheet.head(&detail)?;
    sheet.facts(&detail)?;
    sheet.error(&detail)?;
    sheet.files("outputs", &detail.outputs, &blobs)?;
    sheet.files("inputs", &detail.inputs, &blobs)
}

/// What is written about a run.
struct Sheet<'a, 's> {
    terminal: &'a mut Terminal<'s>,
}

impl Sheet<'_, '_> {
    fn head(&mut self, detail: &Detail) -> Result<(), Error> {
        let run = &detail.summary;
        let id = Style::Strong.paint(&format!("run {}", run.id), self.terminal.is_colored);
        let status = of_status(run.status).paint(run.status.as_str(), self.terminal.is_colored);
        let reason = run.status_reason.map(|reason| format!(" ({})", reason.as_str())).unwrap_or_default();
        writeln!(self.terminal.out, "{id}  {status}{reason}")?;
        self.value("created", Some(clock(run.created_at)))?;
        self.value("started", run.started_at.map(clock))?;
        self.value("finished", run.finished_at.map(clock))?;
        self.value("took", run.duration_ms.map(duration))?;
        self.value("instance", Some(run.instance.to_string()))?;
        self.value("prompt id", Some(run.prompt_id.as_str().to_owned()))?;
        self.value("workflow", run.workflow_name.clone())?;
        let comfyui = detail.comfyui.version.iter().chain(&detail.comfyui.devices).cloned().collect::<Vec<_>>();
        self.value("comfyui", Some(comfyui.join(", ")))
    }

    fn facts(&mut self, detail: &Detail) -> Result<(), Error> {
        let Some(prompt) = detail.document(DocumentKind::Prompt) else { return Ok(()) };
        let facts = facts::read(prompt);
        for (label, names) in [
            ("model", &facts.models),
            ("service", &facts.services),
            ("vae", &facts.vaes),
            ("controlnet", &facts.controlnets),
            ("upscaler", &facts.upscalers),
        ] {
            self.value(label, Some(names.iter().map(|name| short_name(name)).collect::<Vec<_>>().join(", ")))?;
        }
        self.value("loras", Some(facts.loras.iter().map(lora).collect::<Vec<_>>().join(", ")))?;
        for pass in &facts.passes {
            self.value("sampler", Some(sampler(pass)))?;
        }
        self.value("seed", Some(facts.seeds.join(", ")))?;
        self.value("size", Some(size(&facts)))?;
        for (label, said) in [
            ("prompt", &facts.positive),
            ("negative", &facts.negative),
            ("tags", &facts.tags),
            ("lyrics", &facts.lyrics),
            ("asked", &facts.instructions),
        ] {
            for text in said {
                self.value(label, Some(text.clone()))?;
            }
        }
        Ok(())
    }

    /// In full, with its traceback.
    fn error(&mut self, detail: &Detail) -> Result<(), Error> {
        let Some(error) = &detail.summary.error else { return Ok(()) };
        self.heading("error")?;
        let node = [error.node_type.clone(), error.node_id.as_ref().map(|id| format!("node {id}"))];
        self.value("node", Some(node.into_iter().flatten().collect::<Vec<_>>().join(", ")))?;
        self.value("type", error.kind.clone())?;
        self.value("message", error.message.clone())?;
        let result = detail.document(DocumentKind::Result).map(strict).transpose().context("read the result")?;
        let traceback = texts(result.as_deref().map(Course::read).unwrap_or_default().traceback).concat();
        for line in lines(&traceback).lines() {
            writeln!(self.terminal.out, "  {line}")?;
        }
        Ok(())
    }

    fn files(&mut self, heading: &str, files: &[Attachment], blobs: &Blobs) -> Result<(), Error> {
        if files.is_empty() {
            return Ok(());
        }
        self.heading(heading)?;
        for file in files {
            let style = match file.state {
                AttachmentState::Stored => Style::Good,
                AttachmentState::Pending => Style::Busy,
                AttachmentState::Missing => Style::Bad,
            };
            let state = style.paint(&format!("{:LABEL$}", file.state.as_str()), self.terminal.is_colored);
            write!(self.terminal.out, "  {state}")?;
            match &file.content {
                Content::Text(text) => self.paragraph(text)?,
                Content::File { file: name, blob } => {
                    let folder = if name.subfolder.is_empty() { String::new() } else { format!("{}/", name.subfolder) };
                    let size = blob.as_ref().map(|blob| format!(", {}", shown_bytes(blob.bytes))).unwrap_or_default();
                    let named = format!("{folder}{} ({}, {}{size})", name.filename, file.kind.as_str(), name.folder);
                    self.paragraph(&named)?;
                    if let Some(blob) = blob {
                        let path = blobs.path(&blob.digest).display().to_string();
                        let path = Style::Faint.paint(&path, self.terminal.is_colored);
                        writeln!(self.terminal.out, "  {:LABEL$}{path}", "")?;
                    }
                }
            }
            self.value("", file.reason.as_ref().map(ToString::to_string))?;
        }
        Ok(())
    }

    fn heading(&mut self, text: &str) -> Result<(), Error> {
        writeln!(self.terminal.out, "\n{}", Style::Strong.paint(text, self.terminal.is_colored))?;
        Ok(())
    }

    /// A value with its name, where there is one.
    fn value(&mut self, label: &str, value: Option<String>) -> Result<(), Error> {
        let Some(value) = value.filter(|value| !value.trim().is_empty()) else { return Ok(()) };
        write!(self.terminal.out, "  {}", Style::Faint.paint(&format!("{label:LABEL$}"), self.terminal.is_colored))?;
        self.paragraph(&value)
    }

    /// The rest of a line that a label began, and as many more as the text needs.
    fn paragraph(&mut self, text: &str) -> Result<(), Error> {
        let columns = self.terminal.width.map_or(UNLIMITED, |width| width.saturating_sub(LABEL + 2).max(20));
        let all = wrapped(text, columns).join(&format!("\n  {:LABEL$}", ""));
        writeln!(self.terminal.out, "{all}")?;
        Ok(())
    }
}

fn clock(moment: Timestamp) -> String {
    Zone::default().local(moment).format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

fn lora(lora: &Lora) -> String {
    match &lora.strength {
        Some(strength) => format!("{} ({strength})", short_name(&lora.name)),
        None => short_name(&lora.name).to_owned(),
    }
}

/// `euler normal, 20 steps, cfg 8`
fn sampler(pass: &Pass) -> String {
    let named = [pass.sampler.clone(), pass.scheduler.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let said = |value: &Option<String>, name: &str| value.as_ref().map(|value| format!("{name} {value}"));
    let rest = [
        pass.steps.as_ref().map(|steps| counted(steps, "step")),
        said(&pass.cfg, "cfg"),
        said(&pass.guidance, "guidance"),
        said(&pass.denoise, "denoise"),
    ];
    let named = Some(named).filter(|named| !named.is_empty());
    [named].into_iter().chain(rest).flatten().collect::<Vec<_>>().join(", ")
}

/// `1 step`, `20 steps`
fn counted(number: &str, one: &str) -> String {
    format!("{number} {one}{}", if number == "1" { "" } else { "s" })
}

/// `1024 × 768, 81 frames, 16 fps`
fn size(facts: &Facts) -> String {
    let sides = facts.width.as_ref().zip(facts.height.as_ref()).map(|(width, height)| format!("{width} × {height}"));
    let said = |value: &Option<String>, name: &str| value.as_ref().map(|value| format!("{value} {name}"));
    let batch = facts.batch.as_ref().map(|batch| format!("{batch} at once"));
    let frames = facts.length.as_ref().map(|length| counted(length, "frame"));
    let all = [sides, frames, said(&facts.seconds, "s"), said(&facts.fps, "fps"), batch];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
