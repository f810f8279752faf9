/* SPDX-License-Identifier: MIT */
/* The send heap: blocks do not overlap, come back whole, and bad frees are refused. */
#include <tests/libix_host.h>

#include "../lib/ix/mem.c"
#include "../lib/ix/pages.c"

enum { HEAP_BYTES = 4 << 20, BLOCKS = 3000 };

static uint8_t *memory;

static int set_up(void **state)
{
	(void)state;
	memory = aligned_alloc(PAGE_BYTES, HEAP_BYTES);
	memset(memory, 0xa5, HEAP_BYTES);
	return ix_heap_init(memory, HEAP_BYTES);
}

static int tear_down(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static size_t unused(void)
{
	struct ix_heap_stat stat;

	ix_heap_stat(&stat);
	return stat.unused;
}

static void assert_all_free(void)
{
	struct ix_heap_stat stat;

	ix_heap_stat(&stat);
	assert_int_equal(stat.unused, stat.size);
	void *everything = ix_alloc(stat.size);
	assert_non_null(everything);
	assert_int_equal(ix_free(everything), 0);
}

static void one_of_each_size(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 3 * PAGE_BYTES; size++) {
		uint8_t *block = ix_alloc(size);
		assert_non_null(block);
		assert_int_equal((uintptr_t)block % (size > SMALL_MAX ? PAGE_BYTES : 16), 0);
		memset(block, size, size);
		assert_int_equal(ix_free(block), 0);
	}
	assert_all_free();
}

static void all_of_it(void **state)
{
	static void *blocks[HEAP_BYTES / 16];

	(void)state;
	for (size_t size = 16; size <= 1 << 20; size *= 2) {
		size_t n = 0;
		while ((blocks[n] = ix_alloc(size)))
			memset(blocks[n++], 0, size);
		assert_true(n * size >= HEAP_BYTES / 4 * 3);
		while (n)
			assert_int_equal(ix_free(blocks[--n]), 0);
		assert_all_free();
	}
	assert_null(ix_alloc(HEAP_BYTES));
	assert_null(ix_alloc((size_t)-1));
}

static void idle_pages_serve_other_sizes(void **state)
{
	(void)state;
	void *small = ix_alloc(100);
	size_t left = unused();
	ix_free(small);
	void *large = ix_alloc(left + PAGE_BYTES); /* the small page is still with its class */
	assert_non_null(large);
	ix_free(large);
	assert_all_free();
}

static void bad_frees(void **state)
{
	(void)state;
	uint8_t *small = ix_alloc(100), *large = ix_alloc(10000);

	assert_int_equal(ix_free(NULL), 0);
	assert_int_equal(ix_free(small + 1), -E_INVAL);
	assert_int_equal(ix_free(small + 112), -E_INVAL); /* never handed out */
	assert_int_equal(ix_free(large + 1), -E_INVAL);
	assert_int_equal(ix_free(large + PAGE_BYTES), -E_INVAL);
	assert_int_equal(ix_free(memory), -E_INVAL);
	assert_int_equal(ix_free(memory + HEAP_BYTES), -E_INVAL);
	assert_int_equal(ix_free(&small), -E_INVAL);
	assert_int_equal(ix_free(small), 0);
	assert_int_equal(ix_free(large), 0);
	assert_int_equal(ix_free(large), -E_INVAL);
	assert_all_free();
}

static void too_small_a_heap(void **state)
{
	(void)state;
	assert_int_equal(ix_heap_init(memory, 0), -E_NO_MEM);
	assert_int_equal(ix_heap_init(memory, PAGE_BYTES), -E_NO_MEM);
	assert_int_equal(ix_heap_init(memory, 2 * PAGE_BYTES), 0);
	void *block = ix_alloc(PAGE_BYTES);
	assert_non_null(block);
	assert_null(ix_alloc(1));
	ix_free(block);
	assert_all_free();
}

/* The control plane grants more, and then more again: used as soon as the first part is not enough, and all of it comes back. */
static size_t granted;
static size_t tell_granted(void) { return granted; }

static void a_heap_that_grows(void **state)
{
	void *block[HEAP_BYTES / PAGE_BYTES];
	size_t n = 0, before;

	(void)state;
	assert_int_equal(ix_heap_init(memory, HEAP_BYTES / 4), 0);
	ix_heap_granted = tell_granted;
	granted = HEAP_BYTES / 4;
	while ((block[n] = ix_alloc(PAGE_BYTES)))
		memset(block[n++], 0x77, PAGE_BYTES);
	before = n;
	granted = HEAP_BYTES / 2;
	while ((block[n] = ix_alloc(PAGE_BYTES)))
		memset(block[n++], 0x77, PAGE_BYTES);
	assert_true(n > 2 * before - 16);
	granted = HEAP_BYTES;
	void *small = ix_alloc(100), *large = ix_alloc(HEAP_BYTES / 3);
	assert_true(small && large);
	assert_null(ix_alloc(HEAP_BYTES / 3));
	while (n-- > 0) {
		assert_int_equal(*(uint8_t *)block[n], 0x77);
		assert_int_equal(ix_free(block[n]), 0);
	}
	assert_int_equal(ix_free(small), 0);
	assert_int_equal(ix_free(large), 0);
	ix_heap_granted = NULL;
	struct ix_heap_stat stat;
	ix_heap_stat(&stat);
	assert_int_equal(stat.unused, stat.size);
}

/* Each block is filled with its own number, which must still be there when it is freed. */
struct block {
	uint8_t *bytes;
	size_t size;
};

static void check_and_free(struct block *b, uint8_t fill)
{
	for (size_t i = 0; i < b->size; i++)
		assert_int_equal(b->bytes[i], fill);
	assert_int_equal(ix_free(b->bytes), 0);
	b->bytes = NULL;
}

static size_t random_size(unsigned *seed)
{
	static const size_t most[] = { 32, 300, 2100, 9000, 200000 };

	return rand_r(seed) % most[rand_r(seed) % ARRAY_SIZE(most)];
}

static void random_use(void **state)
{
	static struct block blocks[BLOCKS];
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		size_t i = rand_r(&seed) % BLOCKS;
		if (blocks[i].bytes) {
			check_and_free(&blocks[i], i);
			continue;
		}
		blocks[i].size = random_size(&seed);
		blocks[i].bytes = ix_alloc(blocks[i].size);
		if (blocks[i].bytes)
			memset(blocks[i].bytes, i, blocks[i].size);
	}
	for (size_t i = 0; i < BLOCKS; i++)
		if (blocks[i].bytes)
			check_and_free(&blocks[i], i);
	assert_all_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_of_each_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_of_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(idle_pages_serve_other_sizes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_frees, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_small_a_heap, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_heap_that_grows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(random_use, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
