/* SPDX-License-Identifier: MIT */
/* The trace ring: the last descriptors and frames that passed, for the monitor; printed at once if that is wanted. */
#include <inc/stdio.h>
#include <inc/string.h>

#include <kern/bootarg.h>
#include <kern/clock.h>
#include <kern/dev/intel.h>
#include <kern/dev/netdev.h>
#include <kern/lab6_trace.h>
#include <kern/monitor.h>

enum { NTRACES = 64 };
enum { TRACE_TX = 1, TRACE_RX = 2, TRACE_RXFILTER = 4 };

struct trace {
	uint8_t kind;      /* TRACE_TX: a descriptor; TRACE_RX: a frame */
	uint32_t ms;
	uint32_t index;    /* in its ring */
	uint32_t word[3];  /* descriptor: address, command, status; frame: length, first bytes */
};

static struct trace ring[NTRACES];
static uint32_t ring_tail; /* free-running */
static uint8_t printed;    /* TRACE_x */

static bool same_word(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((a[i] | 0x20) != b[i])
			return false;
	return b[n] == '\0';
}

static void want(const char *word, size_t n)
{
	static const struct { const char *name; uint8_t kinds; } known[] = {
		{ "tx", TRACE_TX }, { "rx", TRACE_RX }, { "rxfilter", TRACE_RXFILTER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (same_word(word, known[i].name, n))
			printed |= known[i].kinds;
}

void lab6_trace_init(void)
{
	const char *words = bootarg("e1000_debug");

	while (words) {
		const char *comma = strchr(words, ',');
		want(words, comma ? (uint32_t)(comma - words) : (uint32_t)strlen(words));
		words = comma ? comma + 1 : NULL;
	}
}

static struct trace *note(uint8_t kind, uint32_t index)
{
	struct trace *t = &ring[ring_tail++ % NTRACES];

	t->kind = kind;
	t->ms = clock_ms();
	t->index = index;
	return t;
}

static void print_tx(const struct trace *t)
{
	cprintf("e1000: index %u: 0x%x : %x %x\n", t->index, t->word[0], t->word[1], t->word[2]);
}

static void print_rx(const struct trace *t)
{
	cprintf("e1000: rx index %u: %u bytes : %08x %08x\n", t->index, t->word[0], t->word[1], t->word[2]);
}

void lab6_trace_tx(const struct netq *q, int ndescs)
{
	const struct intel_tx_desc *descs = q->tx_ring;

	for (uint32_t at = q->tx_tail - ndescs; at != q->tx_tail; at++) {
		uint32_t i = at & (q->tx_size - 1);
		struct trace *t = note(TRACE_TX, i);
		t->word[0] = descs[i].where[0];
		t->word[1] = descs[i].command;
		t->word[2] = descs[i].status;
		if (printed & TRACE_TX)
			print_tx(t);
	}
}

/* QEMU's line tells which of the receive address registers let a frame pass. */
static void print_filter(const uint8_t *to)
{
	if (to[0] & 1)
		cprintf("e1000: broadcast match\n");
	else
		cprintf("e1000: unicast match[0]: %02x:%02x:%02x:%02x:%02x:%02x\n", to[0], to[1], to[2], to[3], to[4], to[5]);
}

void lab6_trace_rx(const struct netq *q, const uint8_t *frame, uint32_t len)
{
	struct trace *t = note(TRACE_RX, (q->rx_head - 1) & (q->rx_size - 1));

	t->word[0] = len;
	for (int i = 0; i < 2; i++)
		t->word[1 + i] = (uint32_t)frame[4 * i] << 24 | frame[4 * i + 1] << 16 | frame[4 * i + 2] << 8 | frame[4 * i + 3];
	if (printed & TRACE_RXFILTER)
		print_filter(frame);
	if (printed & TRACE_RX)
		print_rx(t);
}

MONITOR_CMD(trace_command, "nictrace", "the last descriptors and frames of lab 6's NIC");
static int trace_command(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv, (void)tf;
	for (uint32_t at = ring_tail > NTRACES ? ring_tail - NTRACES : 0; at != ring_tail; at++) {
		const struct trace *t = &ring[at % NTRACES];
		cprintf("%u ms: ", t->ms);
		(t->kind == TRACE_TX ? print_tx : print_rx)(t);
	}
	return 0;
}
