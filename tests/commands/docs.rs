//! What `docs/commands.md` and `--help` say of the command line.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use comfy_recall::cli;

use super::restore::{KEPT, downgraded};
use super::{Shell, recorded, studio};
use crate::support::daemon::program;

const GUIDE: &str = include_str!("../../docs/commands.md");

/// Commands that take every option of the daemon; `docs/configuration.md` has these.
const CONFIGURED: [&str; 3] = ["serve", "config", "reindex"];

/// The part of the guide under a heading.
fn section(title: &str) -> Option<&'static str> {
    let start = GUIDE.find(&format!("\n## {title}\n"))? + 1;
    let rest = &GUIDE[start + 3..];
    Some(&GUIDE[start..rest.find("\n## ").map_or(GUIDE.len(), |end| start + 3 + end)])
}

/// Lines of a shell, those that are to be run.
fn commands<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let lines = lines.filter(|line| line.starts_with("comfy-recall ") && !line.starts_with("comfy-recall --"));
    lines.map(str::to_owned).collect()
}

fn in_blocks(text: &str) -> Vec<String> {
    commands(text.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n")).flat_map(str::lines))
}

/// Examples of `--help`: what stands before the gap of two blanks. Runs and folders that only a reader has become ours.
fn of_help(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().filter_map(|line| line.strip_prefix("  ")).map(|line| line.split("  ").next().unwrap());
    let lines = commands(lines);
    lines.iter().map(|line| line.replace("128", "4").replace("127", "3").replace("/mnt/", "mnt/")).collect()
}

#[test]
fn every_command_and_every_flag_is_in_the_guide() {
    let command = cli::command();
    for subcommand in command.get_subcommands() {
        let name = subcommand.get_name();
        assert!(GUIDE.contains(&format!("`{name}`")), "{name} isn't in the table of the guide");
        if CONFIGURED.contains(&name) {
            continue;
        }
        let section = section(name).or_else(|| section("Completions and manual pages")).unwrap();
        let everywhere = ["--data-dir", "--config"];
        for argument in subcommand.get_arguments() {
            let Some(flag) = argument.get_long().map(|long| format!("--{long}")) else { continue };
            let is_told = section.contains(&flag) || everywhere.contains(&flag.as_str()) && GUIDE.contains(&flag);
            assert!(is_told, "{flag} of {name} isn't in the guide");
        }
        assert!(!of_help(subcommand).is_empty(), "{name} --help has no example");
    }
}

#[tokio::test]
async fn every_field_of_a_format_is_in_the_guide() {
    let (_comfy, daemon) = recorded().await;
    let said = Shell::on(daemon.data_dir()).refused(2, &["list", "--format", "{?}"]);
    let fields = said.split("there are ").nth(1).unwrap().split(';').next().unwrap();
    assert!(fields.split(", ").count() > 30, "{said}");
    for field in fields.split(", ") {
        assert!(section("list").unwrap().contains(&format!("`{field}`")), "{field}");
    }
}

#[tokio::test]
async fn every_example_runs() {
    let (_comfy, mut daemon) = recorded().await;
    daemon.until("the index", async |daemon| (daemon.list("q=lighthouse").await.len() == 6).then_some(())).await;
    daemon.terminate().await;
    studio::add(daemon.data_dir()).await;
    let examples = cli::command().get_subcommands().flat_map(of_help).chain(in_blocks(GUIDE)).collect::<Vec<_>>();
    assert!(examples.len() > 30, "{examples:#?}");
    for example in examples {
        // Each by itself: what one wrote another need not overwrite.
        let folder = tempfile::tempdir().unwrap();
        // Only who went back to an older version has something to restore.
        let downgraded = if example.starts_with("comfy-recall restore") { Some(downgraded().await) } else { None };
        let data = downgraded.as_ref().map_or(daemon.data_dir(), |data| data.path());
        if let Some(data) = &downgraded {
            fs::copy(data.path().join(KEPT), folder.path().join("recall.db.before-0.2.0")).unwrap();
        }
        let output = shell(folder.path(), data, &example).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{example}: {error}");
        let is_shown = !example.contains(" > ") && !example.contains("| man");
        assert!(!is_shown || !output.stdout.is_empty(), "{example} prints nothing");
    }
}

/// A line of a shell that knows `comfy-recall`, in a folder of its own.
fn shell(folder: &Path, data: &Path, line: &str) -> Command {
    let bin = folder.join("bin");
    for made in [".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions", "bin"] {
        fs::create_dir_all(folder.join(made)).unwrap();
    }
    symlink(program(), bin.join("comfy-recall")).unwrap();
    fs::write(folder.join("password.txt"), "correct horse battery staple\n").unwrap();
    // Whoever has no `man` has none to read with.
    fs::write(bin.join("man"), "#!/bin/sh\ncat > /dev/null\n").unwrap();
    Command::new("chmod").arg("+x").arg(bin.join("man")).status().unwrap();
    let mut command = Command::new("sh");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    command.env_clear().env("PATH", path).env("HOME", folder).env("RECALL_DATA_DIR", data).current_dir(folder);
    command.arg("-c").arg(line);
    command
}
