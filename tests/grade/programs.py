# SPDX-License-Identifier: MIT
"""How most tests look: run one program, wait for its end, and compare what came out."""
from gradelib import check_output
from grade import suite

NO_PANIC = r"panic"  # neither the kernel's nor a program's


def prints(name, points, title, want, program=None, never=(NO_PANIC,), in_order=False, until=None, limit=10,
           needs=(), doc="", **boot):
    """
    Add the test that `program` (by default the one called like the test) prints what it must. It runs until the
    guest ends by itself, or until the pattern `until` appears, for programs that never end. `doc` explains more.
    """
    def play(t):
        machine = t.boot(program or name, **boot)
        if until:
            machine.expect(until, limit)
        else:
            machine.finish(limit)
        check_output(machine.text, want, never, in_order)
    suite.add(name, title, points, play, needs=needs, doc=told(program or name, want, in_order) + "\n" + doc)


def told(program, want, in_order):
    """What such a test checks."""
    lines = "\n".join("    " + line for line in want)
    return "Boots the program %s. Each of these patterns must match a whole line of the output%s:\n%s\nand nothing may panic.\n" % (
        program if "_" in program else "user/%s.c" % program, ", in this order" if in_order else "", lines)


def user_trap(number, name, err):
    """The lines by which the kernel shows a trap that ended a program of CPU 0."""
    return ["Incoming TRAP frame at 0xefffffbc", "TRAP frame at 0xf....... from CPU 0",
            "  trap 0x%08x %s" % (number, name), "  err  0x%08x.*" % err, "  eip  0x008.....", "  ss   0x----0023"]


def page_fault(va, err):
    """A page fault that nobody handles."""
    return [r"\[00001000\] user fault va %s ip 008....." % va] + user_trap(14, "Page Fault", err)


FREED = r"\[0000100.\] free env 00001000"  # the first environment is gone
LEFT = r"\[00001000\] exiting gracefully"   # it ended itself
IDLE = "No runnable environments in the system!"
