# SPDX-License-Identifier: MIT
"""The line that says what is being done and how long it will take: one that changes, on a terminal; else one a server."""
import shutil
import sys
import time


class Progress:
    def __init__(self, seconds, stream=sys.stderr):
        self.total, self.done = max(seconds, 1), 0.0
        self.stream, self.live = stream, stream.isatty()
        self.began = time.monotonic()

    def show(self, words):
        """Before a step."""
        if self.live:
            left = self.left()
            line = "%3.0f%%  %s  (%d:%02d left)" % (100 * self.done / self.total, words, left // 60, left % 60)
            self.stream.write("\r\033[K" + line[:shutil.get_terminal_size().columns - 1])
            self.stream.flush()

    def advance(self, seconds):
        """After a step that was to take so long."""
        self.done = min(self.total, self.done + seconds)

    def left(self):
        """By the plan, corrected by how it went so far."""
        planned = self.total - self.done
        slowness = (time.monotonic() - self.began) / self.done if self.done > 5 else 1
        return int(planned * max(slowness, 1))

    def say(self, words):
        """Something that stays."""
        if self.live:
            self.stream.write("\r\033[K")
        self.stream.write(words + "\n")
        self.stream.flush()

    def milestone(self, words):
        """One a server and round, where there is no terminal to show more."""
        if not self.live:
            self.say("%3.0f%%  %s" % (100 * self.done / self.total, words))

    def end(self):
        if self.live:
            self.stream.write("\r\033[K")
            self.stream.flush()
