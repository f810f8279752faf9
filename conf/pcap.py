#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: pcap.py FILE [NUMBER|WORD]

A line for each frame of a capture, with what is wrong with it; those whose line holds WORD; or all fields of frame NUMBER.
"""
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests")]
from harness.capture import records  # noqa: E402
from harness.decode import Layout, in_words, summary  # noqa: E402


def lines(frames):
    start = frames[0][0] if frames else 0
    for number, (at, frame) in enumerate(frames, 1):
        yield "%5d %11.6f  %s" % (number, at - start, "".join([summary(frame)] + ["  !! " + f for f in Layout(frame).faults]))


def main(argv):
    if len(argv) not in (2, 3):
        sys.exit(__doc__)
    frames, word = records(argv[1]), argv[2] if len(argv) == 3 else ""
    if word.isdigit() and 1 <= int(word) <= len(frames):
        print(in_words(frames[int(word) - 1][1], ""))
        return
    for line in lines(frames):
        if word in line:
            print(line)


if __name__ == "__main__":
    try:
        main(sys.argv)
    except BrokenPipeError:  # `make pcap | head`
        sys.stderr.close()
