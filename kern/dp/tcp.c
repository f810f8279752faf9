/* SPDX-License-Identifier: MIT */
/*
 * The one module around lwIP. Contract: tcp.h. What lwIP needs to be right when used like this:
 *
 *  1. Its list heads are those of one bucket. lwip_enter() sets them, lwip_leave() takes them back, and
 *     nothing that adds or removes a PCB happens outside: from the wrong list, a PCB is freed but stays
 *     linked. Only the list of listeners, which is one for the CPU, stays where it is.
 *  2. Its two tick counters are set at each entry and for each bucket of a timer pass. Advanced per bucket,
 *     as it would itself, no PCB's retransmission timer ever fires.
 *  3. It never runs out of memory half-way: who begins something new has seen that the slab is not dry.
 *     Else it would kill other flows of the bucket.
 *  4. Local ports are chosen here; it would search one bucket only.
 *  5. A listener is closed after all PCBs have forgotten it; it would look in one bucket only.
 *  6. Callbacks note what happened in the flow, pend it, and do nothing else; so none frees a PCB that lwIP
 *     is using.
 *  7. TIME_WAIT yields to a newer connection between the same ends, and to want of memory; it would answer
 *     wrongly, or search one bucket.
 *  8. A flow in LAST_ACK ends by acknowledgement or by retransmitting in vain, not after 2 MSL of silence:
 *     its peer may be slow to read.
 *  9. Received bytes are given back before a flow is closed, or it would send RST instead of FIN.
 * 10. A segment that was to be sent again early, and could not be, as the peer's window is shut, is not left among the
 *     unsent ones when the retransmission timer runs: lwIP would put all later ones before it, and wait for ever.
 *
 * This file enters lwIP for segments; tcp_time.c for the time; tcp_call.c for the program's calls; its callbacks are in
 * tcp_note.c. Which segments may begin a connection is decided in tcp_new.c.
 */
#include <inc/error.h>

#include <kern/dp/tcp_priv.h>

#include "lwip/init.h"
#include "lwip/ip.h"

/* ---- Entering lwIP ---- */

void lwip_enter(struct fgroup *g, uint32_t bucket, int abort_reason)
{
	OWN_GROUP(g);
	RULE(!g->entered && !tcp_active_pcbs && !tcp_tw_pcbs && !tcp_bound_pcbs);
	g->entered = true;
	g->bucket = bucket;
	g->abort_reason = abort_reason;
	tcp_active_pcbs = g->buckets[bucket].active;
	tcp_tw_pcbs = g->buckets[bucket].time_wait;
	lwip_slab = &g->slab;
	lwip_clock_set(&g->clock);
}

void lwip_leave(struct fgroup *g)
{
	RULE(g->entered && !tcp_bound_pcbs);
	g->buckets[g->bucket].active = tcp_active_pcbs;
	g->buckets[g->bucket].time_wait = tcp_tw_pcbs;
	RULE(g != &g->owner->own || (!tcp_active_pcbs && !tcp_tw_pcbs));
	tcp_active_pcbs = tcp_tw_pcbs = NULL;
	g->entered = false;
}

struct tcp_pcb *pcb_find(struct tcp_pcb *list, const struct tuple *t)
{
	while (list && !(list->remote_port == t->rport && list->local_port == t->lport &&
			 list->remote_ip.addr == t->rip && list->local_ip.addr == t->lip))
		list = list->next;
	return list;
}

/* ---- Segments ---- */

/* A PCB that got to TIME_WAIT is at the head of that list. For the program its flow has ended. */
static void note_time_wait(struct fgroup *g, const struct tcp_pcb *before)
{
	if (tcp_tw_pcbs == before || !tcp_tw_pcbs)
		return;
	struct flow *f = tcp_tw_pcbs->callback_arg;
	RULE(f->pcb == tcp_tw_pcbs && link_alone(&f->waiting));
	list_append(&g->owner->waiting, &f->waiting);
	g->nwaiting++;
	flow_end(f);
}

/*
 * What ip4_input() would do with it: its header was checked before (rx_ip.c), and what TCP wants to know of it stands in the
 * segment's description.
 */
void lwip_segment(struct dp *dp, struct pbuf *p, const struct tuple *t)
{
	ip_data.current_netif = ip_data.current_input_netif = &dp->netif;
	ip_data.current_iphdr_src.addr = t->rip;
	ip_data.current_iphdr_dest.addr = t->lip;
	tcp_input(p, &dp->netif);
	ip_data.current_netif = ip_data.current_input_netif = NULL;
}

void stack_segment(struct fgroup *g, struct pbuf *p, const struct segment *seg)
{
	uint32_t bucket = fgroup_bucket(g, &seg->tuple);

	if (!segment_is_welcome(g, bucket, p, seg)) {
		pbuf_free(p);
		return;
	}
	lwip_enter(g, bucket, -E_RESET);
	const struct tcp_pcb *before = tcp_tw_pcbs;
	lwip_segment(g->owner, p, &seg->tuple);
	note_time_wait(g, before);
	lwip_leave(g);
}

void stack_packet(struct dp *dp, struct pbuf *p)
{
	lwip_enter(&dp->own, BUCKET_NONE, 0);
	ip4_input(p, &dp->netif);
	lwip_leave(&dp->own);
}

void stack_use_memory(struct dp *dp) { lwip_slab = &dp->own.slab; }

bool stack_output(struct dp *dp, struct pbuf *p, uint32_t to, uint8_t proto)
{
	ip4_addr_t from = { dp->ip }, dest = { to };

	lwip_enter(&dp->own, BUCKET_NONE, 0);
	err_t err = ip4_output_if(p, &from, &dest, DEFAULT_TTL, 0, proto, &dp->netif);
	lwip_leave(&dp->own);
	return err == ERR_OK;
}

/* ---- Beginning ---- */

void stack_init(struct dp *dp)
{
	lwip_enter(&dp->own, BUCKET_NONE, 0);
	lwip_init();
	u8_t id = tcp_ext_arg_alloc_id();
	RULE(id == EXT_ID);
	(void)id;
	netif_attach(dp);
	lwip_leave(&dp->own);
}
