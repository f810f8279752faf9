# SPDX-License-Identifier: MIT
"""report.html: one file with the pictures in it, that needs nothing from anywhere."""
import base64
import re
from html import escape

import words
from figures import HEADLINES, SPEED_OF_HOST, WORKS
from table import gain

STYLE = """
:root { --ink: #22272e; --faint: #6b7280; --line: #e3e6ea; --paper: #f6f7f9; --good: #0072B2; --bad: #D55E00 }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
main { max-width: 68rem; margin: 0 auto; padding: 3rem 1.25rem 5rem }
h1 { font-size: 2rem; margin: 0; letter-spacing: -.02em }
h2 { font-size: 1.2rem; margin: 0 0 .3rem }
p.lead { color: var(--faint); margin: .3rem 0 2rem }
section { background: #fff; border: 1px solid var(--line); border-radius: 10px; padding: 1.4rem 1.6rem; margin: 1.2rem 0 }
section > p { margin: .2rem 0 .9rem; color: var(--faint); max-width: 52rem }
img { width: 100%; height: auto; display: block }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums }
th, td { padding: .36rem .4rem; text-align: right; border-top: 1px solid var(--line); white-space: nowrap }
thead th { border-top: 0; color: var(--faint); font-weight: 600 }
th:first-child, td:first-child { text-align: left }
small { color: var(--faint) }
.better { color: var(--good); font-weight: 600 } .worse { color: var(--bad); font-weight: 600 } .noisy { color: var(--faint) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: 0; font-size: .95rem }
dt { color: var(--faint) } dd { margin: 0 }
details { margin-top: .9rem } summary { cursor: pointer; color: var(--faint) }
pre { overflow-x: auto; font-size: .78rem; background: var(--paper); padding: .8rem; border-radius: 6px }
ul.problems { margin: .3rem 0 0; padding-left: 1.2rem }
"""


def html(found, pictures):
    titles = [system["title"] for system in found["systems"].values()]
    titles = " against ".join(titles) if len(titles) <= 2 else ", ".join(titles)
    parts = ["<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
             "<title>%s</title><style>%s</style><main>" % (escape(found["title"]), STYLE),
             "<h1>%s</h1><p class=lead>The same page, network card and kernel; another architecture. %s, %d round%s, %d s.</p>" % (
                 escape(titles), escape(found["when"]), found["rounds"], "s" if found["rounds"] > 1 else "", found["seconds"]),
             section("In numbers", "Medians over the rounds. A ratio is taken within each round, and is followed by its range.",
                     headline_table(found) + problems(found))]
    parts += [section(p.title, p.caption, image(p)) for p in pictures]
    parts += [section("How it was measured", "", conditions(found)), section("All figures", "", everything(found))]
    return "\n".join(parts) + "</main></html>\n"


def section(title, caption, body):
    return "<section><h2>%s</h2>%s%s</section>" % (escape(title), "<p>%s</p>" % prose(caption) if caption else "", body)


def prose(text):
    """With what stands between backticks set as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def image(picture):
    data = base64.b64encode(picture.svg.encode("utf-8")).decode("ascii")
    return "<img alt='%s' src='data:image/svg+xml;base64,%s'>" % (escape(picture.caption, quote=True), data)


def table(heads, rows):
    head = "".join("<th>%s" % h for h in heads)
    body = "".join("<tr>" + "".join("<td>%s" % cell for cell in row) for row in rows)
    return "<div class=wide><table><thead><tr>%s<tbody>%s</table></div>" % (head, body)


def headline_table(found):
    heads = [""] + [escape(system["title"]) for system in found["systems"].values()]
    judge = judged if len(found["ratios"]) == 1 else judged_in_one_cell
    for pair in found["ratios"]:
        if judge is judged:
            heads += ["%s is better than %s by" % tuple(escape(found["systems"][name]["title"]) for name in pair.split("/")), "verdict"]
        else:
            heads.append("ix over " + escape(pair.split("/")[1]))
    rows = []
    for figure, label in HEADLINES:
        values = [system["figures"].get(figure) for system in found["systems"].values()]
        if any(values):
            rows.append([escape(label)] + [shown(v) for v in values] + sum((judge(r.get(figure)) for r in found["ratios"].values()), []))
    return table(heads, rows)


def shown(figure):
    return "%s" % words.amount(figure["median"], figure["unit"]) if figure else "-"


def judged(ratio):
    """Two cells: the advantage with its range, and the verdict in its colour."""
    if not ratio:
        return ["-", ""]
    by, verdict = gain(ratio)
    kind = verdict.split(",")[0]
    number, _, spread = by.partition(" ")
    return ["<b>%s</b> <small>%s</small>" % (number, escape(spread)), "<span class='%s'>%s</span>" % (kind, escape(verdict))]


def judged_in_one_cell(ratio):
    """The advantage in its verdict's colour, over the range."""
    if not ratio:
        return ["-"]
    by, verdict = gain(ratio)
    number, _, spread = by.partition(" ")
    return ["<span class='%s' title='%s'>%s</span><br><small>%s</small>" % (
        verdict.split(",")[0], escape(verdict), number, escape(spread.strip("()")))]


def problems(found):
    if not found["problems"]:
        return ""
    return "<p>Not measured:</p><ul class=problems>%s</ul>" % "".join("<li>%s" % escape(p) for p in found["problems"])


def conditions(found):
    m, v = found["machine"], found["versions"]
    spread = host_spread(found)
    rows = [("machine", "%s, %s cores%s, %s MB; %s; %s" % (m["processor"], m["cores"], ", virtual" if m["virtual"] else "",
                                                           m["memory_mb"], m["distribution"], m["kernel"])),
            ("accelerator", m["accelerator"]), ("network", found["network"]), ("CPUs", "%s; the host has %s cores" % (words.vcpus(found), m["cores"])),
            ("threads", found["pinning"]),
            ("quiet?", "load average %s before; a fixed loop of the host took %s" % (m["load_before"], spread)),
            ("tree", v["tree"])] + [(name, v[name]) for name in ("compiler", "lwip", "qemu", "wrk", "ab", "python")]
    listed = "<dl>%s</dl>" % "".join("<dt>%s<dd>%s" % (escape(k), escape(str(text))) for k, text in rows)
    return listed + "<details><summary>Every command that was run</summary><pre>%s</pre></details>" % escape("\n".join(found["commands"]))


def host_spread(found):
    """The loop's range, over all systems and rounds."""
    all_ = [t for s in found["systems"].values() for t in s["figures"].get(SPEED_OF_HOST, {"samples": []})["samples"]]
    return "%s to %s" % (words.amount(min(all_), "us"), words.amount(max(all_), "us")) if all_ else "-"


def everything(found):
    """A table for each kind of work, folded."""
    parts = []
    for work, text in WORKS.items():
        names = [n for n in dict.fromkeys(n for s in found["systems"].values() for n in s["figures"]) if n.split("/")[0] == work]
        if names:
            heads = [""] + [escape(s["title"]) for s in found["systems"].values()]
            rows = [[escape(n)] + [ranged(s["figures"].get(n)) for s in found["systems"].values()] for n in names]
            parts.append("<details><summary>%s</summary>%s</details>" % (escape(text), table(heads, rows)))
    return "".join(parts)


def ranged(figure):
    if not figure:
        return "-"
    low, high = (words.amount(figure[key], figure["unit"]) for key in ("min", "max"))
    return "%s <small>%s to %s</small>" % (words.amount(figure["median"], figure["unit"]), low, high)
