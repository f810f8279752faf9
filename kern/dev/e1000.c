/* SPDX-License-Identifier: MIT */
/*
 * Driver of Intel's 8254x Gigabit Ethernet controllers: one queue pair, and transmit checksums. The contract
 * is netdev.h; e1000_hw.c writes the registers that set a device up. Numbers in brackets are sections of the
 * manual that e1000.h names.
 *
 * A ring fits one page, which makes it contiguous, and limits it to 256 descriptors; the driver's two tables
 * share another page. One descriptor always stays empty, since to the device head == tail means an empty
 * ring. Descriptors in [head, flushed) are the device's until it sets their DD bit (when sending, only a
 * frame's last one gets it); those in [flushed, tail) it does not know of yet.
 */
#include <inc/error.h>
#include <inc/stdio.h>
#include <inc/string.h>
#include <inc/x86.h>
#include <kern/dev/e1000.h>
#include <kern/dev/mmio.h>
#include <kern/dev/netdev.h>
#include <kern/dev/pci.h>
#include <kern/pmap.h>

enum {
	BUF_SIZE = 2048,
	TX_BYTES_MAX = 1518, /* a frame with a VLAN tag, without its CRC */
};

/* Fill one page; tx_ctx is first, so that its address is the page's. */
struct tables {
	void *tx_ctx[E1000_RING_MAX];
	uint32_t rx_buf[E1000_RING_MAX];
};
_Static_assert(sizeof(struct tables) <= PGSIZE, "one page");

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

static int queue_alloc(struct netdev *nd, int rx_size, int tx_size)
{
	struct netq *q = &nd->q[0];
	struct tables *tables = ring_page();

	*q = (struct netq){ .nd = nd, .rx_size = rx_size, .tx_size = tx_size };
	q->rx_ring = ring_page();
	q->tx_ring = ring_page();
	q->tx_ctx = tables ? tables->tx_ctx : NULL;
	q->rx_buf = tables ? tables->rx_buf : NULL;
	if (q->rx_ring && q->tx_ring && tables)
		return 0;
	queue_free(q);
	return -E_NO_MEM;
}

static bool size_is_good(int n)
{
	return n >= E1000_RING_MIN && n <= E1000_RING_MAX && (n & (n - 1)) == 0;
}

static int e1000_start(struct netdev *nd, int nqueues, int rx_size, int tx_size)
{
	if (nd->nqueues || nqueues != 1 || !size_is_good(rx_size) || !size_is_good(tx_size))
		return -E_INVAL;
	int r = queue_alloc(nd, rx_size, tx_size);
	if (r < 0)
		return r;
	nd->nqueues = 1;
	e1000_run(nd);
	return 0;
}

static void e1000_stop(struct netdev *nd)
{
	if (!nd->nqueues)
		return;
	e1000_quiet(nd->regs);
	queue_free(&nd->q[0]);
	nd->nqueues = 0;
}

/*
 * A frame longer than a buffer fills several; only the last has EOP. None of them is of use, but each
 * goes back to the user, marked. rx_spans remembers from one descriptor to the next that a frame goes on.
 */
static void take(struct netq *q, const volatile struct e1000_rx_desc *d, uint32_t buf, struct rx_frame *frame)
{
	bool ends = d->status & E1000_RXD_EOP;
	bool bad = !ends || q->rx_spans || (d->errors & E1000_RXD_BAD);

	q->rx_spans = !ends;
	*frame = (struct rx_frame){ .buf = buf, .len = d->length, .flags = bad ? RX_ERROR : 0 };
}

static int e1000_rx_poll(struct netq *q, struct rx_frame *frames, int max)
{
	volatile struct e1000_rx_desc *ring = q->rx_ring;
	int n;

	for (n = 0; n < max && q->rx_head != q->rx_tail; n++, q->rx_head++) {
		uint32_t i = q->rx_head & (q->rx_size - 1);
		if (!(ring[i].status & E1000_RXD_DD))
			break;
		compiler_barrier(); /* DD is read before the length and the frame that it vouches for */
		take(q, &ring[i], q->rx_buf[i], &frames[n]);
	}
	return n;
}

static int e1000_rx_provide(struct netq *q, uint32_t buf, physaddr_t pa)
{
	volatile struct e1000_rx_desc *ring = q->rx_ring;
	uint32_t i = q->rx_tail & (q->rx_size - 1);

	if (q->rx_tail - q->rx_head == q->rx_size - 1u)
		return -E_AGAIN;
	ring[i].addr = pa;
	ring[i].status = 0;
	q->rx_buf[i] = buf;
	q->rx_tail++;
	return 0;
}

static void e1000_rx_flush(struct netq *q)
{
	if (q->rx_flushed == q->rx_tail)
		return;
	compiler_barrier(); /* descriptors are written before RDT, which gives them to the device */
	mmio_write(q->nd->regs, E1000_RDT, q->rx_tail & (q->rx_size - 1));
	q->rx_flushed = q->rx_tail;
	q->rx_doorbells++;
}

/* What tells one checksum context from another, in one word; 0 for a frame that needs none. */
static uint32_t context_key(const struct tx_offload *off)
{
	if (!off || !off->flags)
		return 0;
	return 1 << 24 | (off->flags & (TX_CSUM_TCP | TX_CSUM_UDP)) << 16 | off->l3_len << 8 | off->l2_len;
}

static volatile struct e1000_tx_desc *tx_next(struct netq *q)
{
	volatile struct e1000_tx_desc *ring = q->tx_ring;
	uint32_t i = q->tx_tail++ & (q->tx_size - 1);

	q->tx_ctx[i] = NULL;
	q->tx_descriptors++;
	return &ring[i];
}

/* [3.3.6] Where checksums start, where they go, and where they end: for TCP and UDP, 0, the frame's end. */
static void put_context(struct netq *q, const struct tx_offload *off)
{
	volatile struct e1000_tx_desc *d = tx_next(q);
	uint32_t ip = off->l2_len, payload = ip + off->l3_len;
	uint32_t ip_field = ip + 10, payload_field = payload + (off->flags & TX_CSUM_UDP ? 6 : 16);

	d->where[0] = (payload - 1) << 16 | ip_field << 8 | ip;
	d->where[1] = payload_field << 8 | payload;
	d->command = E1000_TXD_DEXT | E1000_TXD_CONTEXT;
	d->status = 0;
}

/* [3.3.7] */
static void put_data(struct netq *q, const struct tx_frag *frag, uint32_t command, uint32_t options)
{
	volatile struct e1000_tx_desc *d = tx_next(q);

	d->where[0] = frag->pa;
	d->where[1] = 0;
	d->command = E1000_TXD_DEXT | E1000_TXD_DATA | command | frag->len;
	d->status = options;
}

static uint32_t checksum_options(const struct tx_offload *off)
{
	if (!off)
		return 0;
	return (off->flags & TX_CSUM_IP ? E1000_TXD_IXSM : 0) |
	       (off->flags & (TX_CSUM_TCP | TX_CSUM_UDP) ? E1000_TXD_TXSM : 0);
}

/* A frame that could never be sent, at any time: too long, or too many pieces for the ring. */
static bool frame_is_bad(const struct netq *q, const struct tx_frag *frags, int n)
{
	uint32_t bytes = 0;

	if (n < 1 || n > TX_FRAGS_MAX || n + 1 > q->tx_size - 1)
		return true;
	for (int i = 0; i < n; i++) {
		if (frags[i].len == 0 || frags[i].len > TX_BYTES_MAX)
			return true;
		bytes += frags[i].len;
	}
	return bytes > TX_BYTES_MAX;
}

static int e1000_tx_put(struct netq *q, const struct tx_frag *frags, int n, const struct tx_offload *off,
			void *ctx)
{
	uint32_t key = context_key(off);
	bool new_context = key && key != q->tx_offload;
	uint32_t room = q->tx_size - 1 - (q->tx_tail - q->tx_head);

	if (frame_is_bad(q, frags, n))
		return -E_INVAL;
	if (room < (uint32_t)n + new_context)
		return -E_AGAIN;
	if (new_context) {
		put_context(q, off);
		q->tx_offload = key;
	}
	uint32_t options = checksum_options(off);
	for (int i = 0; i < n - 1; i++)
		put_data(q, &frags[i], 0, options);
	put_data(q, &frags[n - 1], E1000_TXD_EOP | E1000_TXD_IFCS | E1000_TXD_RS, options);
	q->tx_ctx[(q->tx_tail - 1) & (q->tx_size - 1)] = ctx;
	return 0;
}

static void e1000_tx_flush(struct netq *q)
{
	if (q->tx_flushed == q->tx_tail)
		return;
	compiler_barrier(); /* frames and descriptors are written before TDT, which gives them away */
	mmio_write(q->nd->regs, E1000_TDT, q->tx_tail & (q->tx_size - 1));
	q->tx_flushed = q->tx_tail;
	q->tx_doorbells++;
}

/* The oldest frame's last descriptor. There is one: frames are put as a whole. */
static uint32_t oldest_frame_end(const struct netq *q)
{
	const volatile struct e1000_tx_desc *ring = q->tx_ring;
	uint32_t i = q->tx_head;

	while (!(ring[i & (q->tx_size - 1)].command & E1000_TXD_EOP))
		i++;
	return i;
}

static int e1000_tx_reap(struct netq *q, void **ctxs, int max)
{
	const volatile struct e1000_tx_desc *ring = q->tx_ring;
	int n;

	for (n = 0; n < max && q->tx_head != q->tx_tail; n++) {
		uint32_t end = oldest_frame_end(q);
		uint32_t i = end & (q->tx_size - 1);
		if (!(ring[i].status & E1000_TXD_DD))
			break;
		compiler_barrier(); /* DD is read before the user writes to the frame's bytes again */
		ctxs[n] = q->tx_ctx[i];
		q->tx_head = end + 1;
	}
	return n;
}

/* Causes of frames already taken are cleared first; the user looks at the ring once more after this. */
static void e1000_irq_enable(struct netq *q, bool on)
{
	if (on)
		mmio_read(q->nd->regs, E1000_ICR);
	mmio_write(q->nd->regs, on ? E1000_IMS : E1000_IMC, E1000_INT_RX);
}

/* [13.4.17] Reading clears. */
static bool e1000_irq_ack(struct netdev *nd)
{
	return mmio_read(nd->regs, E1000_ICR) & E1000_INT_RX;
}

static const struct netdev_ops e1000_ops = {
	.start = e1000_start,
	.stop = e1000_stop,
	.rx_poll = e1000_rx_poll,
	.rx_provide = e1000_rx_provide,
	.rx_flush = e1000_rx_flush,
	.tx_put = e1000_tx_put,
	.tx_flush = e1000_tx_flush,
	.tx_reap = e1000_tx_reap,
	.irq_enable = e1000_irq_enable,
	.irq_ack = e1000_irq_ack,
};

static void print_device(const struct netdev *nd)
{
	const uint8_t *m = nd->mac;

	cprintf("net%d: %s, %02x:%02x:%02x:%02x:%02x:%02x, irq %d\n", (int)(nd - netdevs), nd->name, m[0],
		m[1], m[2], m[3], m[4], m[5], nd->irq);
}

int e1000_attach(struct pci_func *f)
{
	uint8_t mac[6];

	pci_func_enable(f);
	if (f->reg_io[0] || !f->reg_base[0] || f->reg_size[0] < E1000_REGS_SIZE)
		return -E_NOT_SUPP;
	volatile uint32_t *regs = mmio_map_region(f->reg_base[0], E1000_REGS_SIZE);
	if (!e1000_reset(regs) || !e1000_read_mac(regs, mac))
		return -E_TIMED_OUT;
	struct netdev *nd = netdev_register("e1000", &e1000_ops);
	if (!nd)
		return -E_NO_MEM;
	nd->max_queues = 1;
	nd->buf_size = BUF_SIZE;
	nd->irq = f->irq;
	nd->regs = regs;
	memcpy(nd->mac, mac, sizeof(mac));
	print_device(nd);
	return 0;
}
