#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
`make bench-doc`: writes doc/BENCH.md: bench/method.md, and behind it the results of the last `make bench`
(bench/out/report.json) and what `make bench-count` recorded.
"""
import json
import os
import sys

sys.dont_write_bytecode = True  # nothing is left in the tree
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))

import words  # noqa: E402
from counts import STAGE  # noqa: E402
from figures import HEADLINES, SPEED_OF_HOST  # noqa: E402
from table import gain  # noqa: E402

NOTE = "<!-- Written by `make bench-doc` from bench/method.md and the last run of `make bench`: change those. -->\n\n"


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def headline_table(found):
    heads = [""] + [s["title"] for s in found["systems"].values()]
    for pair in found["ratios"]:
        heads += ["%s better than %s" % tuple(pair.split("/")), "verdict"]
    rows = []
    for figure, label in HEADLINES:
        values = [s["figures"].get(figure) for s in found["systems"].values()]
        if any(values):
            row = [label] + [words.amount(v["median"], v["unit"]) if v else "-" for v in values]
            rows.append(row + sum((gain(r.get(figure)) for r in found["ratios"].values()), []))
    return table(heads, rows)


def conditions(found):
    m, v = found["machine"], found["versions"]
    loops = [t for s in found["systems"].values() for t in s["figures"].get(SPEED_OF_HOST, {"samples": []})["samples"]]
    lines = ["%s: %s, %d cores%s, %s, %s; %s." % (found["when"], m["processor"], m["cores"], " (virtual)" if m["virtual"] else "",
                                                m["distribution"], m["kernel"], v["qemu"]),
             "%d rounds (%s), %s. %s." % (found["rounds"], found["scale"], found["network"], found["pinning"].capitalize()),
             "CPUs of each machine: %s." % words.vcpus(found),
             "Load average before: %s. A fixed loop of the host took %s to %s while it was measured; on a quiet machine the two are "
             "equal." % (m["load_before"], words.amount(min(loops), "us"), words.amount(max(loops), "us"))]
    return "\n".join(lines) + "\n"


def count_tables(found):
    runs = found["counts"]["runs"]
    works = list(dict.fromkeys(run.split(": ")[1] for run in runs))
    systems = list(dict.fromkeys(run.split(": ")[0] for run in runs))
    parts = []
    for work in works:
        mine = {s: runs.get("%s: %s" % (s, work), {}) for s in systems}
        names = dict.fromkeys(name for figures in mine.values() for name in figures)
        rows = [[name.replace(STAGE, "... ")] + ["{:,.1f}".format(mine[s][name]) if name in mine[s] else "-" for s in systems] for name in names]
        parts.append("### %s\n\n%s" % (work.capitalize(), table(["for each request"] + systems, rows)))
    return "\n".join(parts)


def main():
    try:
        with open(os.path.join(ROOT, "bench", "out", "report.json"), encoding="utf-8") as f:
            found = json.load(f)
    except FileNotFoundError:
        print("bench-doc: there is no bench/out/report.json: run `make bench` first", file=sys.stderr)
        return 1
    with open(os.path.join(ROOT, "bench", "method.md"), encoding="utf-8") as f:
        text = NOTE + f.read()
    text += "\n## Results on one machine\n\n%s\n%s" % (conditions(found), headline_table(found))
    if found["problems"]:
        text += "\nNot measured:\n\n" + "".join("- %s\n" % problem for problem in found["problems"])
    if found["counts"]["runs"]:
        text += "\n## Counts\n\nFor %s.\n\n%s" % (found["counts"]["key"], count_tables(found))
    with open(os.path.join(ROOT, "doc", "BENCH.md"), "w", encoding="utf-8") as f:
        f.write(text)
    print("doc/BENCH.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
