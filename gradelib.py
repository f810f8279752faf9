# SPDX-License-Identifier: MIT
"""The grader's library: what a grade script imports.

A grade script says which tests there are, and hands over:

    from gradelib import Suite, main
    suite = Suite("Lab IX")
    suite.part("A")

    @suite.test(5, "hello says hello")
    def hello(t):
        t.boot("hello", fs=False).finish()

    main(suite)

A test is a function that gets a context `t` (tests/harness/context.py): t.boot() starts a machine
(tests/harness/machine.py), which is then waited for, typed at and looked into; t.run() runs a program on the
host. It passes by returning, and fails by raising Failure. Whatever it started is ended for it.
"""
import os
import signal
import sys
import time

ROOT = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(ROOT, "tests"))

from harness import options, results, services  # noqa: E402
from harness.capture import expect_frames, frames_of  # noqa: E402
from harness.context import Context  # noqa: E402
from harness.explain import explain  # noqa: E402
from harness.host import Host  # noqa: E402
from harness.match import check_output  # noqa: E402
from harness.report import Report, plural  # noqa: E402
from harness.schedule import Schedule  # noqa: E402
from harness.suite import Failure, Result, Skip, Suite  # noqa: E402
from harness.tools import needs_header, needs_program, needs_tap  # noqa: E402

__all__ = ["Failure", "ROOT", "Skip", "Suite", "check_output", "expect_frames", "frames_of", "main", "needs_header",
           "needs_program", "needs_tap"]

OK, FAILED, UNABLE, INTERRUPTED = 0, 1, 2, 130


def main(suite, argv=None, open_host=Host):
    """Do what the command line says, and exit. (Tests of this library bring another host.)"""
    opts = options.parse(suite, argv or sys.argv)
    try:
        tests = suite.select(opts.filters)
    except ValueError as e:
        print(e, file=sys.stderr)
        sys.exit(UNABLE)
    if opts.list:
        list_tests(tests)
        sys.exit(OK)
    if opts.explain:
        print("\n".join(explain(test, ROOT) for test in tests), end="")
        sys.exit(OK)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGINT: a shell ignores it for what it starts with &
        signal.signal(number, signal.default_int_handler)
    sys.exit(grade(suite, tests, opts, open_host(ROOT)))


def list_tests(tests):
    width = max(len(test.name) for test in tests)
    for test in tests:
        print("%-*s  %-9s  %s: %s" % (width, test.name, plural(test.points, "point"), test.part, test.title))


def grade(suite, tests, opts, host):
    """Build, run, report; the exit status."""
    began = time.monotonic()
    keep = keeper(suite, opts, host, began)
    report = Report(tests, opts.color, opts.verbose, after_each=keep)
    status = OK
    try:
        fault = host.build(opts.jobs, make=not opts.no_build)
        if fault:
            print("The tree is not built:\n%s" % fault, file=sys.stderr)
            return UNABLE
        host.ask_make()
        host.pace(0)  # measured now, before anything else runs
        keep([])  # not those of an earlier run
        Schedule(tests, opts.jobs, lambda test: Context(test, host, opts.keep), report).run(host.children.stop_all)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        status = INTERRUPTED
    finally:
        host.close()
    pace = stretched(host)
    outcome = report.finish(pace)
    write_files(suite, outcome, opts, time.monotonic() - began, pace)
    if status == OK and any(r.status == Result.FAIL for r in outcome):
        status = FAILED
    return status


def stretched(host):
    """By how much time limits were, on this machine."""
    return getattr(host.pace, "factor", None) or 1.0


def keeper(suite, opts, host, began):
    """A function that writes the results so far, should nobody be there to do so at the end."""
    def keep(outcome):
        if opts.json:
            results.keep_json(opts.json, suite, outcome, time.monotonic() - began, stretched(host))
    return keep


def write_files(suite, outcome, opts, seconds, pace):
    if opts.json:
        results.write_json(opts.json, suite, outcome, seconds, pace)
    if opts.junit:
        results.write_junit(opts.junit, suite, outcome, seconds)
    if opts.gradescope:
        services.write_gradescope(opts.gradescope, suite, outcome, seconds)
    if opts.github:
        print("\n".join(services.notices(outcome)))
        if os.environ.get("GITHUB_STEP_SUMMARY"):
            services.write_step_summary(os.environ["GITHUB_STEP_SUMMARY"], suite, outcome)
