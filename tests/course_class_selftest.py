#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What one submission must not do to a class, as far as that can be tried without grading: what it is called, what it takes
to read it, and what it says of itself."""
import os
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from gradelib import Failure  # noqa: E402
from grade import lab_f  # noqa: E402

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


class AnswersTest(unittest.TestCase):
    """answers-lab-ix.txt, as students write it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = lambda *names: os.path.join(folder.name, *names)  # as a test's context has it

    def write(self, text):
        with open(self.path("answers-lab-ix.txt"), "wb") as f:
            f.write(text)

    def questions(self, word):
        return b"".join(b"== %d. Why?\n%s\n" % (n, b"%d " % n + word * 30) for n in range(1, lab_f.QUESTIONS + 1))

    def test_figures(self):
        self.write(FORM.encode())
        self.assertEqual(lab_f.told(self), {"lab6": [18703, 12.1, 8], "ix": [6634, 2, 0], "ix16": [5866, .13, .03]})
        for before, after in (("8.0", ""), ("ix16:", "ix17:"), ("2.0", "2.0 9")):
            self.write(FORM.replace(before, after).encode())
            self.assertRaises(Failure, lab_f.told, self)

    def test_another_encoding(self):
        self.write(FORM.encode() + self.questions("f\u00fcr ".encode("latin-1")))
        lab_f.answers(self)
        self.assertEqual(len(lab_f.told(self)), 3)

    def test_text_without_end(self):
        self.write(b"Lab IX\n== Figures\n" + b"lab6: x:\n" * 400 + b"9" * 100000)
        began = time.monotonic()
        self.assertRaises(Failure, lab_f.told, self)
        self.assertLess(time.monotonic() - began, 1)


if __name__ == "__main__":
    unittest.main()
