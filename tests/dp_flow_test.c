/* SPDX-License-Identifier: MIT */
/* The flow table and its handles, the receive chain, and what acknowledged bytes wait for. */
#include "dp_machine.h"

enum { HOME_PAGES = 700, MANY = 10000, NBUFS = BUFS_PER_SUPER, PAYLOAD = 1460 };

static struct reserve reserve;
static struct slab slab;
static char *table_page[FLOW_PAGES_MAX];
static struct flow_table table;
static struct fgroup group;
static struct bufset set;
static struct bufpool pool;
static struct buf bufs[NBUFS];

static int setup(void **state)
{
	(void)state;
	machine_init(2);
	reserve_init(&reserve);
	slab_init(&slab, &reserve);
	for (int i = 0; i < HOME_PAGES; i++)
		reserve_add_home(&reserve, page2kva(page_alloc(0)));
	memset(&table, 0, sizeof(table));
	flow_table_init(&table, &slab, table_page, FLOW_PAGES_MAX);
	set = (struct bufset){ 0 };
	bufset_add(&set, bufs, page2kva(superpage_alloc()));
	bufpool_init(&pool, &set, 0);
	return 0;
}

/* ---- Handles ---- */

static struct flow *told(void)
{
	struct flow *f = flow_alloc(&table, FLOW_OPEN);

	assert_non_null(f);
	f->g = &group;
	f->flags = FLOW_TOLD;
	return f;
}

static void handles_find_their_flow_only(void **state)
{
	(void)state;
	struct flow *f = told();
	ix_handle_t h = flow_handle(f);
	assert_ptr_equal(flow_find(&table, h), f);
	assert_null(flow_find(&table, 0));
	assert_null(flow_find(&table, IX_HANDLE(IX_HANDLE_GEN(h) + 1, 0, IX_HANDLE_INDEX(h))));
	assert_null(flow_find(&table, h + 1));
	assert_null(flow_find(&table, IX_HANDLE(1, 0, 0)));        /* where the slab's header is */
	assert_null(flow_find(&table, IX_HANDLE(1, 0, 0xffffff)));
	assert_null(flow_find(&table, h | FLOW_LISTENER));
	assert_null(flow_find(&table, ~0ull));
	f->flags = 0;
	assert_null(flow_find(&table, h));                         /* the program was not told */
	flow_release(&table, f);
}

static void a_handle_is_never_good_twice(void **state)
{
	ix_handle_t old[100];

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct flow *f = told();
		old[i] = flow_handle(f);
		for (int j = 0; j < i; j++) {
			assert_true(old[i] != old[j]);
			assert_null(flow_find(&table, old[j]));
		}
		flow_release(&table, f);
	}
}

static void generations_skip_zero(void **state)
{
	(void)state;
	table.last_gen = 0xfffffffe;
	struct flow *a = told(), *b = told();
	assert_int_equal(a->gen, 0xffffffff);
	assert_int_equal(b->gen, 1);
	flow_release(&table, a);
	flow_release(&table, b);
}

static void many_flows_come_and_go(void **state)
{
	static ix_handle_t h[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		h[i] = flow_handle(told());
	assert_int_equal(table.nused, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(flow_handle(flow_find(&table, h[i])), h[i]);
	for (int i = 0; i < MANY; i++)
		flow_release(&table, flow_find(&table, h[i * 7 % MANY]));
	assert_int_equal(table.nused, 0);
	assert_true(slab.pages <= 3);
	for (int i = 0; i < MANY; i++)
		assert_null(flow_find(&table, h[i]));
	flow_release(&table, told()); /* holes are used again */
	assert_true(table.npages <= MANY / (FLOWS_PER_PAGE - 1) + 1);
}

static void a_full_table_says_so(void **state)
{
	uint32_t n = 0;

	(void)state;
	while (flow_alloc(&table, FLOW_HALF))
		n++;
	assert_int_equal(n, HOME_PAGES * (FLOWS_PER_PAGE - 1));
	assert_false(flow_table_has_room(&table));
	flow_release(&table, flow_at(&table, 1));
	assert_true(flow_table_has_room(&table));
}

/* ---- Received payload ---- */

static struct buf *received(uint16_t len)
{
	struct buf *b = buf_take(&pool);

	assert_non_null(b);
	buf_move(b, BUF_STACK);
	b->len = len;
	return b;
}

static void credit_accumulates_over_parts_of_buffers(void **state)
{
	(void)state;
	struct flow *f = told();
	struct buf *a = received(100), *b = received(50);
	flow_take(f, a);
	flow_take(f, b);
	assert_ptr_equal(flow_lend(f), a);
	assert_ptr_equal(flow_lend(f), b);
	assert_null(flow_lend(f));
	assert_int_equal(f->rx_lent, 150);
	flow_done(f, 60);
	assert_int_equal(a->state, BUF_APP);
	flow_done(f, 39);
	assert_int_equal(a->state, BUF_APP);
	flow_done(f, 2);
	assert_int_equal(a->state, BUF_FREE);
	assert_int_equal(b->state, BUF_APP);
	flow_done(f, 49);
	assert_int_equal(b->state, BUF_FREE);
	assert_int_equal(f->rx_lent, 0);
	assert_int_equal(f->rx_credit, 0);
	flow_release(&table, f);
}

static void empty_buffers_and_those_of_closed_flows_are_not_kept(void **state)
{
	(void)state;
	struct flow *f = told();
	flow_take(f, received(0));
	f->flags |= FLOW_CLOSED;
	flow_take(f, received(10));
	assert_null(flow_lend(f));
	assert_int_equal(pool.count[BUF_FREE], NBUFS);
	flow_release(&table, f);
}

/* Random steps beside the plain arithmetic of what each must leave. */
static void the_chain_agrees_with_its_model(void **state)
{
	uint32_t taken = 0, lent = 0, done = 0;

	(void)state;
	struct flow *f = told();
	srand(2);
	for (int step = 0; step < 200000; step++) {
		int what = rand() % 100;
		if (what < 40 && pool.count[BUF_FREE]) {
			struct buf *b = received(1 + rand() % PAYLOAD);
			taken += b->len;
			flow_take(f, b);
		} else if (what < 70) {
			struct buf *b = flow_lend(f);
			lent += b ? b->len : 0;
		} else if (what < 98) {
			uint32_t n = rand() % (f->rx_lent + 1);
			flow_done(f, n);
			done += n;
		} else if (what < 99) {
			flow_drop_undelivered(f);
			taken = lent;
		} else if (rand() % 20 == 0) {
			flow_drop_all(f);
			taken = lent = done = 0;
		}
		assert_int_equal(f->rx_lent, lent - done);
		assert_true((f->rx_next != NULL) == (taken != lent));
		assert_int_equal(pool.count[BUF_FREE] + pool.count[BUF_STACK] + pool.count[BUF_APP], NBUFS);
	}
	flow_drop_all(f);
	assert_int_equal(pool.count[BUF_FREE], NBUFS);
	flow_release(&table, f);
}

/* ---- Acknowledged bytes ---- */

static void bytes_wait_until_the_ring_has_passed(void **state)
{
	(void)state;
	struct flow f = { 0 };
	flow_acked(&f, 10, 5, 5);          /* the ring is empty */
	assert_int_equal(f.tx_ready, 10);
	flow_acked(&f, 20, 5, 8);
	assert_int_equal(f.tx_ready, 10);
	flow_acked(&f, 30, 6, 9);          /* more, while the first wait */
	flow_acked(&f, 40, 7, 12);
	flow_ripen(&f, 7);
	assert_int_equal(f.tx_ready, 10);
	flow_ripen(&f, 8);
	assert_int_equal(f.tx_ready, 30);
	flow_ripen(&f, 11);
	assert_int_equal(f.tx_ready, 30);
	flow_ripen(&f, 12);
	assert_int_equal(f.tx_ready, 100);
	assert_int_equal(f.tx_wait + f.tx_next, 0);
}

static void ring_positions_wrap(void **state)
{
	(void)state;
	struct flow f = { 0 };
	flow_acked(&f, 1, 0xfffffff0, 4);
	flow_ripen(&f, 0xffffffff);
	assert_int_equal(f.tx_ready, 0);
	flow_ripen(&f, 3);
	assert_int_equal(f.tx_ready, 0);
	flow_ripen(&f, 4);
	assert_int_equal(f.tx_ready, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(handles_find_their_flow_only, setup),
		cmocka_unit_test_setup(a_handle_is_never_good_twice, setup),
		cmocka_unit_test_setup(generations_skip_zero, setup),
		cmocka_unit_test_setup(many_flows_come_and_go, setup),
		cmocka_unit_test_setup(a_full_table_says_so, setup),
		cmocka_unit_test_setup(credit_accumulates_over_parts_of_buffers, setup),
		cmocka_unit_test_setup(empty_buffers_and_those_of_closed_flows_are_not_kept, setup),
		cmocka_unit_test_setup(the_chain_agrees_with_its_model, setup),
		cmocka_unit_test_setup(bytes_wait_until_the_ring_has_passed, setup),
		cmocka_unit_test_setup(ring_positions_wrap, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
