# SPDX-License-Identifier: MIT
"""The table that `make bench` ends with: for each headline the systems' medians, and by how much ix is better."""
import words
from figures import HEADLINES
from stats import EQUAL, NOISY, NONE, advantage


def text(found):
    columns = [headings(found)] + [row for row in (line(found, *headline) for headline in HEADLINES) if row]
    widths = [max(len(row[i]) for row in columns) for i in range(len(columns[0]))]
    lines = ["  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip()
             for row in columns]
    lines.insert(1, "-" * len(max(lines, key=len)))
    return "\n".join([""] + lines + [""] + notes(found))


def headings(found):
    """With several peers there is room for short verdicts only; they are explained below."""
    row = [""] + [system["title"] for system in found["systems"].values()]
    for pair in found["ratios"]:
        row += ["%s better than %s" % tuple(pair.split("/")), ""] if len(found["ratios"]) == 1 else ["over " + pair.split("/")[1]]
    return row


def line(found, figure, label):
    """One row; None when nobody has the figure."""
    systems = [system["figures"].get(figure) for system in found["systems"].values()]
    if not any(systems):
        return None
    row = [label] + [words.amount(s["median"], s["unit"]) if s else "-" for s in systems]
    for ratios in found["ratios"].values():
        row += gain(ratios.get(figure)) if len(found["ratios"]) == 1 else [short_gain(ratios.get(figure))]
    return row


def short_gain(ratio):
    """The advantage, with a mark where the rounds allow no verdict, or say that there is no difference."""
    if not ratio:
        return "-"
    mark = {NOISY: " ?", NONE: " ?", EQUAL: " ="}.get(ratio["verdict"], "  ")
    return words.times(advantage(ratio["median"], ratio["better"])) + mark


def gain(ratio):
    """The advantage with its range, and the verdict."""
    if not ratio:
        return ["-", ""]
    low, mid, high = sorted(advantage(ratio[key], ratio["better"]) for key in ("min", "median", "max"))
    return ["%s (%s to %s)" % (words.times(mid), words.digits(low), words.digits(high)), ratio["verdict"]]


def notes(found):
    m = found["machine"]
    lines = ["medians of %d round%s; %s" % (found["rounds"], "s" if found["rounds"] > 1 else "", found["network"]),
             "%s, %d cores; %s" % (m["processor"], m["cores"], found["pinning"]),
             "CPUs of each machine: " + words.vcpus(found)]
    if len(found["ratios"]) > 1:
        lines.append("over X: how many times better ix is; ?: the rounds do not agree, run again; =: no difference")
    if found["scale"] == "quick":
        lines.append("QUICK=1: short runs, for a first look; figures to keep come from `make bench`")
    return lines + ["not measured: " + problem for problem in found["problems"]]
