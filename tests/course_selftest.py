#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What grading a class must not fall for, as far as that can be tried without a class: which files are taken, what is
suspicious, what the table shows, and where the cage ends."""
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from course import cage, imitation, inside, natives, submission, suspects, table, verdict  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAMES = ["kern/a.c", "kern/dev/b.c"]


class TakeTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "s.tar")

    def archive(self, *members):
        """Each is (name, content) or (name, type, target)."""
        with tarfile.open(self.path, "w") as tar:
            for name, *rest in members:
                info = tarfile.TarInfo(name)
                if len(rest) == 2:
                    info.type, info.linkname = rest
                    tar.addfile(info)
                else:
                    info.size = len(rest[0])
                    tar.addfile(info, io.BytesIO(rest[0]))
        return submission.take(self.path, NAMES)

    def test_only_named_files(self):
        got = self.archive(("labix/kern/a.c", b"a"), ("labix/GNUmakefile", b"bad"), ("labix/x/kern/dev/b.c", b"deep"),
                           ("/etc/passwd", b"x"))
        self.assertEqual(got, {"kern/a.c": b"a"})

    def test_names_that_climb(self):
        self.assertEqual(self.archive(("labix/../kern/a.c", b"x"), ("../kern/a.c", b"x"), ("./kern/a.c", b"a")), {"kern/a.c": b"a"})

    def test_refused(self):
        for members in ([("kern/a.c", tarfile.SYMTYPE, "/etc/passwd")], [("kern/a.c", tarfile.LNKTYPE, "kern/z.c")],
                        [("kern/a.c", tarfile.FIFOTYPE, "")], [("kern/a.c", b"a"), ("x/kern/a.c", b"b")], [("kern/a.c", b"a\0")],
                        [("kern/a.c", b"x" * (submission.FILE_LIMIT + 1))]):
            self.assertRaises(submission.Refused, self.archive, *members)

    def test_no_archive(self):
        with open(self.path, "wb") as f:
            f.write(b"\x1f\x8b rubbish")
        self.assertRaises(submission.Refused, submission.take, self.path, NAMES)
        self.assertRaises(submission.Refused, submission.take, self.path + "-not-there", NAMES)

    def test_folders(self):
        os.makedirs(os.path.join(self.folder.name, "one", "labix", "kern"))
        with open(os.path.join(self.folder.name, "one", "labix", "kern", "a.c"), "wb") as f:
            f.write(b"a")
        one = os.path.join(self.folder.name, "one")
        self.assertEqual(submission.take(one, NAMES), {"kern/a.c": b"a"})
        os.symlink("/etc", os.path.join(one, "labix", "kern", "dev"))
        self.assertRaises(submission.Refused, submission.take, one, NAMES + ["kern/dev/passwd"])


@unittest.skipUnless(os.path.exists(os.path.join(ROOT, "obj", "strip", "user", "ixlab")), "the tree is not built")
class ImitationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.words = imitation.trusted_words(ROOT)

    def test_lines_that_tests_rest_on(self):
        for text in ("hello, world", "xx hello, world", "i am environment %08x", "i am environment 00001000", "ixlab: %s is right",
                     "ixlab: windows is right", "ixecho: port %d on CPU %d", "shell ran correctly"):
            self.assertTrue(imitation.imitates(text, self.words), text)

    def test_what_helps_to_find_an_error(self):
        for text in ("assertion failed: %s", "kernel panic on CPU %d at %s:%d:", "intel_tx: out of memory", "connection", "rx batch %d",
                     "connected %d", "a stale handle", "offset below 0", "ring: %d of %d", "%s: refused", "%s", "%08x %s: %d bytes",
                     "rx: recv from %x", "Registers: tdh %d", "page fault at %x", "waiting for packets"):
            self.assertFalse(imitation.imitates(text, self.words), text)

    def test_patterns(self):
        self.assertEqual(list(imitation.lines_of_pattern(r"^it\.s (\d+)? of [0-9]{4} %s|over$")), ["it.s \0 of \0 \0", "over"])


@unittest.skipUnless(os.path.exists("/usr/include/cmocka.h"), "cmocka is not installed")
class NativesTest(unittest.TestCase):
    """A test program as those of tests/, and a file that a student might hand in."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        judge = ("#include <setjmp.h>\n#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <cmocka.h>\n"
                 "static void one(void **s) { (void)s; assert_int_equal(1, 1); }\n"
                 "int main(void) { const struct CMUnitTest t[] = {cmocka_unit_test(one)}; return cmocka_run_group_tests(t, 0, 0); }\n")
        program = self.compiled("judge", judge, "-fsanitize=address,undefined", "-lcmocka")
        self.learned = {"taken": sorted(natives.taken([program])), "known": ["cprintf", "_panic"]}

    def compiled(self, name, text, *flags):
        path = os.path.join(self.folder, name)
        with open(path + ".c", "w", encoding="utf-8") as f:
            f.write(text)
        subprocess.run(["cc", "-w", "-o", path, path + ".c", *flags], check=True)
        return path

    def odd(self, text):
        return natives.odd(self.compiled("theirs.o", text, "-c", "-O1", "-fsanitize=address,undefined"), self.learned)

    def test_judges(self):
        names = {"_cmocka_run_group_tests", "_assert_int_equal", "print_message", "exit", "dlsym"}
        self.assertEqual(self.odd("".join("int %s(void) { return 0; }\n" % name for name in names))[0], names)
        self.assertEqual(self.odd("int tx_room(int n) { return n; }"), (set(), set()))

    def test_calls(self):
        names = {"_Exit", "quick_exit", "kill", "longjmp", "print_message", "fork", "dlsym", "__asan_unpoison_memory_region"}
        calls = ("void %s(int); void f_%s(void) { %s(0); }\n" % (name, name, name) for name in names)
        self.assertEqual(self.odd("".join(calls))[1], names)
        honest = ("int cprintf(const char *, ...); void _panic(const char *, int, const char *, ...) __attribute__((noreturn));\n"
                  "int many[9]; int f(int n)\n{ int a[9]; if (n > 8) _panic(\"f\", 1, \"no\"); cprintf(\"x %d\", n);\n"
                  "  return many[n] + a[n] / n; }")
        self.assertEqual(self.odd(honest), (set(), set()))


class SuspectTest(unittest.TestCase):
    def test_names(self):
        for name in ("debug_exit", "_exit", "bootarg_u32", "write"):
            self.assertTrue(suspects.FORBIDDEN.match(name), name)
        for name in ("mmio_write", "cprintf", "bootargs_nothing.part"):
            self.assertFalse(suspects.FORBIDDEN.match(name), name)

    def test_made_after_the_inspection(self):
        """A file that does not compile when it is looked at, but does when the tests are built."""
        with tempfile.TemporaryDirectory() as tree:
            os.makedirs(os.path.join(tree, "obj", "tests", "kern"))
            os.makedirs(os.path.join(tree, "tests", "course"))
            with open(os.path.join(tree, suspects.REFERENCE), "w", encoding="utf-8") as f:
                json.dump({"files": {"kern/a.c": {}, "kern/b.c": {}}}, f)
            late, never = (os.path.join(tree, "obj", "tests", "kern", name) for name in ("a.o", "b.o"))
            for path in (late, never):
                with open(path, "wb"):
                    pass
            before = suspects.fingerprints(tree)
            self.assertEqual(suspects.unseen(before, suspects.fingerprints(tree)), [])
            with open(late, "wb") as f:
                f.write(b"code")
            self.assertEqual(suspects.unseen(before, suspects.fingerprints(tree)),
                             ["kern/a.c: its object code is not what was inspected"])


class ResultTest(unittest.TestCase):
    TRUSTED = {"tests": [["a", 3], ["b", 4], ["c", 5]]}

    def judged(self, tests, stage="graded", suspicion=(), why=None):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as tar:
            for name, text in (("stage", stage), ("grade.json", json.dumps({"tests": tests})),
                               ("suspects.json", json.dumps(list(suspicion)))):
                info = tarfile.TarInfo(name)
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text.encode()))
        result = {"verdict": "graded", "score": 0, "max_score": 12, "passed": 0, "failed": 0, "notes": [], "tests": []}
        return verdict.judged(result, self.TRUSTED, cage.Outcome(None if why else 0, why, data.getvalue()))

    def test_points_are_ours(self):
        told = self.judged([dict(name="a", status="passed", reason="", seconds=1, score=99),
                            dict(name="z", status="passed", reason="", seconds=1),
                            dict(name="b", status="failed", reason="it floods the console", seconds=1)])
        self.assertEqual((told["score"], told["max_score"], told["passed"], told["failed"]), (3, 12, 1, 2))
        self.assertIn("floods the console in 1 test", told["notes"])

    def test_verdicts(self):
        good = [dict(name=name, status="passed", reason="", seconds=1) for name in "abc"]
        self.assertEqual(self.judged(good)["score"], 12)
        self.assertEqual(self.judged(good, "late")["verdict"], "out of time")
        self.assertEqual(self.judged(good, "build")["verdict"], "does not build")
        self.assertEqual(self.judged(good, why="too much memory")["verdict"], "stopped")
        held = self.judged(good, suspicion=["kern/a.c: function debug_exit"])
        self.assertEqual((held["verdict"], held["score"], held["withheld"]), ("suspect", 0, 12))

    def test_table(self):
        rows = [dict(submission="=1+1", verdict="graded", score=1, max_score=2, passed=1, failed=1, seconds=1, notes=["<b>"],
                     tests=[dict(name="ex3-ring", status="failed", score=0, max_score=2, reason="<i>why\nmore", seconds=1),
                            dict(name="hello", status="passed", score=1, max_score=1, reason="", seconds=1)])]
        with tempfile.TemporaryDirectory() as folder:
            table.write_csv(os.path.join(folder, "t.csv"), rows)
            table.write_html(os.path.join(folder, "t.html"), rows)
            with open(os.path.join(folder, "t.csv"), encoding="utf-8") as f:
                self.assertIn("\n'=1+1,", f.read().replace("\r", ""))
            with open(os.path.join(folder, "t.html"), encoding="utf-8") as f:
                page = f.read()
            for want in ("&lt;b&gt;", "ex3-ring: &lt;i&gt;why<", ">0/2<", ">1/1<", "href='%3D1%2B1.json'"):
                self.assertIn(want, page)
            self.assertNotIn("<i>", page)


@unittest.skipUnless(os.path.exists("/usr/bin/bwrap"), "bubblewrap is not installed")
class CageTest(unittest.TestCase):
    def run_in(self, script, seconds=30):
        with open(os.devnull, "rb") as nothing:
            return cage.run(["sh", "-c", script], nothing, seconds)

    def test_inside(self):
        lines = self.run_in("id -u; cat /etc/passwd 2>&1 | head -1; ls /root /home 2>&1 | head -1; cat /proc/net/route | wc -l; "
                            "ls /cage").out.decode().split("\n")
        self.assertNotEqual(lines[0], "0")
        self.assertIn("No such file", lines[1])
        self.assertIn("No such file", lines[2])
        self.assertEqual(lines[3], "1")  # a heading, and no route

    def test_limits(self):
        self.assertEqual(self.run_in("sleep 60", 1).why, "out of time")
        self.assertEqual(self.run_in("cat /dev/zero").why, "too much output")
        self.assertEqual(self.run_in("for i in $(seq 1000); do sleep 60 & done; wait").why, "too many processes")
        self.assertIn(b"No space left", self.run_in("for i in 1 2 3 4 5 6 7 8; do head -c 200M /dev/zero >/cage/$i; done").out)

    def test_nothing_to_fill_elsewhere(self):
        """Whatever can be written to has a limit: else a cage could take all of this machine's memory."""
        for place in ("/", "/dev", "/etc", "/var"):
            self.assertIn(b"Read-only", self.run_in("echo >%s/x" % place).out, place)
        inner = " ".join(inside.INNER)
        fill = "for i in 1 2 3 4 5 6; do head -c 200M /dev/zero >%s/$i; done"
        for script in (fill % "/dev/shm", "%s sh -c '%s'" % (inner, fill % "/dev/shm"), "%s sh -c '%s'" % (inner, fill % "/tmp")):
            self.assertIn(b"No space left", self.run_in(script).out, script)
        self.assertIn(b"Read-only", self.run_in("%s sh -c 'echo >/dev/x'" % inner).out)

    def test_shared_memory_counts(self):
        """Also as long as it is in no file."""
        hold = ("import mmap, time; m = mmap.mmap(-1, 64 << 20); [m.__setitem__(i, 1) for i in range(0, 64 << 20, 4096)]; "
                "time.sleep(60)")
        with unittest.mock.patch.object(cage, "MEMORY", 48 << 20):
            self.assertEqual(self.run_in("python3 -c '%s'" % hold).why, "too much memory")

    def test_room(self):
        grab = "python3 -c 'b = bytearray(5 << 30)' 2>&1 | tail -n 1"
        self.assertEqual(self.run_in(grab).out, b"MemoryError\n")
        self.assertEqual(self.run_in("%s sh -c 'ulimit -v'" % " ".join(inside.INNER)).out, b"unlimited\n")

    def test_nothing_is_left(self):
        self.run_in("setsid sleep 98765 & sleep 60", 1)
        left = subprocess.run(["pgrep", "-fx", "sleep 98765"], stdout=subprocess.PIPE, check=False).stdout
        self.assertEqual(left, b"")


class RunTest(unittest.TestCase):
    def test_all_of_a_session_ends(self):
        """An endless compiler must not outlive its make."""
        with unittest.mock.patch.object(inside, "GRACE", 1):
            status, _ = inside.run(["sh", "-c", "trap '' INT; sleep 54321 & wait"], 1)
        self.assertIsNone(status)
        self.assertEqual(subprocess.run(["pgrep", "-fx", "sleep 54321"], stdout=subprocess.PIPE, check=False).stdout, b"")


if __name__ == "__main__":
    unittest.main()
