/* SPDX-License-Identifier: MIT */
/*
 * The control plane's policies on modelled dataplanes. A load is the number of CPUs' worth of work that it brings;
 * each CPU gets its share, a little uneven and a little different in each interval, and does at most what one can; what is
 * too much fills its queue. More CPUs cost a little more in all, for their batches are smaller.
 */
#include <tests/host.h>

#define JOS_INC_STRING_H /* the C library's */
#include "../user/parts/ixcp/policy.c"

enum { RING = 256, INTERVALS = 2000 };

struct model {
	const struct cp_policy *policy;
	struct cp_memory memory;
	uint32_t n, least, most, changes;
	enum cp_act last; /* change */
	uint32_t reversals;
	double skew;    /* the first CPU has so much more than its share */
	double noise;   /* up to so much more or less in each interval */
	double backlog; /* intervals of work */
	unsigned seed;
};

static struct model model(const char *policy, uint32_t n, uint32_t least, uint32_t most)
{
	struct model m = { .policy = cp_policy_named(policy), .n = n, .least = least, .most = most, .noise = 0.05, .seed = 2014 };

	assert_non_null(m.policy);
	return m;
}

static double about(struct model *m, double x) { return x * (1 + m->noise * (2.0 * rand_r(&m->seed) / RAND_MAX - 1)); }

static struct cp_cpu look(double share)
{
	double busy = share < 1 ? share : 1;
	double queue = share < 0.99 ? 2 + 4 * share / (1 - share) : RING;

	return (struct cp_cpu){ .busy = busy * 1000, .queue = queue < RING ? queue : RING };
}

static void interval(struct model *m, double load)
{
	struct cp_view v = { .n = m->n };
	double share = load * (1 + 0.02 * (m->n - 1)) / m->n;

	for (uint32_t i = 0; i < m->n; i++)
		v.cpu[i] = look(about(m, share * (m->n > 1 && i == 0 ? 1 + m->skew : 1)));
	struct cp_decision d = cp_decide(m->policy, &m->memory, &v, m->least, m->most);
	if (d.act == CP_REMOVE) {
		assert_true(d.cpu > 0 && d.cpu < m->n); /* never the first */
		assert_true(m->n > 1);
	}
	m->n += d.act == CP_ADD ? 1 : d.act == CP_REMOVE ? -1 : 0;
	if (d.act == CP_STAY)
		return;
	m->changes++;
	m->reversals += m->last != CP_STAY && m->last != d.act;
	m->last = d.act;
}

static void run(struct model *m, double load, int intervals)
{
	for (int i = 0; i < intervals; i++)
		interval(m, load);
}

static void test_names(void **state)
{
	(void)state;
	assert_non_null(cp_policy_named("fixed"));
	assert_null(cp_policy_named("fix"));
	assert_null(cp_policy_named(""));
}

/*
 * From any number of CPUs, each policy comes to rest under each load, and never goes back. (Just below a threshold, chance may
 * add a CPU late; what must not be is that it is taken away again.)
 */
static void test_steady(void **state)
{
	static const char *const names[] = { "elastic", "consolidate" };

	(void)state;
	for (int p = 0; p < 2; p++) {
		for (double load = 0; load < 5; load += 0.03) {
			for (uint32_t from = 1; from <= 4; from++) {
				struct model m = model(names[p], from, 1, 4);
				run(&m, load, INTERVALS);
				if (m.reversals || m.changes > 3)
					fail_msg("%s, load %.2f from %u CPUs: %u changes, %u of them back", names[p], load, from, m.changes,
						 m.reversals);
			}
		}
	}
}

/* Nor does it swing where one CPU has most of the load, which no other can take over. */
static void test_skewed(void **state)
{
	(void)state;
	for (double skew = 0.1; skew < 3; skew += 0.3) {
		for (double load = 0.1; load < 4; load += 0.1) {
			struct model m = model("elastic", 1, 1, 4);
			m.skew = skew;
			run(&m, load, INTERVALS);
			assert_int_equal(m.reversals, 0);
		}
	}
}

/* A step up is answered within some intervals, a CPU at a time; a step down later, but all the way. */
static void test_step(void **state)
{
	struct model m = model("elastic", 1, 1, 4);

	(void)state;
	run(&m, 0.3, 300);
	assert_int_equal(m.n, 1);
	run(&m, 2.2, 10); /* saturated: the first change comes at once */
	assert_true(m.n >= 2);
	run(&m, 2.2, 40);
	assert_int_equal(m.n, 4); /* at 3, each has 77% */
	run(&m, 0.3, 40);
	assert_int_equal(m.n, 4); /* not yet: it may come again */
	run(&m, 0.3, 300);
	assert_int_equal(m.n, 1);
}

/* A burst shorter than add_after, and a pause shorter than remove_after, change nothing. */
static void test_short(void **state)
{
	struct model m = model("elastic", 2, 1, 4);

	(void)state;
	m.noise = 0;
	run(&m, 1.1, 100);
	for (int i = 0; i < 50; i++) {
		run(&m, 1.9, 2);
		run(&m, 1.1, 5);
		run(&m, 0.2, 20);
	}
	assert_int_equal(m.n, 2);
	assert_int_equal(m.changes, 0);
}

/* Slow swings of the load move it no more often than twice a swing for each CPU. */
static void test_swings(void **state)
{
	struct model m = model("elastic", 1, 1, 4);

	(void)state;
	for (int swing = 0; swing < 20; swing++) {
		for (int i = 0; i < 400; i++)
			interval(&m, 0.2 + 2.6 * (i < 200 ? i : 400 - i) / 200);
	}
	assert_true(m.changes >= 20 * 4 && m.changes <= 20 * 6);
}

/* Never more CPUs than elastic uses, and as many as the work needs. */
static void test_consolidate(void **state)
{
	(void)state;
	for (double load = 0.05; load < 3.5; load += 0.05) {
		struct model few = model("consolidate", 4, 1, 4), room = model("elastic", 4, 1, 4);
		run(&few, load, 1000);
		run(&room, load, 1000);
		assert_true(few.n <= room.n);
		assert_true(few.n >= load);
		assert_true(few.n <= load / 0.75 + 1.05);
	}
}

/* The fewest and the most CPUs hold, whatever the load; and fixed goes nowhere else. */
static void test_bounds(void **state)
{
	(void)state;
	for (double load = 0; load < 6; load += 0.5) {
		struct model m = model("elastic", 1, 2, 3);
		run(&m, load, 500);
		assert_in_range(m.n, 2, 3);
		m = model("fixed", 1, 3, 3);
		run(&m, load, 100);
		assert_int_equal(m.n, 3);
		m.least = m.most = 2;
		run(&m, load, 100);
		assert_int_equal(m.n, 2);
		assert_int_equal(m.changes, 3);
	}
}

/* The CPU with the least to do goes. */
static void test_which(void **state)
{
	struct cp_memory m = { 0 };
	struct cp_view v = { .n = 4, .cpu = { { .busy = 10 }, { .busy = 300 }, { .busy = 20 }, { .busy = 25 } } };

	(void)state;
	struct cp_decision d = cp_decide(cp_policy_named("fixed"), &m, &v, 1, 3);
	assert_int_equal(d.act, CP_REMOVE);
	assert_int_equal(d.cpu, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),  cmocka_unit_test(test_steady),      cmocka_unit_test(test_skewed),
		cmocka_unit_test(test_step),   cmocka_unit_test(test_short),       cmocka_unit_test(test_swings),
		cmocka_unit_test(test_consolidate), cmocka_unit_test(test_bounds), cmocka_unit_test(test_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
