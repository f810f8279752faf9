/* SPDX-License-Identifier: MIT */
/* See dp_nic.h. */
#include "dp_nic.h"

#include <sanitizer/asan_interface.h>

#include <kern/dp/csum.h>

enum { RING_MAX = 1024, CSUM_AT_IP = 10, CSUM_AT_TCP = 16, CSUM_AT_UDP = 6 };

struct rx_slot {
	uint32_t buf, len;
	physaddr_t pa;
	uint16_t flags;
};

/* One for each descriptor; a frame is described by its last one's. */
struct tx_slot {
	struct nic_frame frame; /* without its bytes, until it leaves */
	struct tx_offload off;
	void *ctx;
	uint32_t ndescriptors;  /* 0: not a frame's last */
};

struct nic nic;
static struct rx_slot rx[RING_MAX];
static struct tx_slot tx[RING_MAX];
static uint32_t rx_filled; /* free-running, as the queue's indices: frames arrived up to here */
static uint32_t tx_left;   /* frames left up to here */
static struct nic_frame sent[NIC_SENT_MAX];
static struct netq *q;

static int start(struct netdev *nd, int nqueues, int rx_size, int tx_size)
{
	assert_int_equal(nqueues, 1);
	if (nic.refuse_start)
		return -E_NO_MEM;
	q = &nd->q[0];
	*q = (struct netq){ .nd = nd, .rx_size = rx_size, .tx_size = tx_size };
	/* Close to the wrap of the indices. */
	q->rx_head = q->rx_tail = q->rx_flushed = rx_filled = 0xFFFFFF00;
	q->tx_head = q->tx_tail = q->tx_flushed = tx_left = 0xFFFFFF00;
	nic.running = true;
	return 0;
}

static void stop(struct netdev *nd)
{
	(void)nd;
	nic.running = false;
}

static int rx_provide(struct netq *queue, uint32_t buf, physaddr_t pa)
{
	assert_ptr_equal(queue, q);
	if (q->rx_tail + 1 - q->rx_head == q->rx_size)
		return -E_AGAIN;
	rx[q->rx_tail++ % q->rx_size] = (struct rx_slot){ .buf = buf, .pa = pa };
	if (!nic.reads_anything)
		ASAN_POISON_MEMORY_REGION(KADDR(pa), NIC_FRAME_MAX);
	return 0;
}

static void rx_flush(struct netq *queue)
{
	queue->rx_flushed = queue->rx_tail;
	queue->rx_doorbells++;
}

static int rx_poll(struct netq *queue, struct rx_frame *frames, int max)
{
	int n = 0;

	for (; n < max && queue->rx_head != rx_filled; n++) {
		const struct rx_slot *s = &rx[queue->rx_head++ % queue->rx_size];
		frames[n] = (struct rx_frame){ .buf = s->buf, .len = s->len, .flags = s->flags };
	}
	return n;
}

void nic_read_anything(void)
{
	nic.reads_anything = true;
	for (uint32_t i = q->rx_head; i != q->rx_tail; i++)
		ASAN_UNPOISON_MEMORY_REGION(KADDR(rx[i % q->rx_size].pa), NIC_FRAME_MAX);
}

bool nic_receive(const void *frame, uint32_t len, uint16_t flags)
{
	if (!nic.running || rx_filled == q->rx_flushed) {
		nic.no_buffer++;
		return false;
	}
	struct rx_slot *s = &rx[rx_filled++ % q->rx_size];
	void *bytes = KADDR(s->pa);
	uint32_t n = MIN(len, (uint32_t)NIC_FRAME_MAX);
	ASAN_UNPOISON_MEMORY_REGION(bytes, n);
	memcpy(bytes, frame, n);
	s->len = len;
	s->flags = flags;
	nic.last_rx_buf = s->buf;
	nic.last_rx_pa = s->pa;
	return true;
}

static int rx_waiting(struct netq *queue) { return rx_filled - queue->rx_head; }

static int tx_put(struct netq *queue, const struct tx_frag *frags, int n, const struct tx_offload *off, void *ctx)
{
	bool context = off && off->flags;
	uint32_t need = n + context, len = 0;

	for (int i = 0; i < n; i++)
		len += frags[i].len;
	if (n < 1 || n > TX_FRAGS_MAX || len > 1518)
		return -E_INVAL;
	if (need > queue->tx_size - 1u - (queue->tx_tail - queue->tx_head))
		return -E_AGAIN;
	for (uint32_t i = 0; i < need; i++)
		tx[queue->tx_tail++ % queue->tx_size].ndescriptors = 0;
	struct tx_slot *s = &tx[(queue->tx_tail - 1) % queue->tx_size];
	s->ndescriptors = need;
	s->ctx = ctx;
	s->off = off ? *off : (struct tx_offload){ 0 };
	s->frame.len = len;
	s->frame.npieces = n;
	memcpy(s->frame.piece, frags, n * sizeof(*frags));
	queue->tx_descriptors += need;
	return 0;
}

static void put_ip_checksum(struct nic_frame *f, const struct tx_offload *off)
{
	uint16_t sum = ~csum_fold(csum_add(0, f->bytes + off->l2_len, off->l3_len));

	assert_true(off->l2_len + off->l3_len <= f->len);
	memcpy(f->bytes + off->l2_len + CSUM_AT_IP, &sum, 2);
}

/* The field holds the pseudo-header's sum already. */
static void put_checksum(struct nic_frame *f, const struct tx_offload *off)
{
	uint32_t start = off->l2_len + off->l3_len;
	uint32_t at = start + (off->flags & TX_CSUM_UDP ? CSUM_AT_UDP : CSUM_AT_TCP);
	uint16_t sum = ~csum_fold(csum_add(0, f->bytes + start, f->len - start));

	assert_true(at + 2 <= f->len);
	memcpy(f->bytes + at, &sum, 2);
}

__attribute__((no_sanitize("address"))) static void read_unchecked(uint8_t *to, const uint8_t *from, uint32_t n)
{
	while (n-- > 0)
		*to++ = *(const volatile uint8_t *)from++;
}

static void leave(const struct tx_slot *s)
{
	struct nic_frame *f = &sent[nic.sent_in++ % NIC_SENT_MAX];

	f->len = 0;
	f->npieces = s->frame.npieces;
	memcpy(f->piece, s->frame.piece, sizeof(f->piece));
	for (int i = 0; i < f->npieces; i++) {
		const void *from = KADDR(f->piece[i].pa);
		if (nic.reads_anything)
			read_unchecked(f->bytes + f->len, from, f->piece[i].len);
		else
			memcpy(f->bytes + f->len, from, f->piece[i].len);
		f->len += f->piece[i].len;
	}
	if (s->off.flags & TX_CSUM_IP)
		put_ip_checksum(f, &s->off);
	if (s->off.flags & (TX_CSUM_TCP | TX_CSUM_UDP))
		put_checksum(f, &s->off);
	if (nic.sent_in - nic.sent_out > NIC_SENT_MAX)
		nic.sent_out++; /* nobody looks at it */
}

void nic_transmit(void)
{
	for (; tx_left != q->tx_flushed; tx_left++) {
		const struct tx_slot *s = &tx[tx_left % q->tx_size];
		if (s->ndescriptors)
			leave(s);
	}
}

const struct nic_frame *nic_sent(void)
{
	return nic.sent_out == nic.sent_in ? NULL : &sent[nic.sent_out++ % NIC_SENT_MAX];
}

static void tx_flush(struct netq *queue)
{
	queue->tx_flushed = queue->tx_tail;
	queue->tx_doorbells++;
	if (!nic.hold)
		nic_transmit();
}

static int reap(struct netq *queue, void **ctxs, int max)
{
	int n = 0;

	while (n < max && queue->tx_head != tx_left) {
		const struct tx_slot *s = &tx[queue->tx_head++ % queue->tx_size];
		if (s->ndescriptors)
			ctxs[n++] = s->ctx;
	}
	return n;
}

static void irq_enable(struct netq *queue, bool on)
{
	(void)queue;
	nic.may_interrupt = on;
}

static bool interrupts(void) { return nic.may_interrupt && q->rx_head != rx_filled; }

static bool irq_ack(struct netdev *nd)
{
	(void)nd;
	return false;
}

static const struct netdev_ops ops = {
	.start = start, .stop = stop,
	.rx_poll = rx_poll, .rx_provide = rx_provide, .rx_flush = rx_flush, .rx_waiting = rx_waiting,
	.tx_put = tx_put, .tx_flush = tx_flush, .tx_reap = reap,
	.irq_enable = irq_enable, .irq_ack = irq_ack,
};

void nic_init(void)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

	nic = (struct nic){ 0 };
	nnetdevs = 0;
	struct netdev *nd = netdev_register("fake", &ops);
	memcpy(nd->mac, mac, sizeof(mac));
	nd->max_queues = 1;
	nd->irq = MACHINE_NIC_IRQ;
	machine_nic_interrupts = interrupts;
	nd->buf_size = NIC_FRAME_MAX;
}
