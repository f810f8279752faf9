/* SPDX-License-Identifier: MIT */
/* Lab 6 receives: one frame, or a chain of them, at once or from the interrupt. The contract is lab6.h. */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/lab6_priv.h>
#include <kern/lab6_trace.h>
#include <kern/sched.h>

enum { REFILL = 32 }; /* buffers that go back to the NIC at once: each doorbell costs more than a frame */

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

	lab6.nd->ops->rx_provide(q, buf, PADDR(lab6_buf(buf)));
	if (q->rx_tail - q->rx_flushed >= REFILL)
		lab6.nd->ops->rx_flush(q);
}

/* The next good frame of up to `size` bytes, which must be given back; false if there is none. */
static bool next_frame(uint32_t size, struct rx_frame *f)
{
	while (lab6.nd->ops->rx_poll(lab6.q, f, 1) == 1) {
		lab6_trace_rx(lab6.q, lab6_buf(f->buf), f->len);
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
	int r = copy_to_env(e, va, lab6_buf(f.buf), f.len);
	give_back(f.buf);
	return r < 0 ? r : f.len;
}

/* As many as are there, chained, while the longest one would still fit. How many; -E_AGAIN for none. */
static int take_chain(struct Env *e, uint32_t va)
{
	struct PageInfo *pp;
	char *page = lab6_page(e, va, PTE_W, &pp);
	uint32_t at = 0;
	struct rx_frame f;
	int n = 0;

	if (!page)
		return -E_FAULT;
	while (n < NS_CHAIN_PACKETS && at + NS_PACKET_SIZE(FRAME_MAX) <= NS_CHAIN_ROOM &&
	       next_frame(FRAME_MAX, &f)) {
		struct jif_pkt *packet = (struct jif_pkt *)(page + at);
		packet->jp_len = f.len;
		memcpy(packet->jp_data, lab6_buf(f.buf), f.len);
		give_back(f.buf);
		at += NS_PACKET_SIZE(f.len);
		n++;
	}
	((struct jif_pkt *)(page + at))->jp_len = 0;
	return n ? n : -E_AGAIN;
}

static int take(struct Env *e, const struct lab6_target *t)
{
	return t->size ? take_frame(e, t->va, t->size) : take_chain(e, t->va);
}

/* The frame that came while nobody waited is seen by the second look, which comes after the NIC may interrupt. */
static int receive(struct Env *e, const struct lab6_target *t)
{
	int r = take(e, t);

	if (r != -E_AGAIN)
		return r;
	if (lab6_somebody_waits())
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
	return size ? receive(e, &(struct lab6_target){ va, size }) : -E_INVAL;
}

int lab6_receive_all(struct Env *e, uint32_t va) { return receive(e, &(struct lab6_target){ va, 0 }); }

/* On CPU 0. A pin may be shared, and the receiver may be gone. */
void lab6_interrupt(void *unused)
{
	(void)unused;
	if (!lab6.nd || !lab6.nd->ops->irq_ack(lab6.nd))
		return;
	lab6.interrupts++;
	if (!lab6_somebody_waits()) {
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
