# SPDX-License-Identifier: MIT
#
# For students and instructors: what a test is about, captures and timelines in words and pictures.

# make explain TEST=name
explain:
	@./grade-lab-$(LAB) --explain $(or $(TEST),$(error explain needs TEST=, a name of ./grade-lab-$(LAB) --list))

.PHONY: explain
