# SPDX-License-Identifier: MIT
"""The exercises of lab IX: the one table of them. Sources mark an exercise's gaps by #ifndef EXERCISE_n (conf/handout),
the lab's text is doc/lab-ix.md, its hints are doc/hints/, its tests are tests/grade/lab_x.py, x being the part."""
import collections

Exercise = collections.namedtuple("Exercise", "number part title files")

PARTS = {
    "A": "the polled driver and its rings",
}

EXERCISES = [
    Exercise(1, "A", "Tell the card of its rings", ("kern/dev/intel_hw.c",)),
    Exercise(2, "A", "Send", ("kern/dev/intel_tx.c",)),
    Exercise(3, "A", "Receive", ("kern/dev/intel_rx.c", "kern/dev/e1000.c")),
    Exercise(4, "A", "Let the card compute checksums", ("kern/dev/intel_csum.c", "kern/dev/e1000.c")),
]

BY_NUMBER = {exercise.number: exercise for exercise in EXERCISES}
