/* SPDX-License-Identifier: MIT */
/* Flow memory: objects that do not overlap, pages that come back, and what happens when memory is out. */
#include "dp_machine.h"

enum { HOME_PAGES = 40, LIVE = 400 };

static struct reserve reserve;
static struct slab slab;
static size_t before;

static int setup(void **state)
{
	(void)state;
	machine_init(2);
	reserve_init(&reserve);
	slab_init(&slab, &reserve);
	for (int i = 0; i < HOME_PAGES; i++) {
		struct PageInfo *pp = page_alloc(0);
		pp->pp_ref++;
		reserve_add_home(&reserve, page2kva(pp));
	}
	before = machine_pages_used();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(slab.bytes, 0);
	assert_int_equal(slab.pages, 0);
	slab_destroy(&slab);
	reserve_empty(&reserve);
	assert_int_equal(machine_pages_used(), before);
	return 0;
}

static void sizes_have_a_limit(void **state)
{
	(void)state;
	assert_null(slab_alloc(&slab, SLAB_MAX + 1));
	assert_null(slab_alloc(&slab, (size_t)-1));
	void *p = slab_alloc(&slab, SLAB_MAX), *q = slab_alloc(&slab, 0);
	assert_non_null(p);
	assert_non_null(q);
	slab_free(p);
	slab_free(q);
}

static void check(const uint8_t *p, size_t size, uint8_t mark)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(p[i], mark);
}

/* Objects of all sizes come and go at random, each full of its own mark. */
static void objects_do_not_overlap(void **state)
{
	static struct { uint8_t *p; size_t size; } live[LIVE];

	(void)state;
	srand(1);
	for (int step = 0; step < 100000; step++) {
		int i = rand() % LIVE;
		if (live[i].p) {
			check(live[i].p, live[i].size, i);
			slab_free(live[i].p);
			live[i].p = NULL;
			continue;
		}
		live[i].size = 1 + rand() % (rand() % 8 ? 250 : SLAB_MAX);
		live[i].p = slab_alloc(&slab, live[i].size);
		if (live[i].p)
			memset(live[i].p, i, live[i].size);
		assert_int_equal((uintptr_t)live[i].p % 16, 0);
	}
	for (int i = 0; i < LIVE; i++) {
		if (live[i].p)
			slab_free(live[i].p);
		live[i].p = NULL;
	}
	assert_int_equal(reserve_pages(&reserve), HOME_PAGES);
}

static void an_empty_reserve_gives_nothing(void **state)
{
	void *p[2 * HOME_PAGES + 1];
	int n = 0;

	(void)state;
	while ((p[n] = slab_alloc(&slab, SLAB_MAX)))
		n++;
	assert_int_equal(n, 2 * HOME_PAGES);
	assert_null(slab_take_page(&slab));
	assert_true(reserve_is_dry(&reserve));
	while (n > 0)
		slab_free(p[--n]);
	assert_false(reserve_is_dry(&reserve));
}

/* The page that is empty again serves another size. */
static void pages_change_their_size(void **state)
{
	void *p[HOME_PAGES], *small;

	(void)state;
	for (int i = 0; i < HOME_PAGES; i++)
		p[i] = slab_take_page(&slab);
	assert_null(slab_alloc(&slab, 16));
	slab_give_page(p[0]);
	small = slab_alloc(&slab, 16);
	assert_non_null(small);
	assert_null(slab_alloc(&slab, 100));
	slab_free(small);
	small = slab_alloc(&slab, 100);
	assert_non_null(small);
	slab_free(small);
	for (int i = 1; i < HOME_PAGES; i++)
		slab_give_page(p[i]);
}

static void pages_are_borrowed_and_returned(void **state)
{
	(void)state;
	assert_true(reserve_is_unsettled(&reserve, 0)); /* this home is small */
	reserve_settle(&reserve, 0);
	assert_int_equal(reserve_pages(&reserve), HOME_PAGES + SLAB_BATCH);
	assert_false(reserve_is_unsettled(&reserve, 0));
	assert_int_equal(machine_pages_used(), before + SLAB_BATCH);

	static void *whole[HOME_PAGES + SLAB_BATCH];
	for (int i = 0; i < HOME_PAGES + SLAB_BATCH; i++)
		whole[i] = slab_take_page(&slab);
	assert_null(slab_take_page(&slab));
	for (int i = 0; i < HOME_PAGES + SLAB_BATCH; i++)
		slab_give_page(whole[i]);
	assert_int_equal(reserve.nhome, HOME_PAGES); /* a page knows where it is from */
}

static void a_large_home_gives_back_what_it_borrowed(void **state)
{
	(void)state;
	reserve_settle(&reserve, 0);
	for (int i = 0; i < SLAB_LOW + SLAB_BATCH; i++) {
		struct PageInfo *pp = page_alloc(0);
		pp->pp_ref++;
		reserve_add_home(&reserve, page2kva(pp));
		before++;
	}
	assert_true(reserve_is_unsettled(&reserve, 0));
	reserve_settle(&reserve, 0);
	assert_false(reserve_is_unsettled(&reserve, 0));
	assert_int_equal(reserve.nborrowed, 0);
	assert_int_equal(machine_pages_used(), before);
}

static void when_memory_is_out_it_asks_seldom(void **state)
{
	(void)state;
	machine_pages_left = 0;
	reserve_settle(&reserve, 1000);
	assert_int_equal(reserve.nborrowed, 0);
	assert_false(reserve_is_unsettled(&reserve, 1000));
	assert_true(reserve_is_unsettled(&reserve, reserve.retry_us));
	machine_pages_left = 10;
	reserve_settle(&reserve, reserve.retry_us);
	assert_int_equal(reserve.nborrowed, 10);
}

#define WITH_SLAB(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SLAB(sizes_have_a_limit),
		WITH_SLAB(objects_do_not_overlap),
		WITH_SLAB(an_empty_reserve_gives_nothing),
		WITH_SLAB(pages_change_their_size),
		WITH_SLAB(pages_are_borrowed_and_returned),
		WITH_SLAB(a_large_home_gives_back_what_it_borrowed),
		WITH_SLAB(when_memory_is_out_it_asks_seldom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
