/* SPDX-License-Identifier: MIT */
/*
 * The event layer's timers: each armed one has a slot, whose number is its id at the dataplane. A timer
 * that is deleted may be freed at once: its slot alone remembers the call that is still to be made.
 */
#include <inc/thread.h>
#include <lib/ix/ixev_impl.h>

enum slot_state {
	SLOT_FREE,
	SLOT_TO_SET,   /* the call is to be made */
	SLOT_SET,
	SLOT_TO_CLEAR, /* the call is to be made; the timer is gone */
};

struct slot {
	enum slot_state state;
	uint32_t us;
	struct ixev_timer *timer;
};

static THREAD_LOCAL struct slot slots[IX_NTIMERS];
static THREAD_LOCAL unsigned calls_to_make;

static bool is_due(const struct slot *s)
{
	return s->state == SLOT_TO_SET || s->state == SLOT_TO_CLEAR;
}

static void change(struct slot *s, enum slot_state state)
{
	calls_to_make -= is_due(s);
	s->state = state;
	calls_to_make += is_due(s);
}

/* The slot that is the timer's now, or NULL. */
static struct slot *slot_of(const struct ixev_timer *t)
{
	struct slot *s = &slots[t->slot];

	return s->timer == t ? s : NULL;
}

static struct slot *free_slot(void)
{
	for (unsigned i = 0; i < IX_NTIMERS; i++)
		if (slots[i].state == SLOT_FREE)
			return &slots[i];
	return NULL;
}

int ixev_timer_init(struct ixev_timer *t, ixev_timer_handler_t handler, void *arg)
{
	*t = (struct ixev_timer){ .handler = handler, .arg = arg };
	return 0;
}

int ixev_timer_add(struct ixev_timer *t, struct timeval tv)
{
	struct slot *s = slot_of(t);

	if (tv.tv_sec < 0 || tv.tv_sec > IXEV_TIMER_MAX_S || tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -E_INVAL;
	if (!s && !(s = free_slot()))
		return -E_NO_MEM;

	t->slot = s - slots;
	s->timer = t;
	s->us = (uint32_t)tv.tv_sec * 1000000u + (uint32_t)tv.tv_usec;
	change(s, SLOT_TO_SET);
	return 0;
}

void ixev_timer_del(struct ixev_timer *t)
{
	struct slot *s = slot_of(t);

	if (!s)
		return;
	s->timer = NULL;
	change(s, SLOT_TO_CLEAR);
}

bool ixev_timers_pending(void)
{
	return calls_to_make > 0;
}

static void make_call(struct slot *s)
{
	uint32_t id = s - slots;

	if (s->state == SLOT_TO_SET) {
		ix_timer_set(id, s->us, 0, NULL);
		change(s, SLOT_SET);
	} else {
		ix_timer_clear(id, NULL);
		change(s, SLOT_FREE);
	}
}

void ixev_timers_flush(void)
{
	for (unsigned i = 0; calls_to_make && ix_room() && i < IX_NTIMERS; i++)
		if (is_due(&slots[i]))
			make_call(&slots[i]);
}

/* An expiry that crossed with a change of the timer says nothing any more. */
void ixev_on_timer(const struct ix_event *event)
{
	struct slot *s = &slots[event->timer.id % IX_NTIMERS];
	struct ixev_timer *t = s->timer;

	if (s->state != SLOT_SET)
		return;
	s->timer = NULL;
	change(s, SLOT_FREE);
	t->handler(t->arg);
}
