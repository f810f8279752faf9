# SPDX-License-Identifier: MIT
"""
From samples to what may be said about them. A sample is one figure of one system from one round.

A round measures every system, one after the other, so a ratio is taken within a round, where the host was more or less
the same for both; over the rounds it has a median and a range. A verdict needs at least two rounds, and the same answer
from each of them. From MANY rounds on, the one whose ratio lies farthest from the median has no say: on a shared host
somebody else's work falls into one round or another, and then tells nothing about the systems.
"""
import math
from statistics import median

SAME = 1.15    # ratios this close to 1 are no difference
SPREAD = 2.0   # a ratio whose rounds differ by more than this factor is not known
MANY = 5       # rounds of which one may be an outlier

FASTER, SLOWER, EQUAL, NOISY, NONE = "better", "worse", "the same", "noisy, run again", "one round: no verdict"


def summary(samples):
    """Median and range of numbers."""
    return {"median": median(samples), "min": min(samples), "max": max(samples), "samples": list(samples)}


def ratios(ours, theirs):
    """Ours over theirs, for the rounds that both have; both map a round to a sample."""
    return [ours[r] / theirs[r] for r in sorted(ours) if r in theirs and theirs[r] > 0 and ours[r] > 0]


def advantage(ratio, better):
    """How many times better: above 1 is better, whichever way the figure counts."""
    return ratio if better == "higher" else 1 / ratio


def verdict(ours, theirs, better):
    """What the rounds say together about our samples against theirs. Both map a round to a sample."""
    ours, theirs = heard(ours, theirs)
    gains = [advantage(r, better) for r in ratios(ours, theirs)]
    if len(gains) < 2:
        return NONE
    if all(1 / SAME <= g <= SAME for g in gains):
        return EQUAL
    if max(gains) / min(gains) > SPREAD:
        return NOISY
    if min(gains) > SAME and apart(ours, theirs, better):
        return FASTER
    if max(gains) < 1 / SAME and apart(theirs, ours, better):
        return SLOWER
    return NOISY


def heard(ours, theirs):
    """The samples of the rounds that have a say: those that both have, without the outlier of many."""
    gains = {r: math.log(ours[r] / theirs[r]) for r in sorted(ours) if r in theirs and theirs[r] > 0 and ours[r] > 0}
    if len(gains) >= MANY:
        middle = median(gains.values())
        del gains[max(gains, key=lambda r: abs(gains[r] - middle))]
    return {r: ours[r] for r in gains}, {r: theirs[r] for r in gains}


def apart(good, bad, better):
    """Is the worst of the good samples still better than the best of the bad?"""
    if better == "higher":
        return min(good.values()) > max(bad.values())
    return max(good.values()) < min(bad.values())
