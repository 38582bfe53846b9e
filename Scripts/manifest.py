#!/usr/bin/env python3
"""Keeps Fixtures/MANIFEST.tsv true: every data file with its size, SHA-256 and the script that made it.

    Scripts/manifest.py --check     exit 1 and one line per fault when the folder and the manifest differ (the default)
    Scripts/manifest.py --write     list what is there now

Which script made a file is looked up in Fixtures/makers.tsv. Standard library only.
"""
import argparse
import fnmatch
import hashlib
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "Fixtures"
MANIFEST = ROOT / "MANIFEST.tsv"
HEADER = "path\tbytes\tsha256\tmade by\n"
LARGEST_FILE = 1 << 20
LARGEST_SUM = 20 << 20


def makers():
    """The rows of makers.tsv as (pattern, script)."""
    rows = []
    for line in (ROOT / "makers.tsv").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, script = line.split("\t")
            rows.append((pattern, script))
    return rows


def survey():
    """What is on disk: {path: (bytes, sha256, script)} and the faults that need no manifest to see."""
    rules, found, faults, total = makers(), {}, [], 0
    for path in sorted((ROOT / "data").rglob("*")):
        name = path.relative_to(ROOT / "data").as_posix()
        if path.is_symlink():
            faults.append(f"{name}: a symbolic link; fixtures are plain files")
            continue
        if not path.is_file() or path.name == "README.md":
            continue
        size = path.stat().st_size
        total += size
        script = next((s for pattern, s in rules if fnmatch.fnmatchcase(name, pattern)), None)
        if script is None:
            faults.append(f"{name}: no line of Fixtures/makers.tsv says which script made it")
            script = "-"
        elif not (ROOT / "generate" / script.removeprefix("checked-by:")).is_file():
            faults.append(f"{name}: its script Fixtures/generate/{script} does not exist")
        if size > LARGEST_FILE:
            faults.append(f"{name}: {size} bytes, the limit is {LARGEST_FILE}")
        found[name] = (str(size), hashlib.sha256(path.read_bytes()).hexdigest(), script)
    if total > LARGEST_SUM:
        faults.append(f"all fixtures: {total} bytes, the limit is {LARGEST_SUM}")
    return found, faults


def listed():
    """The rows of the manifest as {path: (bytes, sha256, script)}."""
    if not MANIFEST.is_file():
        return {}
    rows = {}
    for line in MANIFEST.read_text(encoding="utf-8").splitlines()[1:]:
        fields = line.split("\t")
        rows[fields[0]] = tuple(fields[1:])
    return rows


def check(found):
    """Every way in which the manifest and the folder disagree."""
    known = listed()
    for name in sorted(found.keys() | known.keys()):
        if name not in known:
            yield f"{name}: not in the manifest"
        elif name not in found:
            yield f"{name}: in the manifest but not on disk"
        elif found[name] != known[name]:
            what = [w for w, a, b in zip(("size", "SHA-256", "script"), found[name], known[name]) if a != b]
            yield f"{name}: {' and '.join(what or ['row'])} differs from the manifest"


def main():
    parser = argparse.ArgumentParser(description="Checks or rewrites Fixtures/MANIFEST.tsv.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare the folder with the manifest (default)")
    mode.add_argument("--write", action="store_true", help="rewrite the manifest from the folder")
    write = parser.parse_args().write
    found, faults = survey()
    if write:
        rows = ("\t".join((name, *found[name])) for name in sorted(found))
        MANIFEST.write_text(HEADER + "".join(row + "\n" for row in rows), encoding="utf-8")
    else:
        faults += check(found)
    for fault in faults:
        print(f"fixtures: {fault}", file=sys.stderr)
    if faults:
        print("fixtures: if the change is meant, run Scripts/manifest.py --write", file=sys.stderr)
        return 1
    print(f"fixtures: {len(found)} files {'listed' if write else 'as listed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
