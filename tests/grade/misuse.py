# SPDX-License-Identifier: MIT
"""A program that misuses every call of the dataplane, once each, and finds the errors that doc/ABI.md names."""
import re
import socket

from gradelib import Failure, check_output
from grade import suite
from grade.programs import NO_PANIC

suite.part("misuse")

GROUPS = ["before attaching", "attaching", "after attaching", "arguments", "handle 0", "an unknown handle",
          "another group's handle", "a listener", "UDP", "a connecting flow", "a stale handle", "a knocking flow",
          "an open flow", "sendv and recv_done", "a flow shut down", "a closing flow", "a rejected flow"]


@suite.test(10, "each misuse of each call gives the error that doc/ABI.md names")
def misuse(t):
    machine = t.boot("ixmisuse", cpus=2, ports=(7,))
    clients = []
    try:
        for _ in range(2):
            machine.expect("ixmisuse: connect to port 7", limit=30)
            clients.append(socket.create_connection(("127.0.0.1", machine.port(7)), timeout=15))
        machine.finish(limit=30)
    finally:
        for client in clients:
            client.close()
    missing = [group for group in GROUPS if not re.search("^ixmisuse: OK %s: [1-9]" % re.escape(group), machine.text, re.M)]
    if missing:
        raise Failure("no good word of: %s\n%s" % (", ".join(missing), machine.tail(40)))
    check_output(machine.text, ["ixmisuse: everything gave what doc/ABI.md says"], [NO_PANIC, "FAILED"])
