# SPDX-License-Identifier: MIT
#
# For students: what a test is about, a capture in words, cycles as a picture.

# make explain TEST=name
explain:
	@./grade-lab-$(LAB) --explain $(or $(TEST),$(error explain needs TEST=, a name of ./grade-lab-$(LAB) --list))

# The last run's frames, or PCAP=file's; FILTER= in the language of the program that shows them.
PCAP ?= qemu.pcap
FILTER ?=
pcap:
	@PYTHON='$(PYTHON)' conf/pcap '$(PCAP)' '$(FILTER)'

# What each cycle of the dataplane did, and when: of a run of its own, or LOG=file, what the monitor's `trace` printed.
TIMELINE ?= $(OBJDIR)/timeline.json
LOG ?=
timeline: $(if $(LOG),,all)
	@MAKEFLAGS= $(PYTHON) conf/timeline '$(TIMELINE)' $(LOG)

.PHONY: explain pcap timeline
