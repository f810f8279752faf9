# SPDX-License-Identifier: MIT
"""Lab 3: one environment, its traps, and the checks of what it may touch.

There is no file server, so the program is environment 00001000.
"""
from gradelib import check_output
from grade import suite
from grade.programs import FREED, IDLE, LEFT, NO_PANIC, page_fault, prints, user_trap

suite.part("lab3")

LAB3 = dict(fs=False)

prints("hello", 5, "hello prints and ends", ["hello, world", "i am environment 00001000", LEFT, FREED, IDLE],
       in_order=True, **LAB3)

# Traps that end a program, with the numbers that the processor's manual gives them.
prints("divzero", 5, "divzero dies of a division by zero", user_trap(0, "Divide error", 0) + [FREED],
       never=["1/0 is", NO_PANIC], in_order=True, **LAB3)
prints("softint", 5, "softint may not raise a page fault itself", user_trap(13, "General Protection", 0x72) + [FREED],
       in_order=True, **LAB3)
prints("badsegment", 5, "badsegment may not load a TSS selector", user_trap(13, "General Protection", 0x28) + [FREED],
       in_order=True, **LAB3)


# Page faults: present bit, write bit, user bit of the error code tell what was tried.
for _name, _title, _va, _err, _never in (
        ("faultread", "faultread reads address 0", "00000000", 4, "I read"),
        ("faultreadkernel", "faultreadkernel reads the kernel", "f0100000", 5, "I read"),
        ("faultwrite", "faultwrite writes to address 0", "00000000", 6, NO_PANIC),
        ("faultwritekernel", "faultwritekernel writes to the kernel", "f0100000", 7, NO_PANIC)):
    prints(_name, 5, _title + ", and dies", page_fault(_va, _err) + [FREED], never=[_never], in_order=True, **LAB3)

prints("testbss", 5, "testbss finds its zeroed data, and dies beyond its end",
       ["Making sure bss works right...", r"Yes, good\.  Now doing a wild write off the end\.\.\."]
       + page_fault("00c.....", 6) + [FREED], never=["SHOULD HAVE TRAPPED", NO_PANIC], in_order=True, **LAB3)

# Pointers handed to the kernel.
for _name, _title, _va in (
        ("buggyhello", "buggyhello prints from address 1", "00000001"),
        ("buggyhello2", "buggyhello2 prints beyond its data", "00......"),
        ("evilhello", "evilhello prints the kernel", "f010....")):
    prints(_name, 5, _title + ", and dies", [
        r"\[00001000\] user_mem_check assertion failure for va " + _va, FREED], in_order=True, **LAB3)


@suite.test(5, "breakpoint opens the monitor, and the program goes on after it")
def breakpoint(t):
    machine = t.boot("breakpoint", **LAB3)
    machine.expect("^K> ")
    check_output(machine.text, user_trap(3, "Breakpoint", 0)[1:], never=[FREED])
    machine.send("continue\n")
    machine.finish()
    check_output(machine.text, [FREED])
