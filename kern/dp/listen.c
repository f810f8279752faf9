/* SPDX-License-Identifier: MIT */
/* Listeners: one table for all CPUs of a dataplane (plane.h), and this CPU's part of each (its door). */
#include <inc/error.h>
#include <inc/x86.h>

#include <kern/dp/tcp.h>

static bool is_open(const struct listener *l) { return l->gen & 1; }

/* What it was at one moment. False: it is not open. */
static bool read_slot(const struct listener *l, struct listener *copy)
{
	uint32_t gen;

	do {
		gen = l->gen;
		compiler_barrier();
		*copy = (struct listener){ gen, l->cookie, l->port, l->backlog };
		compiler_barrier();
	} while (l->gen != gen);
	return is_open(copy);
}

int listener_on_port(const struct plane *p, uint16_t port, struct listener *copy)
{
	for (int i = 0; i < NLISTENERS; i++) {
		if (p->listeners[i].port == port && read_slot(&p->listeners[i], copy) && copy->port == port)
			return i;
	}
	return -1;
}

int listener_find(const struct plane *p, ix_handle_t handle)
{
	uint32_t slot = IX_HANDLE_INDEX(handle) ^ FLOW_LISTENER;

	if (IX_HANDLE_GROUP(handle) != 0 || slot >= NLISTENERS)
		return -1;
	const struct listener *l = &p->listeners[slot];
	return is_open(l) && l->gen == IX_HANDLE_GEN(handle) ? (int)slot : -1;
}

int listener_open(struct plane *p, uint16_t port, uint8_t backlog, uint32_t cookie)
{
	struct listener other;
	int slot = 0;

	if (listener_on_port(p, port, &other) >= 0)
		return -E_IN_USE;
	while (slot < NLISTENERS && is_open(&p->listeners[slot]))
		slot++;
	if (slot == NLISTENERS)
		return -E_NO_MEM;
	struct listener *l = &p->listeners[slot];
	l->port = port;
	l->backlog = backlog;
	l->cookie = cookie;
	compiler_barrier();
	l->gen++;
	p->nlisteners++;
	return slot;
}

void listener_close(struct plane *p, int slot)
{
	p->listeners[slot].gen++;
	p->nlisteners--;
}

/* ---- Doors ---- */

/* Ready for a SYN: NULL when memory is out. */
struct door *door_of(struct dp *dp, int slot, const struct listener *l)
{
	struct door *d = &dp->doors[slot];

	if (d->pcb && d->gen != l->gen)
		stack_unlisten(dp, d);
	if (!d->pcb) {
		doors_follow(dp); /* that of the port's last listener may be open still */
		stack_listen(dp, d, slot, l);
	}
	return d->pcb ? d : NULL;
}

void doors_follow(struct dp *dp)
{
	for (int i = 0; i < NLISTENERS; i++) {
		struct door *d = &dp->doors[i];
		if (d->pcb && d->gen != dp->plane->listeners[i].gen)
			stack_unlisten(dp, d);
	}
}
