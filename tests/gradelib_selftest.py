#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The grader, graded: its parts alone, and whole runs against a program that only pretends to be QEMU."""
import ast
import contextlib
import glob
import importlib.machinery
import importlib.util
import io
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from xml.etree import ElementTree

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

import gradelib  # noqa: E402
from gradelib import Failure, Skip, Suite, check_output  # noqa: E402
from harness import cmdline, decode  # noqa: E402
from harness.capture import expect_frames, report  # noqa: E402
from harness.frames import MAC, SOURCE, TCP, ip4, transport  # noqa: E402
from harness.host import Host  # noqa: E402

FAKE_QEMU = r'''
import sys, time
args = next(w.split("string=", 1)[1] for w in sys.argv if w.startswith("name=opt/jos/args,"))
words = dict(w.partition("=")[::2] for w in args.split())
def out(text):
    sys.stdout.write(text); sys.stdout.flush()
def hello():
    out("hello, world\ni am environment 00001000\n"); sys.exit(33)
def panic():
    out("kernel panic on CPU 0 at kern/init.c:7: so be it\n"); sys.exit(35)
def hang():
    out("going\n"); time.sleep(600)
def babble():
    out("bla" * 100000); time.sleep(600)
def flood():
    while True: out("x" * 65536)
def reboot():
    sys.exit(0)
def shell():
    while True:
        out("$ ")
        line = sys.stdin.readline()
        if not line or line == "exit\n": sys.exit(33)
        out("you said " + line)
{"hello": hello, "panic": panic, "hang": hang, "babble": babble, "flood": flood, "reboot": reboot, "shell": shell}[
    words["run"].replace("user_", "").split(",,")[0]]()
'''


class FakeHost(Host):
    """A tree in a temporary folder whose QEMU is the program above."""

    def __init__(self, _root):
        self.tree = tempfile.mkdtemp(prefix="josix-self-")
        fake = os.path.join(self.tree, "fakeqemu")
        with open(fake, "w", encoding="utf-8") as f:
            f.write(FAKE_QEMU)
        super().__init__(self.tree)
        self.warden.promise(self.tree, ["rm", "-rf", self.tree])
        self.qemu = [sys.executable, fake]
        self.pace = lambda seconds: seconds

    def build(self, jobs, make):
        return None

    def ask_make(self):
        pass


def graded(suite, *argv, host=FakeHost):
    """Run a suite as its script would: (exit status, standard output)."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            gradelib.main(suite, ["grade-self"] + list(argv), host)
        except SystemExit as e:
            return e.code, out.getvalue()
    raise AssertionError("main returned")


def to_its_end(machine):
    """What hangs need not be waited for long; all else ends soon, also on a busy host."""
    machine.finish(limit=2 if re.search("user_(hang|babble)", " ".join(machine.proc.args)) else 30)


def booting(program, then=to_its_end):
    return lambda t: then(t.boot(program, fs=False))


class RegistryTest(unittest.TestCase):
    def test_names_and_needs(self):
        suite = Suite()
        suite.add("one", "First", 1, None)
        self.assertRaises(ValueError, suite.add, "one", "again", 1, None)
        self.assertRaises(ValueError, suite.add, "Two words", "bad name", 1, None)
        self.assertRaises(ValueError, suite.add, "two", "unknown need", 1, None, needs=["three"])

    def test_filters(self):
        suite = Suite()
        suite.part("A")
        suite.add("alpha", "The first one", 1, None)
        suite.add("beta", "The second one", 1, None)
        self.assertEqual([t.name for t in suite.select(["second"])], ["beta"])
        self.assertEqual([t.name for t in suite.select(["al*"])], ["alpha"])
        self.assertEqual(len(suite.select([])), 2)
        self.assertRaises(ValueError, suite.select, ["alpha", "gamma"])


class MatchTest(unittest.TestCase):
    TEXT = "one\ntwo 2\nthree\n"

    def test_good(self):
        check_output(self.TEXT, want=["three", r"two \d"], never=["four"])
        check_output(self.TEXT, want=["one", "three"], in_order=True)

    def test_bad(self):
        for bad in (dict(want=["tw"]), dict(never=["hre"]), dict(want=["three", "one"], in_order=True)):
            self.assertRaises(Failure, check_output, self.TEXT, **bad)


    def test_where_it_differs(self):
        for how, told in ((dict(want=["two 3"]), r"line 2: two 2\n  differs:     \^\n"),
                          (dict(want=["three", "one"], in_order=True), r"it is line 1, but must come after line 3: three")):
            self.assertRaisesRegex(Failure, told, check_output, self.TEXT, **how)


class DecodeTest(unittest.TestCase):
    """Frames in words."""

    HOST, GUEST = bytes([10, 0, 2, 2]), bytes([10, 0, 2, 15])

    def segment(self, payload=b"hello", port=80):
        return ip4(TCP, self.GUEST, self.HOST, transport(TCP, self.GUEST, self.HOST, (port, 4000), payload))

    def test_summary(self):
        self.assertEqual(decode.summary(self.segment()),
                         "TCP 10.0.2.15:80 > 10.0.2.2:4000 ACK seq 1 ack 0 win 8192 5 bytes: 'hello'")
        self.assertEqual(decode.Layout(self.segment()).faults, [])

    def test_faults(self):
        good = self.segment(b"x" * 40)
        flipped = good[:-1] + b"y"
        self.assertEqual(decode.Layout(flipped).faults, ["wrong TCP checksum"])
        self.assertIn("the CRC?", decode.Layout(good + b"crc!").faults[0])
        self.assertIn("wrong IP header checksum", decode.Layout(good[:22] + b"\x01" + good[23:]).faults)
        self.assertIn("the IP packet says", decode.Layout(good[:-2]).faults[0])
        for end in range(len(good)):
            decode.in_words(good[:end])

    def test_first_difference(self):
        one, two = self.segment(), self.segment(port=81)
        expect_frames("same", [one, two], [one, None])
        self.assertRaisesRegex(Failure, r"frame 2 .*(\n.*)*TCP source port \(byte 35\): 81; expected 80", expect_frames,
                               "port", [one, two], [one, one])
        self.assertRaisesRegex(Failure, r"1 frames, expected 2; the first missing", expect_frames, "few", [one], [one, two])

    def test_report(self):
        good = MAC + SOURCE + self.segment()[12:]
        mine = SOURCE + MAC + self.segment()[12:]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "net.pcap")
            for frames, told in (([good, mine], "the last of 2 frames"), ([mine, mine[:-8] + b"z" * 8], "first wrong frame, number 2")):
                with open(path, "wb") as f:
                    f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
                    for frame in frames:
                        f.write(struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame)
                self.assertIn(told, report(path))


class CommandLineTest(unittest.TestCase):
    def test_commas(self):
        words = cmdline.compose(["q"], "/r", "/f", "user_echo", args=["a", "b"], ports=[80, 7])
        self.assertIn("name=opt/jos/args,string=run=user_echo,,a,,b exit=1", words)
        self.assertIn("name=opt/jos/bin/user_echo,file=/r/obj/strip/user/echo", words)
        self.assertIn("user,hostfwd=tcp:127.0.0.1:0-:80,hostfwd=udp:127.0.0.1:0-:80,"
                      "hostfwd=tcp:127.0.0.1:0-:7,hostfwd=udp:127.0.0.1:0-:7,id=net0", words)

    def test_several_nics(self):
        words = cmdline.compose(["q"], "/r", "/f", taps=["tap0", "tap1"], nic="igb")
        for i, (mac, slot) in enumerate((("52:54:00:12:34:56", 3), ("52:54:00:12:34:57", 5))):
            self.assertIn("tap,ifname=tap%d,script=no,downscript=no,id=net%d" % (i, i), words)
            self.assertIn("igb,netdev=net%d,mac=%s,addr=%d,romfile=" % (i, mac, slot), words)


class RunTest(unittest.TestCase):
    """Whole runs. Every suite here has the same shape: tests, each booting the fake once."""

    def suite(self, *programs):
        suite = Suite("self")
        suite.part("A")
        for program in programs:
            suite.add(program, "runs %s" % program, 5, booting(program))
        return suite

    def test_pass(self):
        status, out = graded(self.suite("hello"), "-j1")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"\Aruns hello: OK \(\d+\.\ds\)\nPart A score: 5/5\n\nScore: 5/5\n1 passed, 0 failed\n\Z")

    def test_each_way_to_fail(self):
        reasons = {"panic": "kernel panic on CPU 0 at kern/init.c:7", "hang": "not within 2 s", "reboot": "triple fault",
                   "flood": "floods the console", "babble": "it floods the console"}
        status, out = graded(self.suite("hello", *reasons), "-j4")
        self.assertEqual(status, 1)
        for program, reason in reasons.items():
            self.assertRegex(out, r"runs %s: FAIL \(.*\)\n(    .*\n)*?.*%s" % (program, reason))
            self.assertIn("logs kept in obj/grade/%s\n" % program, out)
        self.assertTrue(out.endswith("Score: 5/30\n1 passed, 5 failed\n"), out)

    def test_order_is_kept_in_parallel(self):
        suite = self.suite("hang", "hello")
        suite.tests[0].func = booting("hang", lambda m: m.run_for(1))
        out = graded(suite, "-j2")[1]
        self.assertLess(out.index("runs hang: OK"), out.index("runs hello: OK"))

    def test_typing(self):
        def dialogue(machine):
            machine.expect(r"^\$ ")
            machine.send("hi\n")
            machine.expect("you said hi$")
            machine.send("exit\n")
            machine.finish(30)
        suite = Suite()
        suite.add("shell", "shell", 1, booting("shell", dialogue))
        self.assertEqual(graded(suite)[0], 0)

    def test_needs_and_skips(self):
        def skip(t):
            raise Skip("no such hardware")
        suite = self.suite("panic")
        suite.add("after", "after panic", 2, booting("hello"), needs=["panic"])
        suite.part("B")
        suite.add("rare", "rare", 4, skip)
        suite.add("rarer", "rarer", 4, booting("hello"), unless=[lambda: "no tap"])
        suite.add("rarest", "rarest", 4, booting("hello"), needs=["rarer"])
        status, out = graded(suite)
        self.assertEqual(status, 1)
        self.assertIn("it needs panic, which failed", out)
        self.assertIn("Part B score: 0/0", out)
        self.assertTrue(out.endswith(
            "Failed:\n    panic, 5 points: waiting for the end: kernel panic on CPU 0 at kern/init.c:7: so be it\n"
            "    after, 2 points: not run: it needs panic, which failed\n"
            "Skipped:\n    rare, 4 points: no such hardware\n    rarer, 4 points: no tap\n"
            "    rarest, 4 points: it needs rarer, which was skipped\nScore: 0/7\n0 passed, 2 failed, 3 skipped\n"), out)
        self.assertEqual(graded(suite, "after")[0], 0)

    def test_a_bug_in_a_test(self):
        suite = self.suite("hello")
        suite.add("bug", "bug", 1, lambda t: 1 // 0)
        status, out = graded(suite)
        self.assertEqual(status, 1)
        self.assertIn("\nFailed:\n    bug, 1 point: a bug in the test: ZeroDivisionError: ", out)

    def test_a_bug_when_a_machine_is_closed(self):
        def play(t):
            t.close = lambda: 1 // 0
        suite = self.suite("hello")
        suite.add("bug", "bug", 1, play)
        status, out = graded(suite)
        self.assertEqual(status, 1)
        self.assertIn("ZeroDivisionError", out)
        self.assertTrue(out.endswith("1 passed, 1 failed\n"), out)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            names = [os.path.join(folder, name) for name in ("r.json", "r.xml", "results.json")]
            suite = self.suite("hello", "panic")
            suite.tests[0].func = lambda t: (t.boot("hello", fs=False).finish(30), t.figure("instructions", 12))
            graded(suite, "--json", names[0], "--junit", names[1], "--gradescope", names[2])
            with open(names[2], encoding="utf-8") as f:
                scope = json.load(f)
            with open(names[0], encoding="utf-8") as f:
                told = json.load(f)
            xml = ElementTree.parse(names[1]).getroot()
        self.assertEqual((told["score"], told["max_score"], told["passed"], told["failed"]), (5, 10, 1, 1))
        self.assertEqual([t["status"] for t in told["tests"]], ["passed", "failed"])
        self.assertEqual(told["tests"][0]["figures"], {"instructions": 12})
        self.assertEqual([(t["score"], t["max_score"], t["status"]) for t in scope["tests"]], [(5, 5, "passed"), (0, 5, "failed")])
        self.assertEqual([(row["name"], row["value"], row["order"]) for row in scope["leaderboard"]],
                         [("Score", 5, "desc"), ("instructions", 12, "asc")])
        self.assertIn("so be it", scope["tests"][1]["output"])
        self.assertEqual((xml.get("tests"), xml.get("failures"), len(xml.findall("testcase"))), ("2", "1", 2))

    def test_results_so_far(self):
        """What ends the grader itself takes no more than the test that runs; a pipe gets the results once."""
        def look(path, found):
            with open(path, encoding="utf-8") as f:
                found.append([(test["name"], test["status"]) for test in json.load(f)["tests"]])
        with tempfile.TemporaryDirectory() as folder:
            found, path = [], os.path.join(folder, "r.json")
            with open(path, "w", encoding="utf-8") as f:
                json.dump({"tests": [{"name": "of an earlier run", "status": "passed"}]}, f)
            suite = Suite("Self")
            suite.add("one", "one", 1, lambda t: look(path, found))
            suite.add("two", "two", 1, lambda t: look(path, found))
            graded(suite, "-j1", "--json", path)
            self.assertEqual(found, [[], [("one", "passed")]])
            self.assertEqual(os.listdir(folder), ["r.json"])
            os.symlink(os.devnull, os.path.join(folder, "link"))
            graded(suite, "-j1", "--json", os.path.join(folder, "link"))
            self.assertEqual(os.readlink(os.path.join(folder, "link")), os.devnull)

    def test_command_line(self):
        suite = self.suite("hello", "panic")
        self.assertEqual(graded(suite, "--list")[1].split(), "hello 5 points A: runs hello panic 5 points A: runs panic".split())
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(graded(suite, "nosuch")[0], 2)
        self.assertIn("\033[32mOK", graded(suite, "hello", "--color", "always")[1])
        self.assertIn("    | hello, world\n", graded(suite, "-v", "hello")[1])

    def test_github(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.environ["GITHUB_STEP_SUMMARY"] = os.path.join(folder, "summary.md")
            try:
                out = graded(self.suite("hello", "panic"), "--github")[1]
            finally:
                del os.environ["GITHUB_STEP_SUMMARY"]
            with open(path, encoding="utf-8") as f:
                self.assertIn("| `panic` | 5 | waiting for the end: kernel panic on CPU 0", f.read())
        self.assertIn('::notice title=Autograding report::{"totalPoints": 5, "maxPoints": 10}\n', out)

    def test_explain(self):
        def checks(t):
            """Boots it.

            It must say so.
            Why: it matters.
            Look: here
                and there
            """
        suite = Suite()
        suite.add("one", "First", 3, checks)
        status, out = graded(suite, "--explain", "one")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"\Aone: First\n3 points, .*gradelib_selftest.py:\d+\n\nWhat it checks\n    Boots it.\n\n    It must say so.\n")
        self.assertIn("\n\nWhy\n    it matters.\n\nWhere to look\n    here\n        and there\n", out)

    def test_a_tree_that_does_not_build(self):
        class Broken(FakeHost):
            def build(self, jobs, make):
                return "make: *** No rule"
        with contextlib.redirect_stderr(io.StringIO()) as err:
            self.assertEqual(graded(self.suite("hello"), host=Broken), (2, ""))
        self.assertIn("No rule", err.getvalue())


class MutantTest(unittest.TestCase):
    """tests/grade-check, where there is one: not in the students' tree."""

    def test_verdicts(self):
        path = os.path.join(ROOT, "tests", "grade-check")
        if not os.path.exists(path):
            self.skipTest("no tests/grade-check")
        tool = importlib.machinery.SourceFileLoader("grade_check", path)
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader("grade_check", tool))
        tool.exec_module(module)
        with tempfile.TemporaryDirectory() as module.FOLDER:
            for name, text in (("m.patch", "wrong\n"), ("m.expect", "a b  # both\n")):
                with open(os.path.join(module.FOLDER, name), "w", encoding="utf-8") as f:
                    f.write(text)
            mutant, tree = module.Mutant("m"), module.Mutant(module.CONTROL)
        ran = dict(a="failed", b="failed", c="passed")
        for changed, good in (({}, True), ({"c": "failed"}, False), ({"b": "passed"}, False), ({"b": "skipped"}, True),
                              ({"a": "skipped", "b": "skipped"}, False)):
            self.assertEqual(module.Verdict(None, dict(ran, **changed)).good(mutant), good, changed)
        self.assertFalse(module.Verdict("it does not build").good(mutant))
        self.assertTrue(module.Verdict(None, dict(a="passed")).good(tree))
        self.assertFalse(module.Verdict(None, ran).good(tree))


class EndTest(unittest.TestCase):
    """However a run ends, its machines end with it."""

    SCRIPT = """
import sys, time; sys.dont_write_bytecode = True; sys.path[:0] = [%r, %r]
from gradelib_selftest import FakeHost, Suite, booting, gradelib
suite = Suite()
def tell(machine):
    print("pid", machine.proc.pid, flush=True)
    machine.finish(60)
suite.add("short", "short", 1, lambda t: time.sleep(1))
suite.add("hang", "hang", 1, booting("hang", tell))
gradelib.main(suite, ["grade-self", "-j2"], FakeHost)
"""

    def ended_by(self, end):
        """Start the script, end it by that function when its machine runs; (its status, the machine is gone)."""
        script = self.SCRIPT % (ROOT, os.path.dirname(os.path.abspath(__file__)))
        proc = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        pid = int(proc.stdout.readline().split()[-1])
        end(proc)
        proc.wait(timeout=30)
        proc.stdout.close()
        deadline = time.monotonic() + 10
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        return proc.returncode, not is_alive(pid)

    def test_signals(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)):
            self.assertEqual(self.ended_by(lambda proc, n=number: proc.send_signal(n)), (status, True), number)

    def test_nobody_reads_any_more(self):
        self.assertEqual(self.ended_by(lambda proc: proc.stdout.close()), (130, True))

    def test_an_interrupt_takes_the_reader_too(self):
        def end(proc):
            proc.stdout.readline()  # that the short test is over: the next that is written is the sum
            proc.stdout.close()
            proc.send_signal(signal.SIGINT)
        self.assertEqual(self.ended_by(end), (130, True))


def is_alive(pid):
    """Does the process run? A zombie does not."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


class SyntaxTest(unittest.TestCase):
    def test_python_3_8_can_read_it(self):
        paths = glob.glob(os.path.join(ROOT, "tests", "**", "*.py"), recursive=True)
        for path in paths + [os.path.join(ROOT, name) for name in ("gradelib.py", "grade-lab-ix")]:
            with open(path, encoding="utf-8") as f:
                ast.parse(f.read(), path, feature_version=(3, 8))


if __name__ == "__main__":
    unittest.main()
