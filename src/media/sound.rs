//! Sound, decoded far enough to be drawn.

use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::picture::Thumbnail;
use super::wave::Wave;
use crate::model::{MediaFacts, Unmade};

/// How long decoding may take. What was heard by then is drawn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Packets that are all decoded: some minutes. Of what follows, one of [`SAMPLED`] is enough for a drawing.
const ALL_HEARD: u64 = 8_000;

/// Of a long sound, every so manieth packet is decoded.
const SAMPLED: u64 = 16;

/// The loudest that a sample can be.
const FULL: f32 = 32_767.0;

/// Draws the sound of a file: MP3, WAV and FLAC, as ComfyUI saves it.
///
/// # Errors
/// [`Unmade::Unsupported`] for other codecs; else broken.
pub fn listen(source: File, mime: &str) -> Result<Thumbnail, Unmade> {
    let deadline = Instant::now() + PATIENCE;
    let mut hint = Hint::new();
    hint.mime_type(mime);
    // Pictures and lyrics in the file are of no use here.
    let mut tags = MetadataOptions::default();
    (tags.limit_tag_bytes, tags.limit_visual_bytes) = (Limit::Maximum(64 * 1024), Limit::Maximum(0));
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), tags)
        .map_err(|error| unmade(&error))?;
    let track = format.default_track(TrackType::Audio).ok_or(Unmade::Unsupported)?.clone();
    let parameters = track.codec_params.as_ref().and_then(|codec| codec.audio()).ok_or(Unmade::Unsupported)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|error| unmade(&error))?;
    let (wave, ticks) = hear(&mut *format, &mut *decoder, &track, deadline)?;
    wave.thumbnail(MediaFacts { duration_ms: duration_ms(&track, ticks), ..MediaFacts::default() })
}

/// Draws samples of 16 bits, little-endian, one channel: what a program gives that understands more formats.
///
/// # Errors
/// When there are none.
pub fn listen_to_samples(mut samples: impl Read, facts: MediaFacts) -> Result<Thumbnail, Unmade> {
    let mut wave = Wave::default();
    let mut frame: u64 = 0;
    let mut piece = Vec::new();
    loop {
        piece.clear();
        let length = samples.by_ref().take(64 * 1024).read_to_end(&mut piece).map_err(|_| Unmade::Damaged)?;
        if length == 0 {
            return wave.thumbnail(facts);
        }
        for sample in piece.chunks_exact(2) {
            wave.note(frame, i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs());
            frame += 1;
        }
    }
}

/// Goes through the packets; gives the drawing and where the last packet ends, in ticks of the track.
fn hear(
    format: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    track: &Track,
    deadline: Instant,
) -> Result<(Wave, u64), Unmade> {
    let (mut wave, mut samples) = (Wave::default(), Vec::new());
    let (mut heard, mut end) = (0, 0);
    while Instant::now() < deadline {
        // A file that ends too early was heard as far as it goes.
        let Ok(Some(packet)) = format.next_packet() else { break };
        if packet.track_id != track.id {
            continue;
        }
        heard += 1;
        let start = ticks(&packet);
        end = end.max(start.saturating_add(packet.dur.get()));
        if heard > ALL_HEARD && heard % SAMPLED != 0 {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(sound) => {
                let channels = sound.num_planes().max(1);
                sound.copy_to_vec_interleaved::<f32>(&mut samples);
                let frames = sound.frames().max(1) as u64;
                for (frame, channels) in (0..frames).zip(samples.chunks(channels)) {
                    let loudest = channels.iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
                    // Some files count in other ticks than samples.
                    wave.note(start.saturating_add(frame.saturating_mul(packet.dur.get()) / frames), loudness(loudest));
                }
            }
            // Passing over packets confuses some codecs for a moment.
            Err(Error::DecodeError(_)) => {}
            Err(error) if wave.is_empty() => return Err(unmade(&error)),
            Err(_) => break,
        }
    }
    Ok((wave, end))
}

fn ticks(packet: &Packet) -> u64 {
    u64::try_from(packet.pts.get()).unwrap_or(0)
}

/// 0 to 1 becomes 0 to 32,767. What isn't a number is silence.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 32,767")]
fn loudness(sample: f32) -> u16 {
    if sample.is_finite() { (sample.clamp(0.0, 1.0) * FULL) as u16 } else { 0 }
}

/// What the file says of its length, else how far it went.
fn duration_ms(track: &Track, ticks: u64) -> Option<u64> {
    let length = track.duration.unwrap_or_else(|| ticks.into());
    let time = track.time_base?.calc_duration(length)?;
    u64::try_from(time.as_millis()).ok().filter(|millis| *millis > 0)
}

fn unmade(error: &Error) -> Unmade {
    match error {
        Error::Unsupported(_) => Unmade::Unsupported,
        Error::LimitError(_) => Unmade::TooLarge,
        _ => Unmade::Damaged,
    }
}
