/* SPDX-License-Identifier: MIT */
/*
 * The raw layer: the call array's one writer and the event array's one reader (inc/libix.h).
 * Slots 0 .. ncalls-1 hold calls not yet done; tags[] runs beside them.
 */
#include <inc/error.h>
#include <inc/libix.h>
#include <inc/string.h>
#include <lib/ix/shared.h>

/* One for each thread. */
static THREAD_LOCAL struct {
	bool attached;
	bool delivering; /* handlers are being called: the arrays are in use */
	unsigned ncalls;
	const struct ix_handlers *handlers;
	struct ix_call *calls;
	const struct ix_event *events;
	struct ix_config config;
	void *tags[IX_NCALLS];
} self;

/* ---- attaching ---- */

static uint32_t program_nic; /* the first thread's, and so all others' */
THREAD_LOCAL bool ix_is_sibling;

/* A grant of nothing says how much there is. */
static size_t heap_granted(void)
{
	int units = sys_dp_ctl(IX_CTL_GRANT, IX_OWN, 0, 0);

	return units > 0 ? (size_t)units * IX_HEAP_UNIT : 0;
}

/* The first thread's; the others use the same. */
static int set_up_memory(const struct ix_config *config)
{
	if (config->thread > 0)
		return 0;
	int r = ix_heap_init((void *)(uintptr_t)IX_HEAP, config->heap_size);

	ix_heap_granted = heap_granted;
	return r < 0 ? r : ix_rxq_init();
}

int ix_attach(int cpu, struct ix_config *config, const struct ix_handlers *handlers)
{
	if (ix_is_sibling)
		config->nic = program_nic;
	int r = sys_dp_attach(cpu, config);
	if (r < 0)
		return r;

	program_nic = config->nic;
	r = set_up_memory(config);
	if (r < 0) {
		sys_dp_detach();
		return r;
	}
	self.attached = true;
	self.ncalls = 0;
	self.handlers = handlers;
	self.calls = IX_CALLS(config->thread);
	self.events = IX_EVENTS(config->thread);
	self.config = *config;
	return 0;
}

int ix_detach(void)
{
	self.attached = false;
	return sys_dp_detach();
}

const struct ix_config *ix_config(void)
{
	return self.attached ? &self.config : NULL;
}

/* ---- one round ---- */

static void deliver_results(unsigned ncalls)
{
	for (unsigned i = 0; i < ncalls; i++)
		if (self.tags[i])
			self.handlers->result(&self.calls[i], self.tags[i]);
}

static void deliver_events(unsigned nevents)
{
	const struct ix_event *event = self.events;

	for (const struct ix_event *end = event + nevents; event < end; event++)
		if (event->type < IX_NEVS && self.handlers->event[event->type])
			self.handlers->event[event->type](event);
}

int ix_run(uint32_t timeout_us)
{
	if (self.delivering)
		return -E_AGAIN;

	unsigned ncalls = self.ncalls;
	int nevents = sys_run_io(ncalls, timeout_us);
	if (nevents < 0)
		return nevents;

	self.delivering = true;
	self.ncalls = IX_NCALLS; /* no slot is free while results are read from them */
	deliver_results(ncalls);
	self.ncalls = 0;
	deliver_events(nevents);
	self.delivering = false;
	return nevents;
}

/* ---- calls ---- */

unsigned ix_room(void)
{
	return IX_NCALLS - self.ncalls;
}

static struct ix_call *append(enum ix_op op, ix_handle_t handle, void *tag)
{
	if (ix_room() == 0 && (ix_run(0) < 0 || ix_room() == 0))
		return NULL;

	struct ix_call *call = &self.calls[self.ncalls];
	self.tags[self.ncalls++] = tag;
	call->op = op;
	call->handle = handle;
	return call;
}

static int call0(enum ix_op op, ix_handle_t handle, void *tag)
{
	return append(op, handle, tag) ? 0 : -E_AGAIN;
}

static int call1(enum ix_op op, ix_handle_t handle, void *tag, uint32_t a)
{
	struct ix_call *call = append(op, handle, tag);
	if (!call)
		return -E_AGAIN;
	call->arg[0] = a;
	return 0;
}

static int call4(enum ix_op op, ix_handle_t handle, void *tag, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	struct ix_call *call = append(op, handle, tag);
	if (!call)
		return -E_AGAIN;
	call->arg[0] = a;
	call->arg[1] = b;
	call->arg[2] = c;
	call->arg[3] = d;
	return 0;
}

int ix_listen(uint16_t port, unsigned backlog, uint32_t cookie, void *tag)
{
	return call4(IX_CALL_LISTEN, 0, tag, port, backlog, cookie, 0);
}

int ix_unlisten(ix_handle_t listener, void *tag)
{
	return call0(IX_CALL_UNLISTEN, listener, tag);
}

int ix_connect(uint32_t cookie, uint32_t ip, uint16_t port, void *tag)
{
	return call4(IX_CALL_CONNECT, 0, tag, cookie, ip, port, 0);
}

int ix_accept(ix_handle_t flow, uint32_t cookie, void *tag)
{
	return call1(IX_CALL_ACCEPT, flow, tag, cookie);
}

int ix_reject(ix_handle_t flow, void *tag)
{
	return call0(IX_CALL_REJECT, flow, tag);
}

int ix_sendv(ix_handle_t flow, const struct ix_sg *sg, unsigned n, void *tag)
{
	return call4(IX_CALL_SENDV, flow, tag, (uint32_t)(uintptr_t)sg, n, 0, 0);
}

int ix_sendv_close(ix_handle_t flow, const struct ix_sg *sg, unsigned n, void *tag)
{
	return call4(IX_CALL_SENDV, flow, tag, (uint32_t)(uintptr_t)sg, n, IX_SEND_CLOSE, 0);
}

int ix_recv_done(ix_handle_t flow, uint32_t bytes, void *tag)
{
	return call1(IX_CALL_RECV_DONE, flow, tag, bytes);
}

int ix_shutdown(ix_handle_t flow, void *tag)
{
	return call0(IX_CALL_SHUTDOWN, flow, tag);
}

int ix_close(ix_handle_t flow, void *tag)
{
	return call0(IX_CALL_CLOSE, flow, tag);
}

int ix_abort(ix_handle_t flow, void *tag)
{
	return call0(IX_CALL_ABORT, flow, tag);
}

int ix_udp_bind(uint16_t port, uint32_t cookie, void *tag)
{
	return call4(IX_CALL_UDP_BIND, 0, tag, port, cookie, 0, 0);
}

int ix_udp_sendv(ix_handle_t flow, const struct ix_sg *sg, unsigned n, uint32_t ip, uint16_t port, void *tag)
{
	return call4(IX_CALL_UDP_SENDV, flow, tag, (uint32_t)(uintptr_t)sg, n, ip, port);
}

int ix_udp_recv_done(ix_handle_t flow, uint32_t addr, void *tag)
{
	return call1(IX_CALL_UDP_RECV_DONE, flow, tag, addr);
}

int ix_timer_set(uint32_t id, uint32_t us, uint32_t cookie, void *tag)
{
	return call4(IX_CALL_TIMER_SET, 0, tag, id, us, cookie, 0);
}

int ix_timer_clear(uint32_t id, void *tag)
{
	return call1(IX_CALL_TIMER_CLEAR, 0, tag, id);
}
