# SPDX-License-Identifier: MIT
"""The fuzz targets, each for a short time, beginning with the committed inputs."""
import functools
import glob
import os
import shutil
import subprocess

from gradelib import ROOT, Failure, needs_header
from grade import suite
from grade.host import one_make
from harness.cmdline import objdir

SOURCES = glob.glob(os.path.join(ROOT, "tests", "fuzz", "fuzz_*.c"))
TARGETS = sorted(os.path.basename(path)[len("fuzz_"):-len(".c")] for path in SOURCES)
BUILD_SECONDS = 300


@functools.lru_cache(maxsize=None)
def needs_libfuzzer():
    """clang, with libFuzzer and the sanitizers; and cmocka, which the fake machine uses."""
    clang = os.environ.get("FUZZ_CC") or "clang"
    if not shutil.which(clang):
        return "`%s` is not installed" % clang
    source = "int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p && n && 0; }"
    tried = subprocess.run([clang, "-fsanitize=fuzzer,address,undefined", "-x", "c", "-", "-o", os.devnull],
                           input=source.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return "clang has no libFuzzer here (package libclang-rt-14-dev, or your release's)" if tried.returncode else (
        needs_header("cmocka.h")())


def fuzzed(target, seconds):
    def play(t):
        with one_make:
            status, out = t.host.make("-s", objdir("fuzz", "fuzz_" + target))
        if status:
            raise Failure("it does not build:\n" + out)
        status, out = t.host.make("-s", "FUZZ_SECONDS=%d" % seconds, "fuzz-" + target, limit=seconds + BUILD_SECONDS)
        if status:
            raise Failure(out)
    return play


suite.part("fuzz")
for _target in TARGETS:
    suite.add("fuzz-" + _target, "20 s of fuzzing: %s" % _target, 5, fuzzed(_target, 20), unless=[needs_libfuzzer])
