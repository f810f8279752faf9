/* SPDX-License-Identifier: MIT */
/*
 * libix, the event layer: one context and one handler for each connection. Its names are those of IX's libix,
 * so that a program written for it needs other includes only; additions are marked (+).
 *
 *	ixev_init(&ops); ixev_init_thread(); ixev_listen(80);
 *	for (;;)
 *		ixev_wait();
 *
 * Nothing here enters the kernel but ixev_wait, ixev_init_thread and ixev_listen: the rest changes the
 * context and leaves it on a list, from which ixev_wait makes at most one call of each kind for it.
 * Contexts belong to the program: they must stay from accept (or ixev_dial) until `release`.
 */
#ifndef JOS_INC_IXEV_H
#define JOS_INC_IXEV_H

#include <inc/error.h>
#include <inc/libix.h>

/* Why a handler is called. IXEVHUP always comes alone and after the others. */
#define IXEVHUP 1 /* the peer will send no more, or the connection is lost: ixev_close it when done */
#define IXEVIN  2 /* data has come */
#define IXEVOUT 4 /* there is room to send again */

#define IXEV_SEND_DEPTH IX_SG_MAX /* pieces queued to be sent on one connection */

struct ixev_ctx;
struct ixev_buf;
struct ixev_ref;

typedef void (*ixev_handler_t)(struct ixev_ctx *ctx, unsigned reason);
typedef void (*ixev_sent_cb_t)(struct ixev_ref *ref);

/* Called once the bytes queued before it was added have been acknowledged, or the connection is dead. */
struct ixev_ref {
	uint32_t send_pos; /* the count of bytes queued when it was added */
	ixev_sent_cb_t cb; /* set by the program */
	struct ixev_ref *next;
};

/* Both ends of a connection, in host byte order; `src` is the peer of one that was accepted. */
struct ip_tuple {
	uint32_t src_ip, dst_ip;
	uint16_t src_port, dst_port;
};

struct ixev_conn_ops {
	/* A peer has connected: its context, initialised and with a handler set, or NULL to refuse. */
	struct ixev_ctx *(*accept)(struct ip_tuple *id);
	/* After ixev_close, nothing refers to the context any more: it may be freed. */
	void (*release)(struct ixev_ctx *ctx);
	/* What ixev_dial came to: 0, or a negated error. May be NULL. */
	void (*dialed)(struct ixev_ctx *ctx, long outcome);
};

/* All fields but user_data are the library's. */
struct ixev_ctx {
	unsigned long user_data;

	ixev_handler_t handler;
	uint8_t en_mask;   /* reasons the handler wants */
	uint8_t trig_mask; /* reasons not reported yet */
	uint8_t state;     /* enum ixev_state, and ... */
	uint8_t flags;     /* ... IXEV_F_x: lib/ix/ixev_impl.h */
	struct ixev_ctx *next; /* on the active list */
	ix_handle_t handle;
	uint32_t peer_ip;
	uint16_t peer_port;

	uint16_t nsend; /* pieces in send[] */
	int error;      /* the reason that the dead event, or the outcome of dialing, gave */
	struct ix_rxq rx;
	uint32_t credit; /* bytes consumed that the kernel has not been told of */

	uint32_t send_total;  /* bytes queued, ... */
	uint32_t taken_total; /* ... of them taken by the kernel, ... */
	uint32_t sent_total;  /* ... of them acknowledged: free-running counts */
	struct ixev_ref *ref_head, *ref_tail;
	struct ixev_buf *cur_buf; /* where the next copied bytes may go */
	struct ix_sg send[IXEV_SEND_DEPTH];
};

int ixev_init(struct ixev_conn_ops *ops);
int ixev_init_thread(void);                   /* attach with default settings, unless ... */
int ixev_attach(int cpu, struct ix_config *config); /* (+) ... this came first */
int ixev_listen(uint16_t port);               /* (+) 0, or e.g. -E_IN_USE */
int ixev_wait(void);                          /* events handled, or a negated error */
/*
 * (+) After attach and listen: n - 1 more threads, each with a queue and a CPU of its own, that serve connections by the same
 * ops. One for which no CPU is free parks until the control plane gives it one. A connection belongs to one thread at a time:
 * nothing of it may be used by another.
 */
int ixev_start_threads(unsigned n);

void ixev_ctx_init(struct ixev_ctx *ctx);
void ixev_set_handler(struct ixev_ctx *ctx, unsigned mask, ixev_handler_t handler);
void ixev_dial(struct ixev_ctx *ctx, struct ip_tuple *id); /* to dst_ip, dst_port */
void ixev_close(struct ixev_ctx *ctx); /* what is queued is still delivered; data that comes is thrown away */

/*
 * Receiving. ixev_recv copies: the number of bytes, 0 after the peer's FIN, -E_AGAIN: nothing there,
 * -E_CLOSED: dead. ixev_recv_zc hands out `len` bytes in place, good until the next ixev_wait; NULL: not
 * there in one piece.
 */
ssize_t ixev_recv(struct ixev_ctx *ctx, void *addr, size_t len);
void *ixev_recv_zc(struct ixev_ctx *ctx, size_t len);
void *ixev_peek(struct ixev_ctx *ctx, size_t *len); /* (+) the oldest piece, in place; NULL: none */
void ixev_consume(struct ixev_ctx *ctx, size_t n);  /* (+) done with n bytes of it */
void *ixev_take(struct ixev_ctx *ctx, size_t *len); /* (+) as peek, but the program keeps it until ... */
void ixev_give_back(struct ixev_ctx *ctx, size_t n); /* (+) ... it gives back as many bytes, oldest first */
bool ixev_eof(const struct ixev_ctx *ctx);          /* (+) all that will ever come has been consumed */
int ixev_error(const struct ixev_ctx *ctx);         /* (+) why it is dead; 0: in order, or it is not */

/*
 * Sending. Bytes queued, or -E_AGAIN: the queue is full (IXEVOUT tells when not), -E_CLOSED, -E_NO_MEM.
 * ixev_send copies, perhaps fewer than asked; ixev_send_zc lends all bytes (of the send heap or of receive
 * buffers) until a reference added after them is called.
 */
ssize_t ixev_send(struct ixev_ctx *ctx, void *addr, size_t len);
ssize_t ixev_send_zc(struct ixev_ctx *ctx, void *addr, size_t len);
void ixev_add_sent_cb(struct ixev_ctx *ctx, struct ixev_ref *ref);
unsigned ixev_send_room(const struct ixev_ctx *ctx); /* (+) pieces that ixev_send_zc would take now */

/* One-shot timers, kept by the dataplane; IX_NTIMERS at a time. Setting one again replaces its delay. */
#define IXEV_TIMER_MAX_S 3600

#ifndef IXEV_NO_TIMEVAL /* for a program whose other headers define it */
struct timeval {
	long tv_sec, tv_usec;
};
#endif

typedef void (*ixev_timer_handler_t)(void *arg);

struct ixev_timer {
	ixev_timer_handler_t handler;
	void *arg;
	unsigned slot; /* the library's, while the timer is set */
};

int ixev_timer_init(struct ixev_timer *t, ixev_timer_handler_t handler, void *arg);
int ixev_timer_add(struct ixev_timer *t, struct timeval tv); /* -E_INVAL, or -E_NO_MEM: too many */
void ixev_timer_del(struct ixev_timer *t);                   /* (+) it may be freed at once */

#endif
