# SPDX-License-Identifier: MIT
"""Four CPUs of one dataplane on igb, web server and key-value store: they share no line of memory (tests/grade/sharing.py)."""
from grade.nics import igb_qemu, needs_igb
from grade.sharing import silent

LOADS = {
    "web-4": ("32 kept connections to a web server on 4 CPUs", 32, "kept", "user_ixhttpd", 4),
    "web-each-4": ("a connection for each request to a web server on 4 CPUs", 16, "each", "user_ixhttpd", 4),
    "kv-4": ("32 connections to a key-value store on 4 CPUs", 32, "kv", "user_ixkv", 4),
}


def add_to(suite):
    suite.part("sharing")
    for name, load in LOADS.items():
        suite.add("sharing-" + name, "CPUs share no line of memory: " + load[0], 10, silent(load, nic=lambda: "igb", qemu=igb_qemu),
                  unless=[needs_igb])
