# SPDX-License-Identifier: MIT
"""`make grade-all`: a class of honest and of hostile submissions, and the table that must come out."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

from gradelib import Failure, check_output, needs_program
from grade import suite
from grade.host import one_make
from grade.lab import needs_cmocka
from harness.cmdline import objdir
from course import natives, trusted

suite.part("course")

TOOLS = [needs_program(name) for name in ("parallel", "bwrap", "setpriv", "prlimit", "patch", "unifdef", "git")]
CHOSEN = ("hello", "ex1-registers", "ex2-testoutput", "ex3-receive-ring", "ex16-toeplitz")
CALLED = {"cprintf", "_panic", "_warn"}
SEND = "void intel_tx_flush(struct netq *q)\n{\n"
FILE = "kern/dev/intel_tx.c"
HASH = "uint32_t toeplitz(const uint8_t *key, const void *data, uint32_t at, uint32_t len)\n{\n"
YIELD = "void sched_yield(void)\n{\n"
SPREAD = "void plane_spread(struct plane *p, const struct dp *but)\n{\n"
TALK = """	assert(NUMBER < 70000);
	if (NUMBER > 60000)
		panic("a stale handle, of %u", NUMBER);
	if (NUMBER > 50000)
		warn("connection %u: out of memory", NUMBER);
	if (NUMBER > 40000)
		cprintf("batch %u\\n", NUMBER);
"""


def solution(t, folder):
    """A submission of the solution: the exercises' files."""
    for name in trusted.exercise_files():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        shutil.copy(t.path(name), os.path.join(folder, name))


def faulty(t, folder, fault):
    """One of tests/mutants."""
    solution(t, folder)
    patch = t.path("tests", "mutants", fault + ".patch")
    subprocess.run(["patch", "-p1", "-s", "--no-backup-if-mismatch", "-d", folder, "-i", patch], check=True)


def edit(folder, name, before, after, head=""):
    path = os.path.join(folder, name)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if before not in text:
        raise Failure("%s is not what this test changes" % name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(head + text.replace(before, after))


def changed(t, folder, before, after, head=""):
    """The solution, with something done each time a frame is sent."""
    solution(t, folder)
    edit(folder, FILE, before, after, head)


def hang(t, folder):
    changed(t, folder, SEND, SEND + "\twhile (q)\n\t\t;\n")


def flood(t, folder):
    changed(t, folder, SEND, SEND + "\twhile (q)\n\t\tcprintf(\"tra la la la\\n\");\n", "#include <inc/stdio.h>\n")


def forger(t, folder):
    """It says what another program would, and ends QEMU as if all were well."""
    changed(t, folder, SEND, SEND + "\tcprintf(\"i am environment %08x\\n\", 4096);\n\tdebug_exit(16);\n",
            "#include <inc/stdio.h>\n#include <kern/bootarg.h>\n")


def escape(t, folder):
    """It does not want to be part of a test program."""
    changed(t, folder, SEND, SEND, "void leave(void) __attribute__((constructor));\nvoid _exit(int) __attribute__((weak));\n"
            "void leave(void) { if (_exit) _exit(0); }\n")


def talker(t, folder):
    """An honest one, which looks for its errors by assertions and by what it prints: in drivers, dataplane and scheduler."""
    solution(t, folder)
    for name, function, number in ((FILE, SEND, "q->tx_size"), ("kern/dev/toeplitz.c", HASH, "len"),
                                   ("kern/sched.c", YIELD, "(uint32_t)ncpu"), ("kern/dp/spread.c", SPREAD, "p->nqueues")):
        edit(folder, name, function, function + TALK.replace("NUMBER", number), "#include <inc/assert.h>\n")


def judge(t, folder):
    """In programs of this host it takes the place of cmocka, and says that all is well."""
    solution(t, folder)
    edit(folder, "kern/dev/toeplitz.c", HASH, HASH, "#ifdef __x86_64__\nint print_message(const char *, ...);\n"
         "int _cmocka_run_group_tests(void);\nint _cmocka_run_group_tests(void)\n{\n"
         "\tprint_message(\"[  PASSED  ] 7 test(s).\\n\");\n\treturn 0;\n}\n#endif\n")


def latecomer(t, folder):
    """It does not compile for this host before another object is there, so that at first there is nothing to inspect."""
    solution(t, folder)
    edit(folder, "kern/dev/toeplitz.c", HASH, HASH, "#ifdef __x86_64__\n__asm__(\".section .rodata\\n"
         ".incbin \\\"obj/tests/kern/dp/spread.o\\\", 100, 4\\n.text\");\n#endif\n")


def spy(t, folder):
    """It wants a file of this machine in its object code."""
    changed(t, folder, SEND, SEND, "__asm__(\".incbin \\\"%s\\\"\");\n" % t.path("grade-lab-ix"))


def linker(t, folder):
    solution(t, folder)
    os.remove(os.path.join(folder, FILE))
    os.symlink(t.path("README.md"), os.path.join(folder, FILE))


def climber(t, folder):
    """An archive with a name that leads out of it, and with a makefile: both are passed over."""
    solution(t, folder)
    with open(os.path.join(folder, "GNUmakefile"), "w", encoding="utf-8") as f:
        f.write("all:\n\tfalse\n")
    with tarfile.open(folder + ".tar.gz", "w:gz") as tar:
        tar.add(folder, "labix")
        tar.add(os.path.join(folder, "GNUmakefile"), "labix/../../../../kern/dev/../../GNUmakefile")
    shutil.rmtree(folder)


# (name, how it is made, verdict, all points, what the notes must say)
HONEST = [("good-1", solution, "graded", True, ""), ("climber", climber, "graded", True, ""),
          ("talker", talker, "graded", True, ""),
          ("broken-1", lambda t, f: faulty(t, f, "rdt-off-by-one"), "graded", False, ""),
          ("broken-2", lambda t, f: faulty(t, f, "crc-kept"), "graded", False, "")]
HOSTILE = [("hang", hang, "graded", False, "hangs in"), ("flood", flood, "graded", False, "floods the console"),
           ("forger", forger, "suspect", False, "debug_exit"), ("escape", escape, "suspect", False, "init_array"),
           ("judge", judge, "suspect", False, "global _cmocka_run_group_tests"),
           ("latecomer", latecomer, "suspect", False, "kern/dev/toeplitz.c: its object code is not what was inspected"),
           ("spy", spy, "does not build", False, ""), ("linker", linker, "refused", False, "no plain file")]


def grade_class(t, members, tests, seconds, limit, *words):
    """Hand all of them in; check the table. `words`: more for the command line."""
    place = os.path.join(t.folder, "class")
    for name, make, *_ in members:
        make(t, os.path.join(place, name))
    out = os.path.join(t.folder, "out")
    t.run(sys.executable, "-B", t.path("tests", "course", "grade_all.py"), place, "--out", out, "--jobs", "2",
          "--seconds", str(round(t.host.pace(seconds))), "--tests", *tests, *words, limit=limit)
    wrong = []
    for name, _, verdict, whole, note in members:
        with open(os.path.join(out, name + ".json"), encoding="utf-8") as f:
            told = json.load(f)
        full = told["score"] == told["max_score"] and told["max_score"] > 0
        if told["verdict"] != verdict or full != whole or note not in "\n".join(told["notes"]):
            wrong.append("%s: %s, %d/%d, %s; expected %s, %s, '%s'\n%s" % (
                name, told["verdict"], told["score"], told["max_score"], told["notes"], verdict,
                "all points" if whole else "not all points", note, told.get("log", "")[-1500:]))
    for ending in ("txt", "csv", "html"):
        with open(os.path.join(out, "grades." + ending), encoding="utf-8") as f:
            text = f.read()
        wrong += ["grades.%s says nothing of %s" % (ending, name) for name, *_ in members if name not in text]
    wrong += ["%s is left" % name for name in os.listdir(out) if name.startswith(".")]
    if wrong:
        raise Failure("\n".join(wrong))


@suite.test(5, "grading a class: what is taken from submissions, what is suspicious, where the cage ends", unless=TOOLS)
def course_parts(t):
    """
    Runs tests/course_selftest.py: archives with links and with names that climb, imitated output, points that a submission
    claims for itself, and programs in the cage that want the network, the disk, memory, or to stay.
    """
    t.run(sys.executable, t.path("tests", "course_selftest.py"), limit=120)


@suite.test(5, "grading a class: what one submission is called, holds or says harms no other", unless=TOOLS)
def course_class(t):
    """
    Runs tests/course_class_selftest.py, course_files_selftest.py: names that are none, two of the same name, results that are
    none, archives without end, answers in another encoding; and what of this tree a submission gets to see.
    """
    for program in ("course_class_selftest.py", "course_files_selftest.py"):
        t.run(sys.executable, t.path("tests", program), limit=120)


@suite.test(2, "what an honest file of a student may call is there wherever it is linked to a test program", unless=[needs_cmocka])
def stand_ins(t):
    """
    Builds the host programs of the lab's tests, and looks for cprintf, _panic and _warn in each.
    Why: who looks for an error by an assertion must not find the host tests unable to link.
    Look: tests/fake_console.c, tests/Makefrag.
    """
    programs = set()
    for path in glob.glob(t.path("tests", "grade", "lab_*.py")):
        with open(path, encoding="utf-8") as f:
            programs |= {objdir("tests", name) for name in re.findall(r"on_the_host\(t, \"(\w+)\"", f.read())}
    with one_make:
        status, out = t.host.make("-s", *sorted(programs))
    if status:
        raise Failure("they do not build:\n" + out)
    wrong = ["%s has no %s" % (program, ", ".join(sorted(missing))) for program in sorted(programs)
             for missing in [CALLED - natives.defined([t.path(program)])] if missing]
    if wrong or len(programs) < 5:
        raise Failure("\n".join(wrong) or "only %d programs were found" % len(programs))


@suite.test(2, "each planted fault belongs to today's source", unless=TOOLS)
def planted_faults(t):
    """
    Each of tests/mutants/*.patch must apply with all its context: `patch -F0`, without doing it.
    Why: with less context a patch may still apply, but elsewhere, and plant another fault than it says.
    Look: who moves code moves the patches that name it, too.
    """
    faults = []
    for patch in sorted(glob.glob(t.path("tests", "mutants", "*.patch"))):
        status, out = t.attempt("patch", "-p1", "--dry-run", "--forward", "-F0", "-d", t.path(), "-i", patch)
        if status:
            faults.append("%s:\n%s" % (os.path.basename(patch), out))
    if faults:
        raise Failure("\n".join(faults))


@suite.test(5, "grade-check finds two planted faults, and nothing in the tree as it is", unless=TOOLS)
def grade_check(t):
    """
    Runs tests/grade-check with two of tests/mutants, and two tests only. All faults and tests: make check-long PART=mutants.
    """
    out = t.run(sys.executable, t.path("tests", "grade-check"), "-j2", "none", "rdt-off-by-one", "crc-kept", "--tests", "e1000-test",
                "ex2-testoutput", limit=240)
    check_output(out, [r"none +OK .*", r"rdt-off-by-one +OK .*", r"    caught by e1000-test", "3 of 3 as expected"])


def grade_all(t):
    """
    Hands in the solution three times (once in an archive with a name that leads out of it, once with assertions and words for
    debugging), two faults of tests/mutants, and submissions that hang, flood the console, print what trusted programs print and
    end QEMU, end the test program that they are part of, pass for its judge, come to be after the inspection, include a file of
    this machine, or are a link; grades all as `make grade-all` does, and reads the table.
    Why: one submission must not decide about its own points, nor about anybody else's.
    Look: tests/course/, host.log, and the out/ folder kept beside it: one JSON file each, jobs.log.
    """
    grade_class(t, HONEST + HOSTILE, CHOSEN, 240, 1500)  # a flood is one after 4 MB, which take the serial line a minute
