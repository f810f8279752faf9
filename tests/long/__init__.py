# SPDX-License-Identifier: MIT
"""The parts of tests/check-long, a module for each; add_to(suite) adds its tests."""
