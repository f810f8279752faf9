# SPDX-License-Identifier: MIT
"""Writes the assembly file behind `binaries[]` and `nbinaries`: programs that are part of the kernel.

usage: binaries.py FOLDER FILE...
A program's name is its path below FOLDER, with _ for /. Each is aligned, so that it can be read in place.
"""
import os
import sys


def assembly(folder, files):
    table, data = [], []
    for n, path in enumerate(files):
        name = os.path.relpath(path, folder).replace("/", "_")
        table.append("\t.long name%d, start%d, end%d - start%d" % (n, n, n, n))
        data += ["name%d:\t.asciz \"%s\"" % (n, name), "\t.balign 16",
                 "start%d:\t.incbin \"%s\"" % (n, path), "end%d:" % n]
    head = ["\t.section .rodata", "\t.globl binaries, nbinaries", "\t.balign 4",
            "nbinaries:\t.long %d" % len(files), "binaries:"]
    return "\n".join(head + table + data + ["\t.section .note.GNU-stack,\"\",@progbits", ""])


if __name__ == "__main__":
    print(assembly(sys.argv[1], sys.argv[2:]), end="")
