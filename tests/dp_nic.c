/* SPDX-License-Identifier: MIT */
/* See dp_nic.h. */
#include "dp_nic.h"

#include <sanitizer/asan_interface.h>

#include <kern/dev/toeplitz.h>
#include <kern/dp/csum.h>

enum { ETH_LEN = 14, AT_PROTO = 9, AT_FRAGMENT = 6, AT_SRC = 12, AT_DST = 16, PROTO_TCP = 6 };
enum { RING_MAX = 1024, CSUM_AT_IP = 10, CSUM_AT_TCP = 16, CSUM_AT_UDP = 6 };

struct rx_slot {
	uint32_t buf, len;
	physaddr_t pa;
	uint16_t flags;
	uint32_t hash;
};

/* One for each descriptor; a frame is described by its last one's. */
struct tx_slot {
	struct nic_frame frame; /* without its bytes, until it leaves */
	struct tx_offload off;
	void *ctx;
	uint32_t ndescriptors;  /* 0: not a frame's last */
};

struct nic nic;
static struct queue {
	struct netq *q;
	struct rx_slot rx[RING_MAX];
	struct tx_slot tx[RING_MAX];
	uint32_t rx_filled; /* free-running, as the queue's indices: frames arrived up to here */
	uint32_t tx_left;   /* frames left up to here */
} queues[NETDEV_QUEUES];
static int nqueues;
static struct nic_frame sent[NIC_SENT_MAX];

static struct queue *queue_of(const struct netq *q)
{
	assert_true(q->index < nqueues && queues[q->index].q == q);
	return &queues[q->index];
}

static void start_queue(struct netdev *nd, int i, int rx_size, int tx_size)
{
	struct netq *q = queues[i].q = &nd->q[i];

	*q = (struct netq){ .nd = nd, .index = i, .rx_size = rx_size, .tx_size = tx_size };
	/* Close to the wrap of the indices. */
	q->rx_head = q->rx_tail = q->rx_flushed = queues[i].rx_filled = 0xFFFFFF00;
	q->tx_head = q->tx_tail = q->tx_flushed = queues[i].tx_left = 0xFFFFFF00;
}

static int start(struct netdev *nd, int n, int rx_size, int tx_size)
{
	assert_int_equal(n, nd->max_queues);
	if (nic.refuse_start)
		return -E_NO_MEM;
	nqueues = n;
	for (int i = 0; i < n; i++)
		start_queue(nd, i, rx_size, tx_size);
	memset(nic.table, 0, sizeof(nic.table));
	nic.running = true;
	return 0;
}

static void stop(struct netdev *nd)
{
	(void)nd;
	nic.running = false;
}

static int rss_set(struct netdev *nd, const uint8_t *key, const uint8_t *table)
{
	assert_null(key);
	if (nd->max_queues == 1)
		return -E_NOT_SUPP;
	for (int i = 0; i < RSS_TABLE_SIZE; i++)
		assert_true(table[i] < nqueues);
	memcpy(nic.table, table, sizeof(nic.table));
	return 0;
}

static int rx_provide(struct netq *q, uint32_t buf, physaddr_t pa)
{
	if (q->rx_tail + 1 - q->rx_head == q->rx_size)
		return -E_AGAIN;
	queue_of(q)->rx[q->rx_tail++ % q->rx_size] = (struct rx_slot){ .buf = buf, .pa = pa };
	if (!nic.reads_anything)
		ASAN_POISON_MEMORY_REGION(KADDR(pa), NIC_FRAME_MAX);
	return 0;
}

/* Who takes a buffer may write to all of it, until the NIC has it (the linker sends calls here). */
struct buf *__real_buf_take(struct bufpool *pool);
struct buf *__wrap_buf_take(struct bufpool *pool);

struct buf *__wrap_buf_take(struct bufpool *pool)
{
	struct buf *b = __real_buf_take(pool);

	if (b)
		ASAN_UNPOISON_MEMORY_REGION(b->bytes, IX_BUFSIZE);
	return b;
}

static void rx_flush(struct netq *ring)
{
	ring->rx_flushed = ring->rx_tail;
	ring->rx_doorbells++;
}

static int rx_poll(struct netq *q, struct rx_frame *frames, int max)
{
	const struct queue *mine = queue_of(q);
	int n = 0;

	for (; n < max && q->rx_head != mine->rx_filled; n++) {
		const struct rx_slot *s = &mine->rx[q->rx_head++ % q->rx_size];
		frames[n] = (struct rx_frame){ .buf = s->buf, .len = s->len, .flags = s->flags, .hash = s->hash };
	}
	return n;
}

void nic_read_anything(void)
{
	nic.reads_anything = true;
	for (int n = 0; n < nqueues; n++) {
		const struct netq *q = queues[n].q;
		for (uint32_t i = q->rx_head; i != q->rx_tail; i++)
			ASAN_UNPOISON_MEMORY_REGION(KADDR(queues[n].rx[i % q->rx_size].pa), NIC_FRAME_MAX);
	}
}

/* False: the device makes no hash of it. */
static bool hash_of(const uint8_t *frame, uint32_t len, uint32_t *hash)
{
	const uint8_t *ip = frame + ETH_LEN, *tcp = ip + (ip[0] & 15) * 4;
	uint32_t src, dst;
	uint16_t from, to;

	if (nqueues == 1 || len < ETH_LEN + 40 || frame[12] != 8 || frame[13] != 0 || ip[AT_PROTO] != PROTO_TCP ||
	    (ip[AT_FRAGMENT] & 0x3f) || ip[AT_FRAGMENT + 1])
		return false;
	memcpy(&src, ip + AT_SRC, 4);
	memcpy(&dst, ip + AT_DST, 4);
	memcpy(&from, tcp, 2);
	memcpy(&to, tcp + 2, 2);
	*hash = toeplitz_ports4(toeplitz_key, src, dst, from, to);
	return true;
}

int nic_queue_of(const void *frame, uint32_t len)
{
	uint32_t hash;

	return hash_of(frame, len, &hash) ? nic.table[hash % RSS_TABLE_SIZE] : 0;
}

bool nic_receive(const void *frame, uint32_t len, uint16_t flags)
{
	struct queue *to = &queues[nic_queue_of(frame, len)];

	if (!nic.running || to->rx_filled == to->q->rx_flushed) {
		nic.no_buffer++;
		return false;
	}
	struct rx_slot *s = &to->rx[to->rx_filled++ % to->q->rx_size];
	void *bytes = KADDR(s->pa);
	uint32_t n = MIN(len, (uint32_t)NIC_FRAME_MAX);
	ASAN_UNPOISON_MEMORY_REGION(bytes, n);
	memcpy(bytes, frame, n);
	s->len = len;
	s->flags = flags | (hash_of(frame, len, &s->hash) ? RX_HASH : 0);
	nic.cause |= to == &queues[0];
	nic.last_rx_buf = s->buf;
	nic.last_rx_pa = s->pa;
	return true;
}

uint32_t nic_waiting(int queue) { return queues[queue].rx_filled - queues[queue].q->rx_head; }

static int rx_waiting(struct netq *q) { return queue_of(q)->rx_filled - q->rx_head; }

static int tx_put(struct netq *q, const struct tx_frag *frags, int n, const struct tx_offload *off, void *ctx)
{
	struct tx_slot *tx = queue_of(q)->tx;
	bool context = off && off->flags;
	uint32_t need = n + context, len = 0;

	for (int i = 0; i < n; i++)
		len += frags[i].len;
	if (n < 1 || n > TX_FRAGS_MAX || len > 1518)
		return -E_INVAL;
	if (need > q->tx_size - 1u - (q->tx_tail - q->tx_head))
		return -E_AGAIN;
	for (uint32_t i = 0; i < need; i++)
		tx[q->tx_tail++ % q->tx_size].ndescriptors = 0;
	struct tx_slot *s = &tx[(q->tx_tail - 1) % q->tx_size];
	s->ndescriptors = need;
	s->ctx = ctx;
	s->off = off ? *off : (struct tx_offload){ 0 };
	s->frame.len = len;
	s->frame.npieces = n;
	memcpy(s->frame.piece, frags, n * sizeof(*frags));
	q->tx_descriptors += need;
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

static void leave(const struct tx_slot *s, int queue)
{
	struct nic_frame *f = &sent[nic.sent_in++ % NIC_SENT_MAX];

	f->len = 0;
	f->queue = queue;
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

void nic_transmit_some(int queue, uint32_t nframes)
{
	struct queue *from = &queues[queue];

	for (; nframes && from->tx_left != from->q->tx_flushed; from->tx_left++) {
		const struct tx_slot *s = &from->tx[from->tx_left % from->q->tx_size];
		if (!s->ndescriptors)
			continue;
		leave(s, queue);
		nframes--;
	}
}

void nic_transmit(void)
{
	for (int i = 0; i < nqueues; i++)
		nic_transmit_some(i, UINT32_MAX);
}

const struct nic_frame *nic_sent(void)
{
	return nic.sent_out == nic.sent_in ? NULL : &sent[nic.sent_out++ % NIC_SENT_MAX];
}

static void tx_flush(struct netq *ring)
{
	ring->tx_flushed = ring->tx_tail;
	ring->tx_doorbells++;
	if (!nic.hold)
		nic_transmit_some(ring->index, UINT32_MAX);
}

static int reap(struct netq *q, void **ctxs, int max)
{
	const struct queue *mine = queue_of(q);
	int n = 0;

	if (nic.hold_until_us && machine_us >= nic.hold_until_us) {
		nic.hold = false;
		nic_transmit();
	}
	while (n < max && q->tx_head != mine->tx_left) {
		const struct tx_slot *s = &mine->tx[q->tx_head++ % q->tx_size];
		if (s->ndescriptors)
			ctxs[n++] = s->ctx;
	}
	return n;
}

static void irq_enable(struct netq *queue, bool on)
{
	(void)queue;
	if (on && nic.before_interrupts)
		happens_now(&nic.before_interrupts);
	if (on)
		nic.cause = false;
	nic.may_interrupt = on;
}

static bool interrupts(void) { return nic.may_interrupt && nic.cause; }

static bool irq_ack(struct netdev *nd)
{
	(void)nd;
	return false;
}

static const struct netdev_ops ops = {
	.start = start, .stop = stop,
	.rx_poll = rx_poll, .rx_provide = rx_provide, .rx_flush = rx_flush, .rx_waiting = rx_waiting,
	.tx_put = tx_put, .tx_flush = tx_flush, .tx_reap = reap,
	.irq_enable = irq_enable, .irq_ack = irq_ack, .rss_set = rss_set,
};

void nic_init(int max_queues)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

	nic = (struct nic){ 0 };
	nnetdevs = 0;
	struct netdev *nd = netdev_register("fake", &ops);
	memcpy(nd->mac, mac, sizeof(mac));
	nd->max_queues = max_queues;
	nd->irq = MACHINE_NIC_IRQ;
	machine_nic_interrupts = interrupts;
	nd->buf_size = NIC_FRAME_MAX;
}
