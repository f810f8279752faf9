# SPDX-License-Identifier: MIT
"""Runs tests in several threads: the first test whose needs have been run goes first."""
import threading
import time
import traceback

from .children import Interrupted
from .suite import Failure, Result, Skip


class Schedule:
    """`open_context(test)` makes what a test is given (context.py); `report` hears of each begin and end."""

    def __init__(self, tests, jobs, open_context, report):
        self.waiting = list(tests)
        self.chosen = {test.name for test in tests}
        self.jobs, self.open_context, self.report = jobs, open_context, report
        self.results = {}
        self.changed = threading.Condition()
        self.stopping = False

    def run(self, on_interrupt):
        """All tests, to their end. A KeyboardInterrupt ends what runs, and is passed on."""
        threads = [threading.Thread(target=self.work, daemon=True) for _ in range(min(self.jobs, len(self.waiting)))]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)
        except KeyboardInterrupt:
            self.stopping = True
            on_interrupt()
            for thread in threads:
                thread.join(10)
            raise

    def work(self):
        while True:
            test = self.take()
            if test is None:
                return
            self.report.begin(test)
            try:
                result = self.outcome(test)
            except Exception as e:  # also in what opens and closes its machines: no test goes without a verdict
                result = Result(test, Result.FAIL, reason=bug(e))
            if result is None:
                return
            with self.changed:
                self.results[test.name] = result
                self.changed.notify_all()
            self.report.end(result)

    def take(self):
        """The next test that can run, off the list; None when there will be none."""
        with self.changed:
            while self.waiting and not self.stopping:
                for i, test in enumerate(self.waiting):
                    if all(name in self.results for name in test.needs if name in self.chosen):
                        return self.waiting.pop(i)
                self.changed.wait(0.5)
        return None

    def outcome(self, test):
        """Run the test, unless the host or another test is in its way. None after an interrupt."""
        for name in test.needs:
            other = self.results.get(name)
            if other and other.status == Result.FAIL:
                return Result(test, Result.FAIL, reason="not run: it needs %s, which failed" % name)
            if other and other.status == Result.SKIP:
                return Result(test, Result.SKIP, reason="it needs %s, which was skipped" % name)
        why = test.obstacle()
        if why:
            return Result(test, Result.SKIP, reason=why)
        return self.perform(test)

    def perform(self, test):
        began = time.monotonic()
        context = self.open_context(test)
        try:
            status, reason = self.attempt(test, context)
        finally:
            context.close()
        if self.stopping or status is None:
            return None
        seconds = time.monotonic() - began
        if status == Result.FAIL:
            reason = "\n".join(filter(None, [reason, context.evidence()]))
        return Result(test, status, seconds, reason, context.settle(status != Result.FAIL, reason), context.log, context.figures)

    def attempt(self, test, context):
        try:
            test.func(context)
        except Failure as e:
            return Result.FAIL, str(e)
        except Skip as e:
            return Result.SKIP, str(e)
        except Interrupted:
            return None, ""
        except Exception as e:  # a bug in one test must not end the others
            return Result.FAIL, bug(e)
        return Result.PASS, ""


def bug(error):
    """A test that ended by an error of its own says which one, then where."""
    return "a bug in the test: %s: %s\n%s" % (type(error).__name__, error, traceback.format_exc())
