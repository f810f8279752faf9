# SPDX-License-Identifier: MIT
"""A CPU is added and removed 100 times while clients ask."""
from grade.control import swing


def add_to(suite):
    suite.part("control")
    suite.add("control-swings", "a CPU is added and removed 100 times under load: no request lost, no answer out of order", 5,
              swing(100, 100, 1200))
