/* SPDX-License-Identifier: MIT */
/*
 * Rings, transmit and doorbells of Intel's gigabit controllers. The contract is netdev.h; intel.h says who
 * calls this.
 *
 * A ring fits one page, which makes it contiguous, and limits it to 256 descriptors; the driver's tables
 * share another page. One descriptor always stays empty, since to the device head == tail means an empty
 * ring. Descriptors in [head, flushed) are the device's until it sets their DD bit (when sending, only a
 * frame's last one gets it); those in [flushed, tail) it does not know of yet. What the device wrote over is
 * never read as what the driver wrote there.
 */
#include <inc/error.h>
#include <inc/trap.h>
#include <inc/x86.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>
#include <kern/pmap.h>

enum { TX_BYTES_MAX = 1518 }; /* a frame with a VLAN tag, without its CRC */

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
	chip_of(nd)->quiet(nd);
	msix_mask(&nd->msix);
	queues_free(nd);
}

/* --- Receive --- */

void intel_rx_flush(struct netq *q)
{
	if (q->rx_flushed == q->rx_tail)
		return;
	compiler_barrier(); /* descriptors are written before RDT, which gives them to the device */
	mmio_write(q->nd->regs, q->rx_door, q->rx_tail & (q->rx_size - 1));
	q->rx_flushed = q->rx_tail;
	q->rx_doorbells++;
}

/* --- Transmit --- */

/* What tells one checksum context from another, in one word; 0 for a frame that needs none. */
static uint32_t context_key(const struct tx_offload *off)
{
	if (!off || !off->flags)
		return 0;
	return 1 << 24 | (off->flags & (TX_CSUM_TCP | TX_CSUM_UDP)) << 16 | off->l3_len << 8 | off->l2_len;
}

static volatile struct intel_tx_desc *tx_next(struct netq *q)
{
	volatile struct intel_tx_desc *ring = q->tx_ring;
	uint32_t i = q->tx_tail++ & (q->tx_size - 1);

	q->tx_ctx[i] = NULL;
	q->tx_descriptors++;
	return &ring[i];
}

static void put_data(struct netq *q, const struct tx_frag *frag, uint32_t command, uint32_t status)
{
	volatile struct intel_tx_desc *d = tx_next(q);

	d->where[0] = frag->pa;
	d->where[1] = 0;
	d->command = command | frag->len;
	d->status = status;
}

static uint32_t checksum_options(const struct tx_offload *off)
{
	if (!off)
		return 0;
	return (off->flags & TX_CSUM_IP ? INTEL_TXD_IXSM : 0) |
	       (off->flags & (TX_CSUM_TCP | TX_CSUM_UDP) ? INTEL_TXD_TXSM : 0);
}

/* A frame's length; 0 if it could never be sent, at any time: too long, or too many pieces for the ring. */
static uint32_t frame_length(const struct netq *q, const struct tx_frag *frags, int n)
{
	uint32_t bytes = 0;

	if (n < 1 || n > TX_FRAGS_MAX || n + 1 > q->tx_size - 1)
		return 0;
	for (int i = 0; i < n; i++) {
		if (frags[i].len == 0 || frags[i].len > TX_BYTES_MAX)
			return 0;
		bytes += frags[i].len;
	}
	return bytes <= TX_BYTES_MAX ? bytes : 0;
}

static void put_frame(struct netq *q, const struct tx_frag *frags, int n, uint32_t status)
{
	const struct intel_chip *chip = chip_of(q->nd);

	for (int i = 0; i < n - 1; i++)
		put_data(q, &frags[i], chip->data, status);
	put_data(q, &frags[n - 1], chip->data | chip->last, status);
}

int intel_tx_put(struct netq *q, const struct tx_frag *frags, int n, const struct tx_offload *off, void *ctx)
{
	const struct intel_chip *chip = chip_of(q->nd);
	uint32_t mask = q->tx_size - 1, first = q->tx_tail;
	uint32_t length = frame_length(q, frags, n);
	uint32_t key = context_key(off);
	bool new_context = key && key != q->tx_offload;

	if (!length)
		return -E_INVAL;
	if (mask - (q->tx_tail - q->tx_head) < (uint32_t)n + new_context)
		return -E_AGAIN;
	if (new_context) {
		chip->context(tx_next(q), off);
		q->tx_offload = key;
	}
	put_frame(q, frags, n, checksum_options(off) | (chip->length_shift ? length << chip->length_shift : 0));
	q->tx_last[first & mask] = q->tx_tail - 1;
	q->tx_ctx[(q->tx_tail - 1) & mask] = ctx;
	return 0;
}

void intel_tx_flush(struct netq *q)
{
	if (q->tx_flushed == q->tx_tail)
		return;
	compiler_barrier(); /* frames and descriptors are written before TDT, which gives them away */
	mmio_write(q->nd->regs, q->tx_door, q->tx_tail & (q->tx_size - 1));
	q->tx_flushed = q->tx_tail;
	q->tx_doorbells++;
}

int intel_tx_reap(struct netq *q, void **ctxs, int max)
{
	const volatile struct intel_tx_desc *ring = q->tx_ring;
	uint32_t mask = q->tx_size - 1;
	int n;

	for (n = 0; n < max && q->tx_head != q->tx_tail; n++) {
		uint32_t last = q->tx_last[q->tx_head & mask];
		if (!(ring[last & mask].status & INTEL_TXD_DD))
			break;
		compiler_barrier(); /* DD is read before the user writes to the frame's bytes again */
		ctxs[n] = q->tx_ctx[last & mask];
		q->tx_head = last + 1;
	}
	return n;
}

/* --- Interrupts --- */

/* Queue n sends the device's message n. */
int intel_irq_route(struct netq *q, int irq, uint8_t apicid)
{
	return msix_route(&q->nd->msix, q->index, IRQ_OFFSET + irq, apicid);
}
