# SPDX-License-Identifier: MIT
#
# For instructors: whether the grader sees faults, and a whole class graded. Not in the students' tree.

# Faults are planted, and must be found: all of tests/mutants, or MUTANTS='name name'.
grade-check: all
	@MAKEFLAGS= $(PYTHON) tests/grade-check $(MUTANTS)

# A class: SUBMISSIONS is a folder of what students have handed in. CLASSFLAGS: tests/course/grade_all.py --help.
grade-all: all
	@MAKEFLAGS= $(PYTHON) -B tests/course/grade_all.py $(or $(SUBMISSIONS),$(error grade-all needs SUBMISSIONS=, a folder)) $(CLASSFLAGS)

.PHONY: grade-check grade-all
