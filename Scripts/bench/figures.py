"""What the benchmark's parts share: a table's row, a child process with its time and its peak memory."""
import importlib.util
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

MEMORY = pathlib.Path("/dev/shm")  # a file system without a disk, where there is one
HERE = pathlib.Path(__file__).resolve().parent
MEGABYTE = 1e6


class Row:
    """One line of the table. `holds` is None where there is no target."""

    def __init__(self, figure, measured, peer="", ratio="", target="", holds=None, note=""):
        self.figure, self.measured, self.peer = figure, measured, peer
        self.ratio, self.target, self.holds, self.note = ratio, target, holds, note

    def cells(self):
        verdict = "" if self.holds is None else "ok" if self.holds else "MISS"
        return [self.figure, self.measured, self.peer, self.ratio, self.target, verdict, self.note]


def run(command, check=True):
    """Runs a command to its end: (wall seconds, peak bytes of memory)."""
    return run_counting(command, check)[:2]


def run_counting(command, check=True):
    """The same with the processor's seconds, user and system, which a busy machine changes least."""
    begin = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if check and child.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {child.returncode}\n{output.decode(errors='replace')[-2000:]}")
    return wall, usage.ru_maxrss * (1 if platform.system() == "Darwin" else 1024), usage.ru_utime + usage.ru_stime


def clear(path):
    """Removes an output and lets the disk settle, so that one run's dirty pages do not slow the next."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    os.sync()


def have(*modules):
    return all(importlib.util.find_spec(module) for module in modules)


def seconds(values):
    return f"{min(values):.3f} s (median {statistics.median(values):.3f})"


def skipped(figure, module):
    return Row(figure, "skipped: not installed", note=module)


def printed_seconds(command):
    result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return [float(line) for line in result.stdout.split()]
