"""How a part of gpu.sh reports its results: a JSON object a line, at once."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable
from typing import Any

TINY = os.environ.get("TINY", "0") == "1"


class Skip(Exception):
    """What cannot run here, and why."""


def begin(name: str) -> None:
    """Report what runs now: whoever stops or kills it knows."""
    with open(os.environ["GPU_RESULTS"] + ".now", "w") as file:
        file.write(name)


def report_result(name: str, status: str, **facts: Any) -> None:
    """Append one result, of what ran until now."""
    with open(os.environ["GPU_RESULTS"], "a") as file:
        file.write(json.dumps({"name": name, "status": status, **facts}, default=str) + "\n")
    begin("")


def check(name: str, function: Callable[[], dict[str, Any] | None]) -> None:
    """Run `function` and report what came of it: facts that it returns, or why it failed."""
    began = time.perf_counter()
    begin(name)
    try:
        facts, status = function() or {}, "pass"
    except Skip as error:
        facts, status = {"reason": str(error)}, "skip"
    except Exception as error:  # whatever a compiler or a driver throws is a result
        traceback.print_exc()
        facts, status = {"reason": f"{type(error).__name__}: {str(error)[:500]}"}, "fail"
    report_result(name, status, seconds=round(time.perf_counter() - began, 3), **facts)
    print(f"{status:<5} {name}  {facts}", flush=True)
