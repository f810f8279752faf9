# SPDX-License-Identifier: MIT
"""How much patience tests need on this machine: one short boot is timed, once."""
import threading
import time

REFERENCE = 0.3  # seconds that the boot takes where the tests' limits were chosen
LEAST, MOST = 1.0, 20.0


class Pace:
    """pace(seconds) stretches a limit. `short_boot()` boots, ends, and raises an exception if it cannot."""

    def __init__(self, short_boot):
        self.short_boot = short_boot
        self.lock = threading.Lock()
        self.factor = None

    def __call__(self, seconds):
        with self.lock:
            if self.factor is None:
                self.factor = self.measure()
        return seconds * self.factor

    def measure(self):
        began = time.monotonic()
        try:
            self.short_boot()
        except Exception:  # the kernel is broken: tests will say how, and need not wait long
            return LEAST
        return min(MOST, max(LEAST, (time.monotonic() - began) / REFERENCE))
