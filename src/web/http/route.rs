//! What a route says of itself. The table in `routes` puts it into the extensions of each request; the layers that a request
//! passes read it there, and know no path.

use http::Method;
use serde_json::{Value, json};

use super::code::Code;

/// One row of the table, but for its handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// What counts and the log call the route: its path, with parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What calling it does.
    pub effect: Effect,
    /// How its errors look.
    pub errors: ErrorStyle,
    /// Whose pages may read its answers.
    pub sharing: Sharing,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A supervisor too: under any name, also outside of the base path, from any page.
    Probe,
    /// Anybody who reaches us under a name of ours.
    Anyone,
    Read,
    /// Who may do everything; asked by a method that changes nothing, who may read.
    Full,
}

/// What calling a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It reads, whatever the method: of some the question stands in the body.
    Reads,
    /// It changes something, unless the method never does.
    Changes,
}

/// Whose pages may read the answers of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    Own,
    /// Also those of sites that the configuration names, and of the ComfyUI servers that it names.
    Shared,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorStyle {
    /// A page for people; JSON for who accepts that and no page.
    Page,
    /// JSON; a page for who accepts one, as a person may follow a link to a file.
    File,
    Json,
    /// JSON as ComfyUI answers a prompt: an object with an object.
    Prompt,
    /// JSON as ComfyUI answers for jobs: an object with a text.
    Jobs,
    /// The envelope of the history plugin.
    Envelope,
}

/// What a client would like to read of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A page for people.
    Page,
    Json,
    /// JSON for programs that were written for ComfyUI, or for its history plugin.
    Compatible(ErrorStyle),
}

impl Rules {
    /// Whether a request by this method changes something.
    pub fn changes(&self, method: &Method) -> bool {
        self.effect == Effect::Changes && !only_reads(method)
    }

    /// Who may send a request by this method.
    pub fn access(&self, method: &Method) -> Access {
        if self.access == Access::Full && only_reads(method) { Access::Read } else { self.access }
    }
}

/// Whether no request by this method changes anything, wherever it goes.
pub fn only_reads(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

impl ErrorStyle {
    /// What a client reads that sent this `Accept`.
    pub fn format(self, accept: &str) -> Format {
        let accepts_pages = accept.contains("text/html");
        let is_page = match self {
            Self::Page => accepts_pages || !accept.contains("application/json"),
            Self::File => accepts_pages,
            Self::Json => false,
            Self::Prompt | Self::Jobs | Self::Envelope => return Format::Compatible(self),
        };
        if is_page { Format::Page } else { Format::Json }
    }

    /// The body of an error as JSON.
    pub fn json(self, code: Code, message: &str) -> Value {
        match self {
            Self::Page | Self::File | Self::Json => json!({"error": {"code": code.as_str(), "message": message}}),
            Self::Prompt => json!({
                "error": {"type": code.as_str(), "message": message, "details": "", "extra_info": {}},
                "node_errors": {},
            }),
            Self::Jobs => json!({"error": message}),
            Self::Envelope => json!({"code": code.status().as_u16(), "msg": message, "data": null}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_json_and_people_get_pages() {
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        for (style, accept, format) in [
            (ErrorStyle::Page, browser, Format::Page),
            (ErrorStyle::Page, "*/*", Format::Page),
            (ErrorStyle::Page, "application/json", Format::Json),
            (ErrorStyle::File, browser, Format::Page),
            (ErrorStyle::File, "*/*", Format::Json),
            (ErrorStyle::Json, browser, Format::Json),
            (ErrorStyle::Jobs, browser, Format::Compatible(ErrorStyle::Jobs)),
        ] {
            assert_eq!(style.format(accept), format, "{style:?} {accept}");
        }
    }

    #[test]
    fn a_reader_may_ask_what_only_others_may_change() {
        let rules = Rules {
            path: "/x",
            access: Access::Full,
            effect: Effect::Changes,
            errors: ErrorStyle::Json,
            sharing: Sharing::Own,
        };
        assert_eq!((rules.access(&Method::GET), rules.changes(&Method::GET)), (Access::Read, false));
        assert_eq!((rules.access(&Method::DELETE), rules.changes(&Method::DELETE)), (Access::Full, true));
        let reads = Rules { access: Access::Read, effect: Effect::Reads, ..rules };
        assert_eq!((reads.access(&Method::POST), reads.changes(&Method::POST)), (Access::Read, false));
    }
}
