//! `ffmpeg`, where there is one: for films, and for formats that are not decoded here.
//!
//! The files are strangers'. It is told which demuxer to use, may open nothing but files, hears and writes nothing but its
//! pipes, has one thread, and is killed when it takes too long, says too much, or is no longer needed.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Error, Urgency, work};
use crate::model::{MediaFacts, Unmade};

/// How long it may take for one thumbnail.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// How much it may give: a frame of 512 pixels as PNG, or some minutes of samples.
const OUTPUT_BYTES: u64 = 8 * 1024 * 1024;

/// How much of what it says is listened to.
const WORDS_BYTES: u64 = 64 * 1024;

/// The largest piece of memory that it may ask for, and the largest frame that it may decode: 8K, twice.
const LARGEST_PIECE: &str = "268435456";
const LARGEST_FRAME: &str = "67108864";

/// At most 512 pixels on the shorter side.
const SCALE: &str = "scale=w='if(lt(iw,ih),min(512,iw),-1)':h='if(lt(iw,ih),-1,min(512,ih))'";

/// What it gets of our environment: where its libraries are. Our passwords are no concern of its.
const ENVIRONMENT: [&str; 6] =
    ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SystemRoot", "TMPDIR"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ffmpeg {
    program: PathBuf,
}

/// What ends it before its own end, and how polite it is.
#[derive(Debug)]
pub(super) struct Limits<'t> {
    pub(super) deadline: Instant,
    pub(super) shutdown: &'t CancellationToken,
    pub(super) urgency: Urgency,
}

impl<'t> Limits<'t> {
    /// For a thumbnail that is begun now.
    pub(super) fn from_now(shutdown: &'t CancellationToken, urgency: Urgency) -> Self {
        Self { deadline: Instant::now() + TIME_LIMIT, shutdown, urgency }
    }
}

/// A frame of a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VideoFrame {
    pub(super) png: Vec<u8>,
    pub(super) facts: MediaFacts,
}

impl Ffmpeg {
    /// Looks for it in the folders of `PATH`.
    pub fn find(folders: &OsStr) -> Option<Self> {
        let name = format!("ffmpeg{}", env::consts::EXE_SUFFIX);
        // A relative folder would be another one for each who starts us.
        let mut candidates = env::split_paths(folders).filter(|folder| folder.is_absolute());
        candidates
            .find_map(|folder| Some(folder.join(&name)).filter(|path| is_program(path)))
            .map(|program| Self { program })
    }

    /// What it has to read files of that type with, decided by us and not by the file.
    pub(super) fn demuxer(mime: &str) -> Option<&'static str> {
        Some(match mime {
            "video/mp4" | "video/quicktime" | "video/x-m4v" | "audio/m4a" | "image/avif" => "mov",
            "video/webm" | "video/x-matroska" => "matroska",
            "video/x-msvideo" => "avi",
            "video/x-flv" => "flv",
            "video/x-ms-wmv" => "asf",
            "video/mpeg" => "mpeg",
            "audio/ogg" | "audio/opus" => "ogg",
            "audio/mpeg" => "mp3",
            "audio/aac" => "aac",
            "audio/amr" => "amr",
            "audio/x-aiff" => "aiff",
            "audio/x-ape" => "ape",
            "audio/x-dsf" => "dsf",
            "audio/x-flac" => "flac",
            "audio/x-wav" => "wav",
            _ => return None,
        })
    }

    /// The frame that is shown at that second.
    pub(super) async fn frame(
        &self,
        path: &Path,
        demuxer: &str,
        second: u32,
        limits: &Limits<'_>,
    ) -> Result<Result<VideoFrame, Unmade>, Error> {
        let start = second.to_string();
        let before = ["-max_pixels", LARGEST_FRAME, "-ss", &start];
        let before = if second == 0 { &before[..2] } else { &before[..] };
        let after = ["-map", "0:v:0", "-frames:v", "1", "-vf", SCALE, "-pix_fmt", "rgba", "-c:v", "png"];
        let arguments = arguments(path, demuxer, before, &after, "image2pipe");
        let ran = self.run(&arguments, limits).await?;
        Ok(ran.map(|(png, words)| VideoFrame { png, facts: facts(&words) }))
    }

    /// The beginning of a sound, as 16-bit samples of one channel.
    pub(super) async fn samples(
        &self,
        path: &Path,
        demuxer: &str,
        limits: &Limits<'_>,
    ) -> Result<Result<(Vec<u8>, MediaFacts), Unmade>, Error> {
        let after = ["-map", "0:a:0", "-t", "900", "-ac", "1", "-ar", "4000"];
        let arguments = arguments(path, demuxer, &[], &after, "s16le");
        let ran = self.run(&arguments, limits).await?;
        let heard = |words: &str| MediaFacts { width: None, height: None, ..facts(words) };
        Ok(ran.map(|(samples, words)| (samples, heard(&words))))
    }

    /// Runs it: what it gave, and what it said. The inner error is the file's.
    async fn run(
        &self,
        arguments: &[OsString],
        limits: &Limits<'_>,
    ) -> Result<Result<(Vec<u8>, String), Unmade>, Error> {
        let mut command = Command::new(&self.program);
        command.args(arguments).kill_on_drop(true).env_clear();
        command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, env::var_os(name)?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|_| Error::GivenUp)?;
        if limits.urgency == Urgency::Background {
            work::let_step_back(child.id());
        }
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let running = async { tokio::join!(given(stdout), said(stderr), child.wait()) };
        let ran = tokio::select! {
            ran = timeout_at(limits.deadline, running) => ran,
            // Dropped with this future, it is killed.
            () = limits.shutdown.cancelled() => return Err(Error::GivenUp),
        };
        let Ok((given, words, status)) = ran else { return Ok(Err(Unmade::TooLarge)) };
        if given.len() as u64 > OUTPUT_BYTES {
            return Ok(Err(Unmade::TooLarge));
        }
        let has_given = status.is_ok_and(|status| status.success()) && !given.is_empty();
        Ok(if has_given { Ok((given, String::from_utf8_lossy(&words).into_owned())) } else { Err(Unmade::Damaged) })
    }
}

fn arguments(path: &Path, demuxer: &str, before: &[&str], after: &[&str], format: &str) -> Vec<OsString> {
    let mut input = OsString::from("file:");
    input.push(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let first = ["-nostdin", "-hide_banner", "-nostats", "-v", "info", "-max_alloc", LARGEST_PIECE];
    let reading = ["-threads", "1", "-protocol_whitelist", "file", "-f", demuxer];
    let mut arguments: Vec<OsString> = first.iter().chain(&reading).chain(before).map(OsString::from).collect();
    arguments.extend([OsString::from("-i"), input]);
    let writing = ["-threads", "1", "-f", format, "pipe:1"];
    arguments.extend(after.iter().chain(&writing).map(OsString::from));
    arguments
}

/// What it gives. Of more than it may, the pipe is closed, and so it ends.
async fn given(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // A pipe that breaks has given what it had to give.
        let _ = pipe.take(OUTPUT_BYTES + 1).read_to_end(&mut bytes).await;
    }
    bytes
}

/// The first that it says. The rest is read too, so that it needn't wait for us.
async fn said(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = (&mut pipe).take(WORDS_BYTES).read_to_end(&mut bytes).await;
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
    bytes
}

/// What it says of its input: `Duration: 00:00:01.50, …` and `… Video: h264, yuv420p, 512x384 [SAR 1:1], …`.
fn facts(words: &str) -> MediaFacts {
    let duration = words.split_once("Duration: ").and_then(|(_, rest)| duration_ms(rest.split(',').next()?));
    let size = words.split_once("Video: ").and_then(|(_, rest)| rest.lines().next()?.split([' ', ',']).find_map(size));
    MediaFacts { width: size.map(|size| size.0), height: size.map(|size| size.1), duration_ms: duration }
}

/// `HH:MM:SS.cc`; not `N/A`.
fn duration_ms(text: &str) -> Option<u64> {
    let (hours, rest) = text.trim().split_once(':')?;
    let (minutes, rest) = rest.split_once(':')?;
    let (seconds, hundredths) = rest.split_once('.')?;
    let number = |text: &str| text.parse::<u32>().ok().map(u64::from);
    let whole = number(hours)? * 3600 + number(minutes)? * 60 + number(seconds)?;
    Some(whole * 1000 + number(hundredths).filter(|_| hundredths.len() == 2)? * 10)
}

/// `512x384`; not `0x31637661`, the code of a codec.
fn size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    let side = |text: &str| text.parse().ok().filter(|side| (1..=65_535).contains(side));
    Some((side(width)?, side(height)?))
}

fn is_program(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else { return false };
    #[cfg(unix)]
    let is_executable = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let is_executable = true;
    metadata.is_file() && is_executable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ffmpeg_says_of_a_film_is_read() {
        let words = "Input #0, mov,mp4, from 'file:x':\n  Duration: 01:02:03.45, start: 0.0\n  \
                     Stream #0:0(und): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 640x360 [SAR 1:1], 24 fps\n";
        let expected = MediaFacts { width: Some(640), height: Some(360), duration_ms: Some(3_723_450) };
        assert_eq!(facts(words), expected);
        for words in ["", "Duration: ", "Duration: N/A, x\nVideo: none", "Duration: 1:1:-1.00\nVideo: 0x0, 99999x9"] {
            assert_eq!(facts(words), MediaFacts::default(), "{words}");
        }
    }

    #[test]
    fn a_program_is_found_on_the_path_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain");
        std::fs::create_dir_all(plain.join("ffmpeg")).unwrap();
        let program = folder.path().join(format!("ffmpeg{}", env::consts::EXE_SUFFIX));
        std::fs::write(&program, "").unwrap();
        let find = |folders: &[&Path]| Ffmpeg::find(&env::join_paths(folders).unwrap());
        #[cfg(unix)]
        {
            assert_eq!(find(&[folder.path()]), None, "not executable");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(&program, mode).unwrap();
        }
        assert_eq!(find(&[&plain, Path::new("."), folder.path()]), Some(Ffmpeg { program }));
        assert_eq!(find(&[&plain, Path::new("")]), None);
    }

    #[test]
    fn only_types_with_a_demuxer_of_their_own_are_read() {
        for mime in ["text/plain", "application/vnd.apple.mpegurl", "video/unknown", "", "image/png"] {
            assert_eq!(Ffmpeg::demuxer(mime), None, "{mime}");
        }
    }
}
