# SPDX-License-Identifier: MIT
"""
The fuzz targets, each for a number of inputs and with a seed that are always the same: what fails here fails again. The
search for new inputs is the long tier's (tests/long/fuzz.py).
"""
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
RUNS = {"calls": 30000, "packets": 3000}
PATIENCE = 120


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


def fuzzed(target, seconds, *words):
    def play(t):
        with one_make:
            status, out = t.host.make("-s", objdir("fuzz", "fuzz_" + target))
        if status:
            raise Failure("it does not build:\n" + out)
        status, out = t.host.make("-s", "FUZZ_SECONDS=%d" % seconds, "fuzz-" + target, *words, limit=seconds + BUILD_SECONDS)
        if status:
            raise Failure(out)
    return play


suite.part("fuzz")
for _target in TARGETS:
    _runs = RUNS.get(_target, 1000)
    suite.add("fuzz-" + _target, "fuzzing: %s, %d inputs" % (_target, _runs), 5,
              fuzzed(_target, PATIENCE, "FUZZ_SEED=1", "FUZZ_RUNS=%d" % _runs), unless=[needs_libfuzzer])
