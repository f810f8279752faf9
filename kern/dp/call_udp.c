/* SPDX-License-Identifier: MIT */
/* Calls for UDP ports. The contract is call.h; ports are udp.h's. */
#include <inc/error.h>

#include <kern/dp/call.h>
#include <kern/dp/sg.h>

int decode_udp_bind(struct dp *dp, struct request *rq)
{
	uint32_t port = rq->call.udp_bind.port;

	if (!port_is_good(port))
		return -E_INVAL;
	if (uport_on_port(dp, port))
		return -E_IN_USE;
	rq->udp = uport_slot(dp);
	return rq->udp ? 0 : -E_NO_MEM;
}

int do_udp_bind(struct dp *dp, struct request *rq)
{
	uport_open(dp, rq->udp, rq->call.udp_bind.port, rq->call.udp_bind.cookie);
	rq->call.handle = uport_handle(dp, rq->udp);
	return 0;
}

int decode_udp_sendv(struct dp *dp, struct request *rq)
{
	const struct ix_call *c = &rq->call;

	rq->udp = uport_find(dp, c->handle);
	if (!rq->udp)
		return -E_BAD_HANDLE;
	if (!ip_is_host(c->udp_sendv.ip) || !port_is_good(c->udp_sendv.port))
		return -E_INVAL;
	int r = sg_read(dp, rq->sg, c->udp_sendv.sg, c->udp_sendv.n);
	if (r < 0)
		return r;
	if (sg_total(rq->sg, c->udp_sendv.n) > IX_UDP_MAX)
		return -E_INVAL;
	return reserve_is_dry(&dp->reserve) ? -E_NO_MEM : 0;
}

int do_udp_sendv(struct dp *dp, struct request *rq)
{
	const struct ix_call *c = &rq->call;
	struct udp_peer to = { __builtin_bswap32(c->udp_sendv.ip), c->udp_sendv.port };

	return uport_send(dp, rq->udp, rq->sg, c->udp_sendv.n, &to);
}

int decode_udp_recv_done(struct dp *dp, struct request *rq)
{
	rq->udp = uport_find(dp, rq->call.handle);
	if (!rq->udp)
		return -E_BAD_HANDLE;
	rq->buf = uport_lent(dp, rq->udp, rq->call.udp_recv_done.addr);
	return rq->buf ? 0 : -E_FAULT;
}

int do_udp_recv_done(struct dp *dp, struct request *rq)
{
	(void)dp;
	buf_put(rq->buf);
	return 0;
}
