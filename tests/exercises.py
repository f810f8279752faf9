# SPDX-License-Identifier: MIT
"""The exercises of lab IX: the one table of them. Sources mark an exercise's gaps by #ifndef EXERCISE_n (conf/handout),
the lab's text is doc/lab-ix.md, its hints are doc/hints.md, its tests are tests/grade/lab_x.py, x being the part."""
import collections

Exercise = collections.namedtuple("Exercise", "number part title files")

PARTS = {
    "A": "the polled driver and its rings",
    "B": "receive buffers, run_io and events",
    "C": "calls that name memory, and zero-copy sending",
    "D": "adaptive batching, and idle CPUs",
    "E": "whole CPUs, and frames spread over them",
    "F": "measure, and explain",
}

EXERCISES = [
    Exercise(1, "A", "Tell the card of its rings", ("kern/dev/intel_hw.c",)),
    Exercise(2, "A", "Send", ("kern/dev/intel_tx.c",)),
    Exercise(3, "A", "Receive", ("kern/dev/intel_rx.c", "kern/dev/e1000.c")),
    Exercise(4, "A", "Let the card compute checksums", ("kern/dev/intel_csum.c", "kern/dev/e1000.c")),
    Exercise(5, "B", "Buffers that a program can read, and no more", ("kern/dp/buf.c", "kern/dp/plane.c")),
    Exercise(6, "B", "The cycle, and sys_run_io", ("kern/dp/loop.c",)),
    Exercise(7, "B", "A batch of calls", ("kern/dp/call.c",)),
    Exercise(8, "B", "A batch of frames", ("kern/dp/rx.c",)),
    Exercise(9, "B", "Events", ("kern/dp/event.c",)),
    Exercise(10, "C", "Trust no pointer", ("kern/dp/sg.c",)),
    Exercise(11, "C", "Send without a copy", ("kern/dp/call_data.c",)),
    Exercise(12, "C", "Give back what was received", ("kern/dp/call_data.c", "kern/dp/flow_rx.c")),
    Exercise(13, "D", "Batches as large as need be", ("kern/dp/rx.c",)),
    Exercise(14, "D", "Halt, and miss nothing", ("kern/dp/idle.c",)),
    Exercise(15, "E", "Reserve a CPU", ("kern/dp/spread.c", "kern/sched.c")),
    Exercise(16, "E", "Spread the load", ("kern/dev/toeplitz.c", "kern/dev/intel_hw.c")),
    Exercise(17, "E", "CPUs that come and go", ("kern/dp/spread.c",)),
    Exercise(18, "F", "Measure, and explain", ("answers-lab-ix.txt",)),
]

BY_NUMBER = {exercise.number: exercise for exercise in EXERCISES}
