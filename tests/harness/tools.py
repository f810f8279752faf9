# SPDX-License-Identifier: MIT
"""What a test may need of the host: functions for its `unless`, each returning None or what is missing."""
import functools
import os
import shutil
import subprocess

from . import netns

needs_tap = netns.obstacle


def needs_program(name):
    """The test runs this program on the host."""
    return lambda: None if shutil.which(name) else "`%s` is not installed" % name


def needs_header(name):
    """The test is a C program that includes this header of a library."""
    @functools.lru_cache(maxsize=None)
    def probe():
        compiler = os.environ.get("HOSTCC") or "cc"
        if not shutil.which(compiler):
            return "there is no C compiler for the host"
        source = "".join("#include <%s>\n" % h for h in ("stdarg.h", "stddef.h", "stdint.h", "setjmp.h", name))
        tried = subprocess.run([compiler, "-E", "-x", "c", "-"], input=source.encode(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, check=False)
        return None if tried.returncode == 0 else "the header %s is not installed" % name
    return probe
