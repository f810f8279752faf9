/* SPDX-License-Identifier: MIT */
/* kern/dev/e1000e.c and igb.c: what they have beyond e1000.c. Each test runs once for each of the two. */
#include "fake_nic.h"

#include <inc/error.h>
#include <kern/dev/e1000.h>
#include <kern/dev/e1000e.h>
#include <kern/dev/igb.h>
#include <kern/dev/intel.h>
#include <kern/dev/pci.h>
#include <kern/dev/toeplitz.h>

enum { RSSRK = 0x5C80, RETA = 0x5C00, RDLEN = 8 };

static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

struct chip {
	int (*attach)(struct pci_func *f);
	const char *name;
	int queues;
	uint32_t rdbal, rdt, tdt, stride;
	int reta_shift;
};
static const struct chip e1000e = { e1000e_attach, "e1000e", 2, 0x2800, 0x2818, 0x3818, 0x100, 7 };
static const struct chip igb = { igb_attach, "igb", 8, 0xC000, 0xC018, 0xE018, 0x40, 0 };

static const struct chip *chip;
static struct netdev *nd;

static struct pci_func function(void)
{
	return (struct pci_func){ .irq = 11, .reg_base = { 0xFEB80000, [3] = 0xFEBF0000 },
				  .reg_size = { INTEL_REGS_SIZE, [3] = 0x4000 } };
}

static int attach(void **state)
{
	struct pci_func f = function();

	chip = *state;
	fake_machine_init();
	fake_nic_init(mac);
	nnetdevs = 0;
	assert_int_equal(chip->attach(&f), 0);
	nd = netdev_claim(0, NETDEV_DP);
	assert_non_null(nd);
	return 0;
}

static int detach(void **state)
{
	(void)state;
	netdev_release(nd);
	assert_int_equal(fake_pages_used(), 0);
	return 0;
}

static void start(int nqueues) { assert_int_equal(nd->ops->start(nd, nqueues, 8, 8), 0); }

static uint32_t of_queue(uint32_t reg, int n) { return fake_nic_reg(reg + n * chip->stride); }

static void attaching_reads_the_mac_and_messages(void **state)
{
	(void)state;
	assert_string_equal(nd->name, chip->name);
	assert_memory_equal(nd->mac, mac, 6);
	assert_int_equal(nd->max_queues, chip->queues);
	assert_int_equal(nd->msix.size, FAKE_MESSAGES);
	assert_false(nd->msix.enabled);
}

static void every_queue_has_its_rings(void **state)
{
	(void)state;
	start(chip->queues);
	for (int i = 0; i < chip->queues; i++) {
		assert_int_equal(of_queue(chip->rdbal, i), PADDR(nd->q[i].rx_ring));
		assert_int_equal(of_queue(chip->rdbal + RDLEN, i), 8 * 16);
		assert_int_equal(nd->q[i].index, i);
	}
	assert_true(fake_nic_reg(E1000_RCTL) & E1000_RCTL_EN);
	assert_true(fake_nic_reg(E1000_TCTL) & E1000_TCTL_EN);
}

static void too_many_queues_are_refused(void **state)
{
	(void)state;
	assert_int_equal(nd->ops->start(nd, 0, 8, 8), -E_INVAL);
	assert_int_equal(nd->ops->start(nd, chip->queues + 1, 8, 8), -E_INVAL);
}

static void start_without_memory_leaves_nothing_behind(void **state)
{
	size_t pages = 3 * chip->queues;

	(void)state;
	for (size_t n = 0; n < pages; n++) {
		fake_pages_left(n);
		assert_int_equal(nd->ops->start(nd, chip->queues, 8, 8), -E_NO_MEM);
		assert_int_equal(fake_pages_used(), 0);
	}
	fake_pages_left(pages);
	start(chip->queues);
}

static void doorbells_are_the_queues_own(void **state)
{
	struct netq *q = &nd->q[1];
	struct tx_frag frag = { FAKE_BASE, 60 };

	(void)state;
	start(2);
	nd->ops->rx_provide(q, 0, FAKE_BASE);
	nd->ops->rx_flush(q);
	assert_int_equal(fake_nic.last_write, chip->rdt + chip->stride);
	assert_int_equal(fake_nic_reg(chip->rdt + chip->stride), 1);
	nd->ops->tx_put(q, &frag, 1, NULL, NULL);
	nd->ops->tx_flush(q);
	assert_int_equal(fake_nic.last_write, chip->tdt + chip->stride);
	assert_int_equal(fake_nic_reg(chip->tdt), 0);
}

/* --- Receive --- */

/* What the device writes back, over the address. */
static struct rx_frame receive(uint32_t kind, uint32_t hash, uint32_t status)
{
	struct netq *q = &nd->q[0];
	struct rx_frame frame = { 0 };
	uint32_t i = q->rx_tail % q->rx_size;

	assert_int_equal(nd->ops->rx_provide(q, 77, FAKE_BASE), 0);
	assert_int_equal(nd->ops->rx_poll(q, &frame, 1), 0);
	struct intel_rx_desc *d = (struct intel_rx_desc *)q->rx_ring + i;
	assert_int_equal(d->addr, FAKE_BASE);
	assert_true(!d->status && !d->length && !d->vlan); /* whatever the device wrote there in the last round */
	*d = (struct intel_rx_desc){ .kind = kind, .hash = hash, .status = status, .length = 60, .vlan = 5 };
	assert_int_equal(nd->ops->rx_poll(q, &frame, 1), 1);
	assert_int_equal(frame.buf, 77);
	assert_int_equal(frame.len, 60);
	return frame;
}

static void one_receive_descriptor_stays_empty(void **state)
{
	struct netq *q = &nd->q[0];

	(void)state;
	start(1);
	for (uint32_t i = 0; i < q->rx_size - 1u; i++)
		assert_int_equal(nd->ops->rx_provide(q, i, FAKE_BASE), 0);
	assert_int_equal(nd->ops->rx_provide(q, 7, FAKE_BASE), -E_AGAIN);
}

static void findings_become_flags(void **state)
{
	enum { DONE = INTEL_RXD_DD | INTEL_RXD_EOP, SUM = DONE | INTEL_RXD_L4CS };
	static const struct { uint32_t kind, status; uint16_t flags; } cases[] = {
		{ 0, DONE, 0 },
		{ 1, DONE, RX_HASH },
		{ 0xF0, DONE, 0 }, /* other bits of its word do not tell of a hash */
		{ 1, SUM, RX_HASH | RX_CSUM_OK },
		{ 0, SUM | INTEL_RXD_IXSM, 0 },
		{ 0, SUM | INTEL_RXD_L4E, 0 },
		{ 0, SUM | INTEL_RXD_IPE, 0 },
		{ 1, SUM | INTEL_RXD_RXE, RX_ERROR },
		{ 1, INTEL_RXD_DD, RX_ERROR }, /* the frame goes on, */
		{ 1, DONE, RX_ERROR },         /* and ends here */
		{ 1, DONE, RX_HASH },
	};

	(void)state;
	start(1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rx_frame frame = receive(cases[i].kind, 0xDEADBEEF, cases[i].status);
		assert_int_equal(frame.flags, cases[i].flags);
		if (frame.flags & RX_HASH)
			assert_int_equal(frame.hash, 0xDEADBEEF);
	}
}

/* --- RSS --- */

static void the_hash_is_on_with_several_queues(void **state)
{
	(void)state;
	start(1);
	assert_int_equal(fake_nic_reg(0x5818), 0);
	nd->ops->stop(nd);
	start(2);
	assert_int_equal(fake_nic_reg(0x5818) & 3, chip == &igb ? 2 : 1);
	assert_true(fake_nic_reg(0x5818) & 1 << 16);
	assert_true(fake_nic_reg(0x5000) & 1 << 13);
	assert_int_equal(fake_nic_reg(RSSRK), 0xDA565A6D); /* toeplitz_key, low byte first */
	for (uint32_t i = 0; i < RSS_TABLE_SIZE; i += 4)
		assert_int_equal(fake_nic_reg(RETA + i), 0);
}

static void key_and_table_are_written(void **state)
{
	uint8_t key[RSS_KEY_SIZE], table[RSS_TABLE_SIZE];

	(void)state;
	for (int i = 0; i < RSS_KEY_SIZE; i++)
		key[i] = i + 1;
	for (int i = 0; i < RSS_TABLE_SIZE; i++)
		table[i] = i % 3 == 0;
	start(2);
	assert_int_equal(nd->ops->rss_set(nd, key, table), 0);
	assert_int_equal(fake_nic_reg(RSSRK), 0x04030201);
	assert_int_equal(fake_nic_reg(RSSRK + 36), 0x28272625);
	assert_int_equal(fake_nic_reg(RETA), 0x01000001u << chip->reta_shift);
	assert_int_equal(fake_nic_reg(RETA + 4), 0x00010000u << chip->reta_shift);
	table[0] = 0;
	assert_int_equal(nd->ops->rss_set(nd, NULL, table), 0);
	assert_int_equal(fake_nic_reg(RSSRK), 0x04030201);
	assert_int_equal(fake_nic_reg(RETA), 0x01000000u << chip->reta_shift);
	table[5] = 2; /* no such queue */
	assert_int_equal(nd->ops->rss_set(nd, key, table), -E_INVAL);
	nd->ops->stop(nd);
	start(1);
	table[5] = 0;
	assert_int_equal(nd->ops->rss_set(nd, key, table), -E_NOT_SUPP);
}

/* --- Interrupts --- */

static void the_pin_is_used_until_a_message_is_routed(void **state)
{
	uint32_t icr = chip == &igb ? IGB_ICR : E1000_ICR, ims = chip == &igb ? IGB_IMS : E1000_IMS;

	(void)state;
	start(2);
	nd->ops->irq_enable(&nd->q[1], true);
	assert_true(fake_nic_reg(ims) & 1 << 7);
	assert_false(nd->ops->irq_ack(nd));
	fake_nic.reg[icr / 4] = 1 << 7;
	assert_true(nd->ops->irq_ack(nd));
	assert_false(nd->ops->irq_ack(nd));
	nd->ops->irq_enable(&nd->q[1], false);
	assert_int_equal(fake_nic_reg(ims), 0);
}

static void messages_go_to_their_cpus(void **state)
{
	uint32_t ims = chip == &igb ? IGB_EIMS : E1000_IMS, icr = chip == &igb ? IGB_EICR : E1000_ICR;
	uint32_t first = chip == &igb ? 1 : E1000E_INT_RXQ0;

	(void)state;
	start(2);
	assert_int_equal(nd->ops->irq_route(&nd->q[1], 40, 3), 0);
	assert_int_equal(fake_msix[4], 0xFEE03000);
	assert_int_equal(fake_msix[6], 32 + 40);
	assert_int_equal(fake_msix[7], 0);
	assert_int_equal(fake_conf[FAKE_MSIX_AT / 4] >> 31, 1);

	fake_nic.reg[icr / 4] = first | first << 1;
	nd->ops->irq_enable(&nd->q[1], true);
	assert_int_equal(fake_nic_reg(ims), first << 1);
	assert_int_equal(fake_nic_reg(icr), first); /* the other queue's cause stays */
	nd->ops->irq_enable(&nd->q[1], false);
	assert_int_equal(fake_nic_reg(ims), 0);

	nd->ops->stop(nd);
	assert_int_equal(fake_msix[7], 1);
	start(1);
	assert_int_equal(fake_conf[FAKE_MSIX_AT / 4] >> 31, 0);
}

static void a_device_without_messages_says_so(void **state)
{
	struct pci_func f = function();

	(void)state;
	fake_conf[1] = 0;
	assert_int_equal(chip->attach(&f), 0);
	struct netdev *pin_only = netdev_claim(1, NETDEV_DP);
	assert_int_equal(pin_only->ops->start(pin_only, 1, 8, 8), 0);
	assert_int_equal(pin_only->ops->irq_route(&pin_only->q[0], 40, 0), -E_NOT_SUPP);
	netdev_release(pin_only);
}

/* A list that leads to itself, and a table beyond its region. */
static void broken_capabilities_are_passed_over(void **state)
{
	struct pci_func f = function();
	struct msix m;

	(void)state;
	fake_conf[FAKE_MSIX_AT / 4 + 1] = 0x4000 | 3;
	msix_find(&m, &f);
	assert_int_equal(m.size, 0);
	fake_conf[FAKE_MSIX_AT / 4 + 1] = 7;
	msix_find(&m, &f);
	assert_int_equal(m.size, 0);
	fake_conf[0x50 / 4] = 0x05 | 0x50 << 8;
	msix_find(&m, &f);
	assert_int_equal(m.size, 0);
}

/* --- Transmit --- */

static void contexts_and_lengths(void **state)
{
	static const struct tx_offload tcp = { TX_CSUM_TCP | TX_CSUM_IP, 14, 24 };
	struct tx_frag frags[2] = { { FAKE_BASE, 58 }, { FAKE_BASE + 100, 900 } };
	struct netq *q = &nd->q[0];

	(void)state;
	start(1);
	assert_int_equal(nd->ops->tx_put(q, frags, 2, &tcp, NULL), 0);
	const struct intel_tx_desc *d = q->tx_ring;
	assert_int_equal(q->tx_tail, 3);
	assert_int_equal(d[0].where[0], chip == &igb ? 14 << 9 | 24 : 37 << 16 | 24 << 8 | 14);
	assert_int_equal(d[0].command, chip == &igb ? 0x20200C00 : 0x20000000);
	assert_int_equal(d[1].status, (chip == &igb ? 958 << 14 : 0) | 0x300);
	assert_int_equal(d[1].command & 0xF1FFFFFF, (chip == &igb ? 0x20300000 : 0x20100000) | 58);
	assert_int_equal(d[2].command & 0xF9FFFFFF, (chip == &igb ? 0x29300000 : 0x29100000) | 900);
}

/* A real device may write over the whole descriptor, not only its status. */
static void what_the_device_wrote_over_is_not_needed(void **state)
{
	struct tx_frag frags[3] = { { FAKE_BASE, 58 }, { FAKE_BASE + 100, 9 }, { FAKE_BASE + 200, 9 } };
	struct netq *q = &nd->q[0];
	void *ctx;

	(void)state;
	start(1);
	for (uintptr_t round = 1; round < 50; round++) {
		struct intel_tx_desc *ring = q->tx_ring;
		assert_int_equal(nd->ops->tx_put(q, frags, 1 + round % 3, NULL, (void *)round), 0);
		memset(&ring[(q->tx_tail - 1) % 8], 0, sizeof *ring);
		assert_int_equal(nd->ops->tx_reap(q, &ctx, 1), 0);
		ring[(q->tx_tail - 1) % 8].status = INTEL_TXD_DD;
		assert_int_equal(nd->ops->tx_reap(q, &ctx, 1), 1);
		assert_ptr_equal(ctx, (void *)round);
		assert_int_equal(q->tx_head, q->tx_tail);
	}
}

#define BOTH(f) \
	{ #f " (e1000e)", f, attach, detach, (void *)&e1000e }, { #f " (igb)", f, attach, detach, (void *)&igb }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(attaching_reads_the_mac_and_messages),
		BOTH(every_queue_has_its_rings),
		BOTH(too_many_queues_are_refused),
		BOTH(start_without_memory_leaves_nothing_behind),
		BOTH(doorbells_are_the_queues_own),
		BOTH(one_receive_descriptor_stays_empty),
		BOTH(findings_become_flags),
		BOTH(the_hash_is_on_with_several_queues),
		BOTH(key_and_table_are_written),
		BOTH(the_pin_is_used_until_a_message_is_routed),
		BOTH(messages_go_to_their_cpus),
		BOTH(a_device_without_messages_says_so),
		BOTH(broken_capabilities_are_passed_over),
		BOTH(contexts_and_lengths),
		BOTH(what_the_device_wrote_over_is_not_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
