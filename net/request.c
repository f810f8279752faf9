/* SPDX-License-Identifier: MIT */
/*
 * Request slots and the threads that carry requests out. A slot's page is mapped by the message that comes into it, and
 * stays so after the reply until the next message replaces it, or until a sweep finds the slot unused. Threads are started when
 * all there are have work, and then stay.
 */
#include <inc/lib.h>
#include <net/layout.h>
#include <net/request.h>
#include <net/thread.h>

struct request {
	enum { SLOT_FREE, SLOT_WAITS, SLOT_SERVED } state;
	bool mapped;             /* there may be a page */
	envid_t from;            /* 0: nobody, the server itself wants it done */
	uint32_t number;
	struct request *next;    /* on the free list, or behind it among those that wait for a thread */
};

static struct request slots[NS_NREQUESTS];
static struct request *free_slots;
static struct request *waiting_first, **waiting_end = &waiting_first;
static struct waitq idle_threads;

void requests_init(void)
{
	for (int i = NS_NREQUESTS - 1; i >= 0; i--) {
		slots[i].next = free_slots;
		free_slots = &slots[i];
	}
}

struct request *request_slot(void) { return free_slots; }

union Nsipc *request_page(struct request *r) { return (union Nsipc *)(NS_REQUESTS + (r - slots) * PGSIZE); }

static struct request *next_waiting(void)
{
	struct request *r = waiting_first;

	if (r && !(waiting_first = r->next))
		waiting_end = &waiting_first;
	return r;
}

static void serve(struct request *r)
{
	void *reply_page = NULL;

	r->state = SLOT_SERVED;
	thread_works_for(r->from);
	int32_t value = socket_call(r->number, request_page(r), &reply_page);
	if (r->from)
		reply_add(r->from, value, reply_page);
	r->state = SLOT_FREE;
	r->next = free_slots;
	free_slots = r;
}

static void serve_all(void *unused)
{
	(void)unused;
	for (;;) {
		struct request *r = next_waiting();
		if (r)
			serve(r);
		else
			thread_wait(&idle_threads, 0);
	}
}

/* Without a thread for it, it waits until one is free. */
static void enqueue(struct request *r)
{
	free_slots = r->next;
	r->state = SLOT_WAITS;
	r->next = NULL;
	*waiting_end = r;
	waiting_end = &r->next;
	if (!thread_wake(&idle_threads))
		thread_start(serve_all, NULL);
}

void request_begin(struct request *r, envid_t from, uint32_t number, int perm)
{
	const int must = PTE_P | PTE_U | PTE_W;

	r->mapped = true;
	r->from = from;
	r->number = number;
	if ((perm & must) == must)
		enqueue(r);
	else
		reply_add(from, -E_INVAL, NULL);
}

/* Nobody is there to ask for it, so the server does. */
static void close_orphan(int s)
{
	struct request *r = request_slot();

	if (!r || sys_page_alloc(0, request_page(r), PTE_P | PTE_U | PTE_W) < 0)
		return;
	request_page(r)->close.req_s = s;
	request_begin(r, 0, NSREQ_CLOSE, PTE_P | PTE_U | PTE_W);
}

void requests_sweep(void)
{
	for (struct request *r = slots; r < slots + NS_NREQUESTS; r++) {
		if (r->state != SLOT_FREE || !r->mapped)
			continue;
		sys_page_unmap(0, request_page(r));
		r->mapped = false;
	}
	sockets_sweep(close_orphan);
}
