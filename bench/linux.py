# SPDX-License-Identifier: MIT
"""
A peer: Debian's own kernel, with nginx on it, on the same emulated machine. Nothing is installed: the packages are
fetched by apt and unpacked into a folder of ours, and what the guest needs of them goes into its first file system.
On port 7 busybox starts a `cat` for each connection.
"""
import glob
import os
import re
import shutil
import stat
import subprocess

import systems
from cpio import Archive
from harness.cmdline import accelerator, escaped, mac, topology
from harness.machine import Machine
from harness.netns import TAP
from harness.suite import Failure

FOLDER = os.path.join(".deps", "linux")
READY = "^linux: ready"
MODULES = ("e1000",)

NGINX = """\
worker_processes auto;
user root root;
error_log /dev/null crit;
pid /run/nginx.pid;
events { worker_connections 16384; use epoll; multi_accept on; }
http {
    access_log off;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 3600;
    keepalive_requests 1000000000;
    open_file_cache max=100;
    server { listen 80 backlog=4096; root /pages; }
}
"""

INIT = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
echo 1 > /proc/sys/kernel/printk
for module in /modules/*; do insmod $module; done
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
echo 4096 > /proc/sys/net/core/somaxconn
echo 4096 > /proc/sys/net/ipv4/tcp_max_syn_backlog
ulimit -n 65536
nginx
nc -ll -p 7 -e /bin/cat &
echo "linux: ready"
while :; do sleep 1000; done
"""


class Linux:
    name, title = "linux", "Linux (nginx)"
    cpus = 2

    def obstacle(self, session):
        """Why it cannot run here, or None."""
        for tool in ("apt-get", "apt-cache", "dpkg-deb", qemu_64(session)):
            if not shutil.which(tool):
                return "%s is not there" % os.path.basename(tool)
        if os.environ.get("NIC", "e1000") != "e1000":
            return "its file system has the driver of the e1000 only"
        return None

    def prepare(self, session):
        """Fetch the packages, if that has not been done, and make the file system."""
        root = os.path.join(session.host.root, FOLDER)
        if not os.path.exists(os.path.join(root, "complete")):
            fetch(session, root)
        self.kernel = os.path.join(root, "kernel")
        self.initrd = os.path.join(session.context.folder, "initrd")
        make_initrd(root, self.initrd, session.pages)

    def serves(self, step):
        return not step.knob

    def start(self, session, role):
        folder = os.path.join(session.context.folder, "linux-%d" % len(session.context.machines))
        os.makedirs(folder)
        argv = self.command(session, folder)
        machine = Machine(session.host.children, session.inside(argv), folder, session.host.pace)
        session.context.machines.append(machine)
        session.context.undo.append(machine.close)
        session.watch(machine)
        return systems.ready(machine, READY)

    def command(self, session, folder):
        if session.space:
            net = "tap,id=net0,ifname=%s,script=no,downscript=no" % TAP
        else:
            net = "user,id=net0,hostfwd=tcp:127.0.0.1:0-:80,hostfwd=tcp:127.0.0.1:0-:7"
        return [qemu_64(session), "-m", str(2 * systems.MEMORY), "-smp", topology(self.cpus), "-accel", accelerator(),
                "-no-reboot", "-display", "none", "-monitor", "none", "-serial", "stdio",
                "-qmp", "unix:%s,server=on,wait=off" % escaped(os.path.join(folder, "qmp")),
                "-kernel", self.kernel, "-initrd", self.initrd,
                "-append", "console=ttyS0 quiet rdinit=/init panic=-1 mitigations=off nokaslr",
                "-netdev", net, "-device", "e1000,netdev=net0,mac=%s,addr=3,romfile=" % mac(0)]


def qemu_64(session):
    """The same QEMU's other half: Debian's kernel packages for this host are 64-bit."""
    return re.sub(r"qemu-system-i386$", "qemu-system-x86_64", session.host.qemu[0])


def only(pattern):
    found = sorted(glob.glob(pattern))
    if not found:
        raise Failure("Linux: there is no %s" % pattern)
    return found[-1]


# --- The packages ---

def fetch(session, root):
    """
    Leave kernel, busybox, nginx, lib/ and modules/ in the folder, and of the packages nothing else. apt checks what it
    fetches against its lists.
    """
    shutil.rmtree(root, ignore_errors=True)
    debs, unpacked = os.path.join(root, "debs"), os.path.join(root, "unpacked")
    os.makedirs(debs)
    print("bench: fetching Linux, nginx and busybox from this system's package sources, once", flush=True)
    kernel = depends(session, "linux-image-amd64", r"linux-image-\d\S*")
    wanted = kernel[:1] + ["busybox-static", "nginx"] + depends(session, "nginx", r"lib\S+|zlib1g")
    status, out = session.host.children.run(["apt-get", "download", "-q"] + wanted, 900, cwd=debs)
    if status:
        raise Failure("Linux: apt-get could not fetch its packages (try apt-get update first): " + out.strip()[-300:])
    for deb in glob.glob(os.path.join(debs, "*.deb")):
        session.context.run("dpkg-deb", "-x", deb, unpacked, limit=120)
    keep(unpacked, root)
    shutil.rmtree(debs)
    shutil.rmtree(unpacked)
    with open(os.path.join(root, "complete"), "w", encoding="ascii") as f:
        f.write("\n".join(wanted) + "\n")


def depends(session, package, pattern):
    out = session.context.run("apt-cache", "depends", "--no-recommends", "--no-suggests", package)
    return re.findall(r"^\s*\|?Depends: (%s)$" % pattern, out, re.M)


def keep(unpacked, root):
    shutil.copy(only(os.path.join(unpacked, "boot", "vmlinuz-*")), os.path.join(root, "kernel"))
    shutil.copy(only(os.path.join(unpacked, "bin", "busybox")), root)
    shutil.copy(only(os.path.join(unpacked, "usr", "sbin", "nginx")), root)
    os.makedirs(os.path.join(root, "lib"))
    for folder in ("lib", os.path.join("usr", "lib")):
        for path in glob.glob(os.path.join(unpacked, folder, "x86_64-linux-gnu", "*.so*")):
            shutil.copy(path, os.path.join(root, "lib"))
    os.makedirs(os.path.join(root, "modules"))
    for module in MODULES:
        shutil.copy(only(os.path.join(unpacked, "lib", "modules", "*", "kernel", "drivers", "net", "ethernet", "intel",
                                      module, module + ".ko*")), os.path.join(root, "modules"))
    for packed in glob.glob(os.path.join(root, "modules", "*.xz")):
        subprocess.run(["xz", "-d", packed], check=True)


# --- The file system ---

def make_initrd(root, path, pages):
    archive = Archive(path)
    for name in ("bin", "sbin", "dev", "proc", "sys", "run", "tmp", "etc", "etc/nginx", "var", "var/log", "var/log/nginx",
                 "var/lib", "var/lib/nginx", "pages", "modules", "lib", "lib64"):
        archive.folder(name)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.text("init", INIT, 0o755)
    archive.text("etc/nginx/nginx.conf", NGINX)
    archive.text("etc/passwd", "root:x:0:0:root:/:/bin/sh\n")
    archive.text("etc/group", "root:x:0:\n")
    archive.copy(os.path.join(root, "busybox"), "bin/busybox")
    archive.copy(os.path.join(root, "nginx"), "sbin/nginx")
    archive.link("lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-x86-64.so.2")
    for folder in ("lib", "modules"):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            archive.copy(os.path.join(root, folder, name), "%s/%s" % (folder, name))
    for page in pages:
        archive.copy(page, "pages/" + os.path.basename(page))
    archive.close()
