/* SPDX-License-Identifier: MIT */
/*
 * Lab 6's side of the NIC. Frames arrive in buffers of the kernel's and are copied to whoever receives; they leave
 * from the program's own pages. The NIC interrupts only while somebody waits: the first frame is handed over by
 * the interrupt itself, and as long as frames are there the receiver finds them without one.
 */
#include <inc/error.h>
#include <inc/ns.h>
#include <inc/stdio.h>
#include <inc/string.h>

#include <kern/bootarg.h>
#include <kern/cpu.h>
#include <kern/dev/lapic.h>
#include <kern/dev/netdev.h>
#include <kern/dp/dp.h>
#include <kern/env.h>
#include <kern/lab6.h>
#include <kern/lab6_trace.h>
#include <kern/monitor.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/syscall.h>
#include <kern/trap.h>

enum {
	RX_RING = 256, /* one stays empty */
	TX_RING = 64,
	BUF_SIZE = 2048,
	NBUFS = RX_RING,
	BUFS_PER_PAGE = PGSIZE / BUF_SIZE,
	NPAGES = NBUFS / BUFS_PER_PAGE,
	REFILL = 32,       /* buffers that go back to the NIC at once: each doorbell costs more than a frame */
	FRAME_PAGES = 2,   /* a frame crosses one page boundary at most */
	FRAME_MAX = NS_PACKET_MAX,
};

_Static_assert(NS_CHAIN_PACKETS < TX_RING, "an empty ring takes any chain");

static struct {
	struct netdev *nd;         /* NULL: not in use */
	struct netq *q;
	int nusers;                /* envs with env_uses_net */
	struct PageInfo *page[NPAGES];

	/* Who waits for a frame, and where it shall go; valid while that env is in ENV_WAIT_NET. */
	struct Env *receiver;
	struct target { uint32_t va, size; } target; /* size 0: a page, for a chain of packets */

	/* Pages of the frames in the transmit ring, in order: [head, tail), free-running. */
	struct pin { struct PageInfo *page[FRAME_PAGES]; } pins[TX_RING];
	uint32_t pins_head, pins_tail;

	uint32_t rx_frames, rx_dropped, tx_frames, tx_full, interrupts;
} lab6;

/* ---- Boot arguments ---- */

static bool parse_mac(const char *s, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++) {
		char *end;
		long byte = strtol(s, &end, 16);
		if (end == s || byte < 0 || byte > 255 || *end != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = byte;
		s = end + 1;
	}
	return !(mac[0] & 1);
}

static void read_arguments(struct netdev *nd, int n)
{
	char key[8];
	uint8_t mac[6];

	snprintf(key, sizeof(key), "nic%d", n);
	const char *side = bootarg(key);
	if (side && strcmp(side, "lab6") == 0)
		nd->reserved = NETDEV_LAB6;
	else if (side && strcmp(side, "dp") == 0)
		nd->reserved = NETDEV_DP;
	else if (side)
		cprintf("%s=%s: neither lab6 nor dp\n", key, side);

	snprintf(key, sizeof(key), "mac%d", n);
	const char *text = bootarg(key);
	if (text && parse_mac(text, mac))
		memcpy(nd->mac, mac, sizeof(mac));
	else if (text)
		cprintf("%s=%s: not an address\n", key, text);
}

void lab6_init(void)
{
	for (int n = 0; n < nnetdevs; n++)
		read_arguments(&netdevs[n], n);
	lab6_trace_init();
}

/* ---- Claiming and giving back ---- */

static void *buf_kva(uint32_t buf)
{
	return (char *)page2kva(lab6.page[buf / BUFS_PER_PAGE]) + buf % BUFS_PER_PAGE * BUF_SIZE;
}

static void free_pages(void)
{
	for (int i = 0; i < NPAGES && lab6.page[i]; i++) {
		page_free(lab6.page[i]);
		lab6.page[i] = NULL;
	}
}

static int alloc_pages(void)
{
	for (int i = 0; i < NPAGES; i++) {
		lab6.page[i] = page_alloc(0);
		if (!lab6.page[i]) {
			free_pages();
			return -E_NO_MEM;
		}
	}
	return 0;
}

static void unpin(void)
{
	struct pin *pin = &lab6.pins[lab6.pins_head++ % TX_RING];

	for (int i = 0; i < FRAME_PAGES; i++)
		if (pin->page[i])
			page_decref(pin->page[i]);
}

/* The one kept for lab 6, or the first that is free. */
static struct netdev *claim(void)
{
	for (int n = 0; n < nnetdevs; n++)
		if (netdevs[n].reserved == NETDEV_LAB6)
			return netdev_claim(n, NETDEV_LAB6);
	for (int n = 0; n < nnetdevs; n++)
		if (netdev_claim(n, NETDEV_LAB6))
			return &netdevs[n];
	return NULL;
}

static void interrupt(void *unused);

static void start(struct netdev *nd)
{
	lab6.nd = nd;
	lab6.q = &nd->q[0];
	for (uint32_t buf = 0; buf < NBUFS - 1; buf++)
		nd->ops->rx_provide(lab6.q, buf, PADDR(buf_kva(buf)));
	nd->ops->rx_flush(lab6.q);
	irq_register(nd->irq, interrupt, NULL);
	ioapic_enable_pci(nd->irq, cpus[0].cpu_apicid);
	dp_pin_taken();
}

static int open(void)
{
	struct netdev *nd = claim();
	int r;

	if (!nd)
		return -E_NO_QUEUE;
	if ((r = alloc_pages()) == 0) {
		r = nd->ops->start(nd, 1, RX_RING, TX_RING);
		if (r == 0)
			start(nd);
		else
			free_pages();
	}
	if (r < 0)
		netdev_release(nd);
	return r;
}

/* Without device or interrupts from here on; what was still to be sent is lost. */
static void close(void)
{
	lab6.nd->ops->irq_enable(lab6.q, false);
	ioapic_disable(lab6.nd->irq);
	irq_register(lab6.nd->irq, NULL, NULL);
	netdev_release(lab6.nd);
	while (lab6.pins_head != lab6.pins_tail)
		unpin();
	free_pages();
	lab6.nd = NULL;
	lab6.receiver = NULL;
}

int lab6_use(struct Env *e)
{
	if (e->env_uses_net)
		return 0;
	int r = lab6.nd ? 0 : open();
	if (r < 0)
		return r;
	e->env_uses_net = true;
	lab6.nusers++;
	return 0;
}

void lab6_env_free(struct Env *e)
{
	if (!e->env_uses_net)
		return;
	if (lab6.receiver == e)
		lab6.receiver = NULL;
	if (--lab6.nusers == 0)
		close();
}

const uint8_t *lab6_mac(void) { return lab6.nd->mac; }

/* ---- Receiving ---- */

/* To an address space that need not be the current one. */
static int copy_to_env(struct Env *e, uint32_t va, const void *src, uint32_t len)
{
	const uint32_t must = PTE_P | PTE_U | PTE_W;

	while (len > 0) {
		uint32_t n = MIN(len, (uint32_t)PGSIZE - PGOFF(va));
		pte_t *pte;
		struct PageInfo *pp = va < UTOP ? page_lookup(e->env_pgdir, (void *)va, &pte) : NULL;
		if (!pp || (*pte & must) != must)
			return -E_FAULT;
		memcpy((char *)page2kva(pp) + PGOFF(va), src, n);
		src = (const char *)src + n;
		va += n;
		len -= n;
	}
	return 0;
}

static void give_back(uint32_t buf)
{
	struct netq *q = lab6.q;

	lab6.nd->ops->rx_provide(q, buf, PADDR(buf_kva(buf)));
	if (q->rx_tail - q->rx_flushed >= REFILL)
		lab6.nd->ops->rx_flush(q);
}

/* The next good frame of up to `size` bytes, which must be given back; false if there is none. */
static bool next_frame(uint32_t size, struct rx_frame *f)
{
	while (lab6.nd->ops->rx_poll(lab6.q, f, 1) == 1) {
		lab6_trace_rx(lab6.q, buf_kva(f->buf), f->len);
		if (!(f->flags & RX_ERROR) && f->len <= size) {
			lab6.rx_frames++;
			return true;
		}
		lab6.rx_dropped++;
		give_back(f->buf);
	}
	return false;
}

/* One frame into e's memory. Its length; -E_AGAIN if there is none; -E_FAULT, and the frame is lost. */
static int take_frame(struct Env *e, uint32_t va, uint32_t size)
{
	struct rx_frame f;

	if (!next_frame(size, &f))
		return -E_AGAIN;
	int r = copy_to_env(e, va, buf_kva(f.buf), f.len);
	give_back(f.buf);
	return r < 0 ? r : f.len;
}

/*
 * The kernel address of e's page at va, or NULL if it may not be used with `perm`. Pages that a dataplane shows its program are
 * freed with that, whoever holds them: they are not for us.
 */
static char *page_of_env(struct Env *e, uint32_t va, pte_t perm, struct PageInfo **store)
{
	const pte_t must = PTE_P | PTE_U | perm;
	pte_t *pte;

	*store = check_user_page(va) == 0 ? page_lookup(e->env_pgdir, (void *)va, &pte) : NULL;
	return *store && (*pte & must) == must ? page2kva(*store) : NULL;
}

/* As many as are there, chained, while the longest one would still fit. How many; -E_AGAIN for none. */
static int take_chain(struct Env *e, uint32_t va)
{
	struct PageInfo *pp;
	char *page = page_of_env(e, va, PTE_W, &pp);
	uint32_t at = 0;
	struct rx_frame f;
	int n = 0;

	if (!page)
		return -E_FAULT;
	while (n < NS_CHAIN_PACKETS && at + NS_PACKET_SIZE(FRAME_MAX) <= NS_CHAIN_ROOM &&
	       next_frame(FRAME_MAX, &f)) {
		struct jif_pkt *packet = (struct jif_pkt *)(page + at);
		packet->jp_len = f.len;
		memcpy(packet->jp_data, buf_kva(f.buf), f.len);
		give_back(f.buf);
		at += NS_PACKET_SIZE(f.len);
		n++;
	}
	((struct jif_pkt *)(page + at))->jp_len = 0;
	return n ? n : -E_AGAIN;
}

static int take(struct Env *e, const struct target *t)
{
	return t->size ? take_frame(e, t->va, t->size) : take_chain(e, t->va);
}

static bool somebody_waits(void)
{
	struct Env *e = lab6.receiver;

	return e && e->env_status == ENV_NOT_RUNNABLE && e->env_wait == ENV_WAIT_NET;
}

/* The frame that came while nobody waited is seen by the second look, which comes after the NIC may interrupt. */
static int receive(struct Env *e, const struct target *t)
{
	int r = take(e, t);

	if (r != -E_AGAIN)
		return r;
	if (somebody_waits())
		return -E_IN_USE;
	lab6.nd->ops->irq_enable(lab6.q, true);
	r = take(e, t);
	if (r != -E_AGAIN) {
		lab6.nd->ops->irq_enable(lab6.q, false);
		return r;
	}
	lab6.receiver = e;
	lab6.target = *t;
	return r;
}

int lab6_receive(struct Env *e, uint32_t va, uint32_t size)
{
	return size ? receive(e, &(struct target){ va, size }) : -E_INVAL;
}

int lab6_receive_all(struct Env *e, uint32_t va) { return receive(e, &(struct target){ va, 0 }); }

/* On CPU 0. A pin may be shared, and the receiver may be gone. */
static void interrupt(void *unused)
{
	(void)unused;
	if (!lab6.nd || !lab6.nd->ops->irq_ack(lab6.nd))
		return;
	lab6.interrupts++;
	if (!somebody_waits()) {
		lab6.nd->ops->irq_enable(lab6.q, false);
		return;
	}
	struct Env *e = lab6.receiver;
	int r = take(e, &lab6.target);
	if (r == -E_AGAIN)
		return;
	lab6.nd->ops->irq_enable(lab6.q, false);
	lab6.receiver = NULL;
	e->env_tf.tf_regs.reg_eax = r;
	sched_ready(e);
}

/* ---- Sending ---- */

static void reap(void)
{
	void *done[TX_RING];

	for (int n = lab6.nd->ops->tx_reap(lab6.q, done, TX_RING); n > 0; n--)
		unpin();
}

/* The pieces of [va, va + len), each in one page; how many, or -E_FAULT. */
static int pieces_of(struct Env *e, uint32_t va, uint32_t len, struct tx_frag *frags, struct pin *pin)
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
static int put(const struct tx_frag *frags, int n, const struct pin *pin)
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
	struct pin pin = { { NULL } };

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
	struct pin pin = { { NULL } };
	const char *page = page_of_env(e, va, 0, &pin.page[0]);
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

MONITOR_CMD(lab6_command, "lab6", "lab 6's NIC: its users, and what it counted");
static int lab6_command(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv, (void)tf;
	if (!lab6.nd)
		cprintf("no NIC is in use\n");
	else
		cprintf("net%d: %d users, %s\n", (int)(lab6.nd - netdevs), lab6.nusers,
			somebody_waits() ? "one waits" : "nobody waits");
	cprintf("frames received %u, dropped %u, sent %u; ring full %u; interrupts %u\n", lab6.rx_frames,
		lab6.rx_dropped, lab6.tx_frames, lab6.tx_full, lab6.interrupts);
	return 0;
}
