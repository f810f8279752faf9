/* SPDX-License-Identifier: MIT */
/*
 * What lwIP tells us. Its callbacks run in the middle of its work: they note what happened in the flow and
 * pend it, nothing else (rule 6 of tcp.c). event.c makes events from the notes when lwIP is done.
 *
 * A PCB's end shows in its error callback, but a close in good order has none. The destroy callback of its
 * extra argument always comes, last or just before the error callback.
 */
#include <inc/error.h>

#include <kern/dp/tcp_priv.h>

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct flow *f = arg;

	(void)pcb, (void)err;
	if (!p)
		f->flags |= FLOW_FIN_IN;
	while (p) {
		struct pbuf *rest = p->next;
		struct buf *b = (struct buf *)p;
		RULE(p->ref == 1 && (p->flags & PBUF_FLAG_IS_CUSTOM));
		p->next = NULL;
		b->off = (uint8_t *)p->payload - buf_bytes(b);
		b->len = p->len;
		flow_take(f, b);
		p = rest;
	}
	flow_pend(f);
	return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct flow *f = arg;
	const struct netq *q = f->g->owner->q;

	(void)pcb;
	flow_acked(f, len, q->tx_head, q->tx_tail);
	flow_pend(f);
	return ERR_OK;
}

static int32_t reason_of(const struct flow *f, err_t err)
{
	if (err == ERR_RST)
		return f->state == FLOW_CONNECTING ? -E_REFUSED : -E_RESET;
	return err == ERR_ABRT ? f->g->abort_reason : 0;
}

static void on_error(void *arg, err_t err)
{
	struct flow *f = arg;

	f->reason = reason_of(f, err);
	flow_pend(f);
}

void flow_end(struct flow *f)
{
	f->flags |= FLOW_ENDED;
	f->stamp_end = f->g->owner->q->tx_tail;
	flow_pend(f);
}

/* The PCB is about to be freed, for whatever cause. One that waits in TIME_WAIT has ended before. */
static void on_destroy(u8_t id, void *arg)
{
	struct flow *f = arg;

	(void)id;
	if (!link_alone(&f->waiting)) {
		link_take(&f->waiting);
		f->g->nwaiting--;
	}
	f->pcb = NULL;
	if (f->flags & FLOW_ENDED)
		flow_pend(f);
	else
		flow_end(f);
}

void flow_adopt(struct flow *f, struct tcp_pcb *pcb)
{
	f->pcb = pcb;
	tcp_arg(pcb, f);
	tcp_ext_arg_set(pcb, EXT_ID, f);
	tcp_ext_arg_set_callbacks(pcb, EXT_ID, &pcb_callbacks);
	f->g->owner->stat.flows_opened++;
	f->g->owner->nflows++;
}

void pcb_set_callbacks(struct tcp_pcb *pcb)
{
	tcp_recv(pcb, on_recv);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_error);
	tcp_nagle_disable(pcb); /* the program batches */
}

/* Which group lwIP works for: the slab that it allocates from is that group's. */
static struct fgroup *entered_group(void) { return container_of(lwip_slab, struct fgroup, slab); }

/*
 * A SYN came for a listener: the new PCB gets its flow now, so that nothing can fail later. A listener that another CPU
 * has closed meanwhile takes nobody any more.
 */
static err_t on_syn(u8_t id, struct tcp_pcb_listen *lpcb, struct tcp_pcb *pcb)
{
	const struct door *d = lpcb->callback_arg;
	struct fgroup *g = entered_group();
	struct flow *f = d->gen == d->listener->gen ? flow_alloc(&g->flows, FLOW_HALF) : NULL;

	(void)id;
	if (!f)
		return ERR_MEM;
	f->g = g;
	f->cookie = d->listener->cookie;
	f->bucket = g->bucket;
	f->tuple = (struct tuple){
		.lip = pcb->local_ip.addr,
		.rip = pcb->remote_ip.addr,
		.lport = pcb->local_port,
		.rport = pcb->remote_port,
	};
	flow_adopt(f, pcb);
	return ERR_OK;
}

const struct tcp_ext_arg_callbacks pcb_callbacks = { .destroy = on_destroy };
const struct tcp_ext_arg_callbacks door_callbacks = { .passive_open = on_syn };

/* The handshake is done. The flow goes on counting against the backlog until the program accepts it. */
err_t on_knock(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct flow *f = arg;

	(void)err;
	if (!pcb)
		return ERR_OK;
	f->state = FLOW_KNOCKING;
	pcb_set_callbacks(pcb);
	if (door_can_count(pcb->listener))
		tcp_backlog_delayed(pcb);
	flow_pend(f);
	return ERR_OK;
}

err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct flow *f = arg;

	(void)pcb, (void)err;
	f->state = FLOW_OPEN;
	f->flags |= FLOW_CONNECTED;
	flow_pend(f);
	return ERR_OK;
}
