/* SPDX-License-Identifier: MIT */
/* Receive buffers: one hand at a time, and who may name their bytes. */
#include "dp_machine.h"

enum { NBUFS = BUFS_PER_SUPER };

static struct buf bufs[NBUFS];
static struct bufset set;
static struct bufpool pool;

static int setup(void **state)
{
	(void)state;
	machine_init(2);
	set = (struct bufset){ 0 };
	bufset_add(&set, bufs, page2kva(superpage_alloc()));
	bufpool_init(&pool, &set, 0);
	return 0;
}

static void each_buffer_is_taken_once(void **state)
{
	static bool seen[NBUFS];

	(void)state;
	for (uint32_t i = 0; i < NBUFS; i++) {
		struct buf *b = buf_take(&pool);
		assert_false(seen[buf_index(b)]);
		seen[buf_index(b)] = true;
		assert_int_equal(pool.count[BUF_NIC], i + 1);
	}
	assert_null(buf_take(&pool));
	for (uint32_t i = 0; i < NBUFS; i++)
		buf_put(&bufs[i]);
	assert_int_equal(pool.count[BUF_FREE], NBUFS);
	assert_int_equal(pool.count[BUF_NIC], 0);
	assert_non_null(buf_take(&pool));
}

static void addresses_match_places(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NBUFS; i += 511) {
		assert_int_equal(buf_user(&bufs[i]), IX_RXBUFS + i * IX_BUFSIZE);
		assert_ptr_equal(buf_bytes(&bufs[i]), set.super[0] + i * IX_BUFSIZE);
	}
}

static void only_lent_bytes_can_be_named(void **state)
{
	uint32_t va = IX_RXBUFS + 3 * IX_BUFSIZE;

	(void)state;
	for (int s = 0; s < BUF_NSTATES; s++) {
		buf_move(&bufs[3], s);
		const uint8_t *found = buf_lent(&pool, va, 1);
		assert_ptr_equal(found, s == BUF_APP ? buf_bytes(&bufs[3]) : NULL);
	}
	buf_move(&bufs[3], BUF_APP);
	buf_move(&bufs[4], BUF_APP);
	assert_ptr_equal(buf_lent(&pool, va + 54, 1460), buf_bytes(&bufs[3]) + 54);
	assert_non_null(buf_lent(&pool, va, IX_BUFSIZE));
	assert_non_null(buf_lent(&pool, va + IX_BUFSIZE - 1, 1));
	assert_null(buf_lent(&pool, va + 1, IX_BUFSIZE));          /* two buffers */
	assert_null(buf_lent(&pool, va + 1, 0xffffffff));
	assert_null(buf_lent(&pool, va - 1, 1));
	assert_null(buf_lent(&pool, IX_RXBUFS - 1, 1));
	assert_null(buf_lent(&pool, 0, 1));
	assert_null(buf_lent(&pool, IX_RXBUFS + NBUFS * IX_BUFSIZE, 1));
	assert_null(buf_lent(&pool, 0xffffffff, 1));
}

static void freeing_the_pbuf_frees_the_buffer(void **state)
{
	(void)state;
	struct buf *b = buf_take(&pool);
	buf_move(b, BUF_STACK);
	struct pbuf *pb = buf_to_pbuf(b, 14, 100);
	assert_ptr_equal(pb->payload, buf_bytes(b) + 14);
	assert_int_equal(pb->tot_len, 100);
	pbuf_ref(pb);
	pbuf_free(pb);
	assert_int_equal(b->state, BUF_STACK);
	pbuf_free(pb);
	assert_int_equal(b->state, BUF_FREE);
	assert_int_equal(pool.count[BUF_FREE], NBUFS);
}

static void low_means_few_that_turn(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NBUFS - BUF_RESERVE; i++)
		buf_move(buf_take(&pool), BUF_APP);
	assert_false(buf_is_low(&pool));
	struct buf *b = buf_take(&pool);
	assert_false(buf_is_low(&pool)); /* in the ring it turns, too */
	buf_move(b, BUF_STACK);
	assert_true(buf_is_low(&pool));
	buf_put(b);
	assert_false(buf_is_low(&pool));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_buffer_is_taken_once, setup),
		cmocka_unit_test_setup(addresses_match_places, setup),
		cmocka_unit_test_setup(only_lent_bytes_can_be_named, setup),
		cmocka_unit_test_setup(freeing_the_pbuf_frees_the_buffer, setup),
		cmocka_unit_test_setup(low_means_few_that_turn, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
