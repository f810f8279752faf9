# SPDX-License-Identifier: MIT
"""The stages of a request, by which its instructions are told apart: the first rule that fits a function decides."""
import re

COPY = "copying"
STAGES = [  # (stage, program, function, source file): patterns
    (COPY, "", r"^(memcpy|memmove|memset|copy_from_user|copy_to_user)$", ""),
    ("driver", "kernel", "", r"kern/dev/|kern/lab6"),
    ("TCP/IP (lwIP)", "", "", r"lwip/"),
    ("dataplane", "kernel", "", r"kern/dp/"),
    ("IPC", "kernel", r"ipc", r""),
    ("IPC", "", "", r"lib/ipc|lib/nsipc|kern/sys_ipc"),
    ("scheduling", "kernel", "", r"kern/(sched|env|spinlock|mailbox|sleep)"),
    ("traps and system calls", "kernel", "", ""),
    ("traps and system calls", "", "", r"lib/syscall"),
    ("network server", "net_ns", "", ""),
    ("library", "", "", r"(^|/)lib/"),
    ("program", "", "", ""),
]
NAMES = list(dict.fromkeys(stage for stage, _, _, _ in STAGES))


def stage_of(program, function, source):
    return next(stage for stage, p, f, s in STAGES
                if re.search(p, program) and re.search(f, function) and re.search(s, source or ""))
