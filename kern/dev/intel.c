/* SPDX-License-Identifier: MIT */
/*
 * Queues of Intel's gigabit controllers: their rings' memory, start and stop. Frames go in by intel_rx.c and out by
 * intel_tx.c. The contract is netdev.h; intel.h says who calls this.
 *
 * A ring fits one page, which makes it contiguous, and limits it to 256 descriptors; the driver's tables
 * share another page. One descriptor always stays empty, since to the device head == tail means an empty
 * ring. Descriptors in [head, flushed) are the device's until it sets their DD bit (when sending, only a
 * frame's last one gets it); those in [flushed, tail) it does not know of yet. What the device wrote over is
 * never read as what the driver wrote there.
 */
#include <inc/error.h>
#include <inc/trap.h>
#include <kern/dev/intel.h>
#include <kern/dev/toeplitz.h>
#include <kern/pmap.h>

/* Fill one page; tx_ctx is first, so that its address is the page's. */
struct tables {
	void *tx_ctx[INTEL_RING_MAX];
	uint32_t tx_last[INTEL_RING_MAX];
	uint32_t rx_buf[INTEL_RING_MAX];
};
_Static_assert(sizeof(struct tables) <= PGSIZE, "one page");

static const struct intel_chip *chip_of(const struct netdev *nd) { return nd->priv; }

/* --- Start and stop --- */

static void *ring_page(void)
{
	struct PageInfo *pp = page_alloc(ALLOC_ZERO);

	return pp ? page2kva(pp) : NULL;
}

static void ring_page_free(void *page)
{
	if (page)
		page_free(pa2page(PADDR(page)));
}

static void queue_free(struct netq *q)
{
	ring_page_free(q->rx_ring);
	ring_page_free(q->tx_ring);
	ring_page_free(q->tx_ctx);
	*q = (struct netq){ 0 };
}

static int queue_alloc(struct netdev *nd, int n, int rx_size, int tx_size)
{
	const struct intel_chip *chip = chip_of(nd);
	struct tables *tables = ring_page();
	struct netq *q = &nd->q[n];

	*q = (struct netq){ .nd = nd, .index = n, .rx_size = rx_size, .tx_size = tx_size };
	q->rx_door = chip->rdt + n * chip->stride;
	q->tx_door = chip->tdt + n * chip->stride;
	q->rx_ring = ring_page();
	q->tx_ring = ring_page();
	q->tx_ctx = tables ? tables->tx_ctx : NULL;
	q->tx_last = tables ? tables->tx_last : NULL;
	q->rx_buf = tables ? tables->rx_buf : NULL;
	return q->rx_ring && q->tx_ring && tables ? 0 : -E_NO_MEM;
}

static void queues_free(struct netdev *nd)
{
	for (int i = 0; i < nd->nqueues; i++)
		queue_free(&nd->q[i]);
	nd->nqueues = 0;
}

static bool size_is_good(int n)
{
	return n >= INTEL_RING_MIN && n <= INTEL_RING_MAX && (n & (n - 1)) == 0;
}

/*
 * Messages that the last user has had are turned off here, not when it stopped: QEMU's e1000e ends the whole
 * machine when one that it delays, for at most 128 us, finds them off.
 */
int intel_start(struct netdev *nd, int nqueues, int rx_size, int tx_size)
{
	if (nd->nqueues || nqueues < 1 || nqueues > nd->max_queues)
		return -E_INVAL;
	if (!size_is_good(rx_size) || !size_is_good(tx_size))
		return -E_INVAL;
	while (nd->nqueues < nqueues) {
		int r = queue_alloc(nd, nd->nqueues++, rx_size, tx_size);
		if (r < 0) {
			queues_free(nd);
			return r;
		}
	}
	msix_disable(&nd->msix);
	chip_of(nd)->run(nd);
	return 0;
}

void intel_stop(struct netdev *nd)
{
	if (!nd->nqueues)
		return;
	intel_quiet(nd);
	msix_mask(&nd->msix);
	queues_free(nd);
}

/* --- Interrupts --- */

/* Queue n sends the device's message n. */
int intel_irq_route(struct netq *q, int irq, uint8_t apicid)
{
	return msix_route(&q->nd->msix, q->index, IRQ_OFFSET + irq, apicid);
}

/* --- Receive-side scaling --- */

int intel_rss_set(struct netdev *nd, const uint8_t *key, const uint8_t *table)
{
	if (nd->nqueues < 2)
		return -E_NOT_SUPP;
	if (!rss_table_is_good(table, nd->nqueues))
		return -E_INVAL;
	intel_rss_write(nd->regs, key, table, chip_of(nd)->reta_shift);
	return 0;
}
