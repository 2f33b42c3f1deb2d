//! Runs on their way into the store: the rows, their documents, their attachments.

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, params};

use super::attachment::NewAttachment;
use super::error::Error;
use super::tally::{self, Counted, Tallies};
use super::writer::Session;
use super::{attachments, listeners, outputs, sightings, text, unindexed};
use crate::model::{
    Comfyui, Document, ErrorSummary, GenerationId, InstanceId, InstanceName, PromptId, Status, StatusReason, Timestamp,
};
use crate::sqlite::codes::{Coded, PackedId};

/// Characters of an error's message in the row; the whole of it is in the result document.
const ERROR_MESSAGE: usize = 2_000;

const INSERT: &str = "
    INSERT INTO generations (instance_id, prompt_id, number, status, status_reason, created_at, started_at, finished_at,
        client_id, workflow_id, workflow_name, model, comfyui_id, outputs_count, kinds, error_node_id, error_node_type,
        error_type, error_message, outputs_to_execute)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, ?14, ?15, ?16, ?17, ?18, ?19)";
/// ?13: whether there is an error, to take the place of an earlier one.
const UPDATE: &str = "
    UPDATE generations SET number = coalesce(?3, number), status = ?4, status_reason = ?5,
        started_at = coalesce(?6, started_at), finished_at = coalesce(?7, finished_at),
        client_id = coalesce(?8, client_id), workflow_id = coalesce(?9, workflow_id),
        workflow_name = coalesce(?10, workflow_name), model = coalesce(?11, model),
        comfyui_id = coalesce(comfyui_id, ?12),
        error_node_id = iif(?13, ?14, error_node_id), error_node_type = iif(?13, ?15, error_node_type),
        error_type = iif(?13, ?16, error_type), error_message = iif(?13, ?17, error_message),
        outputs_to_execute = coalesce(?18, outputs_to_execute)
    WHERE id = ?2 AND instance_id = ?1";
const COMFYUI: &str = "SELECT id FROM comfyuis WHERE version IS ?1 AND devices = ?2";
const INSERT_COMFYUI: &str = "INSERT INTO comfyuis (version, devices) VALUES (?1, ?2)";
const NEWEST: &str = "
    UPDATE instances SET newest_id = run.id, newest_at = run.at
    FROM (SELECT id, coalesce(started_at, created_at) AS at FROM generations WHERE id = ?2) AS run
    WHERE instances.id = ?1 AND (newest_id IS NULL OR (newest_at, newest_id) <= (run.at, run.id))";
const ADD_INSTANCE: &str = "INSERT INTO instances (name) VALUES (?1) ON CONFLICT DO NOTHING";
const INSTANCE: &str = "SELECT id FROM instances WHERE name = ?1";

/// What a run should look like in the store. Fields that are `None` leave what is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Save {
    /// The row to change; `None` for a run that is new.
    pub id: Option<GenerationId>,
    pub prompt_id: PromptId,
    /// ComfyUI's queue number: starts again at 0 with ComfyUI, negative at the front, may be a fraction.
    pub number: Option<f64>,
    /// How far it got.
    pub status: Status,
    /// Why it is cancelled or lost. Unlike the others `None` clears it, as it belongs to the status.
    pub status_reason: Option<StatusReason>,
    /// When it was queued. Ignored for a row that exists.
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub client_id: Option<String>,
    pub workflow_id: Option<String>,
    pub workflow_name: Option<String>,
    /// The nodes that ComfyUI was to run for, a JSON array.
    pub outputs_to_execute: Option<String>,
    /// The name of the main model.
    pub model: Option<String>,
    /// The error that ended it.
    pub error: Option<ErrorSummary>,
    /// Kept texts; each replaces an earlier one of its kind.
    pub documents: Vec<Document>,
    /// What it gave and read. Those that the row has already (same role, node, key, content) stay as they are.
    pub attachments: Vec<NewAttachment>,
}

impl Save {
    /// A run that is new, of which only this is known.
    pub fn new(prompt_id: PromptId, status: Status, created_at: Timestamp) -> Self {
        Self {
            id: None,
            prompt_id,
            number: None,
            status,
            status_reason: None,
            created_at,
            started_at: None,
            finished_at: None,
            client_id: None,
            workflow_id: None,
            workflow_name: None,
            outputs_to_execute: None,
            model: None,
            error: None,
            documents: Vec::new(),
            attachments: Vec::new(),
        }
    }
}

/// Writes the runs of one batch; all of them or none. The ids are in the order of the runs.
pub(super) fn save(
    session: &mut Session,
    instance: InstanceId,
    comfyui: &Comfyui,
    runs: &[Save],
) -> Result<Vec<GenerationId>, Error> {
    let comfyui = self::comfyui(session, comfyui)?;
    let ids: Vec<_> = runs.iter().map(|run| write(session, instance, comfyui, run)).collect::<Result<_, _>>()?;
    session.tallies.write(&session.conn)?;
    session.saved_at = Some(Instant::now());
    note_newest(&session.conn, instance, runs, &ids)?;
    Ok(ids)
}

fn write(session: &mut Session, instance: InstanceId, comfyui: Option<i64>, run: &Save) -> Result<GenerationId, Error> {
    let Session { conn, bases, tallies, listeners, changes, .. } = session;
    let (id, before) = match run.id {
        None => (insert(conn, tallies, instance, comfyui, run)?, None),
        Some(id) => (id, Some(update(conn, tallies, instance, comfyui, id, run)?)),
    };
    for document in &run.documents {
        if run.id.is_none() {
            bases.add(conn, id.0, document.kind, &document.json)?;
        } else {
            bases.put(conn, id.0, document.kind, &document.json)?;
        }
    }
    attachments::save(conn, tallies, instance, id, run.id.is_none(), &run.attachments)?;
    if let Some(before) = before.filter(|before| *before != run.status) {
        sightings::run_went_on(conn, id, before, (run.status, run.status_reason))?;
    }
    unindexed::note(conn, id)?;
    changes.run(id, run.status);
    let has_ended = !run.status.is_open() && before != Some(run.status);
    if has_ended {
        let ended_at = run.finished_at.or(run.started_at).unwrap_or(run.created_at);
        listeners::note(conn, listeners, (instance, id, run.status), ended_at)?;
    }
    Ok(id)
}

fn insert(
    conn: &Connection,
    tallies: &mut Tallies,
    instance: InstanceId,
    comfyui: Option<i64>,
    run: &Save,
) -> Result<GenerationId, Error> {
    let error = run.error.as_ref();
    let kinds = outputs::kinds(&run.attachments);
    conn.prepare_cached(INSERT)?.execute(params![
        instance.0,
        PackedId(run.prompt_id.as_str()),
        run.number,
        Coded(run.status),
        run.status_reason.map(Coded),
        run.created_at.as_millis(),
        run.started_at.map(Timestamp::as_millis),
        run.finished_at.map(Timestamp::as_millis),
        run.client_id.as_deref().map(PackedId),
        run.workflow_id.as_deref().map(PackedId),
        run.workflow_name,
        run.model,
        comfyui,
        kinds,
        error.and_then(|error| error.node_id.as_deref()),
        error.and_then(|error| error.node_type.as_deref()),
        error.and_then(|error| error.kind.as_deref()),
        error.and_then(|error| error.message.as_deref()).map(|message| text::beginning(message, ERROR_MESSAGE)),
        run.outputs_to_execute,
    ])?;
    let id = GenerationId(conn.last_insert_rowid());
    tallies.add(Counted { instance, status: run.status, kinds, created_at: run.created_at });
    Ok(id)
}

/// Gives the status that the run had.
fn update(
    conn: &Connection,
    tallies: &mut Tallies,
    instance: InstanceId,
    comfyui: Option<i64>,
    id: GenerationId,
    run: &Save,
) -> Result<Status, Error> {
    let before = tally::counted(conn, id)?.filter(|row| row.instance == instance);
    let before = before.ok_or(Error::UnknownGeneration(id))?;
    let error = run.error.as_ref();
    conn.prepare_cached(UPDATE)?.execute(params![
        instance.0,
        id.0,
        run.number,
        Coded(run.status),
        run.status_reason.map(Coded),
        run.started_at.map(Timestamp::as_millis),
        run.finished_at.map(Timestamp::as_millis),
        run.client_id.as_deref().map(PackedId),
        run.workflow_id.as_deref().map(PackedId),
        run.workflow_name,
        run.model,
        comfyui,
        error.is_some(),
        error.and_then(|error| error.node_id.as_deref()),
        error.and_then(|error| error.node_type.as_deref()),
        error.and_then(|error| error.kind.as_deref()),
        error.and_then(|error| error.message.as_deref()).map(|message| text::beginning(message, ERROR_MESSAGE)),
        run.outputs_to_execute,
    ])?;
    let status = before.status;
    tallies.replace(before, Counted { status: run.status, ..before });
    Ok(status)
}

/// The row of a ComfyUI; `None` when nothing is known of it, so that a later save may fill it in.
fn comfyui(session: &mut Session, comfyui: &Comfyui) -> Result<Option<i64>, Error> {
    if *comfyui == Comfyui::default() {
        return Ok(None);
    }
    if let Some((_, id)) = session.comfyui.as_ref().filter(|(known, _)| known == comfyui) {
        return Ok(Some(*id));
    }
    let devices = serde_json::Value::from(comfyui.devices.clone()).to_string();
    let found = session
        .conn
        .prepare_cached(COMFYUI)?
        .query_row(params![comfyui.version, devices], |row| row.get("id"))
        .optional()?;
    let id = match found {
        Some(id) => id,
        None => {
            session.conn.prepare_cached(INSERT_COMFYUI)?.execute(params![comfyui.version, devices])?;
            session.conn.last_insert_rowid()
        }
    };
    session.comfyui = Some((comfyui.clone(), id));
    Ok(Some(id))
}

/// Keeps `instances.newest_*` true: the latest start among runs that ComfyUI's history has, or had.
fn note_newest(conn: &Connection, instance: InstanceId, runs: &[Save], ids: &[GenerationId]) -> Result<(), Error> {
    let was_in_history = |run: &Save| match run.status {
        Status::Completed | Status::Failed => true,
        Status::Cancelled => run.status_reason != Some(StatusReason::Dequeued),
        Status::Pending | Status::InProgress | Status::Lost => false,
    };
    for (_, id) in runs.iter().zip(ids).filter(|(run, _)| was_in_history(run)) {
        conn.prepare_cached(NEWEST)?.execute(params![instance.0, id.0])?;
    }
    Ok(())
}

/// The instance's number, new if the name is.
pub(super) fn instance(session: &mut Session, name: &InstanceName) -> Result<InstanceId, Error> {
    let conn = &session.conn;
    conn.prepare_cached(ADD_INSTANCE)?.execute([name.as_str()])?;
    let id = conn.prepare_cached(INSTANCE)?.query_row([name.as_str()], |row| row.get("id"))?;
    Ok(InstanceId(id))
}
