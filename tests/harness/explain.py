# SPDX-License-Identifier: MIT
"""
`make explain TEST=name`: what a test checks, why, what usually goes wrong, and where to look.

The words are the test's docstring (or `doc`): first what is done and what must be seen, then, each beginning a line of
its own, as far as there is something to say:

    Why: what depends on it.
    Often: what is usually wrong when it fails.
    Look: files and functions, the monitor's commands, counters.
    Needs: what must be there before it can pass.
"""
import json
import os
import textwrap

from .cmdline import objdir
from .report import plural

WIDTH = 100
LABELS = {"Why:": "Why", "Often:": "What usually goes wrong", "Look:": "Where to look",
          "Needs:": "What it needs"}
KEPT = {
    "serial.log": "what the machine printed",
    "qemu.log": "QEMU's command line, and its own words",
    "net.pcap": "every frame that passed the NIC: make pcap PCAP=%s",
    "host.log": "the programs that ran on this host, and what they printed",
    "verdict.json": None,
}


def explain(test, root):
    """All of it, as text."""
    place = "%s:%d" % (os.path.relpath(test.place[0], root), test.place[1])
    blocks = ["%s: %s\n%s, part %s; %s" % (test.name, test.title, plural(test.points, "point"), test.part, place)]
    blocks += paragraphs(test.doc)
    blocks += conditions(test)
    blocks.append(last_run(root, test.name))
    blocks.append("Again: ./grade-lab-ix -v --keep %s" % test.name)
    return "\n\n".join(blocks) + "\n"


def paragraphs(doc):
    """The docstring's paragraphs, with headings for those that have a label. What is indented stays as it is."""
    found, heading, lines = [], "What it checks", []
    for line in doc.split("\n") + ["Why:"]:
        label = next((label for label in LABELS if line.startswith(label)), None)
        if label:
            text = "\n".join(lines).strip("\n")
            found += [heading + "\n" + "\n\n".join(map(indented, text.split("\n\n")))] if text else []
            heading, lines = LABELS[label], [line[len(label):].strip()]
        else:
            lines.append(line)
    return found


def indented(text):
    if any(line.startswith(" ") for line in text.split("\n")):
        return textwrap.indent(text, "    ")
    return textwrap.fill(" ".join(text.split()), WIDTH, initial_indent="    ", subsequent_indent="    ",
                         break_on_hyphens=False, break_long_words=False)


def conditions(test):
    found = []
    if test.needs:
        found.append("It needs\n    %s to pass first" % ", ".join(test.needs))
    obstacle = test.obstacle()
    if obstacle:
        found.append("Here it is skipped\n    %s" % obstacle)
    return found


def last_run(root, name):
    """What is known of the last run, and which of its files are there."""
    folder = objdir("grade", name)
    verdict = os.path.join(root, folder, "verdict.json")
    if not os.path.exists(verdict):
        return "The last run\n    left nothing: it passed, or there was none since the last `make clean`"
    with open(verdict, encoding="utf-8") as f:
        told = json.load(f)
    lines = ["The last run", "    " + told["status"]]
    lines += ["    | " + line for line in told["reason"].split("\n") if line]
    for path in files_below(os.path.join(root, folder)):
        shown = os.path.join(folder, path)
        words = KEPT.get(os.path.basename(path), "")
        if words is not None:
            lines.append("    %s  %s" % (shown, words % shown if "%s" in words else words))
    return "\n".join(line.rstrip() for line in lines)


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder)
                  for where, _, names in os.walk(folder) for name in names)
