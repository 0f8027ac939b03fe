"""Commands of the lab in processes that are forked off one which has imported everything: a start takes no seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path


class Forks:
    """Starts `python -m syrinx_lab.MODULE` again and again; what the commands print goes to log.txt in their folder."""

    def __init__(self) -> None:
        # a process of its own: torch and Numba may have threads in the tests' one, and threads do not survive a fork
        # one thread: joblib gives its workers fewer of them than others get, and sums round by their number
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        self._ask()

    def start(self, cwd: Path, module: str, *arguments: str) -> int:
        """Start a command; returns the id of its process."""
        return self._ask({"cwd": str(cwd), "module": module, "arguments": arguments})

    def end(self, child: int) -> int:
        """Wait for it; returns its exit status, negative for a signal."""
        return self._ask({"wait": child})

    def run(self, cwd: Path, module: str, *arguments: str) -> int:
        """Start it and wait for it."""
        return self.end(self.start(cwd, module, *arguments))

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
    from syrinx_lab import evaluate, train

    entries = {"train": train.main, "evaluate": evaluate.main}
    print(0, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        if "wait" in question:
            print(os.waitstatus_to_exitcode(os.waitpid(question["wait"], 0)[1]), flush=True)
            continue
        child = os.fork()
        if child == 0:
            _run(entries[question["module"]], **question)
        print(child, flush=True)


def _run(main, cwd: str, module: str, arguments: list[str]) -> None:
    status = 1
    try:
        os.chdir(cwd)
        log = os.open("log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.argv = [module, *arguments]
        main()
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
