/* SPDX-License-Identifier: MIT */
/* Calls that open and close listeners. The contract is call.h; the table of listeners is the plane's, see plane.h. */
#include <inc/error.h>

#include <kern/dp/call.h>

int decode_listen(struct dp *dp, struct request *rq)
{
	uint32_t port = rq->call.listen.port, backlog = rq->call.listen.backlog;
	struct listener other;

	if (!port_is_good(port) || backlog < 1 || backlog > IX_BACKLOG_MAX)
		return -E_INVAL;
	if (listener_on_port(dp->plane, port, &other) >= 0)
		return -E_IN_USE;
	return reserve_is_dry(&dp->reserve) ? -E_NO_MEM : 0;
}

/* Another CPU may do the same at this moment. From here on each CPU of the dataplane takes connections. */
int do_listen(struct dp *dp, struct request *rq)
{
	struct plane *p = dp->plane;
	const struct ix_call *c = &rq->call;
	struct listener l;

	lock_kernel();
	int slot = listener_open(p, c->listen.port, c->listen.backlog, c->listen.cookie);
	if (slot >= 0) {
		l = p->listeners[slot];
		if (!door_of(dp, slot, &l)) {
			listener_close(p, slot);
			plane_ask_all(p);
			slot = -E_NO_MEM;
		}
	}
	unlock_kernel();
	if (slot < 0)
		return slot;
	rq->call.handle = listener_handle(p, slot);
	return 0;
}

int decode_unlisten(struct dp *dp, struct request *rq)
{
	rq->listener = listener_find(dp->plane, rq->call.handle);
	return rq->listener >= 0 ? 0 : -E_BAD_HANDLE;
}

int do_unlisten(struct dp *dp, struct request *rq)
{
	struct plane *p = dp->plane;

	lock_kernel();
	bool ours = listener_find(p, rq->call.handle) == rq->listener;
	if (ours)
		listener_close(p, rq->listener);
	unlock_kernel();
	if (ours)
		plane_ask_all(p);
	return ours ? 0 : -E_BAD_HANDLE;
}
