# SPDX-License-Identifier: MIT
"""The pictures of FULL=1: one setting is turned, all else stays. Each is None when nobody was measured with it."""
from drawing import CURVES, INK, curve, curves, finish, from_zero, logarithmic, look, plt


def batches(found):
    """FULL=1: what a bound on the batch costs, and what it is good for."""
    return two_panels(found, "batch", "Batch bound", "most frames in a cycle", "Most frames that the dataplane takes from "
                      "the ring at a time. Large batches save doorbells and system calls under load (left); the "
                      "round trip of a lone request never waits for a batch to fill, so it does not depend on the bound (right).")


def cpu_counts(found):
    """FULL=1, of systems whose machine may have several CPUs to serve with."""
    series = curves(found, "cpus", "rate")
    if not series:
        return None
    fig, ax = plt.subplots(figsize=CURVES)
    for name, title, line in series:
        curve(ax, name, title, line)
    ax.set_xticks(sorted({p for _, _, line in series for p, _ in line}))
    from_zero(ax, "requests/s")
    ax.set_xlabel("CPUs that serve")
    ax.set_title("Requests a second on 64 kept connections")
    ax.legend(loc="best")
    return finish(fig, "cpus", "CPUs", "The same load, on more CPUs: lab 6's machine has so many, the dataplane reserves "
                  "so many of an e1000e machine that has one more. More of them than the host has cores left for cannot "
                  "help: what they cost is in `make bench-scale`.")


def idle_policies(found):
    """FULL=1: poll, halt, adaptive, as pairs of bars."""
    rows = [(name, s) for name, s in found["systems"].items() if any(f.startswith("idle/") for f in s["figures"])]
    if not rows:
        return None
    name, system = rows[0]
    policies = list(dict.fromkeys(f.split("/")[1] for f in system["figures"] if f.startswith("idle/")))
    fig, axes = plt.subplots(1, 2, figsize=CURVES)
    for ax, (measured, unit, title) in zip(axes, (("p50", "us", "Median round trip after silence"),
                                                  ("rate", "requests/s", "Requests a second, 64 kept connections"))):
        bars = [system["figures"].get("idle/%s/%s" % (p, measured)) for p in policies]
        shown = [(i, b) for i, b in enumerate(bars) if b]
        ax.bar([i for i, _ in shown], [b["median"] for _, b in shown], width=0.55, color=look(name)["color"], alpha=0.85,
               yerr=[[b["median"] - b["min"] for _, b in shown], [b["max"] - b["median"] for _, b in shown]],
               error_kw={"ecolor": INK, "elinewidth": 1.2, "capsize": 3})
        ax.set_xticks(range(len(policies)), policies, color=INK)
        from_zero(ax, unit)
        ax.grid(axis="x", visible=False)
        ax.set_title(title)
    return finish(fig, "idle", "Idle policy", "What %s's CPU does when nobody asks: look again at once, halt until the card "
                  "interrupts, or the one and then the other. Polling answers soonest and burns a host core; halting costs an "
                  "interrupt for each lone request. Whiskers: range over the rounds." % system["title"])


def two_panels(found, work, heading, xlabel, caption):
    """Rate and round trip against one setting, side by side."""
    rates, times = curves(found, work, "rate"), curves(found, work, "p50")
    if not rates:
        return None
    fig, axes = plt.subplots(1, 2, figsize=CURVES)
    for ax, all_, unit, title in ((axes[0], rates, "requests/s", "Requests a second, 64 kept connections"),
                                  (axes[1], times, "us", "Median round trip, one connection")):
        for name, system_title, line in all_:
            curve(ax, name, system_title, line)
        ax.set_xscale("log", base=2)
        logarithmic(ax.xaxis, sorted({p for _, _, line in all_ for p, _ in line}), lambda x: "%d" % x)
        from_zero(ax, unit)
        ax.set_xlabel(xlabel)
        ax.set_title(title)
    return finish(fig, work, heading, caption)


DRAWERS = (batches, idle_policies, cpu_counts)
