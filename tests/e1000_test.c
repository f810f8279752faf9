/* SPDX-License-Identifier: MIT */
/* kern/dev/e1000.c, intel.c and netdev.c: rings, checksum contexts, doorbells, start and stop. */
#include "fake_e1000.h"

#include <inc/error.h>
#include <kern/dev/e1000.h>
#include <kern/dev/intel.h>
#include <kern/dev/netdev.h>
#include <kern/dev/pci.h>

static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
static struct netdev *nd;
static struct netq *q;

static int attach(void **state)
{
	struct pci_func f = { .irq = 11, .reg_base = { 0xFEB80000 }, .reg_size = { INTEL_REGS_SIZE } };

	(void)state;
	fake_machine_init();
	fake_e1000_init(mac);
	nnetdevs = 0;
	assert_int_equal(e1000_attach(&f), 0);
	nd = netdev_claim(0, NETDEV_DP);
	assert_non_null(nd);
	q = &nd->q[0];
	return 0;
}

/* Whatever a test did, the device can be given back, and with it all pages. */
static int detach(void **state)
{
	(void)state;
	netdev_release(nd);
	assert_int_equal(fake_pages_used(), 0);
	return 0;
}

static void start(int rx_size, int tx_size)
{
	assert_int_equal(nd->ops->start(nd, 1, rx_size, tx_size), 0);
}

/* Memory for buffers and frames; freed by the test. */
static struct PageInfo *page;
static physaddr_t page_pa(void) { return page2pa(page); }

static int attach_with_page(void **state)
{
	attach(state);
	page = page_alloc(0);
	start(8, 8);
	return 0;
}

static int detach_with_page(void **state)
{
	page_free(page);
	return detach(state);
}

/* --- Start and stop --- */

static void attaching_reads_the_mac_and_registers(void **state)
{
	(void)state;
	assert_int_equal(nnetdevs, 1);
	assert_memory_equal(nd->mac, mac, 6);
	assert_string_equal(nd->name, "e1000");
	assert_int_equal(nd->irq, 11);
	assert_int_equal(nd->buf_size, 2048);
	assert_int_equal(nd->max_queues, 1);
	assert_int_equal(fake_e1000.resets, 1);
	assert_int_equal(fake_e1000.rctl_writes, 0);
}

static void an_unsuitable_bar_is_refused(void **state)
{
	struct pci_func small = { .reg_base = { 0xFEB80000 }, .reg_size = { 0x1000 } };
	struct pci_func ports = { .reg_base = { 0xC000 }, .reg_size = { INTEL_REGS_SIZE }, .reg_io = { 1 } };
	struct pci_func none = { 0 };

	(void)state;
	assert_int_equal(e1000_attach(&small), -E_NOT_SUPP);
	assert_int_equal(e1000_attach(&ports), -E_NOT_SUPP);
	assert_int_equal(e1000_attach(&none), -E_NOT_SUPP);
	assert_int_equal(nnetdevs, 1);
}

static void a_device_has_one_owner(void **state)
{
	(void)state;
	assert_null(netdev_claim(0, NETDEV_LAB6));
	assert_null(netdev_claim(1, NETDEV_LAB6));
	assert_null(netdev_claim(-1, NETDEV_LAB6));
	netdev_release(nd);
	assert_ptr_equal(netdev_claim(0, NETDEV_LAB6), nd);
	assert_int_equal(nd->owner, NETDEV_LAB6);
}

static void start_programs_the_device(void **state)
{
	(void)state;
	start(256, 64);
	assert_int_equal(fake_e1000_reg(E1000_RDLEN), 4096);
	assert_int_equal(fake_e1000_reg(E1000_TDLEN), 1024);
	assert_int_equal(fake_e1000_reg(E1000_RAL), 0x12005452);
	assert_int_equal(fake_e1000_reg(E1000_RAH), 0x80005634);
	assert_int_equal(fake_e1000_reg(E1000_RCTL), 0x04008002); /* on, broadcast, 2048 bytes, no CRC */
	assert_int_equal(fake_e1000_reg(E1000_IMS), 0);
	assert_int_equal(fake_e1000.rctl_writes, 1);
	assert_int_equal(fake_e1000.rdt_writes, 0);
	assert_int_equal(fake_e1000.tdt_writes, 0);
}

static void start_checks_its_arguments(void **state)
{
	static const int bad_sizes[] = { -8, 0, 4, 12, 100, 512 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_sizes); i++) {
		assert_int_equal(nd->ops->start(nd, 1, bad_sizes[i], 64), -E_INVAL);
		assert_int_equal(nd->ops->start(nd, 1, 64, bad_sizes[i]), -E_INVAL);
	}
	assert_int_equal(nd->ops->start(nd, 0, 64, 64), -E_INVAL);
	assert_int_equal(nd->ops->start(nd, 2, 64, 64), -E_INVAL);
	start(64, 64);
	assert_int_equal(nd->ops->start(nd, 1, 64, 64), -E_INVAL);
}

static void start_without_memory_leaves_nothing_behind(void **state)
{
	(void)state;
	for (size_t n = 0; n < 3; n++) {
		fake_pages_left(n);
		assert_int_equal(nd->ops->start(nd, 1, 64, 64), -E_NO_MEM);
		assert_int_equal(fake_pages_used(), 0);
		assert_int_equal(nd->nqueues, 0);
	}
	fake_pages_left(3);
	start(64, 64);
}

static void stop_quiets_the_device_and_start_works_again(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		unsigned resets = fake_e1000.resets;
		start(8, 8);
		nd->ops->stop(nd);
		assert_int_equal(fake_e1000.resets, resets + 1);
		assert_int_equal(fake_pages_used(), 0);
		nd->ops->stop(nd); /* twice is harmless */
		assert_int_equal(fake_e1000.resets, resets + 1);
	}
}

static void interrupts_follow_arrivals(void **state)
{
	(void)state;
	nd->ops->rx_provide(q, 0, page_pa());
	nd->ops->rx_provide(q, 1, page_pa() + 2048);
	nd->ops->rx_flush(q);
	assert_false(nd->ops->irq_ack(nd));
	fake_e1000_receive(1, 60, 0);
	nd->ops->irq_enable(q, true); /* the frame came earlier: the user looks by itself */
	assert_int_equal(fake_e1000_reg(E1000_IMS), E1000_INT_RX);
	assert_false(nd->ops->irq_ack(nd));
	fake_e1000_receive(2, 60, 0);
	assert_true(nd->ops->irq_ack(nd));
	assert_false(nd->ops->irq_ack(nd));
	nd->ops->irq_enable(q, false);
	assert_int_equal(fake_e1000_reg(E1000_IMS), 0);
}

/* --- Receive --- */

static void provide(uint32_t buf)
{
	assert_int_equal(nd->ops->rx_provide(q, buf, page_pa() + 2048 * (buf & 1)), 0);
}

static void provide_all(void)
{
	for (uint32_t buf = 0; buf < 7; buf++)
		provide(buf);
	nd->ops->rx_flush(q);
}

static void receive_ring_holds_one_less_than_its_size(void **state)
{
	(void)state;
	provide_all();
	assert_int_equal(nd->ops->rx_provide(q, 7, page_pa()), -E_AGAIN);
	for (int i = 0; i < 7; i++)
		assert_true(fake_e1000_receive(i, 60, 0));
	assert_false(fake_e1000_receive(7, 60, 0));

	struct rx_frame frame;
	assert_int_equal(nd->ops->rx_poll(q, &frame, 1), 1);
	provide(7);
	assert_int_equal(nd->ops->rx_provide(q, 8, page_pa()), -E_AGAIN);
}

static void an_empty_ring_polls_nothing(void **state)
{
	struct rx_frame frame;

	(void)state;
	assert_int_equal(nd->ops->rx_poll(q, &frame, 1), 0);
	provide_all();
	assert_int_equal(nd->ops->rx_poll(q, &frame, 1), 0);
}

static void frames_come_in_order_around_the_ring(void **state)
{
	struct rx_frame frames[8];
	uint32_t expected = 0, next = 7;

	(void)state;
	provide_all();
	for (int round = 0; round < 100; round++) {
		int sent = 1 + round % 7;
		for (int i = 0; i < sent; i++)
			assert_true(fake_e1000_receive(round, 60 + i, 0));
		assert_int_equal(nd->ops->rx_poll(q, frames, 8), sent);
		for (int i = 0; i < sent; i++) {
			assert_int_equal(frames[i].buf, expected++);
			assert_int_equal(frames[i].len, 60 + i);
			assert_int_equal(frames[i].flags, 0);
			provide(next++);
		}
		nd->ops->rx_flush(q);
	}
}

static void polling_takes_no_more_than_asked_for(void **state)
{
	struct rx_frame frames[8];

	(void)state;
	provide_all();
	for (int i = 0; i < 5; i++)
		fake_e1000_receive(i, 60, 0);
	assert_int_equal(nd->ops->rx_poll(q, frames, 0), 0);
	assert_int_equal(nd->ops->rx_poll(q, frames, 2), 2);
	assert_int_equal(frames[1].buf, 1);
	assert_int_equal(nd->ops->rx_poll(q, frames, 8), 3);
	assert_int_equal(frames[0].buf, 2);
}

static void receive_doorbell_rings_once_for_each_batch(void **state)
{
	(void)state;
	nd->ops->rx_flush(q);
	assert_int_equal(fake_e1000.rdt_writes, 0);
	provide_all();
	assert_int_equal(fake_e1000.rdt_writes, 1);
	nd->ops->rx_flush(q);
	assert_int_equal(fake_e1000.rdt_writes, 1);
	assert_int_equal(q->rx_doorbells, 1);
}

static void damaged_frames_are_marked(void **state)
{
	static const struct { uint8_t errors; uint16_t flags; } cases[] = {
		{ 0x01, RX_ERROR }, { 0x02, RX_ERROR }, { 0x04, RX_ERROR }, { 0x10, RX_ERROR },
		{ 0x80, RX_ERROR },
		{ 0x20, 0 }, { 0x40, 0 }, /* checksums: the stack looks itself */
	};
	struct rx_frame frame;

	(void)state;
	provide_all();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_e1000_receive(i, 60, cases[i].errors);
		assert_int_equal(nd->ops->rx_poll(q, &frame, 1), 1);
		assert_int_equal(frame.flags, cases[i].flags);
	}
}

/* 5000 bytes take three buffers; each comes back once, marked; the next frame is good again. */
static void a_frame_beyond_its_buffer_gives_all_buffers_back(void **state)
{
	struct rx_frame frame;

	(void)state;
	provide_all();
	fake_e1000_receive(1, 60, 0);
	fake_e1000_receive(2, 5000, 0);
	fake_e1000_receive(3, 61, 0);
	for (uint32_t buf = 0; buf < 5; buf++) {
		assert_int_equal(nd->ops->rx_poll(q, &frame, 1), 1);
		assert_int_equal(frame.buf, buf);
		assert_int_equal(frame.flags, buf >= 1 && buf <= 3 ? RX_ERROR : 0);
	}
	assert_int_equal(frame.len, 61);
	assert_int_equal(nd->ops->rx_poll(q, &frame, 1), 0);
}

static void a_frame_that_is_still_arriving_is_taken_in_parts(void **state)
{
	struct rx_frame frames[8];

	(void)state;
	provide_all();
	fake_e1000_receive_piece(1, 2048, 0, false);
	assert_int_equal(nd->ops->rx_poll(q, frames, 8), 1);
	assert_int_equal(frames[0].flags, RX_ERROR);
	fake_e1000_receive_piece(1, 100, 0, true);
	fake_e1000_receive(2, 60, 0);
	assert_int_equal(nd->ops->rx_poll(q, frames, 8), 2);
	assert_int_equal(frames[0].flags, RX_ERROR);
	assert_int_equal(frames[1].flags, 0);
}

/* --- Transmit --- */

static const struct tx_offload tcp = { TX_CSUM_TCP | TX_CSUM_IP, 14, 20 };
static const struct tx_offload udp = { TX_CSUM_UDP | TX_CSUM_IP, 14, 20 };
static const struct tx_offload tcp_ip_options = { TX_CSUM_TCP | TX_CSUM_IP, 14, 24 };

/* A frame of n pieces of 10 bytes. */
static int put(int n, const struct tx_offload *off, void *ctx)
{
	struct tx_frag frags[64];

	for (int i = 0; i < n; i++)
		frags[i] = (struct tx_frag){ page_pa() + 64 * i, 10 };
	return nd->ops->tx_put(q, frags, n, off, ctx);
}

static void *word(uintptr_t n) { return (void *)n; }

static int transmit_all(void)
{
	int n = 0;

	nd->ops->tx_flush(q);
	while (fake_e1000_transmit())
		n++;
	return n;
}

static void a_frame_that_does_not_fit_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(put(5, NULL, word(1)), 0);
	struct netq before = *q;
	uint8_t ring[8 * 16];
	memcpy(ring, q->tx_ring, sizeof ring);

	assert_int_equal(put(3, NULL, word(2)), -E_AGAIN);
	assert_int_equal(put(2, &tcp, word(3)), -E_AGAIN); /* the context makes it three */
	assert_memory_equal(&before, q, sizeof before);
	assert_memory_equal(ring, q->tx_ring, sizeof ring);

	assert_int_equal(put(2, NULL, word(4)), 0);
	assert_int_equal(put(1, NULL, word(5)), -E_AGAIN);
	assert_int_equal(transmit_all(), 2);
}

/* The same without checksums. */
static void a_full_ring_changes_nothing(void **state)
{
	uint8_t ring[8 * 16];

	(void)state;
	assert_int_equal(put(4, NULL, word(1)), 0);
	assert_int_equal(put(2, NULL, word(2)), 0);
	struct netq before = *q;
	memcpy(ring, q->tx_ring, sizeof ring);

	assert_int_equal(put(2, NULL, word(3)), -E_AGAIN);
	assert_memory_equal(&before, q, sizeof before);
	assert_memory_equal(ring, q->tx_ring, sizeof ring);

	assert_int_equal(put(1, NULL, word(4)), 0); /* all but the one that stays empty */
	assert_int_equal(put(1, NULL, word(5)), -E_AGAIN);
	assert_int_equal(transmit_all(), 3);
}

static void frames_that_can_never_go_are_refused(void **state)
{
	struct tx_frag empty = { page_pa(), 0 }, long_one = { page_pa(), 1519 };
	struct tx_frag two[2] = { { page_pa(), 1500 }, { page_pa(), 19 } };
	struct tx_frag wraps[2] = { { page_pa(), 10 }, { page_pa(), 0xFFFFFFFF } };

	(void)state;
	assert_int_equal(put(0, NULL, NULL), -E_INVAL);
	assert_int_equal(put(-1, NULL, NULL), -E_INVAL);
	assert_int_equal(put(7, NULL, NULL), -E_INVAL); /* with a context, more than the ring ever holds */
	assert_int_equal(nd->ops->tx_put(q, &empty, 1, NULL, NULL), -E_INVAL);
	assert_int_equal(nd->ops->tx_put(q, &long_one, 1, NULL, NULL), -E_INVAL);
	assert_int_equal(nd->ops->tx_put(q, two, 2, NULL, NULL), -E_INVAL);
	assert_int_equal(nd->ops->tx_put(q, wraps, 2, NULL, NULL), -E_INVAL);
	two[1].len = 18;
	assert_int_equal(nd->ops->tx_put(q, two, 2, NULL, NULL), 0);
	nd->ops->stop(nd);
	start(8, 128);
	assert_int_equal(put(TX_FRAGS_MAX + 1, NULL, NULL), -E_INVAL);
	assert_int_equal(put(TX_FRAGS_MAX, NULL, NULL), 0);
}

static void frames_are_reaped_in_order_when_done(void **state)
{
	void *ctxs[8];

	(void)state;
	assert_int_equal(nd->ops->tx_reap(q, ctxs, 8), 0);
	put(2, NULL, word(1));
	put(1, NULL, NULL); /* a frame may have no word of its own */
	put(3, NULL, word(3));
	assert_int_equal(nd->ops->tx_reap(q, ctxs, 8), 0); /* not yet flushed */
	nd->ops->tx_flush(q);
	assert_int_equal(nd->ops->tx_reap(q, ctxs, 8), 0); /* not yet sent */
	fake_e1000_transmit();
	assert_int_equal(nd->ops->tx_reap(q, ctxs, 8), 1);
	assert_ptr_equal(ctxs[0], word(1));
	assert_int_equal(q->tx_head, 2);
	fake_e1000_transmit();
	fake_e1000_transmit();
	assert_int_equal(nd->ops->tx_reap(q, ctxs, 1), 1);
	assert_null(ctxs[0]);
	assert_int_equal(nd->ops->tx_reap(q, ctxs, 8), 1);
	assert_ptr_equal(ctxs[0], word(3));
	assert_int_equal(q->tx_head, q->tx_tail);
}

static void a_checksum_context_is_written_when_it_changes(void **state)
{
	static const struct { const struct tx_offload *off; unsigned contexts; } steps[] = {
		{ NULL, 0 }, { &tcp, 1 }, { &tcp, 1 }, { NULL, 1 }, { &tcp, 1 }, { &udp, 2 },
		{ &tcp, 3 }, { &tcp_ip_options, 4 }, { &tcp, 5 },
	};
	void *ctx;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_int_equal(put(2, steps[i].off, word(i)), 0);
		assert_int_equal(transmit_all(), 1);
		assert_int_equal(nd->ops->tx_reap(q, &ctx, 1), 1);
		assert_int_equal(fake_e1000.contexts, steps[i].contexts);
	}
	nd->ops->stop(nd);
	start(8, 8);
	put(1, &tcp, NULL);
	transmit_all();
	assert_int_equal(fake_e1000.contexts, 6); /* a reset forgets it */
}

static void contexts_name_the_right_places(void **state)
{
	(void)state;
	put(2, &tcp, NULL);
	transmit_all();
	assert_int_equal(fake_e1000.last_sent.context[0], 33 << 16 | 24 << 8 | 14);
	assert_int_equal(fake_e1000.last_sent.context[1], 50 << 8 | 34);
	assert_int_equal(fake_e1000.last_sent.options, INTEL_TXD_IXSM | INTEL_TXD_TXSM);
	put(2, &(struct tx_offload){ TX_CSUM_UDP, 14, 24 }, NULL);
	transmit_all();
	assert_int_equal(fake_e1000.last_sent.context[0], 37 << 16 | 24 << 8 | 14);
	assert_int_equal(fake_e1000.last_sent.context[1], 44 << 8 | 38);
	assert_int_equal(fake_e1000.last_sent.options, INTEL_TXD_TXSM);
}

static void transmit_doorbell_rings_once_for_each_batch(void **state)
{
	(void)state;
	nd->ops->tx_flush(q);
	assert_int_equal(fake_e1000.tdt_writes, 0);
	put(2, NULL, NULL);
	put(2, &tcp, NULL);
	assert_int_equal(fake_e1000.tdt_writes, 0);
	nd->ops->tx_flush(q);
	nd->ops->tx_flush(q);
	assert_int_equal(fake_e1000.tdt_writes, 1);
	assert_int_equal(q->tx_doorbells, 1);
	assert_int_equal(q->tx_descriptors, 5);
}

static void one_doorbell_tells_of_all_frames(void **state)
{
	(void)state;
	nd->ops->tx_flush(q);
	assert_int_equal(fake_e1000.tdt_writes, 0);
	for (int i = 0; i < 3; i++)
		put(2, NULL, NULL);
	assert_int_equal(fake_e1000.tdt_writes, 0);
	nd->ops->tx_flush(q);
	nd->ops->tx_flush(q);
	assert_int_equal(fake_e1000.tdt_writes, 1);
	assert_int_equal(q->tx_doorbells, 1);
	assert_int_equal(q->tx_descriptors, 6);
}

static uintptr_t words_in_flight(void)
{
	uintptr_t n = 0;

	for (uint32_t i = q->tx_head; i != q->tx_tail; i++)
		n += q->tx_ctx[i % 8] != NULL;
	return n;
}

/* A long walk around the ring, the device now fast, now slow: frames go and come back in order, each once. */
static void transmit_ring_wraps(void **state)
{
	uintptr_t in = 0, sent = 0, out = 0;
	int pieces[8]; /* of the frames on their way */
	void *ctxs[8];

	(void)state;
	srand(1);
	q->tx_head = q->tx_tail = q->tx_flushed = 0xFFFFFFF0; /* the indices wrap on the way, too */
	for (int step = 0; step < 50000; step++) {
		int n = 1 + rand() % 6;
		if (put(n, rand() % 2 ? &tcp : &udp, word(in + 1)) == 0)
			pieces[in++ % 8] = n;
		if (rand() % 2)
			nd->ops->tx_flush(q);
		if (rand() % 2 && fake_e1000_transmit())
			assert_int_equal(fake_e1000.last_sent.pieces, pieces[sent++ % 8]);
		int reaped = rand() % 2 ? nd->ops->tx_reap(q, ctxs, 1 + rand() % 8) : 0;
		for (int i = 0; i < reaped; i++)
			assert_ptr_equal(ctxs[i], word(++out));
		assert_int_equal(words_in_flight(), in - out);
		assert_true(out <= sent && sent <= in && q->tx_tail - q->tx_head <= 7);
	}
	assert_true(out > 5000);
}

#define PLAIN(test) cmocka_unit_test_setup_teardown(test, attach, detach)
#define STARTED(test) cmocka_unit_test_setup_teardown(test, attach_with_page, detach_with_page)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN(attaching_reads_the_mac_and_registers),
		PLAIN(an_unsuitable_bar_is_refused),
		PLAIN(a_device_has_one_owner),
		PLAIN(start_programs_the_device),
		PLAIN(start_checks_its_arguments),
		PLAIN(start_without_memory_leaves_nothing_behind),
		PLAIN(stop_quiets_the_device_and_start_works_again),
		STARTED(interrupts_follow_arrivals),
		STARTED(receive_ring_holds_one_less_than_its_size),
		STARTED(an_empty_ring_polls_nothing),
		STARTED(frames_come_in_order_around_the_ring),
		STARTED(polling_takes_no_more_than_asked_for),
		STARTED(receive_doorbell_rings_once_for_each_batch),
		STARTED(damaged_frames_are_marked),
		STARTED(a_frame_beyond_its_buffer_gives_all_buffers_back),
		STARTED(a_frame_that_is_still_arriving_is_taken_in_parts),
		STARTED(a_frame_that_does_not_fit_changes_nothing),
		STARTED(a_full_ring_changes_nothing),
		STARTED(frames_that_can_never_go_are_refused),
		STARTED(frames_are_reaped_in_order_when_done),
		STARTED(a_checksum_context_is_written_when_it_changes),
		STARTED(contexts_name_the_right_places),
		STARTED(transmit_doorbell_rings_once_for_each_batch),
		STARTED(one_doorbell_tells_of_all_frames),
		STARTED(transmit_ring_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
