# SPDX-License-Identifier: MIT
"""Capture files (pcap, as QEMU's filter-dump writes them): their frames, and what is the matter with them."""
import os
import struct

from .decode import Layout, first_difference, in_words, summary
from .frames import MAC
from .suite import Failure

MAGIC = 0xA1B2C3D4
LAST = 3  # frames that are shown of a capture without a fault


def records(path):
    """(seconds, frame) for each frame, as long as it was on the wire. A file that is cut off ends with its last whole one."""
    with open(path, "rb") as f:
        data = f.read()
    if len(data) < 24:
        return []
    order = "<" if struct.unpack_from("<I", data)[0] == MAGIC else ">"
    at, found = 24, []
    while at + 16 <= len(data):
        seconds, micros, length = struct.unpack_from(order + "III", data, at)
        found.append((seconds + micros / 1e6, data[at + 16:at + 16 + length]))
        at += 16 + length
    return found


def frames_of(path):
    return [frame for _, frame in records(path)]


def expect_frames(what, got, want):
    """Failure with the first frame that differs, field by field; None in `want` stands for any frame."""
    difference = first_difference(got, want)
    if difference:
        raise Failure("%s: %s" % (what, difference))


def first_fault(frames):
    """(number from 1, frame) of the first frame of the guest that cannot be right, or None."""
    for number, frame in enumerate(frames, 1):
        if frame[6:12] == MAC and Layout(frame).faults:
            return number, frame
    return None


def report(path):
    """What a capture tells about a failure: the first of the guest's frames that is wrong in itself, or else the last ones."""
    frames = frames_of(path) if os.path.exists(path) else []
    if not frames:
        return ""
    found = first_fault(frames)
    if found:
        return "the guest's first wrong frame, number %d of %d:\n%s" % (found[0], len(frames), in_words(found[1]))
    first = max(0, len(frames) - LAST)
    lines = ["  %d: %s" % (first + i + 1, summary(frame)) for i, frame in enumerate(frames[first:])]
    return "\n".join(["the last of %d frames:" % len(frames)] + lines)
