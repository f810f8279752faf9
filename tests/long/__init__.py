# SPDX-License-Identifier: MIT
"""The parts of tests/check-long, a module for each; add_to(suite) adds its tests."""
import functools
import threading

_alone = threading.Lock()


def alone(play):
    """Of the tests that this wraps, one runs at a time: each keeps all CPUs busy by itself, or all use one tree."""
    @functools.wraps(play)
    def waits(t):
        with _alone:
            play(t)
    return waits
