# SPDX-License-Identifier: MIT
"""QEMU's command line for a test: the machine of conf/qemu.mk, but made for tests that run side by side.

Each has its own network with ports that QEMU picks, its own copy of the disk's contents and its own sockets.
ACCEL and NIC come from the environment, where make puts what was said on its command line.
"""
import os

FALLBACK_QEMU = "qemu-system-i386"
FIRST_MAC = 0x525400123456


def mac(nic):
    """The address of the n-th NIC."""
    return ":".join("%02x" % byte for byte in (FIRST_MAC + nic).to_bytes(6, "big"))


def escaped(text):
    """A comma inside a value of QEMU's comma-separated options is written twice."""
    return text.replace(",", ",,")


def boot_string(program, args, fs, leave, extra):
    """The kernel's boot arguments (kern/bootarg.h)."""
    words = []
    if program:
        words.append("run=" + ",".join([program] + list(args)))
    if not fs:
        words.append("fs=off")
    if leave:
        words.append("exit=1")
    return " ".join(words + list(extra))


def objdir(*names):
    """A path below obj/, or below what make was told is OBJDIR, from the tree's root."""
    return os.path.join(os.environ.get("OBJDIR") or "obj", *names)


def built(root, *names):
    """The same as QEMU takes it."""
    return escaped(os.path.join(root, objdir(*names)))


def accelerator():
    """Several CPUs of the guest on several of the host, as far as the accelerator needs to be told."""
    accel = os.environ.get("ACCEL") or "tcg"
    return "tcg,thread=multi" if accel == "tcg" else accel


def topology(cpus):
    """Each CPU in a socket of its own: of a socket with several, the firmware's MP table names only the first."""
    return "%d,sockets=%d,cores=1,threads=1" % (cpus, cpus)


def compose(qemu, root, folder, program=None, args=(), fs=True, leave=True, extra=(), cpus=1, memory=128,
            ports=(), taps=(), capture=False, disk=None, keep_disk=False, also=(), dgram=None,
            nic=None, icount=False, more=(), kernel=None):
    """
    The whole line. `program` is the full name, such as user_hello, with `args`; `extra`: more boot arguments;
    `leave`: end QEMU when nothing can run any more; `ports`: guest ports to reach from the host; `taps`: use
    these tap devices instead, a NIC for each; `disk`: another image than the freshly formatted one; `keep_disk`: write to it; `also`: more
    programs to hand to the kernel, which its boot arguments name; `dgram`: paths of the NIC's socket and its peer's;
    `nic`: its model; `icount`: the clock counts instructions, so that nothing the host does can be seen inside; `more`: further
    words for QEMU; `kernel`: another image than the tree's.
    """
    image = escaped(disk) if disk else built(root, "fs", "clean-fs.img")
    # Without file locks, machines share what they only read, also with one that `make qemu` runs at the same time.
    drive = "file=%s,index=%d,media=disk,format=raw,file.locking=off,snapshot=%s"
    line = qemu + [
        "-m", str(memory), "-smp", topology(cpus), "-accel", "tcg,thread=single" if icount else accelerator(), "-no-reboot",
        "-display", "none", "-monitor", "none", "-serial", "stdio",
        "-qmp", "unix:%s,server=on,wait=off" % escaped(os.path.join(folder, "qmp")),
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        "-drive", drive % (escaped(kernel) if kernel else built(root, "kern", "kernel.img"), 0, "on"),
        "-drive", drive % (image, 1, "off" if keep_disk else "on"),
    ]
    arguments = boot_string(program, args, fs, leave, extra)
    if arguments:  # QEMU takes no empty string
        line += ["-fw_cfg", "name=opt/jos/args,string=" + escaped(arguments)]
    for name in [program] * bool(program) + list(also):
        line += ["-fw_cfg", "name=opt/jos/bin/%s,file=%s" % (name, built(root, "strip", *name.split("_", 1)))]
    if icount:
        line += ["-icount", "shift=0,sleep=off"]
    return line + network(folder, ports, taps, capture, dgram, nic or os.environ.get("NIC") or "e1000") + list(more)


def backends(ports, taps, dgram):
    """What is behind each NIC."""
    if taps:
        return ["tap,ifname=%s,script=no,downscript=no" % tap for tap in taps]
    if dgram:
        return ["dgram,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s" % tuple(map(escaped, dgram))]
    if ports:
        return ["user" + "".join(",hostfwd=%s:127.0.0.1:0-:%d" % (kind, port) for port in ports for kind in ("tcp", "udp"))]
    return []


def network(folder, ports, taps, capture, dgram, nic):
    """NICs in slots 3, 5, 7, ...: two of QEMU's igb must not be neighbours."""
    line = []
    for i, backend in enumerate(backends(ports, taps, dgram)):
        line += ["-netdev", "%s,id=net%d" % (backend, i),
                 "-device", "%s,netdev=net%d,mac=%s,addr=%d,romfile=" % (nic, i, mac(i), 3 + 2 * i)]
        if capture:
            path = os.path.join(folder, "net%s.pcap" % (i or ""))
            line += ["-object", "filter-dump,id=capture%d,netdev=net%d,file=%s" % (i, i, escaped(path))]
    return line or ["-nic", "none"]
