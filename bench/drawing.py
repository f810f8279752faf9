# SPDX-License-Identifier: MIT
"""
What all pictures share: how they look, axes, curves. Each system has one colour and one mark in all of them; the colours
differ for colour-blind eyes, too.
"""
import io

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, NullFormatter  # noqa: E402

import words  # noqa: E402

COLOURS = {"ix": "#0072B2", "lab6": "#D55E00", "linux": "#009E73", "ceiling": "#7A7A7A"}
MARKS = {"ix": "o", "lab6": "s", "linux": "^", "ceiling": "D"}
INK, FAINT, LINES = "#22272e", "#6b7280", "#e3e6ea"

STYLE = {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 10.5,
    "axes.edgecolor": "#c3c8cf", "axes.labelcolor": FAINT, "axes.titlesize": 12, "axes.titleweight": "bold",
    "axes.titlecolor": INK, "axes.titlelocation": "left", "axes.titlepad": 14, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "axes.axisbelow": True, "grid.color": LINES, "grid.linewidth": 0.8,
    "xtick.color": FAINT, "ytick.color": FAINT, "xtick.major.size": 0, "ytick.major.size": 0, "xtick.minor.size": 0,
    "ytick.minor.size": 0, "lines.linewidth": 2, "lines.markersize": 6, "legend.frameon": False,
    "svg.hashsalt": "jos-ix", "figure.facecolor": "white", "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.1, "figure.constrained_layout.h_pad": 0.1,
}
ACROSS = 9.6  # inches: all pictures are equally wide, so their letters are equally large on the page
CURVES = (ACROSS, 3.9)


class Picture:
    def __init__(self, name, title, caption, svg):
        self.name, self.title, self.caption, self.svg = name, title, caption, svg


def finish(fig, name, title, caption):
    out = io.StringIO()
    fig.savefig(out, format="svg", metadata={"Date": None})
    plt.close(fig)
    svg = out.getvalue()
    return Picture(name, title, caption, svg[svg.index("<svg"):])


def look(name):
    return {"color": COLOURS.get(name, "#CC79A7"), "marker": MARKS.get(name, "v")}


def points(system, work, measured):
    """[(point, figure)] of work/POINT/measured, by increasing point, which is a number."""
    found = []
    for name, figure in system["figures"].items():
        parts = name.split("/")
        if len(parts) == 3 and parts[0] == work and parts[2] == measured:
            found.append((int(parts[1]), figure))
    return sorted(found, key=lambda pair: pair[0])


def logarithmic(axis, ticks, label):
    """A logarithmic axis with words at these places only."""
    axis.set_major_locator(matplotlib.ticker.FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda x, _: label(x)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(matplotlib.ticker.NullLocator())


def time_ticks(axis, low, high):
    ticks = [m * 10 ** e for e in range(0, 8) for m in (1, 2, 5) if low / 2 <= m * 10 ** e <= high * 2]
    if len(ticks) > 8:
        ticks = [t for t in ticks if str(t)[0] == "1"]
    logarithmic(axis, ticks, lambda x: words.tick(round(x), "us"))


def curve(ax, system_name, title, series, dash="-", label=True):
    """Medians as a line with marks, the range over the rounds as a band."""
    x = [p for p, _ in series]
    ax.plot(x, [f["median"] for _, f in series], dash, label=title if label else None, **look(system_name))
    ax.fill_between(x, [f["min"] for _, f in series], [f["max"] for _, f in series], color=look(system_name)["color"],
                    alpha=0.14, linewidth=0)


def curves(found, work, measured):
    """[(name, title, series)] of the systems that have any."""
    all_ = [(name, s["title"], points(s, work, measured)) for name, s in found["systems"].items()]
    return [c for c in all_ if c[2]]


def from_zero(ax, unit):
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: "0" if y == 0 else words.tick(y, unit)))
