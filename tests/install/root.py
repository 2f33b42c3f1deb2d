"""A Debian of its own in a folder, to install into: nothing of this machine is touched."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "target" / "install"
SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def archive(suite, *packages):
    """The smallest Debian with some packages, as an archive that is made once."""
    path = KEPT / f"{'-'.join([suite, *packages])}.tar"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(".new.tar")
        command = ["mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", suite, str(made)]
        subprocess.run(command + ([f"--include={','.join(packages)}"] if packages else []), check=True)
        made.rename(path)
    return path


class Root:
    """A folder with a Debian, and programs that see nothing else."""

    def __init__(self, folder, archive):
        self.folder = folder
        subprocess.run(["tar", "xf", archive, "-C", folder], check=True)
        shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
        # As in the images for containers: whoever loses power here starts anew.
        (folder / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")

    def path(self, path):
        """Where a path of the programs in there lies."""
        return self.folder / path.lstrip("/")

    def command(self, *command, user=None, **environment):
        """The command line that runs a command in there; `user` is UID:GID."""
        # The last one takes the place of those before, so that a signal reaches it.
        outer = ["unshare", "--mount", f"--root={self.folder}"]
        if user:
            uid, gid = user.split(":")
            outer += [f"--setgid={gid}", f"--setuid={uid}"]
        given = [f"{name}={value}" for name, value in {"PATH": SEARCH, "LC_ALL": "C.UTF-8", **environment}.items()]
        return [*outer, "env", "-i", *given, *command]

    def run(self, *command, user=None, check=True, **environment):
        """Runs it to its end."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = subprocess.run(self.command(*command, user=user, **environment), **options)
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
        return done

    def ids(self, name):
        """UID:GID of a user in there."""
        fields = self.run("getent", "passwd", name).stdout.split(":")
        return f"{fields[2]}:{fields[3]}"


def needs_root():
    """Why this can't be run here, or None."""
    return None if os.geteuid() == 0 else "only root makes a Debian in a folder"
