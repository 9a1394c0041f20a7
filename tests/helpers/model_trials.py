"""Load models and vote with them, each in a process of its own with limits of time and memory.

Run as a script: reads lines of JSON, ``[stem, [optional voters]]``, and prints a line of JSON for each.
A child process is forked after the imports: a trial takes milliseconds, and a crash ends only the child.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from typing import Any

CPU_SECONDS, WALL_SECONDS = 5, 60


def trial(stem: str, voters: list[str]) -> dict[str, Any]:
    """Load a model and use it; returns the winner, or the error."""
    import numpy as np

    from classifiers.ensemble import Ensemble
    from classifiers.errors import ModelFileError

    bag = {"skull": 3.0, "church": 2.0, "common 1": 1.5}
    features = {"lite": np.ones((2, 6)), "colours": np.full((2, 512), 1 / 512), "thumbnail": np.ones((2, 48))}
    try:
        ensemble = Ensemble.load(stem, voters)
        result = ensemble.vote({"lite": bag}, {"lite": [bag, bag]}, features)
        ensemble.explain({"lite": bag}, tuple(result.shares)[:2], 10, {"lite": [bag, bag]}, features)
    except ModelFileError as error:
        return {"end": "refused", "says": str(error)[:1000]}
    except BaseException as error:  # noqa: BLE001 - whatever it is, the trial reports it
        return {"end": "raw error", "says": f"{type(error).__name__}: {error}"[:300]}
    return {"end": "accepted", "says": f"{result.shares}"[:300]}


def limited(stem: str, voters: list[str]) -> dict[str, Any]:
    """Run a trial in a forked process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
        found = trial(stem, voters)
        found["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        os.write(writing, json.dumps(found).encode())
        os._exit(0)
    os.close(writing)
    started = time.monotonic()
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() - started > WALL_SECONDS:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.002)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    if said:
        return dict(json.loads(said))
    number = os.WTERMSIG(ended[1]) if os.WIFSIGNALED(ended[1]) else 0
    hung = number in {signal.SIGXCPU, signal.SIGKILL}
    return {"end": "hung" if hung else "crash", "says": f"signal {number}", "megabytes": 0.0}


if __name__ == "__main__":
    import numpy as np  # noqa: F401 - before the fork
    import onnxruntime  # noqa: F401

    from classifiers.ensemble import Ensemble  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(limited(*json.loads(line))), flush=True)  # noqa: T201
