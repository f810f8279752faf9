#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is read of a submission on this side of the cage: files that want much to be read or break what reads them, and answers
in any form."""
import bz2
import os
import sys
import tarfile
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from course import bounded, submission  # noqa: E402
from gradelib import Failure  # noqa: E402
from grade import lab_f  # noqa: E402

NAMES = ["kern/a.c", "kern/dev/b.c"]
FORM = """Lab IX: answers
== Figures, for each request. Numbers only, in this order.

lab6: one kept connection: instructions, kernel entries, address-space switches (CR3 loads):
18,703   12.1   8.0

ix: one kept connection: instructions, kernel entries, address-space switches:
6,634   2.0   0

ix16: 16 kept connections: instructions, kernel entries, receive doorbells:
5,866   0.13   0.03

== Answers
"""


class Folder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = lambda *names: os.path.join(folder.name, *names)  # as a test's context has it

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)


class ReadingTest(Folder):
    """Submissions that want much to be read, or that break what reads them."""

    def refused(self, path, why=""):
        self.assertRaisesRegex(submission.Refused, why, submission.take, path, NAMES)

    def bound(self, name, value):
        self.addCleanup(setattr, bounded, name, getattr(bounded, name))
        setattr(bounded, name, value)

    def test_a_pipe(self):
        os.mkfifo(self.path("s.tar"))
        timer = threading.Timer(10, self.let_go, [self.path("s.tar")])
        timer.start()
        self.addCleanup(timer.cancel)
        self.refused(self.path("s.tar"), "no plain file")

    @staticmethod
    def let_go(path):
        """Of whoever waits for somebody to write."""
        if os.path.exists(path):
            os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))

    def test_much_in_little(self):
        """A name of 1 GB: no member is that long, and the archive is not, either."""
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
        with bz2.open(self.path("s.tar.bz2"), "wb") as f:
            f.write(info.tobuf(tarfile.GNU_FORMAT))
            f.write(bytes(200 << 20))
        self.bound("MEMORY", 150 << 20)
        self.refused(self.path("s.tar.bz2"), "memory")

    def test_no_end(self):
        def wait():
            while True:
                pass
        self.bound("COMPUTING", 1)
        self.assertRaisesRegex(bounded.Unbounded, "time", bounded.call, wait)

    def test_what_breaks_tarfile(self):
        header = tarfile.TarInfo("x")
        header.type, header.size = tarfile.GNUTYPE_LONGNAME, 2
        self.refused(self.write("chain.tar", (header.tobuf(tarfile.GNU_FORMAT) + b"x".ljust(512, b"\0")) * 3000))
        header.type, record = tarfile.XHDTYPE, b"99999999999999999999 path=kern/a.c\n"
        header.size = len(record)
        self.refused(self.write("pax.tar", header.tobuf(tarfile.GNU_FORMAT) + record.ljust(512, b"\0") + header.tobuf()))

    def test_folders(self):
        os.makedirs(self.path("one", "kern", "a.c"))
        self.refused(self.path("one"), "a.c is a folder")
        os.makedirs(self.path("two"))
        os.symlink(self.path("one"), self.path("two", "labix"))
        self.refused(self.path("two"), "link")

    def test_none_of_the_files(self):
        for name in ("deep/a/b/kern/a.c", "other/readme", "mac/__MACOSX/kern/a.c"):
            self.write(name, b"a")
            self.refused(self.path(name.split("/")[0]), "none of")
        with tarfile.open(self.path("empty.tar"), "w"):
            pass
        self.refused(self.path("empty.tar"), "none of")

    def test_beside_what_a_mac_adds(self):
        self.write("mac/labix/kern/a.c", b"a")
        self.write("mac/__MACOSX/labix/kern/._a.c", b"b")
        self.assertEqual(submission.take(self.path("mac"), NAMES), {"kern/a.c": b"a"})


class AnswersTest(Folder):
    """answers-lab-ix.txt, as students write it."""

    def answers(self, text):
        self.write("answers-lab-ix.txt", text)

    def questions(self, word):
        return b"".join(b"== %d. Why?\n%s\n" % (n, b"%d " % n + word * 30) for n in range(1, lab_f.QUESTIONS + 1))

    def test_figures(self):
        self.answers(FORM.encode())
        self.assertEqual(lab_f.told(self), {"lab6": [18703, 12.1, 8], "ix": [6634, 2, 0], "ix16": [5866, .13, .03]})
        for before, after in (("8.0", ""), ("ix16:", "ix17:"), ("2.0", "2.0 9")):
            self.answers(FORM.replace(before, after).encode())
            self.assertRaises(Failure, lab_f.told, self)

    def test_another_encoding(self):
        self.answers(FORM.encode() + self.questions("f\u00fcr ".encode("latin-1")))
        lab_f.answers(self)
        self.assertEqual(len(lab_f.told(self)), 3)

    def test_text_without_end(self):
        """A pattern that looks for an end from each of these lines on would not be done today."""
        self.answers(b"Lab IX\n== Figures\n" + b"lab6: x:\n" * 20000 + b"9" * 10000)
        self.assertRaises(Failure, lab_f.told, self)


if __name__ == "__main__":
    unittest.main()
