/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the key-value server: kv_server.c takes bytes in, kv_do.c does what they ask for,
 * kv_send.c queues the answers.
 */
#ifndef JOS_LIB_IX_KV_CONN_H
#define JOS_LIB_IX_KV_CONN_H

#include <inc/kv_server.h>
#include <lib/ix/shared.h>

/* What the next bytes are. */
enum kv_mode {
	MODE_HEAD,      /* a request begins */
	MODE_KEYS,      /* a get's keys follow */
	MODE_VALUE,     /* a value comes, for `item` */
	MODE_SKIP,      /* `left` bytes mean nothing */
	MODE_SKIP_LINE, /* nor does anything up to the line's end */
	MODE_END,       /* all that was answered is queued, or cannot be: close it */
	NMODES
};

/* An answer to a get: from its first byte that is queued until its last one is acknowledged. */
struct kv_sending {
	struct ixev_ref sent;
	struct kv_item *item;
	char head[KV_HEAD_BYTES];
};

struct kv_conn {
	struct ixev_ctx ctx;
	const struct kv_protocol *protocol; /* NULL: its first byte has not come */
	struct kv_request req;
	uint8_t mode;       /* enum kv_mode */
	bool waits_for_room;

	char *tail; /* copy of a head's first bytes, if it comes in pieces: KV_LINE_MAX */
	uint16_t tail_len;

	/* The value that comes in. */
	struct kv_item *item;
	struct kv_cursor in;
	uint32_t left;

	/* The answer that is being queued; NULL: none. */
	struct kv_sending *out;
	struct kv_slice slices[KV_SLICES_MAX];
	uint8_t slice, nslices;
	uint32_t slice_done;
	struct kv_cursor from;
};

struct kv_self {
	unsigned max_conns;
	struct kv_counters count;
	struct ixev_timer clock;
	uint32_t last_ms, odd_ms, uptime, epoch;
};
extern struct kv_self kv_self;

/*
 * The store and all counts are the threads' together: who touches them has this lock. Handlers hold it from the first to the
 * last byte that they take.
 */
extern struct mutex kv_mutex;
void kv_end_broken(void);

static inline void kv_lock(void)
{
	if (lock_if_shared(&kv_mutex) < 0)
		kv_end_broken();
}

static inline void kv_unlock(void) { unlock_if_shared(&kv_mutex); }

/* kv_send.c. What cannot be queued as a whole ends the connection: MODE_END. */
void kv_send_text(struct kv_conn *c, char *bytes, size_t len);
void kv_send_result(struct kv_conn *c, const struct kv_result *result);
void kv_send_status(struct kv_conn *c, enum kv_status status);
void kv_send_value(struct kv_conn *c, struct kv_item *item);
bool kv_pump(struct kv_conn *c); /* queue what there is room for; false: some of a value is left */
void kv_end_sending(struct kv_sending *out);

/* kv_do.c. */
void kv_do(struct kv_conn *c);        /* the request that was parsed, or one key of it */
void kv_put_value(struct kv_conn *c); /* the value for it is there */

#endif
