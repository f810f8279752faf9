# SPDX-License-Identifier: MIT
"""Grades a class: `make grade-all SUBMISSIONS=dir`.

    grade_all.py   the whole class: makes the trusted tree, has each graded, makes the table
    entries.py     what lies in the folder: what each submission is called, and what is none
    spread.py      GNU parallel, which has each graded, on one machine or several
    trusted.py     what submissions are put into: this tree with the exercises open, built as far as no exercise goes
    grade_one.py   one submission: takes its files, grades it in a cage, and says how it went as JSON
    submission.py  which files are taken, and what is refused
    bounded.py     reads them in a process with limits
    cage.py        bubblewrap: no network, no root, limits on time, memory, disk and processes
    inside.py      what runs in the cage: build, inspection, grader
    verdict.py     what came out of it, made into a result
    suspects.py    what a solution has no honest use for
    imitation.py   of that: strings that print what tests look for
    natives.py     and names, where it is part of a test program of this host
    table.py       the summary, as text, CSV and HTML

What a submission is worth is told by this side: by captures, by clients on the host, by the status of QEMU's debug exit.
What the guest prints counts as far as suspects.py finds nothing in the submitted files that could print it by itself.
"""
