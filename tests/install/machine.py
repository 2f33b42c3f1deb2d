"""A Debian that is started with systemd."""

import signal
import subprocess
import tempfile
from pathlib import Path

from daemon import until
from root import SEARCH


class Machine:
    """A Debian that is started with systemd, on this machine's network."""

    def __init__(self, root):
        self._log = tempfile.TemporaryFile("w+")
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", f"--directory={root.folder}", "--boot"]
        options = {"stdin": subprocess.DEVNULL, "stdout": self._log, "stderr": subprocess.STDOUT}
        self._process = subprocess.Popen(command, **options)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        until("the machine", lambda: self._process.poll() is not None or children.read_text())
        assert self._process.poll() is None, self.log()
        self._first = children.read_text().split()[0]
        # "degraded" is a machine whose units have not all started: those that a container may not have.
        ready = ("running", "degraded")
        until("systemd", lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() in ready)

    def log(self):
        self._log.seek(0)
        return self._log.read()

    def run(self, *command, check=True):
        """Runs a command in there to its end."""
        inside = ["nsenter", f"--target={self._first}", "--mount", "--uts", "--ipc", "--pid", "--root", "--wd=/"]
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = subprocess.run([*inside, "env", "-i", f"PATH={SEARCH}", *command], **options)
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
        return done

    def stop(self):
        # What a container's systemd takes for the order to power off.
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
