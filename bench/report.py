# SPDX-License-Identifier: MIT
"""
Everything that was found, in one structure (report.json), and the files made from it.

    title, when, scale, rounds, machine, versions, network, pinning, commands, problems
    systems  name -> {title, cpus, figures: name -> {unit, better, median, min, max, samples}}
    counts   what `make bench-count` recorded: key, runs: "SYSTEM: WORK" -> figure -> number for one request
    ratios   "ix/OTHER" -> figure -> {median, min, max, samples, better, verdict}: ix over the other, by rounds
"""
import csv
import json
import os
import time

import counts
import facts
import figures
import page
import pictures
import pinning

OURS = "ix"


def start(host):
    """What must be looked at before the measuring, as it changes the host."""
    return {"when": facts.now(), "machine": facts.machine(), "versions": facts.versions(host.qemu),
            "counts": counts.recorded(host.qemu), "clock": time.monotonic()}


def make(began, options, systems, measured, network, absent, commands):
    samples = measured.samples
    found = {
        "title": "JOS-IX bench",
        "when": began["when"],
        "seconds": round(time.monotonic() - began["clock"]),
        "scale": options.scale,
        "rounds": options.rounds,
        "machine": began["machine"],
        "versions": began["versions"],
        "network": network,
        "pinning": pinning.words(),
        "problems": absent + ["%s%s" % (words, " (%d times)" % n if n > 1 else "") for words, n in measured.problems.items()],
        "commands": commands,
        "systems": {s.name: {"title": s.title, "cpus": s.cpus, "figures": all_figures(samples, s.name)} for s in systems},
        "ratios": {},
        "counts": dict(zip(("key", "runs"), began["counts"])),
    }
    names = [s.name for s in systems]
    for other in (name for name in names if name != OURS and OURS in names):
        compared = {name: samples.compare(OURS, other, name) for name in samples.names() if name != figures.SPEED_OF_HOST}
        found["ratios"]["%s/%s" % (OURS, other)] = {name: ratio for name, ratio in compared.items() if ratio}
    return found


def all_figures(samples, system):
    return {name: dict(samples.summary(system, name), unit=figures.unit(name), better=figures.better(name))
            for name in samples.names() if samples.summary(system, name)}


def write(found, folder):
    """All files, into the folder; their names."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "report.json"), "w", encoding="utf-8") as f:
        json.dump(found, f, indent=1)
        f.write("\n")
    write_csv(found, os.path.join(folder, "report.csv"))
    with open(os.path.join(folder, "report.html"), "w", encoding="utf-8") as f:
        f.write(page.html(found, pictures.draw(found)))
    return ["report.html", "report.json", "report.csv"]


def write_csv(found, path):
    """A line for each sample."""
    with open(path, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f)
        out.writerow(["system", "figure", "unit", "better", "round", "sample"])
        for name, system in found["systems"].items():
            for figure, values in system["figures"].items():
                for turn, sample in enumerate(values["samples"]):
                    out.writerow([name, figure, values["unit"], values["better"], turn + 1, "%.6g" % sample])
