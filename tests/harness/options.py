# SPDX-License-Identifier: MIT
"""The command line of a grade script."""
import argparse
import os


def default_jobs():
    """As many tests at once as there are CPUs, but no more than four."""
    return max(1, min(4, os.cpu_count() or 1))


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def parse(suite, argv):
    p = argparse.ArgumentParser(
        prog=os.path.basename(argv[0]), description=suite.title,
        epilog="Exit status: 0 when no test failed, 1 when one did, 2 when tests could not be run, 130 when interrupted.")
    p.add_argument("filters", nargs="*", metavar="TEST",
                   help="only tests whose name, title or part contains this (or matches it, with * and ?)")
    p.add_argument("-v", "--verbose", action="store_true", help="show what each test's machine printed")
    p.add_argument("-j", "--jobs", type=positive, default=default_jobs(), metavar="N",
                   help="tests at once (default here: %d)" % default_jobs())
    p.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    p.add_argument("--list", action="store_true", help="list the tests and their points, run nothing")
    p.add_argument("--json", metavar="FILE", help="write the results as JSON, too")
    p.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML, too")
    p.add_argument("--gradescope", metavar="FILE", help="write the results as Gradescope's results.json, too")
    p.add_argument("--github", action="store_true",
                   help="tell GitHub (Classroom) the points, too: notices, and a summary if GITHUB_STEP_SUMMARY is set")
    p.add_argument("--explain", action="store_true", help="say what the tests check, what usually goes wrong, where to look; run nothing")
    p.add_argument("--keep", action="store_true", help="keep logs and captures of tests that passed, too")
    p.add_argument("--no-build", action="store_true", help="test what is built already")
    return p.parse_args(argv[1:])
