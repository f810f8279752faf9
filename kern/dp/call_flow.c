/* SPDX-License-Identifier: MIT */
/*
 * Calls by which connections begin and end, and how a call's handle is told from a stale or a foreign one. The contract
 * is call.h.
 */
#include <inc/error.h>

#include <kern/dp/call.h>
#include <kern/dp/tcp.h>

/* ---- The flow that a call means ---- */

/* The flow named by the call. What a sibling CPU knows of it is not for us to look at. */
static int find_flow(struct dp *dp, struct request *rq)
{
	const struct plane *p = dp->plane;
	uint32_t group = IX_HANDLE_GROUP(rq->call.handle);

	if (group >= p->ngroups || (IX_HANDLE_INDEX(rq->call.handle) & (FLOW_LISTENER | UDP_INDEX)))
		return -E_BAD_HANDLE;
	if (p->groups[group].owner != dp)
		return -E_MOVED;
	OWN_GROUP(&p->groups[group]);
	p->groups[group].touched = dp->stat.run_ios;
	rq->flow = flow_find(&p->groups[group].flows, rq->call.handle);
	return rq->flow ? 0 : -E_BAD_HANDLE;
}

/* The flow named by the call, if the app may use it; `blocked` are flags that it must not have. */
int find_open_flow(struct dp *dp, struct request *rq, uint16_t blocked)
{
	int r = find_flow(dp, rq);
	struct flow *f = rq->flow;

	if (r < 0)
		return r;
	if (f->state == FLOW_KNOCKING)
		return f->flags & FLOW_ENDED ? -E_BAD_HANDLE : -E_INVAL;
	if (f->state == FLOW_CONNECTING)
		return -E_AGAIN;
	return f->flags & blocked ? -E_CLOSED : 0;
}

/* The same, if the app is to say whether it takes it. */
int find_knocking_flow(struct dp *dp, struct request *rq)
{
	int r = find_flow(dp, rq);
	struct flow *f = rq->flow;

	if (r < 0)
		return r;
	if (f->state == FLOW_KNOCKING && (f->flags & FLOW_ENDED))
		return -E_BAD_HANDLE;
	return f->state == FLOW_KNOCKING ? 0 : -E_INVAL;
}

/* ---- Beginning ---- */

int decode_connect(struct dp *dp, struct request *rq)
{
	uint32_t ip = rq->call.connect.ip, port = rq->call.connect.port;

	if (!ip_is_host(ip) || !port_is_good(port))
		return -E_INVAL;
	if (reserve_is_dry(&dp->reserve))
		return -E_NO_MEM;
	rq->tuple = (struct tuple){ .lip = dp->ip, .rip = __builtin_bswap32(ip), .rport = port };
	rq->group = stack_port_for(dp, &rq->tuple);
	if (!rq->group)
		return -E_AGAIN;
	return flow_table_has_room(&rq->group->flows) ? 0 : -E_NO_MEM;
}

int do_connect(struct dp *dp, struct request *rq)
{
	struct flow *f = stack_connect(rq->group, &rq->tuple);

	rq->group->touched = dp->stat.run_ios;
	if (!f)
		return -E_NO_MEM;
	f->cookie = rq->call.connect.cookie;
	rq->call.handle = flow_handle(f);
	return 0;
}

int do_accept(struct dp *dp, struct request *rq)
{
	struct flow *f = rq->flow;

	(void)dp;
	f->state = FLOW_OPEN;
	f->cookie = rq->call.accept.cookie;
	stack_accept(f);
	flow_pend(f);
	return 0;
}

/* ---- Ending ---- */

int do_abort(struct dp *dp, struct request *rq)
{
	(void)dp;
	stack_abort(rq->flow);
	return 0;
}

/* Both ways to end a flow also take one that is being connected. */
static int find_flow_to_end(struct dp *dp, struct request *rq, uint16_t blocked)
{
	int r = find_open_flow(dp, rq, blocked);

	return r == -E_AGAIN ? (rq->flow->flags & FLOW_ENDED ? -E_CLOSED : 0) : r;
}

int decode_abort(struct dp *dp, struct request *rq)
{
	return find_flow_to_end(dp, rq, FLOW_ENDED); /* closed or not */
}

int decode_close(struct dp *dp, struct request *rq)
{
	rq->udp = uport_find(dp, rq->call.handle);
	return rq->udp ? 0 : find_flow_to_end(dp, rq, FLOW_ENDED | FLOW_CLOSED);
}

void close_flow(struct flow *f)
{
	f->flags |= FLOW_CLOSED | FLOW_SHUT;
	flow_drop_undelivered(f);
	stack_close(f);
}

int do_close(struct dp *dp, struct request *rq)
{
	if (rq->udp) {
		uport_close(dp, rq->udp);
		return 0;
	}
	if (rq->flow->state == FLOW_CONNECTING)
		return do_abort(dp, rq);
	close_flow(rq->flow);
	return 0;
}

int decode_shutdown(struct dp *dp, struct request *rq)
{
	return find_open_flow(dp, rq, FLOW_ENDED | FLOW_SHUT);
}

int do_shutdown(struct dp *dp, struct request *rq)
{
	(void)dp;
	rq->flow->flags |= FLOW_SHUT;
	stack_shutdown(rq->flow);
	return 0;
}
