# SPDX-License-Identifier: MIT
"""The tests of grade-lab-ix, a module for each subject; each adds to this suite when it is imported."""
from gradelib import Suite

suite = Suite("JOS-IX: the kernel of labs 3 to 5, and a web server on its dataplane")
