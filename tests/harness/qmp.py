# SPDX-License-Identifier: MIT
"""Questions to a running QEMU, through its machine protocol (QEMU docs/interop/qmp-spec)."""
import json
import socket
import time

from .suite import Failure


def human(path, command, limit):
    """Run a command of the human monitor; its answer as text."""
    with connect(path, limit) as sock:
        stream = sock.makefile("rw", encoding="utf-8")
        stream.readline()  # the greeting
        call(stream, {"execute": "qmp_capabilities"})
        return call(stream, {"execute": "human-monitor-command", "arguments": {"command-line": command}})


def connect(path, limit):
    """QEMU makes the socket while it starts: try again until then."""
    deadline = time.monotonic() + limit
    while True:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(limit)
        try:
            sock.connect(path)
            return sock
        except (FileNotFoundError, ConnectionRefusedError):
            sock.close()
        if time.monotonic() > deadline:
            raise Failure("QEMU does not answer at %s" % path)
        time.sleep(0.02)


def call(stream, request):
    """Send a request and pass over events until the answer comes."""
    stream.write(json.dumps(request) + "\n")
    stream.flush()
    for line in stream:
        answer = json.loads(line)
        if "return" in answer:
            return answer["return"]
        if "error" in answer:
            raise Failure("QEMU refused %s: %s" % (request, answer["error"].get("desc")))
    raise Failure("QEMU ended while it was asked %s" % request)
