//! The errors that a client can meet, each by the one word that programs know it by. A word never changes its meaning;
//! docs/api.md and the page `/api` list them all.

use http::StatusCode;

/// One row for each: its name here, its status, its word, and the key of what it means.
macro_rules! codes {
    ($($name:ident $status:ident $word:literal $key:literal;)*) => {
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
        }
    };
}

codes! {
    BadParameter BAD_REQUEST "bad_parameter" "code-parameter";
    BadRequest BAD_REQUEST "bad_request" "code-request";
    BadForm BAD_REQUEST "bad_form" "error-form";
    HostMissing BAD_REQUEST "host_missing" "error-host-missing";
    Unauthorized UNAUTHORIZED "unauthorized" "error-unauthorized";
    ReadOnlyToken FORBIDDEN "read_only_token" "error-read-only";
    ForeignOrigin FORBIDDEN "foreign_origin" "error-origin";
    NotFound NOT_FOUND "not_found" "error-not-found";
    NoGeneration NOT_FOUND "generation_not_found" "error-no-generation";
    NoDocument NOT_FOUND "document_not_found" "error-no-document";
    NoOutput NOT_FOUND "output_not_found" "error-no-output";
    OutputPending NOT_FOUND "output_pending" "error-output-pending";
    OutputMissing NOT_FOUND "output_missing" "error-output-missing";
    NoFile NOT_FOUND "file_not_found" "code-file";
    NoJob NOT_FOUND "job_not_found" "code-job";
    Method METHOD_NOT_ALLOWED "method_not_allowed" "error-method";
    ReadOnly METHOD_NOT_ALLOWED "read_only" "code-read-only";
    Range RANGE_NOT_SATISFIABLE "range_not_satisfiable" "code-range";
    UnknownHost MISDIRECTED_REQUEST "unknown_host" "code-host";
    TooMany TOO_MANY_REQUESTS "too_many_attempts" "code-too-many";
    Internal INTERNAL_SERVER_ERROR "internal" "error-internal";
    Index SERVICE_UNAVAILABLE "index_unavailable" "error-index";
}
