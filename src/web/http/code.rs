//! The errors that a client can meet, each by the one word that programs know it by. A word never changes its meaning;
//! docs/api.md and the page `/api` list them all.

use http::StatusCode;

/// One row for each: its name here, its status, its word, the key of what it means, and the message for people where no
/// other is given.
macro_rules! codes {
    ($($name:ident $status:ident $word:literal $key:literal $message:literal;)*) => {
        /// One word for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the table says it")]
        pub enum Code {
            $($name,)*
        }

        impl Code {
            /// Every word.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word itself.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The status of an answer that says it.
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                }
            }

            /// The key of what it means.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }

            /// What JSON says to people: what is wrong, and what to do.
            pub fn message(self) -> &'static str {
                match self {
                    $(Self::$name => $message,)*
                }
            }
        }
    };
}

codes! {
    BadParameter BAD_REQUEST "bad_parameter" "code-parameter"
        "a parameter is invalid";
    BadRequest BAD_REQUEST "bad_request" "code-request"
        "the request is invalid";
    BadForm BAD_REQUEST "bad_form" "error-form"
        "this form can't be read; reload its page";
    HostMissing BAD_REQUEST "host_missing" "error-host-missing"
        "the request has no Host header, or more than one";
    Unauthorized UNAUTHORIZED "unauthorized" "error-unauthorized"
        "a password (HTTP Basic, with any user name) or a token (Bearer) is required";
    ReadOnlyToken FORBIDDEN "read_only_token" "error-read-only"
        "this token is read-only; use one with the scope full";
    ForeignOrigin FORBIDDEN "foreign_origin" "error-origin"
        "only pages of this server may make changes here";
    NotFound NOT_FOUND "not_found" "error-not-found"
        "there is nothing at this address";
    NoGeneration NOT_FOUND "generation_not_found" "error-no-generation"
        "there is no generation with this id";
    NoDocument NOT_FOUND "document_not_found" "error-no-document"
        "this generation has no such document; runs queued by a script have no workflow";
    NoOutput NOT_FOUND "output_not_found" "error-no-output"
        "this generation has no output with this id; /api/v1/generations/{id}/outputs lists them";
    OutputPending NOT_FOUND "output_pending" "error-output-pending"
        "this file hasn't been copied yet; try again in a moment";
    OutputMissing NOT_FOUND "output_missing" "error-output-missing"
        "this file is missing: it couldn't be copied; the list of outputs says why";
    NoFile NOT_FOUND "file_not_found" "code-file"
        "there is no file with this digest here";
    NoJob NOT_FOUND "job_not_found" "code-job"
        "Job not found";
    Method METHOD_NOT_ALLOWED "method_not_allowed" "error-method"
        "this address is read-only: use GET or HEAD";
    ReadOnly METHOD_NOT_ALLOWED "read_only" "code-read-only"
        "comfy-recall is a read-only record of what ComfyUI did; send this to ComfyUI itself";
    Range RANGE_NOT_SATISFIABLE "range_not_satisfiable" "code-range"
        "the range is outside the file";
    UnknownHost MISDIRECTED_REQUEST "unknown_host" "code-host"
        "this server isn't known by this name";
    TooMany TOO_MANY_REQUESTS "too_many_attempts" "code-too-many"
        "too many wrong passwords or tokens from your address";
    Internal INTERNAL_SERVER_ERROR "internal" "error-internal"
        "something went wrong here; the log of comfy-recall has the details";
    Index SERVICE_UNAVAILABLE "index_unavailable" "error-index"
        "the search index is damaged";
}
