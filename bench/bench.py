#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
`make bench`: boots each system in turn, loads it, and tells the difference architecture makes.

    options.py    what was asked for
    systems.py    what is compared, and how each is started
    linux.py      a peer of which only the packages are there; cpio.py: its file system
    works.py      what is measured, with which client
    session.py    the network, QEMU and the clients on it
    pinning.py    which thread on which core
    rounds.py     the measuring
    progress.py   the line meanwhile
    figures.py    names and units of figures; all samples
    stats.py      medians, ranges, ratios, verdicts
    facts.py      the machine and the versions
    report.py     everything found, in one structure; as JSON and CSV
    table.py      the table in the terminal
    pictures.py   the pictures; sweeps.py: those of FULL=1; drawing.py: what they share
    compare.py    a program: do two runs say the same?
    page.py       report.html

Exit status: 0 when something was measured, 1 when nothing could be, 2 for a wrong option, 130 when interrupted.
"""
import os
import resource
import signal
import sys

sys.dont_write_bytecode = True  # nothing is left in the tree
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))

import pinning  # noqa: E402
import report  # noqa: E402
import systems  # noqa: E402
import table  # noqa: E402
from harness.host import Host  # noqa: E402
from harness.suite import Failure  # noqa: E402
from linux import Linux  # noqa: E402
from options import BadOption, Options  # noqa: E402
from progress import Progress  # noqa: E402
from rounds import Rounds  # noqa: E402
from session import Session, choose_network  # noqa: E402

SYSTEMS = {system.name: system for system in (systems.LAB6, systems.IX, Linux(), systems.Ceiling())}
OK, UNABLE, WRONG, INTERRUPTED = 0, 1, 2, 130
OPEN_FILES = 20000


def main():
    try:
        options = Options(SYSTEMS)
    except BadOption as e:
        print("bench: %s" % e, file=sys.stderr)
        return WRONG
    os.chdir(ROOT)
    allow_many_files()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    host = Host(ROOT)
    try:
        host.ask_make()
        return bench(options, host)
    except KeyboardInterrupt:
        print("\nbench: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Failure as e:
        print("bench: %s" % e, file=sys.stderr)
        return UNABLE
    finally:
        host.close()


def bench(options, host):
    began = report.start(host)
    tap, network = choose_network(options.net)
    pinning.begin()
    session = Session(host, tap)
    try:
        chosen, absent = choose_systems(options, session)
        measured = Rounds(session, chosen, options, Progress)
        for words in ["network: " + network] + absent:
            measured.progress.say("bench: " + words)
        measured.run()
    finally:
        session.close()
    found = report.make(began, options, chosen, measured, network, absent, list(session.commands))
    print(table.text(found))
    print("\n".join("%s/%s" % (options.out, name) for name in report.write(found, options.out)))
    return OK


def choose_systems(options, session):
    """The systems that can run here, ready to; and words for those that cannot."""
    chosen, absent = [], []
    for system in (SYSTEMS[name] for name in options.systems):
        obstacle = system.obstacle(session)
        if obstacle:
            absent.append("%s is left out: %s" % (system.title, obstacle))
        else:
            system.prepare(session)
            chosen.append(system)
    if not chosen:
        raise Failure("; ".join(absent))
    return chosen, absent


def allow_many_files():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


if __name__ == "__main__":
    sys.exit(main())
