//! The head of a JPEG, read without decoding anything (ITU-T T.81, annex B).

use std::io::{BufRead, Seek};

use crate::model::Unmade;

/// Segments before the one that tells the size, at the most. A colour profile and a preview in pieces of 64 KB take some
/// dozens.
const MOST_SEGMENTS: usize = 4096;

/// How large a JPEG is, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JpegHead {
    pub(super) width: u32,
    pub(super) height: u32,
    /// 1 gray, 3 colour, 4 for print.
    pub(super) components: u32,
    /// In several passes: the decoder holds all coefficients until the last.
    pub(super) is_progressive: bool,
}

/// Walks from segment to segment, up to the one that tells the size.
pub(super) fn head(source: &mut (impl BufRead + Seek)) -> Result<JpegHead, Unmade> {
    let mut marker = [0; 2];
    read(source, &mut marker)?;
    if marker != [0xFF, 0xD8] {
        return Err(Unmade::Damaged);
    }
    for _ in 0..MOST_SEGMENTS {
        read(source, &mut marker)?;
        // A marker may have any number of fill bytes in front.
        while marker == [0xFF, 0xFF] {
            read(source, &mut marker[1..])?;
        }
        let mut length = [0; 2];
        read(source, &mut length)?;
        let length = u16::from_be_bytes(length).checked_sub(2).ok_or(Unmade::Damaged)?;
        match marker {
            // Start of frame, but for the three markers in between that mean something else.
            [0xFF, kind @ 0xC0..=0xCF] if !matches!(kind, 0xC4 | 0xC8 | 0xCC) => return frame(source, kind),
            // Relative: what is in memory of the file stays there.
            [0xFF, 0xC0..=0xFE] => source.seek_relative(length.into()).map_err(|_| Unmade::Damaged)?,
            _ => return Err(Unmade::Damaged),
        }
    }
    Err(Unmade::Damaged)
}

fn frame(source: &mut impl BufRead, kind: u8) -> Result<JpegHead, Unmade> {
    let mut frame = [0; 6];
    read(source, &mut frame)?;
    let [_, y1, y0, x1, x0, components] = frame;
    let is_progressive = matches!(kind, 0xC2 | 0xC6 | 0xCA | 0xCE);
    let (width, height) = (u16::from_be_bytes([x1, x0]).into(), u16::from_be_bytes([y1, y0]).into());
    Ok(JpegHead { width, height, components: components.into(), is_progressive })
}

fn read(source: &mut impl BufRead, bytes: &mut [u8]) -> Result<(), Unmade> {
    source.read_exact(bytes).map_err(|_| Unmade::Damaged)
}
