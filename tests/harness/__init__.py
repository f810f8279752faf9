# SPDX-License-Identifier: MIT
"""What stands behind gradelib.py: registry, scheduling, reports, and the machines that tests drive.

    suite.py     what tests there are: names, points, parts, dependencies
    options.py   the command line of a grade script
    schedule.py  runs tests in several threads, in an order that dependencies allow
    context.py   what a running test holds: its folder, its machines, its helpers
    report.py    the classic report on standard output
    results.py   the same as JSON and JUnit files
    services.py  the same for Gradescope and GitHub Classroom
    explain.py   what a test is about, and where its last run's logs are
    machine.py   one QEMU: its serial line, its end, its time limits
    monitor.py   the kernel's monitor on that line
    cmdline.py   QEMU's command line for a test
    qmp.py       questions to a running QEMU
    host.py      what all tests share: the tree, the build, the children
    speed.py     how much slower this machine is than the one where limits were set
    netns.py     a network namespace with a tap device
    children.py  programs on the host: started, limited in time, never left behind
    warden.py    undoes what a killed grader could not
    match.py     compares output with what it must say
    tools.py     what a test may need of the host
    frames.py    raw Ethernet frames, and the wire that carries them to a NIC
    decode.py    frames in words, and the first that differs
    capture.py   capture files
    http.py      a small HTTP client that shows bytes and keeps connections
"""
