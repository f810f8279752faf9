/* SPDX-License-Identifier: MIT */
/* Which thread shall have which flow group: spread.c, on a dataplane whose threads are no more than their records. */
#include "dp_machine.h"
#include <kern/dp/member.h>
#include <kern/env.h>

static struct plane plane;
static struct dp dps[IX_NTHREADS];

static int setup(void **state)
{
	(void)state;
	machine_init(2);
	memset(&plane, 0, sizeof(plane));
	memset(dps, 0, sizeof(dps));
	plane.ngroups = NGROUPS;
	return 0;
}

/* Threads with these bits have a CPU; there are `n` in all. */
static void threads(uint32_t n, uint32_t with_cpu)
{
	for (uint32_t i = 0; i < n; i++) {
		dps[i].plane = &plane;
		dps[i].thread = i;
		dps[i].cpu = with_cpu >> i & 1 ? &cpus[1] : NULL;
		plane.members[i] = &dps[i];
	}
}

static uint32_t shares[IX_NTHREADS];

static void count(void)
{
	memset(shares, 0, sizeof(shares));
	for (uint32_t i = 0; i < NGROUPS; i++) {
		assert_true(plane.want[i] < IX_NTHREADS);
		shares[plane.want[i]]++;
	}
}

/* Those with a bit have as many as each other, or one more; the others none. */
static void assert_even(uint32_t serving)
{
	uint32_t n = __builtin_popcount(serving);

	count();
	for (int i = 0; i < IX_NTHREADS; i++) {
		if (!(serving >> i & 1)) {
			assert_int_equal(shares[i], 0);
			continue;
		}
		assert_true(shares[i] >= NGROUPS / n);
		assert_true(shares[i] <= (NGROUPS + n - 1) / n);
	}
}

/* Spread; how many groups moved. None may go from one that had no more than it has now. */
static uint32_t moves(const struct dp *but)
{
	uint8_t before[NGROUPS];
	uint32_t old[IX_NTHREADS], n = 0;

	count();
	memcpy(old, shares, sizeof(old));
	memcpy(before, plane.want, sizeof(before));
	plane_spread(&plane, but);
	count();
	for (uint32_t i = 0; i < NGROUPS; i++) {
		if (plane.want[i] == before[i])
			continue;
		n++;
		assert_true(old[before[i]] > shares[before[i]]);
	}
	return n;
}

static void each_has_its_share(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= IX_NTHREADS; n++) {
		memset(plane.want, 0, sizeof(plane.want));
		threads(n, (1u << n) - 1);
		plane_spread(&plane, NULL);
		assert_even((1u << n) - 1);
	}
}

static void those_without_a_cpu_have_none(void **state)
{
	(void)state;
	threads(6, 0x2d);
	plane_spread(&plane, NULL);
	assert_even(0x2d);
	dps[3].leaving = true;
	plane_spread(&plane, NULL);
	assert_even(0x25);
	plane_spread(&plane, &dps[5]);
	assert_even(0x05);
}

static void no_more_move_than_must(void **state)
{
	uint32_t have = 1;

	(void)state;
	threads(1, 1);
	assert_int_equal(moves(NULL), 0);
	for (uint32_t n = 2; n <= IX_NTHREADS; n++) { /* one more each time: it gets its share, no other gets anything */
		have = have << 1 | 1;
		threads(n, have);
		assert_true(moves(NULL) <= (NGROUPS + n - 1) / n);
		assert_int_equal(moves(NULL), 0);
		assert_even(have);
	}
	count();
	uint32_t leaver = shares[4];
	assert_true(moves(&dps[4]) <= leaver + IX_NTHREADS); /* its own, and what evens out the ones */
}

/* Other CPUs read who shall have what, under the lock. */
static uint8_t seen[NGROUPS];

static void look(bool taken)
{
	if (taken)
		assert_memory_equal(plane.want, seen, sizeof(seen));
	else
		memcpy(seen, plane.want, sizeof(seen));
}

static void nobody_sees_half_of_it(void **state)
{
	(void)state;
	threads(3, 0x7);
	memcpy(seen, plane.want, sizeof(seen));
	machine_at_locks = look;
	plane_spread(&plane, NULL);
	machine_at_locks = NULL;
	assert_memory_equal(plane.want, seen, sizeof(seen));
	assert_even(0x7);
}

static void only_a_parked_thread_gets_a_cpu(void **state)
{
	(void)state;
	threads(2, 0);
	dps[1].env = &machine_thread[1];
	dps[1].env->env_status = ENV_RUNNING;
	dps[1].env->env_wait = ENV_WAIT_DP;
	assert_int_equal(plane_add_cpu(&plane, IX_ANY_CPU), -E_AGAIN);
	dps[1].env->env_status = ENV_NOT_RUNNABLE;
	dps[1].env->env_wait = ENV_WAIT_NONE;
	assert_int_equal(plane_add_cpu(&plane, IX_ANY_CPU), -E_AGAIN);
}

static void one_group_stays_with_thread_0(void **state)
{
	(void)state;
	plane.ngroups = 1;
	threads(1, 1);
	plane_spread(&plane, NULL);
	assert_int_equal(plane.want[0], 0);
}

static void a_cpu_that_cannot_be_given_up(void **state)
{
	static const int none[] = { 0, 2, NCPU, 1000, -1, 0x7fffffff, (int)0x80000000 };

	(void)state;
	threads(3, 7);
	for (unsigned i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_int_equal(plane_remove_cpu(&plane, none[i]), -E_INVAL);
	cpus[1].cpu_dp = &dps[0];
	assert_int_equal(plane_remove_cpu(&plane, 1), -E_INVAL); /* thread 0's */
	cpus[1].cpu_dp = &dps[2];
	static struct plane other;
	assert_int_equal(plane_remove_cpu(&other, 1), -E_INVAL);
	plane_spread(&plane, NULL);
	assert_even(7);
	assert_int_equal(plane_remove_cpu(&plane, 1), 0);
	assert_true(dps[2].leaving);
	assert_even(3);
	assert_int_equal(plane_remove_cpu(&plane, 1), -E_AGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_has_its_share, setup),
		cmocka_unit_test_setup(those_without_a_cpu_have_none, setup),
		cmocka_unit_test_setup(no_more_move_than_must, setup),
		cmocka_unit_test_setup(nobody_sees_half_of_it, setup),
		cmocka_unit_test_setup(only_a_parked_thread_gets_a_cpu, setup),
		cmocka_unit_test_setup(one_group_stays_with_thread_0, setup),
		cmocka_unit_test_setup(a_cpu_that_cannot_be_given_up, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
