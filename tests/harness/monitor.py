# SPDX-License-Identifier: MIT
"""The kernel's monitor, as typed at on the serial line."""
import re

from .suite import Failure

OPEN_KEY = "\x1d"  # control-]
PROMPT = "^K> "
ENDS = "^that is who was interrupted: the monitor ends with it\n"


class Monitor:
    """`with Monitor(machine) as monitor:` opens it while programs run, and lets them go on afterwards."""

    def __init__(self, machine):
        self.machine, self.ended = machine, False

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

    def kill(self, env):
        """End an environment, and the monitor too if it has interrupted that one."""
        line = "kill %s\n" % env
        self.machine.send(line)
        self.machine.expect(re.escape(line))
        self.ended = bool(re.match(ENDS, self.machine.expect(PROMPT + "|" + ENDS, limit=30).group()))

    def leave(self):
        if not self.ended:
            self.machine.send("continue\n")
