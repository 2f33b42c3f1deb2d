//! What a client is told of the failures of the rooms behind the site.

use crate::web::http::code::Code;
use crate::web::http::problem::Problem;
use crate::{blobs, store, thumbs};

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        if let store::Error::Index { .. } = error {
            let message = error.to_string();
            return Self::from(Code::Index).message(message).because("read the store", error);
        }
        let problem = Self::from(Code::Internal);
        let problem = if error.is_damage() {
            problem.text("error-damaged").message(
                "the records are damaged: stop comfy-recall and restore a backup; its log says which file, and how",
            )
        } else if error.is_transient() {
            problem
                .text("error-unreadable")
                .message("the records can't be read right now; the log of comfy-recall says why. Try again in a moment")
        } else {
            problem
        };
        problem.because("read the store", error)
    }
}

impl From<blobs::Error> for Problem {
    fn from(error: blobs::Error) -> Self {
        Self::internal("open a file", error)
    }
}

impl From<thumbs::Error> for Problem {
    fn from(error: thumbs::Error) -> Self {
        Self::internal("make a thumbnail", error)
    }
}
