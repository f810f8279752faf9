# SPDX-License-Identifier: MIT
#
# `make handout`: the students' tree, in HANDOUT; EX=1-4: with these exercises filled in. It holds no part of a
# solution, and not this file.
HANDOUT ?= $(OBJDIR)/handout
EX ?=
handout:
	$(call say,handout $(HANDOUT))
	$(Q)$(PYTHON) conf/handout $(HANDOUT) $(EX)

.PHONY: handout
