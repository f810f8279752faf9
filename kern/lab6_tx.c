/* SPDX-License-Identifier: MIT */
/* Lab 6 sends, straight from the program's pages. The contract is lab6.h. */
#include <inc/error.h>

#include <kern/lab6_priv.h>
#include <kern/lab6_trace.h>
#include <kern/syscall.h>

void lab6_unpin(void)
{
	struct lab6_pin *pin = &lab6.pins[lab6.pins_head++ % TX_RING];

	for (int i = 0; i < FRAME_PAGES; i++)
		if (pin->page[i])
			page_decref(pin->page[i]);
}

static void reap(void)
{
	void *done[TX_RING];

	for (int n = lab6.nd->ops->tx_reap(lab6.q, done, TX_RING); n > 0; n--)
		lab6_unpin();
}

/* The pieces of [va, va + len), each in one page; how many, or -E_FAULT. */
static int pieces_of(struct Env *e, uint32_t va, uint32_t len, struct tx_frag *frags, struct lab6_pin *pin)
{
	int n = 0;

	while (len > 0) {
		uint32_t bytes = MIN(len, (uint32_t)PGSIZE - PGOFF(va));
		pte_t *pte;
		bool good = check_user_page(va - PGOFF(va)) == 0;
		struct PageInfo *pp = good ? page_lookup(e->env_pgdir, (void *)va, &pte) : NULL;
		if (!pp || !(*pte & PTE_U))
			return -E_FAULT;
		pin->page[n] = pp;
		frags[n++] = (struct tx_frag){ page2pa(pp) + PGOFF(va), bytes };
		va += bytes;
		len -= bytes;
	}
	return n;
}

/* One frame into the ring; its pages are held from now on. */
static int put(const struct tx_frag *frags, int n, const struct lab6_pin *pin)
{
	int r = lab6.nd->ops->tx_put(lab6.q, frags, n, NULL, NULL);

	if (r < 0)
		return r;
	for (int i = 0; i < n; i++)
		pin->page[i]->pp_ref++;
	lab6.pins[lab6.pins_tail++ % TX_RING] = *pin;
	lab6.tx_frames++;
	lab6_trace_tx(lab6.q, n);
	return 0;
}

/* QEMU's card has sent everything when this returns; the second look gives the pages back early. */
static void kick(void)
{
	lab6.nd->ops->tx_flush(lab6.q);
	reap();
}

int lab6_send(struct Env *e, uint32_t va, uint32_t len)
{
	struct tx_frag frags[FRAME_PAGES];
	struct lab6_pin pin = { { NULL } };

	if (len == 0 || len > FRAME_MAX)
		return -E_INVAL;
	int n = pieces_of(e, va, len, frags, &pin);
	if (n < 0)
		return n;
	reap();
	int r = put(frags, n, &pin);
	if (r == 0)
		kick();
	else
		lab6.tx_full++;
	return r;
}

/* The offset behind the packet at `at`, or 0 if the chain ends there; -E_INVAL if it does not fit the page. */
static int next_packet(const char *page, uint32_t at, uint32_t *len)
{
	if (at > NS_CHAIN_ROOM)
		return -E_INVAL;
	*len = *(const volatile int *)(page + at);
	if (*len == 0)
		return 0;
	bool fits = *len <= FRAME_MAX && at + NS_PACKET_SIZE(*len) <= PGSIZE;
	return fits ? (int)(at + NS_PACKET_SIZE(*len)) : -E_INVAL;
}

/* How many packets the chain has, or -E_INVAL, also for more than may be. The program may change it at any time: it is checked again when it is sent. */
static int count_packets(const char *page)
{
	uint32_t len;
	int n = 0, next;

	for (uint32_t at = 0; (next = next_packet(page, at, &len)) > 0; at = next)
		n++;
	return next < 0 || n > NS_CHAIN_PACKETS ? -E_INVAL : n;
}

int lab6_send_all(struct Env *e, uint32_t va)
{
	struct lab6_pin pin = { { NULL } };
	const char *page = lab6_page(e, va, 0, &pin.page[0]);
	uint32_t len, at = 0;
	int next, r = 0;

	if (!page)
		return -E_FAULT;
	int n = count_packets(page);
	if (n < 0)
		return n;
	reap();
	if ((uint32_t)n > TX_RING - 1 - (lab6.q->tx_tail - lab6.q->tx_head)) {
		lab6.tx_full++;
		return -E_AGAIN;
	}
	for (; n > 0 && r == 0 && (next = next_packet(page, at, &len)) > 0; at = next, n--)
		r = put(&(struct tx_frag){ page2pa(pin.page[0]) + at + sizeof(struct jif_pkt), len }, 1, &pin);
	kick();
	return r;
}
