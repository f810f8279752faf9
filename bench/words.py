# SPDX-License-Identifier: MIT
"""Numbers for people."""

SCALED = {"us": ((1, "us"), (1e3, "ms"), (1e6, "s")), "s": ((1, "s"),), "MB/s": ((1, "MB/s"),),
          "requests/s": ((1, "/s"), (1e3, "k/s"))}


def digits(x):
    """Three that count."""
    if x == 0 or abs(x) >= 100:
        return "%.0f" % x
    return "%.3g" % x if abs(x) < 1 else "%.2f" % x if abs(x) < 10 else "%.1f" % x


def amount(x, unit):
    """With its unit, in the size that reads best."""
    divisor, name = next(((d, n) for d, n in reversed(SCALED[unit]) if abs(x) >= d), SCALED[unit][0])
    return "%s%s%s" % (digits(x / divisor), "" if name.startswith(("/", "k")) else " ", name)


def tick(x, unit):
    """For an axis: without digits that say nothing."""
    divisor, name = next(((d, n) for d, n in reversed(SCALED[unit]) if abs(x) >= d), SCALED[unit][0])
    return "%g%s%s" % (round(x / divisor, 3), "" if name.startswith(("/", "k")) else " ", name)


def size(bytes_):
    for divisor, name in ((1 << 20, "MB"), (1 << 10, "KB")):
        if bytes_ >= divisor:
            return "%g %s" % (bytes_ / divisor, name)
    return "%d B" % bytes_


def times(gain):
    """An advantage: 1 is none."""
    return "%sx" % digits(gain)


def vcpus(found):
    """The CPUs of each system's machine, in words."""
    return ", ".join("%s %d" % (s["title"], s["cpus"]) for s in found["systems"].values())
