# SPDX-License-Identifier: MIT
"""On what and with what was measured: for the report, so that its figures can be judged, and compared with others."""
import os
import platform
import re
import subprocess
import time


def words_of(argv):
    """The first line that a program prints, or None."""
    try:
        out = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
    except OSError:
        return None
    lines = out.stdout.decode("utf-8", "replace").strip().split("\n")
    return lines[0].strip() or None


def field(path, pattern):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            found = re.search(pattern, f.read(), re.M)
    except OSError:
        return None
    return found.group(1).strip() if found else None


def machine():
    """The host; not its name."""
    memory = field("/proc/meminfo", r"^MemTotal:\s+(\d+)")
    return {
        "processor": field("/proc/cpuinfo", r"^model name\s*:\s*(.*)") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": int(memory) // 1024 if memory else None,
        "virtual": field("/proc/cpuinfo", r"^flags\s*:.*\b(hypervisor)\b") is not None,
        "kernel": "%s %s" % (platform.system(), platform.release()),
        "distribution": field("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "accelerator": os.environ.get("ACCEL") or "tcg",
        "load_before": round(os.getloadavg()[0], 2),
    }


def lwip_version():
    folder = os.environ.get("LWIP_DIR") or ".deps/lwip"
    parts = [field(os.path.join(folder, "src/include/lwip/init.h"), r"^#define LWIP_VERSION_%s\s+(\d+)" % part)
             for part in ("MAJOR", "MINOR", "REVISION")]
    return ".".join(parts) if all(parts) else None


def compiler():
    """The guest's compiler."""
    return words_of([os.environ.get("CC") or "cc", "--version"])


def tree():
    """The commit, and whether the tree has changes that are in none."""
    commit = words_of(["git", "rev-parse", "--short=12", "HEAD"])
    changed = subprocess.run(["git", "status", "--porcelain"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return (commit or "unknown") + (" with changes" if changed.stdout.strip() else "")


def versions(qemu):
    wrk = words_of(["wrk", "-v"])
    ab = words_of(["ab", "-V"])
    return {
        "tree": tree(),
        "compiler": compiler(),
        "lwip": lwip_version(),
        "qemu": words_of(qemu + ["--version"]),
        "wrk": re.sub(r"\s*Copyright.*", "", wrk) if wrk else None,
        "ab": re.sub(r".*Version (\S+).*", r"\1", ab) if ab else None,
        "python": platform.python_version(),
    }


def now():
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
