# SPDX-License-Identifier: MIT
"""What the tests of the web server share: a disk with known files, and a server that is ready."""
import os
import random
import re

from gradelib import Failure

PROGRAM = "ixhttpd"
READY = "the-grader-waits-for-this"
BIG = random.Random(2014).getrandbits(8 << 20).to_bytes(1 << 20, "little")
FILES = {
    "big.bin": BIG,
    "empty.txt": b"",
    "one.txt": b"1",
    "plain.txt": b"plain text\n",
    "style.css": b"p { color: black }\n",
    "dot.png": b"\x89PNG\r\n\x1a\n",
    "segment.bin": BIG[:1460],
    "pages.bin": BIG[5:5 + 8193],
}


def index_html(t):
    with open(t.path("fs", "index.html"), "rb") as f:
        return f.read()


def disk(t):
    """An image with fs/index.html and FILES."""
    folder = os.path.join(t.folder, "files")
    os.makedirs(folder)
    paths = [t.path("fs", "index.html")]
    for name, content in FILES.items():
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "wb") as f:
            f.write(content)
    image = os.path.join(t.folder, "web.img")
    t.run(t.built("fs", "fsformat"), image, "1024", *paths)
    return image


def serve(t, program=PROGRAM, **boot):
    """A machine whose server is ready; on the user network, where machine.port(80) leads to it, or on `tap`."""
    if not boot.get("tap"):
        boot.setdefault("ports", (80,))
    machine = t.boot(program, disk=disk(t), cpus=2, extra=("url=" + READY,), **boot)
    machine.expect(READY, limit=30)
    return machine


def check_load(tool, out, requests=None):
    """Did wrk's or ab's report show that every request was answered well?"""
    faults = re.findall(r"^\s*(?:Socket errors|Non-2xx).*|^(?:Failed requests|Write errors):\s+[1-9].*", out, re.M)
    if requests and not re.search(r"^Complete requests:\s+%d$" % requests, out, re.M):
        faults.append("not %d complete requests" % requests)
    if tool == "wrk" and not re.search(r"^Requests/sec:\s+[1-9]", out, re.M):
        faults.append("no request was answered")
    if faults:
        raise Failure("%s: %s\n%s" % (tool, "; ".join(fault.strip() for fault in faults), out))
