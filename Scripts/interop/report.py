"""Docs/Interop.md: one section for each environment, checks of a group on one line as long as they hold."""
import pathlib

from checks import Measure


def grouped(rows):
    """Group to (checks, outputs, the worst difference), of what holds."""
    groups = {}
    for row in rows:
        if row.group and row.verdict == "ok":
            checks, outputs, worst = groups.get(row.group, (0, 0, 0.0))
            if isinstance(row.measured, Measure):
                outputs, worst = outputs + row.measured.outputs, max(worst, row.measured.worst)
            groups[row.group] = checks + 1, outputs, worst
    return groups


def counts(rows):
    words = {"FAILS": "failed", "refused": "refused by weightsmith as it should", "skipped": "skipped"}
    found = {word: sum(row.verdict == verdict for row in rows) for verdict, word in words.items()}
    return ", ".join([f"{len(rows)} checks", f"{found.pop('failed')} failed", *(f"{count} {word}" for word, count in found.items() if count)])


def table(heading, rows):
    if not rows:
        return []
    columns = heading.count("|") - 1
    return [heading, "| --- " * columns + "|", *("| " + " | ".join(map(str, row)) + " |" for row in rows), ""]


def section(title, versions, notes, rows):
    lines = [f"## {title}", "", f"{', '.join(versions)}.", *notes, f"{counts(rows)}.", ""]
    groups = [(family, direction, checks, outputs or "", f"{worst:.1e}" if outputs else "")
              for (family, direction), (checks, outputs, worst) in sorted(grouped(rows).items(), key=lambda item: item[0][::-1])]
    lines += table("| family | direction | models | outputs compared | furthest apart |", groups)
    single = [(row.what, row.measured, row.verdict) for row in rows if not row.group or row.verdict != "ok"]
    return lines + table("| check | measured | |", single)


def write(path, introduction, sections):
    lines = ["# Interoperability", "", *introduction, ""]
    for each in sections:
        lines += section(*each)
    pathlib.Path(path).write_text("\n".join(lines), encoding="utf-8")
