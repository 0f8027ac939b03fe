"""Commands of the lab in processes that are forked off one which has imported everything: a start takes no seconds."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Forks:
    """Starts `python -m syrinx_lab.MODULE` again and again; what the commands print goes to log.txt in their folder.

    Figures are made but not drawn, and their files hold their titles: tests that look at them start a process.
    """

    def __init__(self) -> None:
        # a process of its own: torch and Numba may have threads in the tests' one, and threads do not survive a fork
        # one thread: joblib gives its workers fewer of them than others get, and sums round by their number
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={k: v for k, v in os.environ.items() if k != "SYRINX_TRACEBACK"} | {"OMP_NUM_THREADS": "1"},
        )
        self._ask()

    def start(
        self, cwd: Path, module: str, *arguments: str, out: str = "log.txt", err: str = "log.txt", first: str = ""
    ) -> int:
        """Start a command whose streams are appended to files in `cwd`; returns the id of its process.

        first  Python that it executes before all else
        """
        streams = {"out": out, "err": err}
        return self._ask({"cwd": str(cwd), "module": module, "arguments": arguments, "first": first, **streams})

    def end(self, child: int) -> int:
        """Wait for it; returns its exit status, negative for a signal."""
        return self._ask({"wait": child})

    def run(self, cwd: Path, module: str, *arguments: str) -> int:
        """Start it and wait for it."""
        return self.end(self.start(cwd, module, *arguments))

    def completed(self, cwd: Path, module: str, *arguments: str, first: str = "") -> subprocess.CompletedProcess[str]:
        """Start it, wait for it, and return what `subprocess.run` would; nothing is left of its streams in `cwd`."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            status = self.end(self.start(cwd, module, *arguments, out=str(out), err=str(err), first=first))
            return subprocess.CompletedProcess([module, *arguments], status, out.read_text(), err.read_text())

    def close(self) -> None:
        """End the server."""
        self._server.stdin.close()
        self._server.wait()

    def _ask(self, question: object = None) -> int:
        if question is not None:
            self._server.stdin.write(json.dumps(question) + "\n")
            self._server.stdin.flush()
        return int(self._server.stdout.readline())


def _serve() -> None:
    import wandb  # noqa: F401  the lab imports it late, and every command would again
    from matplotlib.figure import Figure

    from syrinx_lab import evaluate, train  # noqa: F401  what nearly every command needs

    Figure.savefig = _undrawn
    gc.collect()
    gc.freeze()  # what is imported is not walked through, and so not copied, in every command
    print(0, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        if "wait" in question:
            print(os.waitstatus_to_exitcode(os.waitpid(question["wait"], 0)[1]), flush=True)
            continue
        child = os.fork()
        if child == 0:
            _run(**question)
        print(child, flush=True)


def _undrawn(figure: Figure, path: Path, **_: object) -> None:
    """Layout, ticks and pixels take longer than the training of a toy."""
    path.write_text("\n".join(axes.get_title() for axes in figure.axes))


def _run(cwd: str, module: str, arguments: list[str], out: str, err: str, first: str) -> None:
    status = 1
    try:
        os.chdir(cwd)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        for stream, file in ((1, out), (2, err)):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.argv = [module, *arguments]
        exec(first, {})
        importlib.import_module(f"syrinx_lab.{module}").main()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
