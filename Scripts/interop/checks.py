"""Running the command line, comparing what it wrote, and keeping the score."""
import os
import pathlib
import subprocess

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = os.environ["WEIGHTSMITH"]


class Failure(Exception):
    """A check that does not hold."""


class Score:
    """Prints one line per check and remembers the table for the report."""

    def __init__(self):
        self.rows, self.failures = [], 0

    def check(self, what, body):
        """body returns a short measurement, or raises."""
        try:
            measured, verdict = body() or "", "ok"
        except Exception as error:  # a judge must finish its round whatever one check raises
            lines = (str(error) or type(error).__name__).strip().splitlines()
            measured, verdict = lines[-1].replace(f"{ROOT}/", ""), "FAILS"
            self.failures += 1
        self.rows.append((what, measured, verdict))
        print(f"{verdict:5}  {what}: {measured}", flush=True)


def weightsmith(*arguments, expect=0):
    """Runs the tool and returns its standard output; any other exit code is a failure."""
    command = [TOOL, *map(str, arguments)]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode != expect:
        raise Failure(f"weightsmith {arguments[0]}: exit {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def convert(source, destination, *options):
    destination = pathlib.Path(destination)
    weightsmith("convert", source, destination, *options)
    return destination


def same_tensors(got, wanted, ignoring=()):
    """The same names, types, shapes and bytes, or a Failure that names the first differences."""
    missing = sorted(wanted.keys() - got.keys() - set(ignoring))
    extra = sorted(got.keys() - wanted.keys() - set(ignoring))
    if missing or extra:
        raise Failure(f"missing {missing[:3]} ({len(missing)}), unexpected {extra[:3]} ({len(extra)})")
    for name in sorted(wanted.keys() - set(ignoring)):
        a, b = numpy.asarray(got[name]), numpy.asarray(wanted[name])
        if a.dtype != b.dtype or a.shape != b.shape:
            raise Failure(f"{name}: {a.dtype} {a.shape}, expected {b.dtype} {b.shape}")
        if a.tobytes() != b.tobytes():
            raise Failure(f"{name}: values differ")
    return f"{len(wanted) - len(set(ignoring) & wanted.keys())} tensors byte-identical"


def furthest(pairs):
    """The largest absolute difference over (name, got, wanted), and its name."""
    worst, where = 0.0, ""
    for name, got, wanted in pairs:
        got, wanted = numpy.asarray(got, numpy.float64), numpy.asarray(wanted, numpy.float64)
        if got.shape != wanted.shape:
            raise Failure(f"{name}: shape {got.shape}, expected {wanted.shape}")
        difference = float(numpy.max(numpy.abs(got - wanted)))
        if not difference <= worst:  # also takes a NaN
            worst, where = difference, name
    return worst, where


def within(limit, pairs):
    pairs = list(pairs)
    if not pairs:
        raise Failure("nothing to compare")
    worst, where = furthest(pairs)
    if not worst <= limit:
        raise Failure(f"{where}: {worst:.1e} apart, at most {limit:.0e} allowed")
    return f"{len(pairs)} outputs, max abs {worst:.1e}"
