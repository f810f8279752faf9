# SPDX-License-Identifier: MIT
"""A network of its own: a namespace that holds tap devices, QEMU, and the clients of a test.

Host's end 10.0.2.2/24, as under QEMU's user network; of a second device 10.0.3.2/24, and so on. Frames cross at full
speed, without the limits of user networking.
"""
import functools
import itertools
import os
import shutil
import subprocess

from .suite import Failure

TAP = "tap0"
numbers = itertools.count()


def enter(name):
    """
    How a command gets into the namespace. Not by `ip netns exec`: it mounts a /sys of its own, which it may not do where
    the root is no mount point, as in a chroot.
    """
    return ["nsenter", "--net=/run/netns/" + name]


class Namespace:
    def __init__(self, children, ntaps=1):
        self.children = children
        self.taps = ["tap%d" % i for i in range(ntaps)]
        self.behind = []
        self.name = "josix-%d-%d" % (os.getpid(), next(numbers))
        children.warden.promise(self.name, ["ip", "netns", "delete", self.name])
        self.run(["ip", "netns", "add", self.name])
        self.run(self.inside(["ip", "link", "set", "lo", "up"]))
        for i, tap in enumerate(self.taps):
            self.add(tap, "10.0.%d.2/24" % (2 + i))

    def add(self, tap, address):
        for words in (["tuntap", "add", "dev", tap, "mode", "tap"],
                      ["link", "set", tap, "addrgenmode", "none"],  # no IPv6 chatter in captures
                      ["address", "add", address, "dev", tap],
                      ["link", "set", tap, "up"]):
            self.run(self.inside(["ip"] + words))

    def run(self, argv):
        status, out = self.children.run(argv, 20)
        if status:
            raise Failure("%s: %s" % (" ".join(argv), out.strip()))

    def inside(self, argv):
        """The command that runs argv in here."""
        return enter(self.name) + list(argv)

    def far_away(self, mtu):
        """
        A namespace behind this one, which becomes a router: from there to the guest no packet is longer than `mtu`, and
        longer ones are cut into fragments on the way, TCP's as well, since path MTU discovery is off. It ends with this one.
        """
        far = FarAway(self)
        for words in (["link", "set", self.taps[0], "mtu", str(mtu)],
                      ["link", "add", "near", "type", "veth", "peer", "name", "far", "netns", far.name],
                      ["address", "add", "10.9.0.1/24", "dev", "near"],
                      ["link", "set", "near", "up"]):
            self.run(self.inside(["ip"] + words))
        for words in (["address", "add", "10.9.0.2/24", "dev", "far"],
                      ["link", "set", "far", "up"],
                      ["route", "add", "default", "via", "10.9.0.1"]):
            self.run(far.inside(["ip"] + words))
        self.run(self.inside(["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]))
        self.run(far.inside(["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc"]))
        self.behind.append(far)
        return far

    def close(self):
        for far in self.behind:
            far.close()
        subprocess.run(["ip", "netns", "delete", self.name], stderr=subprocess.DEVNULL, check=False)
        self.children.warden.release(self.name)


class FarAway(Namespace):
    """Namespace.far_away() makes it. It has no tap device."""

    def __init__(self, near):
        super().__init__(near.children, ntaps=0)


@functools.lru_cache(maxsize=None)
def obstacle():
    """Why there can be no tap device here, or None. Tried out once, on a namespace that goes at once."""
    if os.geteuid() != 0:
        return "a tap device needs root"
    if not shutil.which("ip"):
        return "`ip` (package iproute2) is not installed"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun cannot be opened"
    name = "josix-%d-try%d" % (os.getpid(), next(numbers))  # tests in several threads may ask at once
    script = "ip netns add %s && %s ip tuntap add dev %s mode tap; r=$?; ip netns delete %s; exit $r"
    tried = subprocess.run(["sh", "-c", script % (name, " ".join(enter(name)), TAP, name)], stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, check=False)
    return None if tried.returncode == 0 else "no tap device in a network namespace: " + (
        tried.stderr.decode("utf-8", "replace").strip().split("\n")[0])
