# SPDX-License-Identifier: MIT
"""Scenarios: how connections begin and end."""
import errno
import socket
import struct
import time

from remote_conn import ERRORS, LIMIT, Remote, Wrong, settle


def scenario_close():
    control = Remote()
    for _ in range(20):
        c = Remote()
        c.send("c")
        c.expect_end()
        c.close()
    settle(control, alive=1, flows=1)


def scenario_close_delivers():
    """What was queued before a close arrives before the end."""
    control, c = Remote(), Remote()
    c.send("w300000")
    time.sleep(0.2)
    c.exactly(300000)
    c.send("c")
    c.expect_end()
    c.close()
    settle(control, alive=1)


def scenario_abort():
    control = Remote()
    for _ in range(20):
        c = Remote()
        c.send("a")
        c.expect_reset()
    settle(control, alive=1, flows=1)


def scenario_half_close():
    """The guest shuts down: its end arrives, and what the client still sends is taken until it ends, too."""
    control = Remote()
    for _ in range(10):
        c = Remote()
        c.send("h")
        c.expect_end()
        for i in range(10):
            c.send("efor nobody")
        c.sock.shutdown(socket.SHUT_WR)
        c.close()
    settle(control, alive=1, flows=1)


def scenario_peer_half_close():
    """The client shuts down after a request; the answer still arrives."""
    control = Remote()
    for _ in range(10):
        c = Remote()
        c.send("w100000")
        c.exactly(100000)
        c.sock.shutdown(socket.SHUT_WR)
        c.expect_end()
        c.close()
    settle(control, alive=1, flows=1)


def scenario_reset():
    """Clients that reset while data flows: exactly one end for each."""
    control = Remote()
    for i in range(50):
        c = Remote()
        c.send("w1000000")
        c.exactly(1000 * (i % 5))
        c.slam()
    settle(control, alive=1, flows=1)


def scenario_reject():
    control = Remote()
    control.ask("n1")
    for _ in range(10):
        try:
            Remote().expect_reset()
        except ConnectionResetError:
            pass
    control.ask("n0")
    Remote().echo("ehello")
    settle(control, refused=10, flows=1 + 1)


def scenario_wait():
    """What is sent before a connection is accepted is not lost."""
    control = Remote()
    control.ask("n2")
    cs = [Remote() for _ in range(100)]
    for i, c in enumerate(cs):
        c.send("emessage %d" % i)
    time.sleep(0.2)
    for c in cs[:10]:
        c.slam()  # while nobody has accepted them
    time.sleep(0.2)
    control.ask("A")
    for i, c in enumerate(cs[10:], 10):
        if c.line() != "emessage %d" % i:
            raise Wrong("the message sent before accept did not come back")
        c.close()
    settle(control, flows=1)


def scenario_connect():
    control = Remote()
    with socket.create_server(("", 0)) as server:
        server.settimeout(LIMIT)
        port = server.getsockname()[1]
        for _ in range(10):
            control.send("o%d" % port)
            conn, _peer = server.accept()
            if control.line() != "connected 0":
                raise Wrong("the guest is not told that it is connected")
            conn.sendall(b"eback and forth\n")
            if conn.recv(100) != b"eback and forth\n":
                raise Wrong("no echo on a connection that the guest made")
            conn.close()
            if control.line() != "dead 0":
                raise Wrong("the end is not told as a close")
        control.send("o%d" % port)
        conn, _peer = server.accept()
        control.line()
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.close()
        if control.line() != "dead %d" % ERRORS["reset"]:
            raise Wrong("the end is not told as a reset")
    control.ask("o%d" % port, "connected %d" % ERRORS["refused"])
    settle(control, alive=1)


def refused(port):
    try:
        Remote(port)
    except ConnectionRefusedError:
        return True
    return False


def scenario_unlisten():
    control = Remote()
    for _ in range(5):
        control.send("l8")
        deadline = time.monotonic() + 5
        while refused(8):
            if time.monotonic() > deadline:
                raise Wrong("port 8 does not listen")
        kept = Remote(8)
        kept.echo("eone")
        control.send("L8")
        time.sleep(0.2)
        if not refused(8):
            raise Wrong("port 8 listens still")
        kept.echo("eit goes on")
        kept.close()
    settle(control, alive=1, flows=1)


def again(connect):
    """The host may still wait for the last acknowledgement of the same connection."""
    for _ in range(100):
        try:
            return connect()
        except OSError as e:
            if e.errno != errno.EADDRNOTAVAIL:
                raise
            time.sleep(0.001)
    raise Wrong("the guest does not acknowledge the end of a connection")


def scenario_port_reuse():
    """The same four numbers again and again, while the guest's last connection by them is in TIME_WAIT."""
    control = Remote()
    for _ in range(200):
        c = again(lambda: Remote(source=40000))
        c.echo("eagain")
        c.send("c")
        c.expect_end()
        c.close()
    settle(control, alive=1)
