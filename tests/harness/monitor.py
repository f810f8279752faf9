# SPDX-License-Identifier: MIT
"""The kernel's monitor, as typed at on the serial line."""
import re

from .suite import Failure

OPEN_KEY = "\x1d"  # control-]
PROMPT = "^K> "


class Monitor:
    """`with Monitor(machine) as monitor:` opens it while programs run, and lets them go on afterwards."""

    def __init__(self, machine):
        self.machine = machine

    def __enter__(self):
        self.machine.send(OPEN_KEY)
        try:
            self.machine.expect(PROMPT, limit=3)
        except Failure:  # a key that comes while the monitor is still being left is lost
            self.machine.send(OPEN_KEY)
            self.machine.expect(PROMPT)
        return self

    def __exit__(self, *_):
        self.leave()

    def run(self, line, limit=30):
        """What a command prints."""
        self.machine.send(line + "\n")
        start = self.machine.expect(re.escape(line) + "\n").end()
        end = self.machine.expect(PROMPT, limit).start()
        return self.machine.text[start:end]

    def leave(self):
        self.machine.send("continue\n")
