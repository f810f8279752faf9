# SPDX-License-Identifier: MIT
"""A network of its own: a namespace that holds a tap device, QEMU, and the clients of a test.

Host's end 10.0.2.2/24, as under QEMU's user network. Frames cross at full speed, without the limits of user networking.
"""
import functools
import itertools
import os
import shutil
import subprocess

from .suite import Failure

TAP = "tap0"
numbers = itertools.count()


class Namespace:
    def __init__(self, children):
        self.children = children
        self.name = "josix-%d-%d" % (os.getpid(), next(numbers))
        children.warden.promise(self.name, ["ip", "netns", "delete", self.name])
        self.ip("netns", "add", self.name)
        self.ip("-n", self.name, "link", "set", "lo", "up")
        self.ip("netns", "exec", self.name, "ip", "tuntap", "add", "dev", TAP, "mode", "tap")
        self.ip("-n", self.name, "link", "set", TAP, "addrgenmode", "none")  # no IPv6 chatter in captures
        self.ip("-n", self.name, "address", "add", "10.0.2.2/24", "dev", TAP)
        self.ip("-n", self.name, "link", "set", TAP, "up")

    def ip(self, *words):
        status, out = self.children.run(["ip"] + list(words), 20)
        if status:
            raise Failure("ip %s: %s" % (" ".join(words), out.strip()))

    def inside(self, argv):
        """The command that runs argv in here."""
        return ["ip", "netns", "exec", self.name] + list(argv)

    def close(self):
        subprocess.run(["ip", "netns", "delete", self.name], stderr=subprocess.DEVNULL, check=False)
        self.children.warden.release(self.name)


@functools.lru_cache(maxsize=None)
def obstacle():
    """Why there can be no tap device here, or None. Tried out once, on a namespace that goes at once."""
    if os.geteuid() != 0:
        return "a tap device needs root"
    if not shutil.which("ip"):
        return "`ip` (package iproute2) is not installed"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun cannot be opened"
    name = "josix-%d-try" % os.getpid()
    script = "ip netns add %s && ip netns exec %s ip tuntap add dev %s mode tap; r=$?; ip netns delete %s; exit $r"
    tried = subprocess.run(["sh", "-c", script % (name, name, TAP, name)], stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, check=False)
    return None if tried.returncode == 0 else "no tap device in a network namespace: " + (
        tried.stderr.decode("utf-8", "replace").strip().split("\n")[0])
