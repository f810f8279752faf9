# SPDX-License-Identifier: MIT
"""
What sharing.c wrote: lines of memory that several CPUs touch in the kernel, one of them writing. Here they get names, and
those that may be shared are told from those that may not.

The fast path shares two things (doc/CPUS.md): each CPU's mailbox, which it reads in every cycle, and the published
statistics. The table of neighbours is read by all and hardly ever written.
"""
import os
import re
import subprocess

LINE = 64

# What may be shared by its functions: no other may touch the line. Mailboxes are told by their place, see is_mailbox().
ALLOWED = {
    "statistics": {"stat_publish", "snapshot", "read_published"},
    "neighbours": {"neigh_lookup", "neigh_find", "neigh_read", "neigh_write", "neigh_update"},
}
NCPU = 8  # kern/cpu.h


class Access:
    """By one CPU, from one instruction, to one address, so many times."""

    def __init__(self, words):
        self.cpu, self.kind = int(words[1]), words[2]
        self.pc, self.data, self.times = int(words[3], 16), int(words[4], 16), int(words[5])


class Line:
    def __init__(self, address):
        self.address, self.accesses = address, []

    def cpus(self):
        return sorted({a.cpu for a in self.accesses})


def windows(path):
    """The windows of a file, each a list of lines."""
    found, lines = [], []
    with open(path, encoding="ascii") as f:
        for words in map(str.split, f):
            if words[0] == "line":
                lines.append(Line(int(words[1], 16)))
            elif words[0] == "access":
                lines[-1].accesses.append(Access(words))
            else:
                found.append(lines)
                lines = []
    return found


class Names:
    """Of a kernel's code and data."""

    def __init__(self, kernel, nm):
        self.kernel, self.tool = kernel, lambda name: nm[:-2] + name
        out = self.ask("nm", "-n", "-S", "--defined-only", kernel)
        self.data = [(int(a, 16), int(size, 16), name)
                     for a, size, name in re.findall(r"^([0-9a-f]+) ([0-9a-f]+) [bBdDrRvV] (\S+)", out, re.M)]
        self.places = {}

    def ask(self, tool, *args):
        return subprocess.run([self.tool(tool), *args], stdout=subprocess.PIPE, check=True).stdout.decode()

    def place(self, pc):
        """(functions, innermost first, "file:line")"""
        if pc not in self.places:
            out = self.ask("addr2line", "-f", "-i", "-e", self.kernel, "%#x" % pc).splitlines()
            where = re.sub(r"^.*/(?=(kern|lib|inc|core|ipv4|netif)/)", "", out[1]) if len(out) > 1 else "?"
            self.places[pc] = (out[::2], re.sub(r" \(disc.*", "", where))
        return self.places[pc]

    def variable(self, address):
        """Such as kernel_lock+4; in memory that was allocated, the address."""
        for start, size, name in self.data:
            if start <= address < start + size:
                return name + ("+%#x" % (address - start) if address > start else "")
        return "%#x" % address

    def functions(self, line):
        return {self.place(a.pc)[0][0] for a in line.accesses}

    def is_mailbox(self, line):
        """The last line of each CPU's struct CpuInfo is the one that others write."""
        start, size = next((start, size // NCPU) for start, size, name in self.data if name == "cpus")
        return all(0 <= a.data - start < NCPU * size and (a.data - start) % size >= size - LINE for a in line.accesses)

    def may_be_shared(self, line):
        """What it is, if it is one of the things that may."""
        if self.is_mailbox(line):
            return "mailbox"
        return next((what for what, functions in ALLOWED.items() if self.functions(line) <= functions), None)

    def words(self, line):
        """For people: one line for each CPU, kind, and place in the source."""
        seen = {}
        for a in line.accesses:
            key = (a.cpu, a.kind, self.variable(a.data), " in ".join(self.place(a.pc)[0][:2]), self.place(a.pc)[1])
            seen[key] = seen.get(key, 0) + a.times
        return ["line %08x:" % line.address] + [
            "  CPU %d %ss %s in %s (%s), %d times" % (*key, times) for key, times in sorted(seen.items())]


def offences(lines, names):
    """Words for each line that must not be shared."""
    return ["\n".join(names.words(line)) for line in lines if not names.may_be_shared(line)]


def kernel_names(path):
    return Names(path, os.environ.get("NM") or "nm")
