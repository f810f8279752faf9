# SPDX-License-Identifier: MIT
"""A CPU is added and removed 100 times while clients ask; storms of changes on four CPUs, and long ones."""
from grade.control import storm, swing
from grade.nics import needs_igb


def add_to(suite):
    suite.part("control")
    suite.add("control-swings", "a CPU is added and removed 100 times under load: no request lost, no answer out of order", 5,
              swing(100, 100, 1200))
    for name, nic, threads, unless in (("e1000e", "e1000e", 2, []), ("igb", "igb", 4, [needs_igb])):
        suite.add("control-storm-" + name, "5000 changes, and no client notices (%d threads)" % threads, 5, storm(threads, 5000, 900, nic),
                  unless=unless)
        suite.add("control-deaths-" + name, "1500 changes and deaths leave nothing (%d threads)" % threads, 5,
                  storm(threads, 1500, 900, nic, deaths=True), unless=unless)
