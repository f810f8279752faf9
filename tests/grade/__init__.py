# SPDX-License-Identifier: MIT
"""The tests of grade-lab-ix, a module for each subject; each adds to this suite when it is imported."""
from gradelib import Suite

suite = Suite("JOS-IX: labs 3 to 6, and the dataplane")
