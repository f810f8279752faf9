#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What one submission must not do to a class, as far as that can be tried without grading: what it is called, what it says of
itself; and what of this tree it gets to see."""
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from course import cage, entries, grade_all, grade_one, spread, table, trusted, verdict  # noqa: E402

SAYS = """import json, sys
with open(sys.argv[3], "w") as f:
    json.dump({"verdict": "graded", "score": 1, "max_score": 1, "passed": 1, "failed": 0, "seconds": 0, "tests": [],
               "notes": [sys.argv[2].encode("utf-8", "surrogateescape").decode("utf-8", "replace")]}, f)
"""


class Folder(unittest.TestCase):
    """A test with a class's folder, and one for results."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.handed, self.out = os.path.join(folder.name, "class"), os.path.join(folder.name, "out")
        os.makedirs(self.handed)

    def hand_in(self, *names):
        """Folders, which end with a slash, and files."""
        for name in names:
            path = os.path.join(os.fsencode(self.handed), os.fsencode(name))
            if name.endswith("/"):
                os.makedirs(path)
            else:
                open(path, "wb").close()


class EntriesTest(Folder):
    """What lies in the folder, and what it is called."""

    def found(self, *names):
        """{name: why it is refused, or None}"""
        self.hand_in(*names)
        found = entries.entries_of(self.handed)
        told = {entry.name: entry.why for entry in found}
        self.assertEqual(len(told), len(found))
        for name in told:
            self.assertTrue(name.isprintable() and len(name.encode()) < 250, name)
        return told

    def test_students(self):
        told = self.found("bob.tar.gz", "alice/", "Carol.TAR.GZ", "d.tar.xz", " e /", ".hidden/", ".tar")
        self.assertEqual(told, {"alice": None, "bob": None, "Carol": None, "d": None, " e ": None})

    def test_nothing_is_passed_over(self):
        told = self.found("zed.zip", "z.tar.zst", "readme", "bob.tar")
        self.assertEqual([name for name in told if told[name]], ["readme", "z.tar.zst", "zed.zip"])
        os.mkfifo(os.path.join(self.handed, "p.tar"))
        os.symlink("bob.tar", os.path.join(self.handed, "link.tar"))
        self.assertTrue(all(self.found()[name] for name in ("p.tar", "link.tar")))

    def test_namesakes(self):
        told = self.found("dup/", "dup.tar", "dup.tar.tar", "other.tar")
        self.assertEqual(len(told), 4)
        self.assertEqual([name for name in told if not told[name]], ["dup.tar", "other"])

    def test_names_that_are_none(self):
        told = self.found("M\udcfcller/", "M\\xfcller/", "a\tb.tar", "a\nb/", "x" * 251 + ".tar", "good/", "M\u00fcller/")
        self.assertEqual({name for name in told if not told[name]}, {"good", "M\\xfcller", "M\u00fcller"})
        self.assertEqual(len(told), 7)


@unittest.skipUnless(shutil.which("parallel"), "GNU parallel is not installed")
class SpreadTest(Folder):
    """A whole class, with a program that only says what it was given."""

    def graded(self, *names):
        self.hand_in(*names)
        found = entries.entries_of(self.handed)
        grade_all.clean(self.out, found)
        with open(os.path.join(self.out, spread.PLACE, "grade.pyz"), "w", encoding="utf-8") as f:
            f.write(SAYS)
        machinery = os.path.join(self.out, spread.PLACE, "trusted.json")
        open(machinery, "wb").close()
        spread.run(self.out, [entry.path for entry in found if not entry.why], 1, 2)
        with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
            grade_all.tell(self.out, grade_all.results(self.out, found, 5))
        self.assertEqual(os.path.getsize(machinery), 0)
        told = {}
        for entry in found:
            with open(os.path.join(self.out, entry.name + ".json"), encoding="utf-8") as f:
                told[entry.name] = json.load(f)
        return told

    def test_each_gets_its_own(self):
        names = ["trusted", "tr ail ", "tr ail", " x", "it's $HOME {1} `id`; #", "-x", "grades", "jobs.log", "alice.json", "alice",
                 "M\u00fcller", "{3}", "\\", "a\\tb", "*"]
        for name, told in self.graded(*[name + "/" for name in names]).items():
            self.assertEqual((told["submission"], told["verdict"], told["notes"]), (name, "graded", [os.path.join(self.handed, name)]))

    def test_a_row_for_each(self):
        told = self.graded("alice/", "M\udcfcller/", "zed.zip", "a\nb/")
        self.assertEqual(sorted(t["verdict"] for t in told.values()), ["graded"] + ["refused"] * 3)
        with open(os.path.join(self.out, "grades.txt"), encoding="utf-8") as f:
            self.assertEqual(len(f.readlines()), 1 + 4 + 1)
        for name in told:
            for ending in ("txt", "csv", "html"):
                with open(os.path.join(self.out, "grades." + ending), encoding="utf-8") as f:
                    self.assertIn(name, f.read())

    def test_no_result(self):
        self.hand_in("alice/", "bob.zip")
        found = entries.entries_of(self.handed)
        grade_all.clean(self.out, found)
        self.assertEqual([(t["verdict"], t["max_score"]) for t in grade_all.results(self.out, found, 5)],
                         [("not graded", 5), ("refused", 5)])


class TrustedTest(Folder):
    """What submissions are put into, and can read."""

    def root(self, *files):
        """A repository that knows what is in kern/ and conf/ only."""
        for name in files:
            os.makedirs(os.path.dirname(os.path.join(self.handed, name)), exist_ok=True)
        self.hand_in(*files)
        for words in (["init", "-q"], ["add", "kern", "conf"]):
            subprocess.run(["git", "-C", self.handed] + words, check=True)
        self.addCleanup(setattr, trusted, "ROOT", trusted.ROOT)
        trusted.ROOT = self.handed

    def copied(self):
        return sorted(os.path.relpath(os.path.join(folder, name), self.out) for folder, _, names in os.walk(self.out) for name in names)

    def test_nothing_that_merely_lies_here(self):
        self.root("kern/a.c", "kern/b.c", "handins/alice/kern/a.c", "grades.csv", trusted.GRADER)
        trusted.copy_sources(self.out)
        self.assertEqual(self.copied(), [trusted.GRADER, "grade-lab-ix", "kern/a.c", "kern/b.c"])

    def test_nothing_that_holds_solutions(self):
        self.root("kern/a.c", trusted.GRADER, "obj/kern/a.o", "obj/planted/lock/kern/kernel", "obj/class/alice.json", "obj/x/alice.json",
                  "obj/workshops/w/kern/a.o", "obj/.flags/CFLAGS")
        trusted.copy_built(self.out)
        self.assertEqual(self.copied(), ["obj/.flags/CFLAGS", "obj/kern/a.o"])

    def test_points_of_the_hand_out(self):
        trusted.copy_sources(self.out)
        tests = trusted.list_tests(self.out, [])
        self.assertEqual(sum(points for _, points in tests), 191)
        self.assertEqual(sum(points for name, points in tests if table.part_of(name) == "floor"), 13)


class ResultTest(Folder):
    """What comes out of the cage may be anything."""

    def judged(self, told, suspicion="[]"):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as tar:
            for name, text in (("stage", b"graded"), ("grade.json", told.encode()), ("suspects.json", suspicion.encode())):
                info = tarfile.TarInfo(name)
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
        return verdict.judged(verdict.blank("graded", 3), {"tests": [["a", 3]]}, cage.Outcome(0, None, data.getvalue()))

    def test_no_results(self):
        for told in ("[]", "7", '{"tests": 1}', '{"tests": [1]}', '{"tests": [{"name": "a"}]}', "[" * 100000):
            self.assertEqual(self.judged(told)["verdict"], "not graded", told[:40])
        self.assertEqual(self.judged('{"tests": []}', "1")["verdict"], "not graded")

    def test_odd_results(self):
        for reason, status, seconds in (([], "failed", 1), ("\udcff", "?", 1), ("x" * 10**6, [], 1), ("", {}, {}), ("", "failed", 1e999)):
            told = self.judged(json.dumps({"tests": [dict(name="a", reason=reason, status=status, seconds=seconds)]}))
            self.assertEqual((told["verdict"], told["score"], told["failed"]), ("graded", 0, 1))
            self.assertLess(len(json.dumps(told)), 200000)
            self.shown(told)

    def shown(self, told):
        os.makedirs(self.out, exist_ok=True)
        with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="ascii")):
            grade_all.tell(self.out, [dict(told, submission="M\u00fcller")])

    def test_odd_words(self):
        self.shown(verdict.blank("refused", notes=["half a letter: \udcfc", "\x1b[2J\n\nmallory graded 191/191"]))
        with open(os.path.join(self.out, "grades.txt"), encoding="utf-8") as f:
            self.assertEqual(len(f.readlines()), 3)

    def test_files_that_are_not_there(self):
        notes = ["kern/%d.c is not there: taken as handed out" % n for n in range(3)]
        self.assertIn("3 files taken as handed out", table.as_text([dict(verdict.blank("graded", notes=notes), submission="a")]))

    def test_always_a_result(self):
        os.makedirs(self.out)
        path = os.path.join(self.out, "r.json")
        grade_one.main(["", os.path.join(self.out, "nowhere"), self.handed, path])
        with open(path, encoding="utf-8") as f:
            self.assertEqual(json.load(f)["verdict"], "not graded")


if __name__ == "__main__":
    unittest.main()
