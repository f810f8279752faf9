# SPDX-License-Identifier: MIT
# Which lab this tree is; kept for tools written for JOS.
LAB := ix
PACKAGEDATE := 2026
