"""Commands in processes of their own, with what they took."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

CHIRALJAX = Path(sys.executable).with_name("chiraljax")


class Taken(NamedTuple):
    seconds: float
    cpu_seconds: float
    """of all cores"""
    peak_GB: float
    """largest resident set"""
    load: float
    """of the machine in the minute before, in processes that want a core, this one included where it is long"""
    output: str


def measured(command, **environment) -> Taken:
    """Run a command to its end; raises `CalledProcessError` if it fails."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begin
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    unit = 1 if sys.platform == "darwin" else 1024
    return Taken(
        seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e9, os.getloadavg()[0], output.strip()
    )
