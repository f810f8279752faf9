# SPDX-License-Identifier: MIT
"""
What counter.c wrote: blocks of code that the guest's CPUs executed, and whose they are. The kernel's are told by their
addresses; programs are all linked at the same ones, and are told apart by their code.
"""
import bisect
import re
import struct
import subprocess

KERNEL = 0xF0000000
CR3_WRITE = re.compile(rb"\x0f\x22[\xd8-\xdf]\Z")  # it ends its block


class Block:
    """`count`: executions by each CPU."""

    def __init__(self, line):
        words = line.split()
        self.address, self.instructions = int(words[1], 16), int(words[2])
        self.code = bytes.fromhex(words[3])
        self.count = [int(n) for n in words[4:]]

    def covers(self, address):
        return self.address <= address < self.address + len(self.code)


def windows(path):
    """The windows of a file, each a list of blocks."""
    found, blocks = [], []
    with open(path, encoding="ascii") as f:
        for line in f:
            if line.startswith("block"):
                blocks.append(Block(line))
            elif line.startswith("end"):
                found.append(blocks)
                blocks = []
    return found


class Program:
    """An ELF file: its code, and the functions in it with the source files they are from."""

    def __init__(self, path, nm):
        self.path = path
        with open(path, "rb") as f:
            self.bytes = f.read()
        self.segments = list(self.read_segments())
        listed = subprocess.run([nm, "-n", "-l", "--defined-only", path], stdout=subprocess.PIPE, check=True).stdout.decode()
        functions = re.findall(r"^([0-9a-f]+) [tTwW] (\S+)(?:\t(\S+):\d+)?", listed, re.M)
        self.functions = [(int(address, 16), name, source) for address, name, source in functions]
        self.addresses = [f[0] for f in self.functions]

    def read_segments(self):
        """(address, place in the file, bytes there) of each that is loaded."""
        offset, = struct.unpack_from("<I", self.bytes, 28)
        size, count = struct.unpack_from("<HH", self.bytes, 42)
        for i in range(count):
            kind, place, address, _, length = struct.unpack_from("<5I", self.bytes, offset + i * size)
            if kind == 1:
                yield address, place, length

    def has(self, block):
        """Is this code in it, at this address?"""
        for address, place, length in self.segments:
            start = block.address - address
            if 0 <= start and start + len(block.code) <= length:
                return self.bytes[place + start:place + start + len(block.code)] == block.code
        return False

    def function(self, block):
        """(name, source file)"""
        i = bisect.bisect_right(self.addresses, block.address) - 1
        return self.functions[i][1:] if i >= 0 else ("", "")

    def entry(self, name):
        return next((address for address, function, _ in self.functions if function == name), None)


class Attribution:
    """Whose block is it?"""

    def __init__(self, kernel, programs):
        self.kernel, self.programs = kernel, programs  # programs: name -> Program
        self.known = {}

    def program(self, block):
        """The name of the program, "kernel", or "unknown"."""
        if block.address >= KERNEL:
            return "kernel"
        key = (block.address, block.code)
        if key not in self.known:
            self.known[key] = next((name for name, p in self.programs.items() if p.has(block)), "unknown")
        return self.known[key]

    def function(self, block):
        """(program, function, source file)"""
        owner = self.program(block)
        image = self.kernel if owner == "kernel" else self.programs.get(owner)
        return (owner,) + (image.function(block) if image else ("", ""))
