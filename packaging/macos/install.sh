#!/bin/bash
# Starts comfy-recall at every login, and restarts it if it fails. Needs no administrator rights.
#   install.sh [PROGRAM] [OPTION...]     for example: install.sh --comfyui http://192.168.1.20:8188
#   install.sh --uninstall               stops it; keeps the history
# PROGRAM is the path of comfy-recall; by default, the one next to this script, the one at the top of the unpacked archive,
# or the one on the PATH. OPTIONs are those of `comfy-recall serve`. A password belongs in config.toml, see
# docs/configuration.md.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
agent=$HOME/Library/LaunchAgents/comfy-recall.plist
domain=gui/$(id -u)

# launchd goes on while it ends: what is to be started again must be gone first.
stop() {
    launchctl bootout "$domain/comfy-recall" 2>/dev/null || return 0
    for _ in {1..60}; do
        launchctl print "$domain/comfy-recall" >/dev/null 2>&1 || return 0
        sleep 0.5
    done
    echo "install.sh: the running comfy-recall doesn't stop" >&2
    exit 1
}

if [[ ${1-} == --uninstall ]]; then
    stop
    rm -f "$agent"
    echo "comfy-recall no longer starts when you log in. Your history is still in ~/Library/Application Support/comfy-recall"
    exit
fi

if [[ ${1-} == ?* && ${1-} != -* ]]; then
    program=$1
    shift
elif [[ -x $here/comfy-recall ]]; then
    program=$here/comfy-recall
elif [[ -x $here/../../comfy-recall ]]; then
    program=$here/../../comfy-recall
else
    program=$(command -v comfy-recall || true)
fi
if [[ ! -f $program || ! -x $program ]]; then
    # until published: pypi
    echo "install.sh: ${program:-comfy-recall} isn't a program; install it from a checkout with: pipx install ./packaging/wheel; or give its path" >&2
    exit 1
fi
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")

# Says what is wrong with the options now, while somebody looks: `config` reads them as `serve` does.
"$program" config "$@" >/dev/null

# What stands for itself between the tags of XML, and in the replacement of sed.
text() { printf '%s' "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'; }
escaped() { text "$1" | sed 's/[\\|&]/\\&/g'; }

mkdir -p "$(dirname "$agent")" "$HOME/Library/Logs"
made=$(mktemp "$agent.XXXXXX")
trap 'rm -f "$made"' EXIT
{
    while IFS= read -r line; do
        printf '%s\n' "$line"
        if [[ $line == *"<string>serve</string>" ]]; then
            for argument; do
                printf '        <string>%s</string>\n' "$(text "$argument")"
            done
        fi
    done <"$here/comfy-recall.plist"
} | sed "s|@PROGRAM@|$(escaped "$program")|; s|@HOME@|$(escaped "$HOME")|" >"$made"
mv "$made" "$agent"

stop
launchctl bootstrap "$domain" "$agent"
echo "comfy-recall is running, and starts whenever you log in. History: http://127.0.0.1:8588, unless you chose another address."
echo "Log: ~/Library/Logs/comfy-recall.log. To uninstall: install.sh --uninstall"
