# SPDX-License-Identifier: MIT
"""What a request costs, counted where nothing that the host does can be seen (bench/hub.py, bench/count.py)."""
import os
import re
import sys

from gradelib import ROOT, Failure
from grade.host import one_make

sys.path.append(os.path.join(ROOT, "bench"))
import count  # noqa: E402
import hub  # noqa: E402
from blocks import Attribution, Program  # noqa: E402

BUILT = ("strip/user/ixload", "strip/user/ixhttpd", "strip/user/httpd", "strip/net/ns")


def of_request(t, system, work):
    """{figure: for each request}, as `make bench-count` prints them, of one of count.SERVERS under one of count.WORKS."""
    targets = [hub.plugin_file("counter", t.host.qemu)] + [hub.built(name) for name in BUILT]
    with one_make:
        status, out = t.host.make("-s", *(os.path.relpath(target, ROOT) for target in targets), limit=300)
    if status:
        raise Failure("it does not build:\n" + out)
    text, path = count.run(t.host, count.make_disk(t.host), system, work, t.host.pace(40))
    if not re.search(r"^ixload: done on CPU \d+: %d answers, 0 failures" % (count.WARM + count.COUNT), text, re.M):
        raise Failure("not every request was answered:\n" + text[-2000:])
    programs = {name: Program(hub.image(name), os.environ.get("NM") or "nm") for name in count.SERVERS[system][2] + (hub.LOAD,)}
    kernel = Program(hub.built("kern", "kernel"), os.environ.get("NM") or "nm")
    return count.Counted(text, path, Attribution(kernel, programs)).figures()
