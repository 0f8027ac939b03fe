"""Run the parts of gpu.sh one after the other, each under a time limit, and keep one JSON up to date; needs no package.

A part is a process. It appends its results to the file that $GPU_RESULTS names, a JSON object a line with a `name`, a
`status` (pass, fail or skip) and, unless it passed, a `reason`: what it had found before it was killed still counts.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TINY = os.environ.get("TINY", "0") == "1"
BENCH = ["-m", "syrinx_lab.bench"]
SMALL = ["batch=1", "horizon=16", "degree=1", "backends=[eager]", "effort.rounds=1", "effort.most=1", "threads=1"]
# tests that run on a GPU where there is one; those that need none, as the twins of the kernels in Triton's interpreter,
# do not take its time
ON_GPU = ["-k", "(cuda or capture or transfers or hardware) and not interpreter and not compiler"]
TESTS = ["tests/ode/test_fused_cuda.py", "tests/encoders/test_triton_scan.py", "tests/ode/test_cudagraph.py",
         "tests/ode/test_compile.py", "tests/ode/test_scan.py", "tests/encoders/test_selective_scan.py",
         "tests/benchmarking/test_cuda_chain.py", "tests/training/test_transfers.py"]  # fmt: skip
_MISSING = re.compile(r"No module named '?(\w+)[\w.]*'?\s*$")
OURS = ("syrinx_lab", "gpu_results", "gpu_tests")
TINY_TESTS = ["tests/benchmarking/test_cuda_chain.py"]


def main(result: Path) -> int:
    """Run everything; 0 unless something failed or was stopped at its limit."""
    began = time.monotonic()
    budget = float(os.environ.get("SECONDS_IN_ALL") or 480)
    report: dict[str, Any] = {
        "status": "running",
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds_allowed": budget,
        "tiny": TINY,
        "machine": machine(),
        "cuda": False,
        "parts": {},
    }
    report["cuda"], report["device"] = cuda_device()
    device = "cuda" if report["cuda"] else "cpu"
    write(result, report)
    print(f"machine   {report['machine']['processor']}, {report['device']}", flush=True)
    chosen = os.environ.get("PARTS", "").replace(",", " ").split()
    for name, words, limit in parts(device):
        if chosen and name.split()[0] not in chosen:
            continue
        left = budget - (time.monotonic() - began) - 3.0  # to end in good order
        if left < 5.0:
            found: dict[str, Any] = {"status": "skip", "reason": f"no time is left of {budget:.0f} s", "results": []}
        else:
            found = run(words, min(limit, left))
        report["parts"][name] = found
        write(result, report)
        print(f"{found['status']:<9} {name}: {found.get('reason') or counted(found['results'])}", flush=True)
    statuses = [part["status"] for part in report["parts"].values()]
    report["status"] = next((one for one in ("fail", "stopped", "pass") if one in statuses), "skip")
    report["seconds"] = round(time.monotonic() - began, 1)
    write(result, report)
    print(f"{report['status']:<9} after {report['seconds']:.0f} s, result {result}")
    return int(report["status"] in ("fail", "stopped"))


def parts(device: str) -> list[tuple[str, list[str], float]]:
    """(name, arguments of Python, time limit in s) of every part, the most informative first."""
    tests = TINY_TESTS if TINY else [*TESTS, *(ON_GPU if device == "cuda" else [])]
    found = [
        ("kernels", [str(HERE / "gpu_kernels.py"), device], 120.0),
        ("steps", [str(HERE / "gpu_steps.py"), device], 150.0),
        ("tests", ["-m", "pytest", "-q", "-p", "gpu_tests", "-o", "addopts=", *tests], 150.0),
    ]
    for suite in ("rollout",) if TINY else ("rollout", "step", "encoder"):
        words = [*BENCH, f"suite={suite}", f"device={device}", "json=${oc.env:GPU_ROWS}", *(SMALL if TINY else [])]
        found.append((f"bench {suite}", words, 90.0))
    return found


def run(words: list[str], limit: float) -> dict[str, Any]:
    """What became of a part, at most `limit` s of it; it and all it started are killed then."""
    with tempfile.TemporaryDirectory() as folder:
        results, rows, log = (Path(folder) / name for name in ("results", "rows.json", "log"))
        path = os.pathsep.join([str(ROOT / "src"), str(HERE), os.environ.get("PYTHONPATH", "")])
        environment = os.environ | {"GPU_RESULTS": str(results), "GPU_ROWS": str(rows), "PYTHONPATH": path,
                                    "SYRINX_OUTPUTS": str(Path(folder) / "outputs"), "WANDB_MODE": "offline",
                                    "TINY": "1" if TINY else "0"}  # fmt: skip
        began, stopped = time.monotonic(), False
        with open(log, "wb") as file:
            process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, stdout=file,
                                       stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
            try:
                process.wait(timeout=limit)
                reason = None if process.returncode == 0 else f"ended with status {process.returncode}"
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                stopped, reason = True, f"stopped at its limit of {limit:.0f} s"
        now = results.with_name("results.now")
        if reason and now.exists() and (last := now.read_text()):
            reason += f" in {last}"
        seconds = round(time.monotonic() - began, 2)
        found = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
        if rows.exists():
            found += [{"name": f"{row['case']} {row['backend']}", "status": "pass", **row} for row in
                      json.loads(rows.read_text())]  # fmt: skip
        tail = log.read_text(errors="replace")[-4000:]
    failed = [one["name"] for one in found if one["status"] == "fail"]
    if failed:
        reason = f"{len(failed)} of {len(found)} failed: {', '.join(failed[:5])}" + ("; " + reason if reason else "")
    passed = any(one["status"] == "pass" for one in found)
    status = "stopped" if stopped and not failed else "fail" if reason else "pass" if passed else "skip"
    missing = _MISSING.search(tail)
    if status == "fail" and not found and missing and missing[1] not in OURS:
        status, reason = "skip", f"not installed: {missing[1]}"
    elif status == "skip":
        reason = "nothing ran: " + "; ".join(sorted({one.get("reason", "") for one in found})) if found else "no result"
    return {"status": status, "reason": reason, "seconds": seconds, "limit_s": round(limit, 1), "results": found,
            **({"tail": tail} if status != "pass" else {})}  # fmt: skip


def machine() -> dict[str, Any]:
    """The computer, its card and driver, the versions and the commit, as far as they can be known."""
    source = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.+)", source.read_text()) if source.exists() else None
    versions = {}
    for name in ("torch", "triton", "numpy", "numba", "lightning", "mamba_ssm", "pytest"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    changes = output_of(["git", "-C", str(ROOT), "status", "--porcelain"])
    card = output_of(
        ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,compute_cap", "--format=csv,noheader"]
    )
    return {
        "processor": named[1].strip() if named else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
        "card": card,
        "commit": output_of(["git", "-C", str(ROOT), "rev-parse", "HEAD"]),
        "changed": None if changes is None else bool(changes),
    }


def cuda_device() -> tuple[bool, str]:
    """Whether torch can use a CUDA GPU, and its name or why not; a process of its own asks, which may hang or die."""
    code = (
        "import torch\n"
        "ok = torch.cuda.is_available()\n"
        "if ok: torch.ones(2, device='cuda').sum().item()\n"
        "print(torch.cuda.get_device_name() if ok else f'no CUDA GPU: torch {torch.__version__} sees none')\n"
        "raise SystemExit(not ok)"
    )
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return False, "no CUDA GPU: torch did not answer within 60 s"
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return done.returncode == 0, lines[-1] if lines else "no CUDA GPU"


def output_of(command: list[str]) -> str | None:
    """What a command prints, None where it is not there or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def counted(results: list[dict[str, Any]]) -> str:
    """How many results there are of each status."""
    statuses = [one["status"] for one in results]
    return ", ".join(f"{statuses.count(status)} {status}" for status in ("pass", "fail", "skip") if status in statuses)


def write(path: Path, report: dict[str, Any]) -> None:
    """Replace the file at once: whenever the machine goes away, it holds what is known."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".part")
    fresh.write_text(json.dumps(report, indent=1, default=str) + "\n")
    fresh.replace(path)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
