# SPDX-License-Identifier: MIT
"""Lab 6: the driver by itself, then the network server and programs that use its sockets."""
import os
import re
import socket
import subprocess
import sys
import threading
import time

from gradelib import Failure, check_output, expect_frames, frames_of, needs_program, needs_tap
from grade import suite
from grade.programs import NO_PANIC, prints
from grade.webserver import check_load, disk
from harness.http import get
from harness.monitor import Monitor

suite.part("lab6")

NO_FS = dict(fs=False)
LAB6 = dict(also=("net_ns",), extra=("ns=on",))
ADDRESS = "10.0.2.15"


def captured(t):
    return frames_of(os.path.join(t.folder, "net.pcap"))


# The kernel's clock and the driver.

@suite.test(5, "testtime counts down from 5, a second each")
def testtime(t):
    machine = t.boot("testtime", **NO_FS)
    began = time.monotonic()
    check_output(machine.finish(limit=20), ["starting count down: 5 4 3 2 1 0"], never=[NO_PANIC])
    if time.monotonic() - began < 5:
        raise Failure("six seconds took %.1f" % (time.monotonic() - began))


prints("pci-attach", 5, "the e1000 is found and enabled", [r"PCI function 00:03\.0 \(8086:100e\) enabled"], program="hello",
       ports=(7,), **NO_FS)


def testoutput(count, limit=20):
    def play(t):
        machine = t.boot("net_testoutput", args=[str(count)], ports=(7,), capture=True, **NO_FS)
        check_output(machine.finish(limit), never=[NO_PANIC])
        expect_frames("testoutput", captured(t), [b"Packet %02d" % i for i in range(count)])
    return play


for _count in (5, 100):
    suite.add("testoutput-%d" % _count, "testoutput sends %d frames, as they are" % _count, 5, testoutput(_count))


def dumped(text):
    """The frames that testinput printed, as bytes."""
    frames = []
    for offset, digits in re.findall(r"^input: ([0-9a-f]{4})   ([0-9a-f ]+)$", text, re.M):
        if offset == "0000":
            frames.append(b"")
        frames[-1] += bytes.fromhex(digits.replace(" ", ""))
    return frames


def testinput(count, limit=10):
    def play(t):
        machine = t.boot("net_testinput", ports=(7,), capture=True, **NO_FS)
        machine.expect("Waiting for packets", limit)
        there = ("127.0.0.1", machine.port(7, "UDP"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for i in range(count):
                s.sendto(b"Packet %03d" % i, there)
                machine.until(lambda text, n=i + 2: len(re.findall("^input: 0030 ", text, re.M)) >= n, "packet %d" % i)
        time.sleep(0.2)
        frames = captured(t)
        if len(frames) != count + 2:
            raise Failure("the capture holds %d frames, not %d" % (len(frames), count + 2))
        if frames[0][:6] != b"\xff" * 6 or frames[0][12:14] != b"\x08\x06" or frames[0][20:22] != b"\x00\x01":
            raise Failure("the first frame is no broadcast ARP request: %r" % frames[0])
        for i, frame in enumerate(frames[2:]):
            if not frame.rstrip(b"\0").endswith(b"Packet %03d" % i):
                raise Failure("frame %d carries %r" % (i, frame))
        expect_frames("testinput", dumped(machine.text), [frame.ljust(60, b"\0") for frame in frames[1:]])
        check_output(machine.text, never=[NO_PANIC])
    return play


for _count in (5, 100):
    suite.add("testinput-%d" % _count, "testinput receives %d frames, whole and padded" % _count, 5, testinput(_count))


@suite.test(5, "e1000_debug=tx,rxfilter prints descriptors and filters")
def e1000_debug(t):
    machine = t.boot("net_testoutput", args=["3"], ports=(7,), extra=("e1000_debug=TX,TXERR",), **NO_FS)
    check_output(machine.finish(), [r"e1000: index %d: 0x[0-9a-f]+ : [0-9a-f]+ [0-9a-f]+" % i for i in range(3)])
    machine = t.boot("net_testinput", ports=(7,), extra=("e1000_debug=rxfilter",), **NO_FS)
    machine.expect(r"e1000: unicast match\[0\]: 52:54:00:12:34:56")


# Sockets.

prints("testsocket", 10, "sockets between environments, shared, misused, and left behind by the dead",
       ["errors are good", "data is good", "sharing is good", "deaths are good", "numbers are good", "socket tests passed"],
       until="socket tests passed|panic", limit=40, ports=(7,), fs=False, **LAB6)


def echosrv(t, workers=1, **boot):
    boot.setdefault("ports", (7,))
    machine = t.boot("echosrv", args=[str(workers)], fs=False, **LAB6, **boot)
    for line in ("ns: 52:54:00:12:34:56 bound to static IP 10.0.2.15", r"NS: TCP/IP initialized\.", "opened socket",
                 "trying to bind", "bound"):
        machine.expect("^%s$" % line)
    return machine


def receive(s, size):
    pieces = []
    while size > 0:
        piece = s.recv(min(size, 65536))
        if not piece:
            raise Failure("the echo ended early")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def echo(port, data, limit=20, rounds=1):
    with socket.create_connection(("127.0.0.1", port), limit) as s:
        for _ in range(rounds):
            sender = threading.Thread(target=s.sendall, args=(data,), daemon=True)
            sender.start()
            if receive(s, len(data)) != data:
                raise Failure("the echo is not what was sent")
            sender.join()


@suite.test(10, "echosrv sends a line back")
def echosrv_line(t):
    machine = echosrv(t)
    for i in range(3):
        echo(machine.port(7), b"%d: ladies and gentlemen, this is a test\n" % i)
    check_output(machine.text, never=[NO_PANIC])


@suite.test(10, "echosrv: 200 times 64 KB, byte for byte, on one connection")
def echosrv_bulk(t):
    machine = echosrv(t)
    echo(machine.port(7), os.urandom(65536), limit=60, rounds=200)
    check_output(machine.text, never=[NO_PANIC])


@suite.test(10, "echosrv: 25 clients at once, more than the original's 20 requests", unless=[needs_tap, needs_program("python3")])
def echosrv_clients(t):
    tap = t.namespace()
    machine = echosrv(t, workers=25, ports=(), tap=tap)
    client = ("import os, socket\n"
              "all = [socket.create_connection(('%s', 7)) for _ in range(25)]\n"
              "for i in range(40):\n"
              "    data = [os.urandom(2000) for _ in all]\n"
              "    for s, d in zip(all, data): s.sendall(d)\n"
              "    for s, d in zip(all, data): assert s.recv(2000, socket.MSG_WAITALL) == d\n" % ADDRESS)
    t.run("python3", "-c", client, limit=60, tap=tap)
    check_output(machine.text, never=[NO_PANIC])


def connection(t, server):
    server.settimeout(t.host.pace(60))
    try:
        return server.accept()[0]
    except socket.timeout:
        raise Failure("nobody connected") from None


@suite.test(5, "echotest: a program of lab 6 connects out, to an echo server on the host")
def echotest(t):
    with socket.create_server(("127.0.0.1", 0)) as server:
        machine = t.boot("echotest", args=["10.0.2.2", str(server.getsockname()[1])], ports=(7,), fs=False, **LAB6)
        machine.expect("^Connecting to 10.0.2.2:")
        with connection(t, server) as s:
            s.sendall(receive(s, len("Hello world!\n")))
            machine.expect("^Hello world!$")
    check_output(machine.text, ["connected to server"], never=[NO_PANIC])


@suite.test(5, "fragments: a line of TCP by way of a router that cuts it up, and pings of up to 60,000 bytes", unless=[needs_tap])
def lab6_fragments(t):
    tap = t.namespace()
    machine = echosrv(t, ports=(), tap=tap)
    remote = (sys.executable, t.path("tests", "clients", "remote.py"))
    t.run(*remote, "pings", limit=60, tap=tap)
    client = ("import os, socket\n"
              "s, data = socket.create_connection(('%s', 7)), os.urandom(65536)\n"
              "for i in range(0, len(data), 4096):\n"
              "    s.sendall(data[i:i + 4096])\n"
              "    assert s.recv(4096, socket.MSG_WAITALL) == data[i:i + 4096]\n" % ADDRESS)
    t.run(sys.executable, "-c", client, limit=60, tap=tap.far_away(256))
    check_output(machine.text, never=[NO_PANIC])


# The web server.

def httpd(t, *args, **boot):
    if not boot.get("tap"):
        boot.setdefault("ports", (80,))
    machine = t.boot("httpd", args=args, disk=disk(t), **LAB6, **boot)
    machine.expect(r"^Waiting for http connections\.\.\.$", limit=30)
    return machine


@suite.test(10, "httpd: a missing folder, a file, a missing file, and what is no GET")
def httpd_pages(t):
    port = httpd(t).port(80)
    with open(t.path("fs", "index.html"), "rb") as f:
        page = f.read()
    for target, status, body in (("/", 404, None), ("/index.html", 200, page), ("/random_file.txt", 404, None)):
        answer = get(port, target)
        if answer.status != status or (body is not None and answer.body != body):
            raise Failure("%s: %d with %d bytes" % (target, answer.status, len(answer.body)))
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(b"POST /index.html HTTP/1.0\r\n\r\n")
        if b" 400 " not in s.recv(100):
            raise Failure("POST is not answered by 400")


TOOLS = [needs_tap, needs_program("ab")]


def bench(server_args, ab_args):
    def play(t):
        tap = t.namespace()
        machine = httpd(t, *server_args, tap=tap)
        out = t.run("ab", "-q", "-n", "20000", "-c", "32", *ab_args, "http://%s/index.html" % ADDRESS, limit=180, tap=tap)
        check_load("ab", out, 20000)
        t.run("curl", "-sSf", "-o", "/dev/null", "http://%s/index.html" % ADDRESS, limit=20, tap=tap)
        check_output(machine.text, never=[NO_PANIC])
    return play


suite.add("httpd-ab", "httpd: ab, 20,000 connections, 32 at once (tap)", 10, bench((), ()), unless=TOOLS)
suite.add("httpd-ab-kept", "httpd -k: ab -k, 20,000 requests on 32 connections (tap)", 10, bench(("-k",), ("-k",)), unless=TOOLS)


def free_pages(machine):
    with Monitor(machine) as monitor:
        return int(re.search(r"free: (\d+)", monitor.run("mem")).group(1))


def killed_round(t, tap, clients=16):
    """Clients that are killed while the server still sends to them."""
    argv = ["curl", "-s", "--limit-rate", "20k", "-o", "/dev/null", "http://%s/big.bin" % ADDRESS]
    running = []
    try:
        for _ in range(clients):
            running.append(t.host.children.start(tap.inside(argv), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        time.sleep(t.host.pace(2))
    finally:
        for proc in running:
            t.host.children.finish(proc)
    t.run("curl", "-sSf", "-o", "/dev/null", "http://%s/index.html" % ADDRESS, limit=60, tap=tap)


@suite.test(10, "httpd: clients killed in mid-transfer leave no page behind (tap)", unless=[needs_tap, needs_program("curl")])
def httpd_killed(t):
    tap = t.namespace()
    machine = httpd(t, "-k", "-w", "24", tap=tap)
    for _ in range(3):
        killed_round(t, tap)
    time.sleep(t.host.pace(4))
    before = free_pages(machine)
    for _ in range(3):
        killed_round(t, tap)
    deadline = time.monotonic() + 30
    while free_pages(machine) < before - 8 and time.monotonic() < deadline:
        time.sleep(1)
    lost = before - free_pages(machine)
    if lost > 8:
        raise Failure("%d pages are lost" % lost)
    check_output(machine.text, never=[NO_PANIC])


@suite.test(10, "both web servers in one boot, each with a NIC of its own", unless=[needs_program("curl")])
def two_servers(t):
    second = ["-netdev", "user,id=net1,net=10.0.3.0/24,hostfwd=tcp:127.0.0.1:0-10.0.3.15:80",
              "-device", "e1000,netdev=net1,mac=52:54:00:12:34:57,addr=5,romfile="]
    machine = t.boot(also=("net_ns",), extra=("ns=on", "nic1=lab6", "nsip=10.0.3.15", "nsgw=10.0.3.2", "url=ready"), cpus=2,
                     ports=(80,), more=second)
    machine.expect(r"^\$ ", limit=30)
    machine.send("httpd | ixhttpd\n")
    machine.expect(r"ready at ready", limit=30)
    machine.until(lambda text: text.count("ready at ready") == 2, "both servers")
    forwards = [line.split() for line in machine.ask("info usernet").split("\n") if " 80 " in line and "TCP" in line]
    with open(t.path("fs", "index.html"), "rb") as f:
        page = f.read()
    for words in forwards:
        if get(int(words[3]), "/index.html").body != page:
            raise Failure("what came from port %s is not fs/index.html" % words[3])
    if len(forwards) != 2:
        raise Failure("QEMU forwards %d ports" % len(forwards))
    check_output(machine.text, never=[NO_PANIC])
