# SPDX-License-Identifier: MIT
"""The web server on its dataplane, over QEMU's user network: HTTP/1.1 as clients may use it, one rule in each test."""
import hashlib
import threading
import time

from gradelib import Failure, check_output, needs_program
from grade import suite
from grade.programs import NO_PANIC
from grade.webserver import BIG, FILES, check_load, index_html, serve
from harness.http import Connection, get

suite.part("web")

CLOSE = "Connection: close\r\n"


def expect_status(what, answer, status):
    if answer.status != status:
        raise Failure("%s: %d %s, not %d" % (what, answer.status, answer.reason, status))


def expect_body(what, answer, body):
    expect_status(what, answer, 200)
    if answer.headers.get("content-length") != str(len(body)):
        raise Failure("%s: Content-Length %s, not %d" % (what, answer.headers.get("content-length"), len(body)))
    if answer.body != body:
        raise Failure("%s: the %d bytes of the body are not the file's" % (what, len(answer.body)))


def expect_end(what, connection):
    rest = connection.all()
    if rest:
        raise Failure("%s: %d bytes after the last answer: %r" % (what, len(rest), rest[:80]))


@suite.test(10, "curl gets fs/index.html byte for byte", unless=[needs_program("curl")])
def curl(t):
    port = serve(t, capture=True).port(80)
    out = t.run("curl", "-sSi", "http://127.0.0.1:%d/" % port, limit=20)
    check_output(out, ["HTTP/1.1 200 OK", "Content-Type: text/html.*", "Content-Length: %d" % len(index_html(t))])
    t.run("curl", "-sS", "-o", t.folder + "/page", "http://127.0.0.1:%d/index.html" % port, limit=20)
    with open(t.folder + "/page", "rb") as f:
        if f.read() != index_html(t):
            raise Failure("what curl received is not fs/index.html")


@suite.test(5, "files of all sizes, with their types")
def files(t):
    port = serve(t, capture=True).port(80)
    types = {"html": "text/html", "txt": "text/plain", "css": "text/css", "png": "image/png",
             "bin": "application/octet-stream"}
    for name, body in dict(FILES, **{"index.html": index_html(t)}).items():
        answer = get(port, "/" + name)
        expect_body(name, answer, body)
        kind = answer.headers.get("content-type", "none")
        if kind.split(";")[0] != types[name.split(".")[1]]:
            raise Failure("%s: Content-Type is %s" % (name, kind))


@suite.test(5, "HEAD answers like GET, without the body")
def head(t):
    with Connection(serve(t, capture=True).port(80)) as c:
        c.request("/big.bin", "HEAD")
        first = c.response(to_head=True)
        c.request("/index.html", "HEAD")
        second = c.response(to_head=True)
        c.request("/index.html")
        third = c.response()
    if first.headers.get("content-length") != str(len(BIG)):
        raise Failure("HEAD: Content-Length %s" % first.headers.get("content-length"))
    expect_body("GET after two HEADs", third, index_html(t))
    if second.head != third.head:
        raise Failure("HEAD and GET differ:\n%s\n%s" % (second.head, third.head))


BAD_REQUESTS = (
    (404, "a missing file", b"GET /nosuchfile HTTP/1.1\r\nHost: t\r\n\r\n"),
    (404, "a missing folder", b"GET /nosuch/folder/ HTTP/1.1\r\nHost: t\r\n\r\n"),
    (405, "POST", b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n"),
    (405, "DELETE", b"DELETE /index.html HTTP/1.1\r\nHost: t\r\n\r\n"),
    (501, "an unknown method", b"BREW / HTTP/1.1\r\nHost: t\r\n\r\n"),
    (414, "a long target", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: t\r\n\r\n"),
    (431, "a long header", b"GET / HTTP/1.1\r\nHost: t\r\nX: " + b"a" * 40000 + b"\r\n\r\n"),
    (431, "many headers", b"GET / HTTP/1.1\r\nHost: t\r\n" + b"X: aaaaaaaaaaaa\r\n" * 2500 + b"\r\n"),
    (400, "no request at all", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"),
    (400, "a path out of the root", b"GET /../index.html HTTP/1.1\r\nHost: t\r\n\r\n"),
    (400, "no version", b"GET /\r\n\r\n"),
    (400, "no target", b"GET HTTP/1.1\r\nHost: t\r\n\r\n"),
    (400, "no Host in HTTP/1.1", b"GET / HTTP/1.1\r\n\r\n"),
    (400, "a header without a colon", b"GET / HTTP/1.1\r\nHost: t\r\nnonsense\r\n\r\n"),
    (400, "a space before the colon", b"GET / HTTP/1.1\r\nHost : t\r\n\r\n"),
)


@suite.test(10, "400, 404, 405, 414, 431 and 501, each where it applies")
def bad_requests(t):
    port = serve(t, capture=True).port(80)
    for status, what, request in BAD_REQUESTS:
        with Connection(port) as c:
            c.send(request)
            answer = c.response()
            expect_status(what, answer, status)
            if status == 405 and "GET" not in answer.headers.get("allow", ""):
                raise Failure("405 without the header Allow")
        expect_body("a good request after %s" % what, get(port), index_html(t))


@suite.test(5, "keep-alive: 200 requests on one connection, and its end when asked for")
def keep_alive(t):
    port = serve(t, capture=True).port(80)
    with Connection(port) as c:
        for i in range(200):
            c.request("/one.txt")
            expect_body("request %d" % i, c.response(), b"1")
        c.request("/one.txt", headers=CLOSE)
        expect_body("the last request", c.response(), b"1")
        expect_end("Connection: close", c)
    for version, headers, stays in (("HTTP/1.0", "", False), ("HTTP/1.0", "Connection: keep-alive\r\n", True)):
        with Connection(port) as c:
            c.request("/one.txt", headers=headers, version=version)
            expect_body(version, c.response(), b"1")
            if stays:
                c.request("/plain.txt", headers=CLOSE)
                expect_body(version + " kept", c.response(), FILES["plain.txt"])
            expect_end(version, c)


@suite.test(5, "pipelining: 100 requests at once are answered in order")
def pipelining(t):
    port = serve(t, capture=True).port(80)
    names = ["one.txt", "plain.txt", "nosuchfile", "empty.txt", "pages.bin"] * 20
    with Connection(port) as c:
        c.send(b"".join(b"GET /%s HTTP/1.1\r\nHost: t\r\n\r\n" % name.encode() for name in names))
        for i, name in enumerate(names):
            answer = c.response()
            if name in FILES:
                expect_body("answer %d, %s" % (i, name), answer, FILES[name])
            else:
                expect_status("answer %d" % i, answer, 404)


@suite.test(5, "a request in single bytes")
def single_bytes(t):
    with Connection(serve(t, capture=True).port(80)) as c:
        for _ in range(3):
            for byte in b"GET /plain.txt HTTP/1.1\r\nHost: test\r\nAccept: */*\r\n\r\n":
                c.send(bytes([byte]))
                time.sleep(0.002)
            expect_body("the answer", c.response(), FILES["plain.txt"])


@suite.test(5, "a client that closes its half still gets all its answers")
def half_closed(t):
    port = serve(t, capture=True).port(80)
    for name in ("plain.txt", "big.bin"):
        with Connection(port) as c:
            c.request("/" + name)
            c.request("/one.txt")
            c.end_sending()
            expect_body(name, c.response(), FILES[name])
            expect_body("the second answer", c.response(), b"1")
            expect_end("after both", c)


@suite.test(10, "slow clients harm nobody, and get all they asked for")
def slow_clients(t):
    port = serve(t).port(80)
    with Connection(port) as dribbler, Connection(port, receive_buffer=4096) as sipper, Connection(port) as silent:
        dribbler.send(b"GET /plain.txt HT")
        sipper.request("/big.bin", headers=CLOSE)
        for _ in range(50):
            began = time.monotonic()
            expect_body("a quick client", get(port), index_html(t))
            if time.monotonic() - began > t.host.pace(5):
                raise Failure("a quick client waited %.1f s" % (time.monotonic() - began))
        dribbler.send(b"TP/1.1\r\nHost: t\r\n\r\n")
        expect_body("the client that sends slowly", dribbler.response(), FILES["plain.txt"])
        expect_body("the client that reads slowly", sipper.response(), BIG)
        silent.request("/one.txt")
        expect_body("the client that was silent", silent.response(), b"1")


def ask_for_one(connection):
    connection.request("/one.txt")
    expect_body("one.txt", connection.response(), b"1")


@suite.test(5, "300 connections are open at once, and all are served")
def many_connections(t):
    port = serve(t).port(80)
    connections = []
    try:
        for _ in range(300):
            connections.append(Connection(port))
            ask_for_one(connections[-1])  # one by one: QEMU's listener takes two at once, and lets others wait for 1 s
        for c in connections:
            ask_for_one(c)
    finally:
        for c in connections:
            c.sock.close()


@suite.test(10, "a file of 1 MB arrives intact 100 times")
def big_file(t):
    machine = serve(t)
    port, want = machine.port(80), hashlib.sha256(BIG).digest()
    faults = []

    def fetch():
        try:
            with Connection(port) as c:
                for i in range(50):
                    c.request("/big.bin")
                    if hashlib.sha256(c.response().body).digest() != want:
                        raise Failure("copy %d is damaged" % i)
        except Exception as e:  # told by the thread that waits
            faults.append(e)
    clients = [threading.Thread(target=fetch, daemon=True) for _ in range(2)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(t.host.pace(120))
        if client.is_alive():
            raise Failure("100 MB took longer than %.0f s" % t.host.pace(120))
    if faults:
        raise Failure(str(faults[0]))
    check_output(machine.text, never=[NO_PANIC])


def bench(*options):
    """20,000 requests of ab, eight at a time: more overruns the backlog of QEMU's user network."""
    def play(t):
        port = serve(t).port(80)
        url = "http://127.0.0.1:%d/" % port
        check_load("ab", t.run("ab", "-q", "-n", "20000", "-c", "8", *options, url, limit=300), 20000)
    return play


suite.add("ab-user", "ab: 20,000 connections, 8 at once (user network)", 10, bench(), unless=[needs_program("ab")])
suite.add("ab-user-kept", "ab -k: 20,000 requests on 8 connections (user network)", 10, bench("-k"),
          unless=[needs_program("ab")])
