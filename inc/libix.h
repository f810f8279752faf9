/* SPDX-License-Identifier: MIT */
/*
 * libix, the raw layer: what an IX program needs to use inc/ix.h by hand. The event layer (inc/ixev.h) is
 * built on it; use one or the other.
 *
 * A program attaches once, then alternates: it makes calls, which only append to the call array, and runs
 * ix_run(), which enters the kernel once, then reports each call's result, then each event, to the
 * program's handlers. Everything returns 0 or a count, or a negated error; nothing here ends the program.
 */
#ifndef JOS_INC_LIBIX_H
#define JOS_INC_LIBIX_H

#include <inc/ix.h>

/*
 * Events are read in place and hold until the next ix_run(). An event handler may make calls, at least one
 * for each event; a result handler makes none.
 */
struct ix_handlers {
	void (*event[IX_NEVS])(const struct ix_event *event);        /* by type; NULL: passed over */
	void (*result)(const struct ix_call *call, void *tag);       /* of each call made with a tag */
};
_Static_assert(IX_NCALLS >= IX_NEVENTS, "a handler can make one call for each event");

/*
 * Reserve a CPU for this program and map its windows, with the send heap ready for ix_alloc. Zeros in
 * *config ask for defaults; it returns what was granted. Errors: those of sys_dp_attach.
 */
int ix_attach(int cpu, struct ix_config *config, const struct ix_handlers *handlers);
int ix_detach(void);
const struct ix_config *ix_config(void); /* as granted; NULL while not attached */

/*
 * Threads, each with a CPU and a queue of its own: to be called once, by the first, after it has attached. The others
 * call `body`, which attaches (with zeros in the config: it shares the first one's NIC and heap) and runs. The heap is
 * safe to use from all of them; everything else here concerns the caller's own calls and flows. A flow's events come to the
 * thread whose CPU it lives on; after IX_EV_MOVED, to the one that got that event.
 */
int ix_start_threads(unsigned n, void (*body)(void)); /* n: with the first; 0, or the error of thread_create */

/* Do the calls made so far and deliver what they and the network bring. Returns the number of events. */
int ix_run(uint32_t timeout_us);

/*
 * The calls of inc/ix.h. Each takes the next slot; with the array full it runs ix_run(0) first, or, when
 * made by a handler (where that would overwrite events not yet delivered), returns -E_AGAIN.
 * A NULL tag says that the result does not matter. What `sg` points to must stay until ix_run().
 */
unsigned ix_room(void); /* calls that can be made before the array is full */
int ix_listen(uint16_t port, unsigned backlog, uint32_t cookie, void *tag);
int ix_unlisten(ix_handle_t listener, void *tag);
int ix_connect(uint32_t cookie, uint32_t ip, uint16_t port, void *tag);
int ix_accept(ix_handle_t flow, uint32_t cookie, void *tag);
int ix_reject(ix_handle_t flow, void *tag);
int ix_sendv(ix_handle_t flow, const struct ix_sg *sg, unsigned n, void *tag);
int ix_recv_done(ix_handle_t flow, uint32_t bytes, void *tag);
int ix_sendv_close(ix_handle_t flow, const struct ix_sg *sg, unsigned n, void *tag); /* IX_SEND_CLOSE */
int ix_shutdown(ix_handle_t flow, void *tag);
int ix_close(ix_handle_t flow, void *tag);
int ix_abort(ix_handle_t flow, void *tag);
int ix_udp_bind(uint16_t port, uint32_t cookie, void *tag);
int ix_udp_sendv(ix_handle_t flow, const struct ix_sg *sg, unsigned n, uint32_t ip, uint16_t port, void *tag);
int ix_udp_recv_done(ix_handle_t flow, uint32_t addr, void *tag);
int ix_timer_set(uint32_t id, uint32_t us, uint32_t cookie, void *tag);
int ix_timer_clear(uint32_t id, void *tag);

/*
 * The send heap: memory that sendv takes without copying. Bytes lent to the kernel may be freed once
 * `sent` covers them or `dead` has come. Blocks are aligned to 16 bytes, those over 2 KB to a page.
 *
 * All threads of a program share it. If one is destroyed in the middle of a change, nothing in it is sure any more: memory is
 * out from then on, and what is given back stays unused.
 */
struct ix_heap_stat {
	size_t size;   /* bytes that can be handed out */
	size_t unused; /* of them, in wholly free pages */
};

int ix_heap_init(void *base, size_t size); /* done by ix_attach; -E_NO_MEM: too small to use */
void *ix_alloc(size_t size);               /* NULL when memory runs out */
int ix_free(void *block);                  /* NULL is fine; -E_INVAL: no block starts there */
void ix_heap_stat(struct ix_heap_stat *stat);

/*
 * A queue of received payload, kept in place in the receive buffers. A buffer holds at most one piece, so the
 * links live in one table with an entry for each buffer: a queue is two words and can never run out.
 */
struct ix_rxq {
	uint32_t first, last; /* buffer number + 1; 0: none */
};

int ix_rxq_init(void); /* done by ix_attach; -E_NO_MEM */
void ix_rxq_put(struct ix_rxq *q, uint32_t addr, uint32_t len);
void *ix_rxq_peek(const struct ix_rxq *q, size_t *len); /* the oldest piece; NULL: the queue is empty */
void ix_rxq_drop(struct ix_rxq *q, size_t n);           /* forget n bytes of the oldest piece */

/* An address as people write it, such as 10.0.2.2: 0, or -E_INVAL. */
int ix_parse_ip(const char *text, uint32_t *ip);

#endif
