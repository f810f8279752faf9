# SPDX-License-Identifier: MIT
"""
The pictures, each from the report's structure, as SVG. Where there is a range over the rounds, it is drawn. Those of
FULL=1 are in sweeps.py.
"""
import counts
import sweeps
import words
from drawing import (ACROSS, COLOURS, CURVES, FAINT, INK, STYLE, FuncFormatter, curve, curves, finish, from_zero, logarithmic, look, plt,
                     points, time_ticks)
from figures import HEADLINES
from stages import NAMES as stages_in_order
from stats import EQUAL, FASTER, SLOWER, advantage


def draw(found):
    """All pictures for which there are figures."""
    with plt.rc_context(STYLE):
        return [picture for picture in (drawer(found) for drawer in DRAWERS) if picture]


def ratios(found):
    """For each headline: how many times better than lab 6, with its range."""
    pair = next(iter(found["ratios"].items()), None)
    rows = [(label, pair[1][figure]) for figure, label in HEADLINES if figure in pair[1]] if pair else []
    if not rows:
        return None
    ours, theirs = (found["systems"][name]["title"] for name in pair[0].split("/"))
    fig, ax = plt.subplots(figsize=(ACROSS, 0.42 * len(rows) + 1.3))
    shades = {FASTER: COLOURS["ix"], SLOWER: COLOURS["lab6"], EQUAL: INK}
    least = most = 1
    for y, (label, ratio) in enumerate(reversed(rows)):
        low, mid, high = sorted(advantage(ratio[key], ratio["better"]) for key in ("min", "median", "max"))
        colour = shades.get(ratio["verdict"], "#9aa1ab")
        ax.plot([low, high], [y, y], color=colour, linewidth=5, alpha=0.3, solid_capstyle="round")
        ax.plot([mid], [y], "o", color=colour, markersize=8)
        ax.annotate(words.times(mid), (high, y), xytext=(10, 0), textcoords="offset points", va="center", color=colour,
                    fontweight="bold", fontsize=10)
        least, most = min(least, low), max(most, high)
    ax.set_xscale("log")
    ax.set_xlim(min(least, 1) * 0.8, most * 1.7)
    ticks = [t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
    logarithmic(ax.xaxis, ticks, lambda x: "%gx" % x)
    ax.axvline(1, color=FAINT, linewidth=1.2)
    ax.set_yticks(range(len(rows)), [label for label, _ in reversed(rows)], color=INK)
    ax.grid(axis="y", visible=False)
    ax.set_title("How many times better %s is than %s" % (ours, theirs))
    return finish(fig, "ratios", "At a glance", "Right of the line the dataplane is better: faster answers, or more of "
                  "them. The dot is the median of the rounds, the bar reaches from the worst round to the best. Grey: "
                  "the rounds do not agree well enough for a verdict.")


PERCENTILES = ("p50", "p90", "p99", "p99.9")


def latency(found):
    """A row for each system: its percentiles on one line."""
    rows = [(name, s["title"], s["figures"]) for name, s in found["systems"].items() if "latency/p50" in s["figures"]]
    if not rows:
        return None
    fig, ax = plt.subplots(figsize=(ACROSS, 0.75 * len(rows) + 1.5))
    everything = []
    for y, (name, _, figures) in enumerate(reversed(rows)):
        shown = [figures["latency/" + p] for p in PERCENTILES]
        everything += [v for f in shown for v in (f["min"], f["max"])]
        ax.plot([f["median"] for f in shown], [y] * len(shown), color=look(name)["color"], linewidth=1.6, alpha=0.5)
        for p, f, size in zip(PERCENTILES, shown, (11, 9, 7, 5.5)):
            ax.plot([f["min"], f["max"]], [y, y], color=look(name)["color"], linewidth=6, alpha=0.18, solid_capstyle="round")
            ax.plot([f["median"]], [y], "o", color=look(name)["color"], markersize=size)
    ax.set_xscale("log")
    ax.set_xlim(min(everything) / 1.4, max(everything) * 1.6)
    for y, (_, _, figures) in enumerate(reversed(rows)):
        label_without_overlap(ax, y, [figures["latency/" + p] for p in PERCENTILES])
    time_ticks(ax.xaxis, *ax.get_xlim())
    ax.set_yticks(range(len(rows)), [title for _, title, _ in reversed(rows)], color=INK)
    ax.set_ylim(-0.6, len(rows) - 0.35)
    ax.grid(axis="y", visible=False)
    ax.set_title("Round trip of a 64-byte page on one kept connection, nobody else there")
    return finish(fig, "latency", "Unloaded latency", "From left to right the median, the 90th, 99th and 99.9th percentile "
                  "of all round trips, each the median over the rounds; the pale bars show the range over the rounds.")


def label_without_overlap(ax, y, shown):
    """A name and a number above each mark, unless it would cover its left neighbour's."""
    left, right = ax.get_xlim()
    apart, last = (right / left) ** 0.075, 0
    for p, f in zip(PERCENTILES, shown):
        if f["median"] > last * apart:
            ax.annotate("%s\n%s" % (p, words.amount(f["median"], "us")), (f["median"], y), xytext=(0, 8),
                        textcoords="offset points", ha="center", fontsize=8, color=FAINT, linespacing=1.1)
            last = f["median"]


def kept(found):
    series = curves(found, "kept", "rate")
    if not series:
        return None
    fig, ax = plt.subplots(figsize=CURVES)
    for name, title, line in series:
        curve(ax, name, title, line)
    ax.set_xscale("log", base=2)
    logarithmic(ax.xaxis, sorted({p for _, _, line in series for p, _ in line}), lambda x: "%d" % x)
    from_zero(ax, "requests/s")
    ax.set_xlabel("connections, each with one request at a time")
    ax.set_title("Requests a second on kept connections")
    ax.legend(loc="best")
    return finish(fig, "kept", "Throughput", "A 64-byte page over and over, by wrk. Each connection sends its next "
                  "request when it has its answer. The bands reach from the lowest round to the highest.")


def up_to_the_wall(found, system, line):
    """The points up to the first where less than 9 of 10 requests were answered, that one included."""
    answered = dict(points(found["systems"][system], "load", "answered"))
    shown = []
    for rate, figure in line:
        shown.append((rate, figure))
        if answered[rate]["median"] < 0.9 * rate:
            break
    return shown


def offered(found):
    """The classic: latency against offered load."""
    high = [(name, title, up_to_the_wall(found, name, line)) for name, title, line in curves(found, "load", "p99")]
    if not high:
        return None
    fig, ax = plt.subplots(figsize=CURVES)
    low = {name: up_to_the_wall(found, name, line) for name, _, line in curves(found, "load", "p50")}
    for name, title, line in high:
        curve(ax, name, title + ", p99", line)
        if name in low:
            curve(ax, name, title + ", median", low[name], dash=":")
    ax.set_xscale("log")
    ax.set_yscale("log")
    values = [v for _, _, line in high for _, f in line for v in (f["min"], f["max"])]
    values += [f["min"] for line in low.values() for _, f in line]
    ax.set_ylim(min(values) / 1.6, max(values) * 1.6)
    time_ticks(ax.yaxis, *ax.get_ylim())
    logarithmic(ax.xaxis, sorted({p for _, _, line in high for p, _ in line}), lambda x: words.tick(x, "requests/s"))
    ax.set_xlabel("requests offered a second, whether or not earlier ones were answered")
    ax.set_title("Latency against offered load")
    beside = {"loc": "upper left"} if len(high) <= 2 else {"loc": "upper center", "bbox_to_anchor": (0.5, -0.17)}
    ax.legend(ncol=len(high), **beside)
    return finish(fig, "load", "Latency against offered load", "Open loop: requests become due at random times of this "
                  "mean rate, and each latency counts from when its request was due, so a stall is charged for "
                  "everybody who had to wait; one that was never answered counts with the time until the measuring ended. A "
                  "curve ends with the first point where less than 9 of 10 were answered in time.")


def pages(found):
    return by_size(found, "size", "goodput", "pages", "Bytes of pages a second, by size of the page", "size of the page",
                   "Response sizes", "Bodies only, over 8 kept connections, by wrk. Small pages cost requests, large ones bytes.")


def echoes(found):
    return by_size(found, "echo", "goodput", "echo", "Goodput of one message there and back, by its size",
                   "size of the message", "Goodput against message size",
                   "In the manner of NetPIPE: one connection, one message at a time, sent there and back; goodput is its "
                   "size over half the median round trip.")


def by_size(found, work, measured, name, title, xlabel, heading, caption):
    series = curves(found, work, measured)
    if not series:
        return None
    fig, ax = plt.subplots(figsize=CURVES)
    for system, system_title, line in series:
        curve(ax, system, system_title, line)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    logarithmic(ax.xaxis, sorted({p for _, _, line in series for p, _ in line}), words.size)
    logarithmic(ax.yaxis, [10.0 ** e for e in range(-3, 5)], lambda y: "%g MB/s" % y)
    values = [v for _, _, line in series for _, f in line for v in (f["min"], f["max"])]
    ax.set_ylim(min(values) / 1.6, max(values) * 1.6)
    ax.set_xlabel(xlabel)
    ax.set_title(title)
    ax.legend(loc="upper left")
    return finish(fig, name, heading, caption)


STAGE_COLOURS = dict(zip(stages_in_order, (
    "#E45756", "#9ECAE9", "#4C78A8", "#72B7B2", "#F2A65A", "#EECA3B", "#B279A2", "#9D755D", "#BAB0AC", "#54A24B")))


def stages(found):
    """Where the instructions of a request go, of each run that `make bench-count` recorded."""
    runs = found["counts"]["runs"]
    if not runs:
        return None
    works = list(dict.fromkeys(run.split(": ")[1] for run in runs))
    rows = sorted(runs, key=lambda run: works.index(run.split(": ")[1]))
    names = [name for name in stages_in_order if any(name in counts.stages(runs[row]) for row in rows)]
    fig, ax = plt.subplots(figsize=(ACROSS, 0.55 * len(rows) + 1.9))
    left = [0] * len(rows)
    for name in names:
        widths = [counts.stages(runs[row]).get(name, 0) for row in rows]
        ax.barh(range(len(rows)), widths, left=left, color=STAGE_COLOURS[name], label=name, height=0.62, edgecolor="white", linewidth=0.6)
        left = [a + b for a, b in zip(left, widths)]
    for y, total in enumerate(left):
        ax.annotate("{:,.0f}".format(total), (total, y), xytext=(6, 0), textcoords="offset points", va="center", color=INK,
                    fontweight="bold", fontsize=9.5)
    ax.set_yticks(range(len(rows)), [row_label(found, row) for row in rows], color=INK)
    ax.invert_yaxis()
    ax.set_xlim(0, max(left) * 1.12)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: "{:,.0f}".format(x)))
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("instructions for each request")
    ax.set_title("Where a request's instructions go")
    ax.legend(loc="upper right", ncol=2, fontsize=9, handlelength=1.1)
    return finish(fig, "stages", "Where time goes", "Guest instructions of the server's CPUs for one request, by stage, "
                  "counted by `make bench-count` (%s), whatever the host does meanwhile. Copying is all of memcpy and "
                  "its like, wherever it happens." % found["counts"]["key"])


def row_label(found, row):
    system, work = row.split(": ")
    return "%s, %s" % (found["systems"].get(system, {"title": system})["title"], work)


DRAWERS = (ratios, latency, kept, offered, pages, echoes) + sweeps.DRAWERS + (stages,)
