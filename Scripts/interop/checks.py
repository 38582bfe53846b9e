"""Running the command line, comparing what it wrote, and keeping the score."""
import os
import pathlib
import subprocess
import typing

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = os.environ["WEIGHTSMITH"]


class Failure(Exception):
    """A check that does not hold."""


class Refused(Exception):
    """weightsmith would not do it and said why, as it should."""


class Unjudged(Exception):
    """There is nothing to judge, for this reason."""


class Measure(typing.NamedTuple):
    """How many outputs were compared, and how far apart the worst was."""

    outputs: int
    worst: float

    def __str__(self):
        return f"{self.outputs} outputs, max abs {self.worst:.1e}"


class Row(typing.NamedTuple):
    """A check. Those of a group are one line of the report, as long as they hold."""

    what: str
    measured: object
    verdict: str
    group: tuple = ()


class Score:
    """Prints one line per check and remembers the table for the report."""

    def __init__(self, quiet=False):
        self.rows, self.quiet = [], quiet

    @property
    def failures(self):
        return sum(row.verdict == "FAILS" for row in self.rows)

    def check(self, what, body, group=()):
        """body returns a short measurement, or raises."""
        try:
            self.note(what, body() or "", "ok", group)
        except Refused as refusal:
            self.note(what, str(refusal), "refused", group)
        except Unjudged as reason:
            self.note(what, str(reason), "skipped", group)
        except Exception as error:  # a judge must finish its round whatever one check raises
            lines = (str(error) or type(error).__name__).strip().splitlines()
            self.note(what, lines[-1].replace(f"{ROOT}/", ""), "FAILS", group)

    def note(self, what, measured, verdict, group=()):
        self.rows.append(Row(what, measured, verdict, group))
        if not self.quiet:
            print(f"{verdict:7}  {what}: {measured}", flush=True)

    def skip(self, what, why):
        self.note(what, why, "skipped")


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
    return Measure(len(pairs), worst)
