# SPDX-License-Identifier: MIT
"""The summary of a class: one row for each submission, as text, CSV and HTML."""
import csv
import html
import re
import statistics
import urllib.parse

from exercises import BY_NUMBER, EXERCISES

COLUMNS = ("submission", "verdict", "score", "max_score", "passed", "failed", "seconds", "notes")
PARTS = ["floor"] + sorted(set(e.part for e in EXERCISES))
HANDED_OUT = "taken as handed out"  # how a note ends that says so of a file
STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; } }
body { font: 15px/1.4 sans-serif; margin: 1.5rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; }
td, th { padding: .35rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.other .verdict { color: var(--bad); font-weight: bold; }
.little { color: var(--bad); }
.details { font-size: .9em; min-width: 16rem; }
th, .verdict { white-space: nowrap; }
summary { cursor: pointer; }
"""


def row(result):
    return [result[c] if c != "notes" else "; ".join(result["notes"]) for c in COLUMNS]


def as_text(results):
    width = max([len("submission")] + [len(r["submission"]) for r in results])
    lines = ["%-*s  %-15s %9s  %s" % (width, "submission", "verdict", "score", "notes")]
    for r in results:
        lines.append(("%-*s  %-15s %4d/%-4d  %s" % (width, r["submission"], r["verdict"], r["score"], r["max_score"],
                                                    "; ".join(in_short(r["notes"]))[:120])).rstrip())
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines + [in_sum(results)]) + "\n"


def in_short(notes):
    """Who does some exercises only hands in some files only: their number is enough."""
    absent = [note for note in notes if note.endswith(HANDED_OUT)]
    words = "%d file%s %s" % (len(absent), "s" * (len(absent) > 1), HANDED_OUT)
    return [note for note in notes if note not in absent] + ([words] if absent else [])


def write_text(path, results):
    with opened(path) as f:
        f.write(as_text(results))


def opened(path, **more):
    """For a table. What a submission says may hold what is no letter; nobody else's row is lost for that."""
    return open(path, "w", encoding="utf-8", errors="backslashreplace", **more)


def in_sum(results):
    graded = sorted(r["score"] for r in results if r["verdict"] == "graded")
    scores = "; scores %d to %d, median %g" % (graded[0], graded[-1], statistics.median(graded)) if graded else ""
    return "%d submissions, %d graded%s" % (len(results), len(graded), scores)


def write_csv(path, results):
    with opened(path, newline="") as f:
        writer = csv.writer(f)
        writer.writerow(COLUMNS)
        writer.writerows([harmless(cell) for cell in row(r)] for r in results)


def harmless(cell):
    """A spreadsheet takes what begins like this for a formula."""
    return "'" + cell if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell


def part_of(test):
    """A lab test is called like its exercise, ex3-...; all others are the floor's."""
    found = re.match(r"ex(\d+)-", test)
    exercise = BY_NUMBER.get(int(found.group(1))) if found else None
    return exercise.part if exercise else "floor"


def part_cell(result, part):
    """What the tests of a part brought; nothing where none was run."""
    ours = [t for t in result.get("tests", []) if part_of(t["name"]) == part and t["status"] != "skipped"]
    if not ours:
        return "<td class=n></td>"
    score, most = sum(t["score"] for t in ours), sum(t["max_score"] for t in ours)
    return "<td class='n%s'>%d/%d</td>" % (" little" if 2 * score < most else "", score, most)


def details(result):
    """Notes, and each test that failed with its reason's first line, to be unfolded."""
    lost = [t for t in result.get("tests", []) if t["status"] in ("failed", "not run")]
    items = ["%s: %s" % (t["name"], t["reason"].split("\n")[0][:200]) for t in lost]
    words = "<br>".join(html.escape(note) for note in result["notes"])
    if items:
        words += "<details><summary>%d failed</summary>%s</details>" % (len(items), "<br>".join(html.escape(i) for i in items))
    return "<td class=details>%s</td>" % words


def html_row(result):
    name = html.escape(result["submission"])
    cells = ["<td><a href='%s'>%s</a></td>" % (html.escape(urllib.parse.quote(result["submission"] + ".json", safe="")), name),
             "<td class=verdict>%s</td>" % html.escape(result["verdict"]),
             "<td class=n>%d/%d</td>" % (result["score"], result["max_score"])]
    cells += [part_cell(result, part) for part in PARTS]
    cells += [details(result), "<td class=n>%.0f s</td>" % result["seconds"]]
    return "<tr class=%s>%s</tr>" % ("graded" if result["verdict"] == "graded" else "other", "".join(cells))


def write_html(path, results):
    """One page; a submission's name leads to its NAME.json beside it, which has the log."""
    heads = ["submission", "verdict", "score"] + [part if part == "floor" else "part " + part for part in PARTS] + ["notes", "time"]
    with opened(path) as f:
        f.write("<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
                "<title>Grades</title><style>%s</style>\n<h1>Grades</h1>\n<p>%s</p>\n<div><table>\n<tr>%s</tr>\n%s\n</table></div>\n" % (
                    STYLE, html.escape(in_sum(results)), "".join("<th>%s</th>" % h for h in heads),
                    "\n".join(html_row(r) for r in results)))
