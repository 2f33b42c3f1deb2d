"""The history of ComfyUI, recorded by the program that is installed with this package."""

import os
import sys
import sysconfig
from pathlib import Path


def program():
    """The path of `comfy-recall`, wherever pip put it.

    Raises FileNotFoundError when it isn't there.
    """
    name = "comfy-recall" + (sysconfig.get_config_var("EXE") or "")
    user = sysconfig.get_preferred_scheme("user") if sys.version_info >= (3, 10) else f"{os.name}_user"
    folders = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", user)]
    # `pip install --target FOLDER` puts programs into FOLDER/bin.
    folders.append(str(Path(__file__).parent.parent / "bin"))
    for folder in folders:
        path = Path(folder) / name
        if path.is_file():
            return path
    raise FileNotFoundError(f"{name} is in none of {', '.join(folders)}; install it once more, as you did")
