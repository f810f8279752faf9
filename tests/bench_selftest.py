#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The bench, judged: what it says about samples whose meaning is known, and whether two reports contradict each other."""
import contextlib
import io
import json
import os
import random
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "bench"))

import compare  # noqa: E402
import stats  # noqa: E402
import table  # noqa: E402
import words  # noqa: E402
from figures import Samples  # noqa: E402
from options import BadOption, Options  # noqa: E402


def verdict(ours, theirs, better="higher"):
    return stats.verdict(dict(enumerate(ours)), dict(enumerate(theirs)), better)


class Verdicts(unittest.TestCase):
    def test_a_difference_in_all_rounds_is_told_either_way(self):
        self.assertEqual(verdict([30, 32, 31], [10, 10, 11]), stats.FASTER)
        self.assertEqual(verdict([10, 10, 11], [30, 32, 31]), stats.SLOWER)

    def test_for_times_less_is_better(self):
        self.assertEqual(verdict([10, 10, 11], [30, 32, 31], "lower"), stats.FASTER)
        self.assertEqual(verdict([30, 32, 31], [10, 10, 11], "lower"), stats.SLOWER)

    def test_no_difference_is_a_verdict_too(self):
        self.assertEqual(verdict([100, 105, 98], [101, 100, 100]), stats.EQUAL)

    def test_one_round_says_nothing(self):
        self.assertEqual(verdict([100], [1]), stats.NONE)
        self.assertEqual(stats.verdict({0: 100, 1: 100}, {1: 1, 2: 1}, "higher"), stats.NONE)

    def test_rounds_that_disagree_are_noise(self):
        self.assertEqual(verdict([30, 9, 31], [10, 10, 11]), stats.NOISY)

    def test_a_ratio_of_unknown_size_is_noise(self):
        self.assertEqual(verdict([20, 50, 31], [10, 10, 10]), stats.NOISY)

    def test_ranges_that_touch_are_noise(self):
        self.assertEqual(verdict([12, 20, 22], [10, 15, 17]), stats.NOISY)

    def test_of_five_rounds_one_may_be_an_outlier_but_not_two_and_not_of_four(self):
        self.assertEqual(verdict([30, 32, 31, 2, 30], [10, 10, 11, 10, 10]), stats.FASTER)
        self.assertEqual(verdict([30, 32, 31, 2, 3], [10, 10, 11, 10, 10]), stats.NOISY)
        self.assertEqual(verdict([30, 32, 31, 2], [10, 10, 11, 10]), stats.NOISY)

    def test_a_round_that_only_one_system_has_is_left_out(self):
        self.assertEqual(stats.verdict({0: 30, 1: 31, 2: 1}, {0: 10, 1: 10}, "higher"), stats.FASTER)

    def test_two_systems_that_are_alike_on_a_noisy_host_seldom_get_a_verdict(self):
        dice = random.Random(1)
        told = [verdict(*[[dice.lognormvariate(0, 0.5) for _ in range(5)] for _ in range(2)]) for _ in range(2000)]
        wrong = sum(v in (stats.FASTER, stats.SLOWER) for v in told)
        self.assertLess(wrong, 0.05 * len(told))


class Figures(unittest.TestCase):
    def test_ratios_are_taken_within_rounds(self):
        samples = Samples()
        for turn, speed in enumerate((1, 2, 4)):  # the host gets faster, both gain
            samples.add("ix", turn, {"kept/1/rate": 30 * speed, "latency/p50": 10 / speed})
            samples.add("lab6", turn, {"kept/1/rate": 10 * speed, "latency/p50": 40 / speed})
        self.assertEqual(samples.compare("ix", "lab6", "kept/1/rate")["samples"], [3, 3, 3])
        self.assertEqual(samples.compare("ix", "lab6", "latency/p50")["better"], "lower")
        self.assertIsNone(samples.compare("ix", "linux", "kept/1/rate"))

    def test_an_advantage_reads_the_same_for_rates_and_times(self):
        rate = dict(stats.summary([2.0, 3.0, 4.0]), better="higher", verdict=stats.FASTER)
        time = dict(stats.summary([1 / 2, 1 / 3, 1 / 4]), better="lower", verdict=stats.FASTER)
        self.assertEqual(table.gain(rate), table.gain(time))

    def test_numbers_for_people(self):
        self.assertEqual([words.amount(x, "us") for x in (0.5, 61.53, 1234, 2.5e6)], ["0.5 us", "61.5 us", "1.23 ms", "2.50 s"])
        self.assertEqual([words.amount(x, "requests/s") for x in (3, 45678)], ["3.00/s", "45.7k/s"])
        self.assertEqual([words.size(x) for x in (64, 4096, 1 << 20)], ["64 B", "4 KB", "1 MB"])


class Comparison(unittest.TestCase):
    def compare(self, one, other):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for i, verdict_ in enumerate((one, other)):
                paths.append(os.path.join(folder, "%d.json" % i))
                ratio = dict(stats.summary([1.0]), better="higher", verdict=verdict_)
                with open(paths[-1], "w", encoding="utf-8") as f:
                    json.dump({"ratios": {"ix/lab6": {"kept/1/rate": ratio}}}, f)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = compare.main(["compare"] + paths)
            return status, out.getvalue()

    def test_only_better_and_worse_are_opposites(self):
        self.assertEqual(self.compare(stats.FASTER, stats.SLOWER)[0], compare.OPPOSITE)
        for other in (stats.FASTER, stats.EQUAL, stats.NOISY, stats.NONE):
            self.assertEqual(self.compare(stats.FASTER, other)[0], compare.AGREE, other)

    def test_it_counts_what_it_found(self):
        self.assertIn("1 figures, opposite verdicts: 1", self.compare(stats.SLOWER, stats.FASTER)[1])

    def test_what_is_no_report_is_refused(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(compare.main(["compare", __file__, __file__]), compare.UNABLE)


class Asked(unittest.TestCase):
    known = ("lab6", "ix", "linux", "ceiling")

    def test_what_is_compared_by_itself_and_with_peers(self):
        self.assertEqual(Options(self.known, {}).systems, ["lab6", "ix"])
        self.assertEqual(Options(self.known, {"PEERS": "linux,ceiling"}).systems, ["lab6", "ix", "linux", "ceiling"])
        self.assertEqual(Options(self.known, {"QUICK": "1"}).scale, "quick")

    def test_there_are_enough_rounds_for_one_to_be_an_outlier(self):
        self.assertGreaterEqual(Options(self.known, {}).rounds, stats.MANY)

    def test_nonsense_is_refused(self):
        for env in ({"QUICK": "1", "FULL": "1"}, {"ROUNDS": "0"}, {"ROUNDS": "x"}, {"PEERS": "plan9"}, {"BENCH_NET": "moon"}):
            with self.assertRaises(BadOption, msg=env):
                Options(self.known, env)


if __name__ == "__main__":
    unittest.main()
