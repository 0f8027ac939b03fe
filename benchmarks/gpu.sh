#!/usr/bin/env bash
# Everything that wants a CUDA GPU, on a bare machine, within 8 minutes, in one JSON:
#   benchmarks/gpu.sh [RESULT.json]
# PYTHON   a Python with a CUDA torch (python3)
# TINY     1: the smallest sizes, to try the script itself
# SECONDS_IN_ALL   its time limit (480)
# PARTS    kernels, steps, tests, bench, or some of them (all)
# INSTALL  1: install what is missing with pip first, pinned by constraints.txt; needs a network
# WHEELS   a folder of wheels from which what is missing is installed instead
# Without a CUDA GPU all that a CPU can run is run, and the JSON says so. Status 0: nothing failed; 1: something did.
set -u
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
result=${1:-gpu.json}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    printf '{"status": "fail", "reason": "PYTHON=%s is no Python 3.11 or newer", "parts": {}}\n' "$python" > "$result"
    echo "failed    PYTHON=$python is no Python 3.11 or newer; result $result" >&2
    exit 1
fi
if [ -n "${WHEELS:-}" ]; then
    "$python" -m pip install --quiet --no-index --no-deps "$WHEELS"/*.whl || echo "warning   not all of $WHEELS was installed" >&2
elif [ "${INSTALL:-0}" = 1 ]; then
    # torch stays as it is: its build fits the machine's driver
    "$python" -c 'import torch; print("torch==" + torch.__version__)' > "$result.torch" 2>/dev/null
    "$python" -m pip install --quiet -c "$result.torch" "$here/..[dev]" || echo "warning   pip could not install all" >&2
    rm -f "$result.torch"
fi
exec "$python" "$here/gpu_driver.py" "$result"
