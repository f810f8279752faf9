/* SPDX-License-Identifier: MIT */
/*
 * A dataplane of a test's own making, under libix's raw layer. The test queues events; sys_run_io() does
 * the calls: it logs them, keeps per flow what was sent and how much receive credit came back, and refuses
 * what the real one would (a flow that is gone, a slot beyond the array). A flow's handle is its number in
 * flows[].
 */
#ifndef TESTS_FAKE_IX_H
#define TESTS_FAKE_IX_H

#include <tests/libix_host.h>

enum { FAKE_FLOWS = 600, FAKE_LOG = 4096, FAKE_BUFS = 2048, FAKE_HEAP = 4 << 20, FAKE_IP = 0x0a00020f };

struct fake_flow {
	bool accepted, closed, dead;
	uint32_t cookie;
	uint32_t credit;   /* given back by recv_done */
	uint32_t unsent;   /* taken by sendv, and not reported as sent */
	char *out;         /* all bytes taken */
	size_t out_len;
};

static struct {
	struct fake_flow flows[FAKE_FLOWS];
	struct ix_call log[FAKE_LOG]; /* calls done, with their results */
	unsigned nlog;
	struct ix_event events[FAKE_LOG]; /* to be delivered */
	unsigned nevents, first_event, max_events;
	unsigned next_buf;
	uint32_t last_timeout;
	int refuse_accept;       /* accept's result, once, if not 0 */
	int (*take)(uint32_t offered); /* sendv's result; NULL: everything */
} fake;

static void fake_map(uint32_t at, size_t size)
{
	void *p = mmap((void *)(uintptr_t)at, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	assert_ptr_equal(p, (void *)(uintptr_t)at);
}

static void fake_reset(void)
{
	static bool mapped;

	if (!mapped) {
		fake_map(IXBASE, IX_THREAD_SPAN);
		fake_map(IX_RXBUFS, FAKE_BUFS * IX_BUFSIZE);
		fake_map(IX_HEAP, FAKE_HEAP);
		mapped = true;
	}
	for (unsigned i = 0; i < FAKE_FLOWS; i++)
		free(fake.flows[i].out);
	memset(&fake, 0, sizeof(fake));
	fake.max_events = IX_NEVENTS;
}

/* ---- events ---- */

static struct ix_event *fake_event(enum ix_ev type, ix_handle_t flow)
{
	struct ix_event *event = &fake.events[fake.nevents++];

	assert_true(fake.nevents <= FAKE_LOG);
	*event = (struct ix_event){ .type = type, .handle = flow, .cookie = fake.flows[flow].cookie };
	return event;
}

static void fake_knock(ix_handle_t flow)
{
	struct ix_event *event = fake_event(IX_EV_KNOCK, flow);

	fake.flows[flow] = (struct fake_flow){ 0 };
	event->knock.ip = 0x0a000202;
	event->knock.port = 1000 + flow;
	event->knock.local_port = 80;
}

static void fake_data(ix_handle_t flow, const void *bytes, size_t len, bool fin)
{
	struct ix_event *event = fake_event(IX_EV_RECV, flow);
	uint32_t addr = IX_RXBUFS + fake.next_buf++ % FAKE_BUFS * IX_BUFSIZE + 54;

	memcpy((void *)(uintptr_t)addr, bytes, len);
	event->recv.addr = addr;
	event->recv.len = len;
	event->recv.flags = fin ? IX_RECV_FIN : 0;
}

static void fake_sent(ix_handle_t flow, uint32_t bytes)
{
	assert_true(bytes <= fake.flows[flow].unsent);
	fake.flows[flow].unsent -= bytes;
	fake_event(IX_EV_SENT, flow)->sent.bytes = bytes;
}

static void fake_dead(ix_handle_t flow, int reason)
{
	fake_event(IX_EV_DEAD, flow)->dead.reason = reason;
	fake.flows[flow].dead = true;
}

/* ---- calls ---- */

static int fake_sendv(struct fake_flow *flow, const struct ix_call *call)
{
	const struct ix_sg *sg = (struct ix_sg *)(uintptr_t)call->sendv.sg;
	uint32_t offered = 0;

	assert_in_range(call->sendv.n, 1, IX_SG_MAX);
	for (unsigned i = 0; i < call->sendv.n; i++)
		offered += sg[i].len;
	int taken = fake.take ? fake.take(offered) : (int)offered;
	if (taken <= 0)
		return taken;

	flow->out = realloc(flow->out, flow->out_len + offered + 1);
	size_t end = flow->out_len + taken;
	for (unsigned i = 0; i < call->sendv.n && flow->out_len < end; i++) {
		size_t n = MIN(sg[i].len, end - flow->out_len);
		memcpy(flow->out + flow->out_len, (void *)(uintptr_t)sg[i].base, n);
		flow->out_len += n;
	}
	flow->out[flow->out_len] = '\0';
	flow->unsent += taken;
	flow->closed = call->sendv.flags & IX_SEND_CLOSE && (uint32_t)taken == offered;
	return taken;
}

static int fake_accept(struct fake_flow *flow, const struct ix_call *call)
{
	int r = fake.refuse_accept;

	fake.refuse_accept = 0;
	flow->accepted = r == 0;
	flow->cookie = call->accept.cookie;
	return r;
}

static int fake_call(struct ix_call *call)
{
	struct fake_flow *flow = &fake.flows[call->handle];

	if (call->op == IX_CALL_LISTEN || call->op >= IX_CALL_UDP_BIND || call->op == IX_CALL_NONE)
		return 0;
	if (call->op == IX_CALL_CONNECT) {
		call->handle = 1;
		fake.flows[1] = (struct fake_flow){ .accepted = true, .cookie = call->connect.cookie };
		return 0;
	}
	if (flow->dead)
		return -E_BAD_HANDLE;
	if (call->op == IX_CALL_ACCEPT)
		return fake_accept(flow, call);
	if (call->op == IX_CALL_REJECT)
		return 0;
	if (!flow->accepted)
		return -E_BAD_HANDLE;
	if (call->op == IX_CALL_RECV_DONE)
		flow->credit += call->recv_done.bytes;
	if (call->op == IX_CALL_SENDV)
		return flow->closed ? -E_CLOSED : fake_sendv(flow, call);
	if (call->op == IX_CALL_CLOSE)
		flow->closed = true;
	return 0;
}

int sys_run_io(unsigned ncalls, uint32_t timeout_us)
{
	struct ix_call *calls = IX_CALLS(0);
	unsigned n = 0;

	assert_true(ncalls <= IX_NCALLS);
	fake.last_timeout = timeout_us;
	for (unsigned i = 0; i < ncalls; i++) {
		calls[i].result = fake_call(&calls[i]);
		fake.log[fake.nlog++ % FAKE_LOG] = calls[i];
	}
	for (; fake.first_event < fake.nevents && n < fake.max_events; n++) {
		struct ix_event *event = &IX_EVENTS(0)[n];
		*event = fake.events[fake.first_event++];
		if (event->type != IX_EV_KNOCK && event->type != IX_EV_TIMER)
			event->cookie = fake.flows[event->handle].cookie;
	}
	if (fake.first_event == fake.nevents)
		fake.first_event = fake.nevents = 0;
	return n;
}

int sys_dp_attach(int cpu, struct ix_config *config)
{
	(void)cpu;
	config->heap_size = FAKE_HEAP;
	config->nbufs = FAKE_BUFS;
	config->ip = FAKE_IP;
	config->cpu = 1;
	return 0;
}

int sys_dp_ctl(int op, int nic, uint32_t a, uint32_t b)
{
	(void)op, (void)nic, (void)a, (void)b;
	return -E_INVAL; /* nothing is granted */
}

int sys_dp_detach(void)
{
	return 0;
}

/* How many calls of that kind were done since fake_reset(). */
static inline unsigned fake_count(enum ix_op op)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fake.nlog && i < FAKE_LOG; i++)
		n += fake.log[i].op == op;
	return n;
}

static inline bool fake_pending(void)
{
	return fake.nevents > 0;
}

#endif
