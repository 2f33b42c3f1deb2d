"""`python -m comfy_recall`, for an environment whose programs aren't on the PATH, such as that of a portable ComfyUI."""

import os
import subprocess
import sys

from . import program


def main():
    try:
        command = [str(program()), *sys.argv[1:]]
    except FileNotFoundError as error:
        sys.exit(f"comfy-recall: {error}")
    if os.name != "nt":
        os.execv(command[0], command)
    # Windows has no way to take a process's place. Ctrl-C goes to both: the program ends first, then this.
    with subprocess.Popen(command) as running:
        while True:
            try:
                sys.exit(running.wait())
            except KeyboardInterrupt:
                continue


main()
