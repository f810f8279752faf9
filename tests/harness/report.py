# SPDX-License-Identifier: MIT
"""The report that people read: a line for each test as it ends, a score for each part, and the sum.

Tests may end in any order; the report keeps the order of the suite and holds back what is early.
"""
import os
import signal
import sys
import threading

from .suite import Result, tally

COLORS = {"OK": "32", "FAIL": "31", "SKIPPED": "33"}
WORDS = {Result.PASS: "OK", Result.FAIL: "FAIL", Result.SKIP: "SKIPPED"}


class Report:
    """`after_each` is called with all results so far, when a test has ended."""

    def __init__(self, tests, color="auto", verbose=False, out=None, after_each=None):
        self.tests, self.verbose, self.after_each = tests, verbose, after_each
        self.out = out or sys.stdout
        self.color = color == "always" or (color == "auto" and self.out.isatty())
        self.lock = threading.Lock()
        self.started, self.results = set(), {}
        self.place = 0          # of the next test to report
        self.finishing = False  # no test runs any more
        self.announced = False  # its title is on the screen

    def begin(self, test):
        """A test starts."""
        with self.lock:
            self.started.add(test.name)
            self.advance()

    def end(self, result):
        """A test has ended."""
        with self.lock:
            self.results[result.test.name] = result
            self.advance()
            if self.after_each:
                self.after_each(self.in_order())

    def advance(self):
        while self.place < len(self.tests):
            test = self.tests[self.place]
            if test.name in self.started and not self.announced:
                self.write("%s: " % test.title)
                self.announced = True
            if test.name not in self.results:
                break
            self.one(self.results[test.name])
            self.place += 1
            self.announced = False
            self.part_ended(test.part)
        self.flush()

    def one(self, result):
        if not self.announced:
            self.write("%s: " % result.test.title)
        word = self.paint(WORDS[result.status])
        if result.status == Result.SKIP:
            self.write("%s (%s)\n" % (word, result.reason))
            return
        self.write("%s (%.1fs)\n" % (word, result.seconds))
        if result.reason:
            self.indented(result.reason)
        if result.folder and result.status == Result.FAIL:
            self.indented("logs kept in %s" % result.folder)
        if self.verbose and result.log:
            self.indented("serial output:")
            self.indented(result.log, "    | ")

    def part_ended(self, part):
        if self.place < len(self.tests) and self.tests[self.place].part == part:
            return
        score, most = tally(self.of_part(part))[:2]
        self.write("Part %s score: %d/%d\n\n" % (part, score, most))

    def of_part(self, part):
        return [r for r in self.results.values() if r.test.part == part]

    def in_order(self):
        return [self.results[t.name] for t in self.tests if t.name in self.results]

    def finish(self, pace=None):
        """The sum. Tests that were not run (after an interrupt) are not in it. `pace` is told if it stretched limits."""
        self.finishing = True
        results = self.in_order()
        score, most, passed, failed, skipped = tally(results)
        self.listed("Failed", Result.FAIL, results)
        self.listed("Skipped", Result.SKIP, results)
        if pace and pace >= 1.05:
            self.write("This machine is slow or busy: time limits were stretched %.1f times.\n" % pace)
        self.write("Score: %d/%d\n" % (score, most))
        self.write("%d passed, %d failed%s\n" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
        self.flush()
        return results

    def listed(self, heading, status, results):
        """Which tests ended so, each with the first line of the reason."""
        lines = ["    %s, %s: %s\n" % (r.test.name, plural(r.test.points, "point"), r.reason.partition("\n")[0])
                 for r in results if r.status == status]
        if lines:
            self.write("%s:\n%s" % (heading, "".join(lines)))

    def paint(self, word):
        return "\033[%sm%s\033[0m" % (COLORS[word], word) if self.color else word

    def indented(self, text, margin="    "):
        for line in text.rstrip("\n").split("\n"):
            self.write(margin + line + "\n")

    def write(self, text):
        self.unless_unread(self.out.write, text)

    def flush(self):
        self.unless_unread(self.out.flush)

    def unless_unread(self, do, *args):
        """Who read us has gone, as head does when it has enough: that ends the tests as an interrupt does, and not what follows them."""
        try:
            do(*args)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.out.fileno())  # where Python's own last flush goes, too
            if not self.finishing:
                os.kill(os.getpid(), signal.SIGINT)


def plural(number, noun):
    return "%d %s%s" % (number, noun, "" if number == 1 else "s")
