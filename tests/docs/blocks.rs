//! Every block of commands either runs here as it stands, or says above itself why it can't:
//! `<!-- not run: needs a container engine -->`.
//!
//! Commands find a daemon with some runs at the documented address, its data in `RECALL_DATA_DIR`, and what only a reader
//! has (`/srv/…`, `/run/secrets/…`) in a folder that goes. A daemon that a block starts is asked to end once it listens.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::page::{Block, Page};
use crate::commands::{Shell, recorded, studio};
use crate::support::comfyui::ComfyUi;
use crate::support::daemon::{Daemon, program};

/// Pages whose blocks are run by others, and by whom. A test below looks whether they are.
const RUN_ELSEWHERE: [(&str, &str, &str); 3] = [
    ("docs/api.md", "tests/python/test_api.py", "\"api.md\""),
    ("docs/compatible.md", "tests/python/test_compatible.py", "\"compatible.md\""),
    ("docs/commands.md", "tests/commands/docs.rs", "docs/commands.md"),
];

/// What is run, and so must have a reason where it isn't.
const RUNNABLE: [&str; 6] = ["sh", "bash", "console", "powershell", "bat", "python"];

/// Folders that only a reader has. Ours are below a temporary one.
const THEIRS: [&str; 5] = ["/srv/", "/run/secrets/", "/mnt/", "/var/lib/comfy-recall", "/workspace"];

/// Starts the program. A daemon is asked to end as soon as it listens; what it is asked to listen on is for it to choose.
const WRAPPER: &str = r#"#!/usr/bin/env bash
set -u
# What begins with an option, or with nothing, is a daemon; another word is a command.
case ${1:-serve} in
    serve | --[a-gi-uw-z]*) ;;
    *) exec "$PROGRAM" "$@" ;;
esac
export RECALL_LISTEN=127.0.0.1:0
coproc "$PROGRAM" "${@//:8588/:0}"
daemon=$COPROC_PID
IFS= read -r said <&"${COPROC[0]}"
kill -TERM "$daemon" 2>/dev/null
wait "$daemon"
code=$?
[[ $said == "comfy-recall listening on "* ]] && exit "$code"
echo "said '$said' and ended with $code" >&2
exit 1
"#;

/// Why it isn't run.
fn excuse<'a>(block: &Block<'a>) -> Option<&'a str> {
    let excuse = block.above.strip_prefix("<!-- not run: ").and_then(|rest| rest.strip_suffix(" -->"));
    let is_run_by_ci = block.above.starts_with("<!-- .ci/run runs ").then_some(".ci/run runs it");
    excuse.filter(|reason| reason.len() > 5).or(is_run_by_ci)
}

/// A reader who has the program and a history.
struct Reader {
    folder: TempDir,
    comfy: ComfyUi,
    daemon: Daemon,
}

impl Reader {
    async fn new() -> Self {
        let (comfy, daemon) = recorded().await;
        daemon.until("the index", async |daemon| (daemon.list("q=lighthouse").await.len() == 6).then_some(())).await;
        let folder = TempDir::with_prefix("reader-").unwrap();
        let kept = folder.path().join("kept");
        Shell::on(daemon.data_dir()).done(&["backup", kept.to_str().unwrap()]);
        // A backup has no index.
        copy(&kept, &folder.path().join("used"));
        studio::add(&folder.path().join("used")).await;
        Self { folder, comfy, daemon }
    }

    /// Runs a block in a home of its own, on a copy of the history.
    fn run(&self, n: usize, code: &str) -> Output {
        let home = self.folder.path().join(format!("{n}"));
        let theirs = home.join("theirs");
        for made in ["bin", "data", "ComfyUI"] {
            fs::create_dir_all(home.join(made)).unwrap();
        }
        for made in ["run/secrets", "srv/ComfyUI", "mnt/backup", "var/lib", "workspace/ComfyUI"] {
            fs::create_dir_all(theirs.join(made)).unwrap();
        }
        for secret in ["recall-password", "recall-token", "recall-webhook"] {
            fs::write(theirs.join("run/secrets").join(secret), "correct horse battery staple\n").unwrap();
        }
        copy(&self.folder.path().join("used"), &home.join("data"));
        copy(&self.folder.path().join("kept"), &theirs.join("mnt/backup/comfy-recall"));
        executable(&home.join("bin/comfy-recall"), WRAPPER);
        let theirs_password = theirs.join("run/secrets/recall-password");
        let theirs = theirs.display();
        let mut code = THEIRS.iter().fold(code.to_owned(), |code, path| code.replace(path, &format!("{theirs}{path}")));
        code = code.replace("http://127.0.0.1:8588", self.daemon.url());
        code = code.replace("http://127.0.0.1:8188", &self.comfy.url());
        code = code.replace("curl ", "curl --silent --show-error --fail --noproxy '*' ");
        let path = format!("{}:{}", home.join("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &code]).current_dir(&home).env_clear();
        command.env("PATH", path).env("HOME", &home).env("PROGRAM", program()).env("TZ", "UTC");
        // Where a block names no ComfyUI, none of this machine is looked for.
        command.env("RECALL_COMFYUI", self.comfy.url());
        let typed = fs::File::open(theirs_password).unwrap();
        command.env("RECALL_DATA_DIR", home.join("data")).stdin(typed);
        command.output().unwrap()
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(path).status().unwrap().success());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let contents = from.join(".");
    assert!(Command::new("cp").arg("-R").args([&contents, &PathBuf::from(to)]).status().unwrap().success());
}

fn read_here() -> Vec<Page> {
    let is_elsewhere = |page: &Page| RUN_ELSEWHERE.iter().any(|(path, ..)| page.path == *path);
    let is_ours = |page: &Page| page.path == "README.md" || page.path.starts_with("docs/");
    Page::all().into_iter().filter(|page| is_ours(page) && !is_elsewhere(page)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs curl"]
async fn every_block_runs_or_says_why_not() {
    let reader = Reader::new().await;
    let (mut run, mut faults) = (0, Vec::new());
    for page in read_here() {
        for block in page.blocks().into_iter().filter(|block| RUNNABLE.contains(&block.language)) {
            if excuse(&block).is_some() {
                continue;
            }
            if block.language != "sh" {
                faults.push(format!("{}: needs `<!-- not run: … -->`:\n{}", page.path, block.code));
                continue;
            }
            run += 1;
            let output = reader.run(run, block.code);
            if !output.status.success() {
                let error = String::from_utf8_lossy(&output.stderr);
                faults.push(format!("{}:\n{}{}\n{error}", page.path, block.code, output.status));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(run >= 10, "only {run} blocks were run");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs curl"]
async fn a_block_that_goes_wrong_is_seen() {
    let reader = Reader::new().await;
    let wrong =
        ["comfy-recall --no-such-option\n", "comfy-recall show 99\n", "curl http://127.0.0.1:8588/none\n", "none\n"];
    for (n, code) in wrong.into_iter().enumerate() {
        assert!(!reader.run(n, code).status.success(), "{code}");
    }
    let page = Page {
        path: "made-up.md".to_owned(),
        text: "<!-- not run: needs luck -->\n```sh\na\n```\n\n```sh\nb\n```\n<!-- not run: -->\n```sh\nc\n```\n"
            .to_owned(),
    };
    let excuses = page.blocks().iter().map(excuse).collect::<Vec<_>>();
    assert_eq!(excuses, [Some("needs luck"), None, None]);
}

#[test]
fn blocks_that_others_run_are_run() {
    for (page, test, named) in RUN_ELSEWHERE {
        let (page, test) = (Page::read(page), fs::read_to_string(super::page::root().join(test)).unwrap());
        assert!(test.contains(named), "{} isn't read there", page.path);
        for block in page.blocks().iter().filter(|block| RUNNABLE.contains(&block.language)) {
            // That of the command line runs the lines that begin so, and only these.
            let is_command = |line: &str| line.starts_with("comfy-recall ") && !line.starts_with("comfy-recall --");
            let is_run = test.contains("BLOCKS") || block.code.lines().all(is_command);
            assert!(is_run || excuse(block).is_some(), "{}:\n{}", page.path, block.code);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_piece_of_configuration_is_one() {
    let reader = Reader::new().await;
    let mut read = 0;
    for page in Page::all().into_iter().filter(|page| page.path == "README.md" || page.path.starts_with("docs/")) {
        for block in page.blocks().into_iter().filter(|block| block.language == "toml") {
            read += 1;
            // A piece may name a server that stands elsewhere in the file.
            let line = "comfy-recall config --config config.toml --comfyui gpu=http://127.0.0.1:8188";
            let code = format!("cat > config.toml <<'END'\n{}END\n{line}\n", block.code);
            let output = reader.run(read, &code);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}:\n{}{error}", page.path, block.code);
        }
    }
    assert!(read >= 3, "only {read} were read");
}
