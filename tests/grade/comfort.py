# SPDX-License-Identifier: MIT
"""What makes work with the tree pleasant: the debugger's commands, captures in words, the timeline, containers, explanations."""
import json
import os
import re
import select
import shutil
import subprocess
import sys

from gradelib import Failure, check_output, needs_program
from grade import suite
from grade.webserver import serve
from harness.http import Connection

suite.part("comfort")


@suite.test(5, "gdb shows environments, CPUs, rings, flows, events and handles in words", unless=[needs_program("gdb")])
def gdb(t):
    """
    Boots the web server, asks it for a page on a connection that stays open, and has gdb look at all of it with the commands
    of conf/jos-gdb.py.
    Often: a structure of the kernel has a new field or shape, and conf/jos-gdb.py does not know.
    """
    stub = os.path.join(t.folder, "gdb.sock")
    machine = serve(t, more=["-gdb", "unix:%s,server=on,wait=off" % stub])
    with Connection(machine.port(80)) as c:
        c.request("/index.html")
        c.response()
        words = ["set confirm off", "set architecture i386", "source " + t.path("conf", "jos-gdb.py"), "target remote " + stub,
                 "jos-envs", "jos-cpus", "jos-rings", "jos-flows", "jos-events", "jos-pt 0xf0100000",
                 "print cpus[1].cpu_dp->events[0]", "print/x sizeof(struct ix_event)", "print cpus[1].cpu_dp->events[0].handle", "detach"]
        argv = ["gdb", "-q", "-nx", "-batch", t.built("kern", "kernel")]
        out = t.run(*argv, *(part for word in words for part in ("-ex", word)), limit=60)
    check_output(out, [
        r"env 000010\d\d parent 0000\d+ user \w+, CPU 1, .*", r"CPU 1: apic 1, \w+, reserved, env 000010\d\d, mail .*",
        r"  tx ring at 0x[0-9a-f]+: 256 descriptors, head \d+, .*", r"  .* OPEN port 80 < 10\.0\.2\.2:\d+, lent \d+, .*",
        r"  call \d: listen handle \S+ port 80 backlog \d+ cookie \d+ result 0|  call \d: \w+ handle .* result .*",
        r"table     .* P .*|f0100000 is at 00100000", r"\$1 = (knock|recv|sent|connected) cookie \d+ handle \d+:\d+\.0x\w+.*",
        r"\$2 = 0x20", r"\$3 = handle \d+:\d+\.0x\w+"], never=["Error|Python Exception|No symbol"])


@suite.test(3, "make pcap: a capture in words, by our own decoder too", unless=[needs_program("bash")])
def pcap(t):
    """
    Sends 5 frames with testoutput, and looks at the capture with conf/pcap: by our own decoder, and by tshark and tcpdump
    where they are installed.
    """
    t.boot("net_testoutput", args=["5"], ports=(7,), capture=True, fs=False).finish(limit=20)
    path = os.path.join(t.folder, "net.pcap")
    decoders = ["own"] + [name for name in ("tshark", "tcpdump") if shutil.which(name)]
    for decoder in decoders:
        out = t.run("env", "DECODER=" + decoder, "PYTHON=" + sys.executable, t.path("conf", "pcap"), path)
        if len([line for line in out.split("\n") if re.match(r"\s*\d", line)]) < 5:
            raise Failure("%s does not show 5 frames:\n%s" % (decoder, out))
    out = t.run(sys.executable, "-B", t.path("conf", "pcap.py"), path, "3")
    check_output(out, [r"Ethernet destination\s+50:61:63:6b:65:74"])  # "Packet"


@suite.test(3, "make timeline: cycles of a run as a file for perfetto")
def timeline(t):
    """Runs conf/timeline, which boots the web server with its trace on, and looks at the file."""
    path = os.path.join(t.folder, "timeline.json")
    t.run(sys.executable, t.path("conf", "timeline"), path, limit=90)
    with open(path, encoding="utf-8") as f:
        events = json.load(f)["traceEvents"]
    cycles = [e for e in events if e["name"] == "cycle"]
    if sum(e["args"]["rx"] for e in cycles) < 50 or not any(e["args"]["tx"] for e in cycles):
        raise Failure("%d cycles, which hold too few frames" % len(cycles))


@suite.test(2, "make nc-7 talks to the guest's port 7", unless=[needs_program("nc")])
def netcat(t):
    """Boots ixecho, and says a line to it as the lab's text has a student do it."""
    machine = t.boot("ixecho", cpus=2, ports=(7,), fs=False)
    machine.expect("ixecho: port 7", limit=20)
    nc = t.host.children.start(["env", "-u", "MAKEFLAGS", "make", "-s", "nc-7", "PORT7=%d" % machine.port(7)], cwd=t.path(),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        nc.stdin.write(b"hello\n")
        nc.stdin.flush()
        back = nc.stdout.readline() if select.select([nc.stdout], [], [], t.host.pace(20))[0] else b"nothing"
    finally:
        t.host.children.finish(nc)
    if back != b"hello\n":
        raise Failure("what came back is %s" % back)


SETUP_KINDS = re.compile(r"^# usage: conf/setup \[(.*)\]$", re.M)
NOT_IN_IMAGE = {"igb"}  # it needs a newer release's packages


@suite.test(2, "the container's file agrees with conf/setup")
def containers(t):
    """
    .devcontainer/Dockerfile runs conf/setup for each of its kinds, and copies what conf/setup needs for that: tried here, in
    a folder with nothing else. Whether the image can be built is for a machine with a container engine to say.
    """
    with open(t.path(".devcontainer", "Dockerfile"), encoding="utf-8") as f:
        text = f.read()
    with open(t.path("conf", "setup"), encoding="utf-8") as f:
        kinds = set(SETUP_KINDS.search(f.read()).group(1).split("|"))
    said = set(re.search(r"for kind in ([a-z ]+);", text).group(1).split())
    if said != kinds - NOT_IN_IMAGE:
        raise Failure("the Dockerfile has the kinds %s, conf/setup %s" % (sorted(said), sorted(kinds - NOT_IN_IMAGE)))
    place = os.path.join(t.folder, "setup")
    os.makedirs(os.path.join(place, "conf"))
    for name in re.search(r"^COPY ((?:conf/\S+ )+)/setup/conf/$", text, re.M).group(1).split():
        shutil.copy(t.path(name), os.path.join(place, "conf"))
    t.run("env", "LWIP=" + t.path(".deps", "lwip"), os.path.join(place, "conf", "setup"), "run", limit=120)
    with open(t.path(".devcontainer", "devcontainer.json"), encoding="utf-8") as f:
        told = json.load(f)
    if not os.path.exists(t.path(".devcontainer", told["build"]["dockerfile"])):
        raise Failure("devcontainer.json names a file that is not there")
    if not re.match("FROM debian:", text[text.index("FROM"):]):
        raise Failure("the image is not Debian's")


STAND_INS = {  # for setup_rounds()
    "clang": """#!/bin/bash
[ "$1" = --version ] && echo 'Other clang version 99.1.2' || [ -e "${0%/*}/../runtime" ]
""",
    "bin/apt-get": """#!/bin/bash
echo "$*" >>said
case " $* " in
*' libclang-rt-99-dev '*) touch runtime ;;
*' clang '*) ln -s ../clang bin/clang ;;
esac
""",
    "bin/sudo": """#!/bin/bash
shift # -n
exec "$@"
""",
}


def machine_with(stand_ins, place):
    """A folder `bin` for PATH with this machine's programs, but for those."""
    os.makedirs(os.path.join(place, "bin"))
    for name, text in stand_ins.items():
        with open(os.path.join(place, name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(os.path.join(place, name), 0o755)
    others = {os.path.basename(name) for name in stand_ins}
    for folder in os.environ["PATH"].split(os.pathsep):
        for name in sorted(set(os.listdir(folder)) - others) if os.path.isdir(folder) else []:
            link = os.path.join(place, "bin", name)
            if not os.path.lexists(link):
                os.symlink(os.path.join(os.path.abspath(folder), name), link)


@suite.test(2, "conf/setup finds the runtime that goes with whatever clang was installed")
def setup_rounds(t):
    """
    A machine without clang, whose packages have version 99: conf/setup asks for clang first, and for its runtime when it is
    there. apt-get, sudo and clang are the test's own; all else is this machine's.
    """
    place = os.path.join(t.folder, "setup")
    shutil.copytree(t.path("conf"), os.path.join(place, "conf"))
    machine_with(STAND_INS, place)
    t.attempt("env", "PATH=" + os.path.join(place, "bin"), os.path.join(place, "conf", "setup"), "test", limit=60)
    shutil.rmtree(os.path.join(place, "bin"))  # is no log
    with open(os.path.join(place, "said"), encoding="utf-8") as f:
        asked = [line.split() for line in f if "install" in line]
    runtimes = [[word for word in words if word.startswith("libclang-rt")] for words in asked[:2]]
    if runtimes != [[], ["libclang-rt-99-dev"]] or any("libclang-rt-99-dev" in words for words in asked[2:]):
        raise Failure("apt-get was asked for %s" % asked)


@suite.test(2, "make explain has words for every test of the lab, and doctor for this machine")
def explanations(t):
    """Every test with points in the lab says what it checks; make explain and make doctor end well."""
    silent = [test.name for test in suite.tests if test.part.startswith("lab ") and len(test.doc) < 80]
    if silent:
        raise Failure("nothing is explained of " + ", ".join(silent))
    status, out = t.host.make("-s", "explain", "TEST=ex3-testinput")
    check_output(out, ["ex3-testinput: .*", "What it checks", "What usually goes wrong", "What it needs", "    exercises 1, 2\\.", "Again: .*"])
    status, out = t.host.make("-s", "doctor")
    check_output(out, [r"  QEMU +\S.*", r"  compiler +\S.*", r"  bwrap, parallel .*"])
