# SPDX-License-Identifier: MIT
"""Reads the commands of a build (`make -n`) and writes compile_commands.json: one entry for each that compiles."""
import json
import os
import shlex
import sys


def entries(lines):
    for line in lines:
        if " -c " not in line:
            continue
        words = shlex.split(line)
        if "-o" in words[:-1]:
            yield {"directory": os.getcwd(), "file": words[-1], "output": words[words.index("-o") + 1],
                   "arguments": words}


if __name__ == "__main__":
    json.dump(list(entries(sys.stdin)), sys.stdout, indent=1)
