# SPDX-License-Identifier: MIT
"""The recorded figures of `make bench-count`: bench/counts.json, by what they depend on."""
import json
import os
import re

import facts

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "counts.json")
STAGE = "stage: "


def key(qemu):
    """Compiler, lwIP and QEMU: a figure holds for one version of each."""
    compiler = facts.words_of([os.environ.get("CC") or "cc", "-dumpfullversion"])
    version = re.search(r"version (\S+)", facts.words_of(qemu + ["--version"]) or "")
    return "gcc %s, lwIP %s, QEMU %s" % (compiler, facts.lwip_version(), version.group(1) if version else "unknown")


def load():
    """key -> "SYSTEM: WORK" -> figure -> number for one request"""
    try:
        with open(PATH, encoding="utf-8") as f:
            return json.load(f)
    except FileNotFoundError:
        return {}


def save(all_):
    with open(PATH, "w", encoding="utf-8") as f:
        json.dump(all_, f, indent=1)
        f.write("\n")


def recorded(qemu):
    """(key, figures): those for what is installed here, else the last that were recorded; (None, {}) without any."""
    all_, mine = load(), key(qemu)
    found = mine if mine in all_ else next(reversed(all_), None)
    return found, all_.get(found, {})


def stages(figures):
    """stage -> instructions"""
    return {name[len(STAGE):]: n for name, n in figures.items() if name.startswith(STAGE)}
