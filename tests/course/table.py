# SPDX-License-Identifier: MIT
"""The summary of a class: one row for each submission, as text, CSV and HTML."""
import csv
import html

COLUMNS = ("submission", "verdict", "score", "max_score", "passed", "failed", "seconds", "notes")
STYLE = ("body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}td,th{padding:.3em .7em;border-bottom:1px solid #ccc;"
         "text-align:left}td.n{text-align:right}tr.graded{}tr.other td.v{color:#a00;font-weight:bold}")


def row(result):
    return [result[c] if c != "notes" else "; ".join(result["notes"]) for c in COLUMNS]


def as_text(results):
    width = max([len("submission")] + [len(r["submission"]) for r in results])
    lines = ["%-*s  %-15s %9s  %s" % (width, "submission", "verdict", "score", "notes")]
    for r in results:
        notes = [note for note in r["notes"] if not note.endswith("taken as handed out")]
        lines.append(("%-*s  %-15s %4d/%-4d  %s" % (width, r["submission"], r["verdict"], r["score"], r["max_score"],
                                                    "; ".join(notes)[:120])).rstrip())
    graded = sorted(r["score"] for r in results if r["verdict"] == "graded")
    if graded:
        lines.append("%d submissions, %d graded; scores %d to %d, median %d" % (
            len(results), len(graded), graded[0], graded[-1], graded[len(graded) // 2]))
    return "\n".join(lines) + "\n"


def write_csv(path, results):
    with open(path, "w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(COLUMNS)
        writer.writerows([harmless(cell) for cell in row(r)] for r in results)


def harmless(cell):
    """A spreadsheet takes what begins like this for a formula."""
    return "'" + cell if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell


def write_html(path, results):
    rows = []
    for r in results:
        cells = ["<td class=%s>%s</td>" % ("n" if isinstance(cell, (int, float)) else "v", html.escape(str(cell))) for cell in row(r)]
        rows.append("<tr class=%s>%s</tr>" % ("graded" if r["verdict"] == "graded" else "other", "".join(cells)))
    head = "".join("<th>%s</th>" % c.replace("_", " ") for c in COLUMNS)
    with open(path, "w", encoding="utf-8") as f:
        f.write("<!doctype html><meta charset=utf-8><title>Grades</title><style>%s</style><table><tr>%s</tr>\n%s\n</table>\n" % (
            STYLE, head, "\n".join(rows)))
