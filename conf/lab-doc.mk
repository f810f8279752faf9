# SPDX-License-Identifier: MIT
#
# The lab's text. make hint-3: the first hint for exercise 3; MORE=1: one more. make lab-html: a page that needs nothing else.
hint-%:
	@conf/hint $* $(MORE)

LAB_HTML := $(OBJDIR)/doc/lab-ix.html
lab-html: $(LAB_HTML)
$(LAB_HTML): doc/lab-ix.md doc/lab.css
	@mkdir -p $(@D)
	$(call say,pandoc $@)
	$(Q)pandoc --standalone --self-contained --toc --toc-depth=3 --css doc/lab.css -f markdown -t html5 -o $@ $<

.PHONY: lab-html
