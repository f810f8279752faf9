/* SPDX-License-Identifier: MIT */
/*
 * Monitor command `rsscheck [DEVICE [SECONDS]]`: a network device that nobody uses receives for a while with all
 * its queues, each with its own interrupt if it has messages. Every frame's hash and queue are compared with what
 * toeplitz.c says. The key and the table are not the usual ones, to show that they are taken.
 *
 * It holds the big lock all the time: nothing else runs meanwhile. Between frames it halts.
 */
#include <inc/error.h>
#include <inc/stdio.h>
#include <inc/string.h>

#include <kern/clock.h>
#include <kern/cpu.h>
#include <kern/dev/lapic.h>
#include <kern/dev/netdev.h>
#include <kern/dev/toeplitz.h>
#include <kern/monitor.h>
#include <kern/pmap.h>
#include <kern/trap.h>

enum {
	RING = 256,
	NBUFS = RING - 1, /* of each queue */
	BATCH = 32,
	NAP_US = 20000,
	IP_AT = 14,
	IP_MIN = 20,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
};

/* Of one queue. */
struct tally {
	int irq; /* or an error number */
	uint32_t frames, hashed, checked, interrupts;
	uint32_t bad_hash;  /* not ours, or there, or not there, against the rules */
	uint32_t bad_queue;
};

static struct check {
	struct netdev *nd;
	uint8_t *bufs; /* one superpage: all queues' buffers */
	uint8_t key[RSS_KEY_SIZE], table[RSS_TABLE_SIZE];
	struct tally tally[NETDEV_QUEUES];
	bool woken;           /* a message came in the last nap */
	uint32_t naps, silent; /* silent: at their end there were frames, but no message had come */
} check;

static uint8_t *buf_bytes(uint32_t buf) { return check.bufs + buf * check.nd->buf_size; }

static void on_message(void *arg)
{
	struct netq *q = arg;

	check.tally[q->index].interrupts++;
	check.woken = true;
	q->nd->ops->irq_enable(q, false);
}

/* --- What software says --- */

static bool is_hashable(const uint8_t *ip, uint32_t len, uint8_t kinds)
{
	bool fragment = (ip[6] & 0x3F) | ip[7];

	if (len < IP_AT + IP_MIN + 4 || ip[-2] != 0x08 || ip[-1] != 0 || ip[0] >> 4 != 4 || fragment)
		return false;
	return (ip[9] == PROTO_TCP && (kinds & RSS_TCP4)) || (ip[9] == PROTO_UDP && (kinds & RSS_UDP4));
}

/* Addresses and ports stand side by side, but for options between them. */
static uint32_t hash_of(const uint8_t *ip)
{
	uint32_t address[2];
	uint16_t port[2];

	memcpy(address, ip + 12, sizeof(address));
	memcpy(port, ip + (ip[0] & 15) * 4, sizeof(port));
	return toeplitz_ports4(check.key, address[0], address[1], port[0], port[1]);
}

static void look_at(const struct netq *q, const struct rx_frame *frame)
{
	const uint8_t *ip = buf_bytes(frame->buf) + IP_AT;
	struct tally *t = &check.tally[q->index];
	bool hashed = frame->flags & RX_HASH;
	uint32_t hash = 0;

	t->frames++;
	t->hashed += hashed;
	t->checked += !!(frame->flags & RX_CSUM_OK);
	if (is_hashable(ip, frame->len, check.nd->rss_kinds) != hashed)
		t->bad_hash++;
	if (hashed) {
		hash = hash_of(ip);
		t->bad_hash += hash != frame->hash;
	}
	t->bad_queue += q->index != (hashed ? check.table[hash % RSS_TABLE_SIZE] : 0);
}

/* --- Receiving --- */

static void provide(struct netq *q, uint32_t buf)
{
	q->nd->ops->rx_provide(q, buf, PADDR(buf_bytes(buf)));
}

static int poll(struct netq *q)
{
	struct rx_frame frames[BATCH];
	int n = q->nd->ops->rx_poll(q, frames, BATCH);

	for (int i = 0; i < n; i++) {
		if (!(frames[i].flags & RX_ERROR))
			look_at(q, &frames[i]);
		provide(q, frames[i].buf);
	}
	if (n)
		q->nd->ops->rx_flush(q);
	return n;
}

static int poll_all(void)
{
	int n = 0;

	for (int i = 0; i < check.nd->nqueues; i++)
		n += poll(&check.nd->q[i]);
	return n;
}

static void let_interrupt(bool on)
{
	for (int i = 0; i < check.nd->nqueues; i++) {
		if (check.tally[i].irq >= 0)
			check.nd->ops->irq_enable(&check.nd->q[i], on);
	}
}

static void nap(void)
{
	check.woken = false;
	lapic_timer_oneshot(NAP_US);
	cpu_nap();
	check.naps++;
	if (poll_all() && !check.woken)
		check.silent++;
}

static void receive(uint64_t until)
{
	while (clock_us() < until) {
		if (poll_all())
			continue;
		let_interrupt(true);
		if (!poll_all())
			nap();
		let_interrupt(false);
	}
}

/* --- Begin and end --- */

static void route(struct netq *q)
{
	struct tally *t = &check.tally[q->index];

	t->irq = irq_alloc(on_message, q);
	if (t->irq < 0)
		return;
	int r = q->nd->ops->irq_route(q, t->irq, thiscpu->cpu_apicid);
	if (r == 0)
		return;
	irq_register(t->irq, NULL, NULL);
	t->irq = r;
}

/* A key and a table that differ from the ones at the start, and in every byte from their neighbours. */
static void choose_rss(int nqueues)
{
	uint32_t word = 0x9E3779B9;

	for (int i = 0; i < RSS_KEY_SIZE; i++) {
		word = word * 1664525 + 1013904223;
		check.key[i] = word >> 24;
	}
	for (int i = 0; i < RSS_TABLE_SIZE; i++)
		check.table[i] = (i + i / nqueues) % nqueues;
}

static int begin(struct netdev *nd)
{
	int r = nd->ops->start(nd, nd->max_queues, RING, RING);
	if (r < 0)
		return r;
	choose_rss(nd->nqueues);
	r = nd->ops->rss_set(nd, check.key, check.table);
	if (r < 0)
		return r;
	for (int i = 0; i < nd->nqueues; i++) {
		for (uint32_t buf = 0; buf < NBUFS; buf++)
			provide(&nd->q[i], i * NBUFS + buf);
		route(&nd->q[i]);
		nd->ops->rx_flush(&nd->q[i]);
	}
	return 0;
}

static void end(struct netdev *nd)
{
	for (int i = 0; i < nd->nqueues; i++) {
		if (check.tally[i].irq > 0)
			irq_register(check.tally[i].irq, NULL, NULL);
	}
	netdev_release(nd);
}

static void print_tally(const char *name, const struct tally *t)
{
	cprintf("%s: %u frames, %u hashed, %u with good checksums, %u interrupts; wrong hash: %u, wrong queue: %u\n", name,
		t->frames, t->hashed, t->checked, t->interrupts, t->bad_hash, t->bad_queue);
}

static void report(const struct netdev *nd)
{
	struct tally sum = { 0 };
	char name[16];

	for (int i = 0; i < nd->nqueues; i++) {
		const struct tally *t = &check.tally[i];
		snprintf(name, sizeof(name), "queue %d", i);
		print_tally(name, t);
		sum.frames += t->frames;
		sum.hashed += t->hashed;
		sum.checked += t->checked;
		sum.interrupts += t->interrupts;
		sum.bad_hash += t->bad_hash;
		sum.bad_queue += t->bad_queue;
	}
	print_tally("all", &sum);
	cprintf("%u naps; %u ended with frames, but no interrupt\n", check.naps, check.silent);
}

static int run(struct netdev *nd, uint32_t seconds)
{
	struct PageInfo *memory = superpage_alloc();
	if (!memory)
		return -E_NO_MEM;

	memset(&check, 0, sizeof(check));
	check.nd = nd;
	check.bufs = page2kva(memory);
	int r = begin(nd);
	if (r == 0) {
		cprintf("rsscheck: receiving with %d queues\n", nd->nqueues);
		receive(clock_us() + seconds * 1000000ull);
		report(nd);
	}
	end(nd);
	superpage_free(memory);
	return r;
}

MONITOR_CMD(mon_rsscheck, "rsscheck", "[device [seconds]]: are the hash and queue of each frame that comes as ours are?");

static int mon_rsscheck(int argc, char **argv, struct Trapframe *tf)
{
	int n = argc > 1 ? strtol(argv[1], NULL, 0) : 0;
	int seconds = argc > 2 ? strtol(argv[2], NULL, 0) : 5;

	(void)tf;
	struct netdev *nd = seconds > 0 ? netdev_claim(n, NETDEV_DP) : NULL;
	if (!nd) {
		cprintf("rsscheck: no such device, or it is in use\n");
		return 0;
	}
	int r = run(nd, seconds);
	if (r < 0)
		cprintf("rsscheck: %e\n", r);
	return 0;
}
