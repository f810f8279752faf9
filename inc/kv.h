/* SPDX-License-Identifier: MIT */
/*
 * The key-value server's vocabulary: what a memcached client can ask for, in either protocol, and what can
 * come of it. A protocol (lib/ix/kv_text.c, kv_binary.c) turns bytes into a kv_request and results into
 * bytes; the store (inc/kv_store.h) does the work; lib/ix/kv_server.c stands between them.
 */
#ifndef JOS_INC_KV_H
#define JOS_INC_KV_H

#include <inc/types.h>

#define KV_VERSION "1.6.0-ixkv" /* the release of memcached whose protocols are spoken, and by whom */
#define KV_PORT 11211
#define KV_KEY_MAX 250
#define KV_ITEM_MAX (1u << 20) /* bytes of one item, key and bookkeeping included */
#define KV_LINE_MAX 2048       /* bytes of a command that may be needed at once */
#define KV_REPLY_MAX 320       /* bytes of any reply but a value */

enum kv_op {
	KV_BAD, /* refused by the parser; `status` says why */
	KV_GET,
	KV_GAT, /* get and touch */
	KV_TOUCH,
	KV_SET,
	KV_ADD,
	KV_REPLACE,
	KV_APPEND,
	KV_PREPEND,
	KV_CAS, /* set, if nobody else has since */
	KV_DELETE,
	KV_INCR,
	KV_DECR,
	KV_FLUSH,
	KV_NOOP,
	KV_STATS,
	KV_RESET_STATS,
	KV_GET_VERSION,
	KV_VERBOSITY,
	KV_QUIT,
	KV_NOPS
};

/* What can come of a request: X(name, line of text, binary status, binary message). */
#define KV_STATUSES(X)                                                                                \
	X(OK, "OK", 0, "")                                                                            \
	X(NOT_FOUND, "NOT_FOUND", 1, "Not found")                                                     \
	X(EXISTS, "EXISTS", 2, "Data exists for key.")                                                \
	X(TOO_LARGE, "SERVER_ERROR object too large for cache", 3, "Too large.")                      \
	X(INVALID, "CLIENT_ERROR bad command line format", 4, "Invalid arguments")                    \
	X(BAD_CHUNK, "CLIENT_ERROR bad data chunk", 4, "Invalid arguments")                           \
	X(BAD_DELTA, "CLIENT_ERROR invalid numeric delta argument", 4, "Invalid arguments")           \
	X(BAD_TIME, "CLIENT_ERROR invalid exptime argument", 4, "Invalid arguments")                  \
	X(LINE_TOO_LONG, "CLIENT_ERROR line too long", 4, "Invalid arguments")                        \
	X(NOT_STORED, "NOT_STORED", 5, "Not stored.")                                                 \
	X(NOT_NUMBER, "CLIENT_ERROR cannot increment or decrement non-numeric value", 6,              \
	    "Non-numeric server-side value for incr or decr")                                         \
	X(UNKNOWN, "ERROR", 0x81, "Unknown command")                                                  \
	X(NO_MEM, "SERVER_ERROR out of memory storing object", 0x82, "Out of memory")

enum kv_status {
#define KV_STATUS_ENUM_(name, line, code, message) KV_##name,
	KV_STATUSES(KV_STATUS_ENUM_)
#undef KV_STATUS_ENUM_
	KV_NSTATUSES
};

/* One request, as far as its head tells. `key` points into the bytes that were parsed. */
struct kv_request {
	uint8_t op;     /* enum kv_op */
	uint8_t status; /* of KV_BAD */
	bool quiet;     /* text: no reply at all; binary: none that says only what was to be expected */
	bool with_cas;  /* reply to a get with the item's unique number ... */
	bool with_key;  /* ... (binary) and with its key */
	bool has_value; /* value_len bytes follow the head */
	bool create;    /* (binary) incr, decr: make a missing item from `initial` */
	bool keys_follow, any_key; /* text: a get's keys come one by one */
	bool skip_line; /* text: the rest of the line means nothing */
	bool hang_up;   /* nothing that comes after it can be understood */
	uint8_t opcode; /* binary: to be repeated in the reply, ... */
	uint32_t opaque; /* ... as it came */
	uint16_t key_len;
	const char *key;
	uint32_t flags, value_len;
	int32_t exptime; /* as the protocol has it: kv_expiry() */
	uint64_t cas, delta, initial;
};

/* What the reply tells beside the status. */
struct kv_result {
	uint8_t status;  /* enum kv_status */
	uint32_t flags;  /* the item's, after a touch */
	uint64_t cas;    /* the item's, after a change */
	uint64_t number; /* after incr and decr */
};

/* Part of a value's reply: bytes of the item's text, or of the head made for this reply. */
#define KV_SLICES_MAX 3
#define KV_FROM_HEAD 0xffffffff
#define KV_HEAD_BYTES 28
struct kv_slice {
	uint32_t offset, len;
};

struct kv_item;

struct kv_protocol {
	/*
	 * Reads a request's head: how many bytes it has, or 0 if they are not all there. It never needs
	 * more than KV_LINE_MAX, and remembers nothing. *rq begins as zeros.
	 */
	size_t (*parse)(struct kv_request *rq, const char *bytes, size_t len);
	/* With keys_follow: the next key, or none and keys_follow gone. Bytes used; 0 as above. */
	size_t (*parse_key)(struct kv_request *rq, const char *bytes, size_t len);
	/* Bytes of a reply without a value, in buf[KV_REPLY_MAX]. 0: there is none. */
	size_t (*reply)(char *buf, const struct kv_request *rq, const struct kv_result *result);
	/* One line of statistics, likewise. The reply above ends them. */
	size_t (*stat)(char *buf, const struct kv_request *rq, const char *name, const char *value);
	/* The parts of a reply to a get, in their order; their number. head[KV_HEAD_BYTES] may be filled. */
	unsigned (*value)(struct kv_slice *slices, char *head, const struct kv_request *rq,
			  const struct kv_item *item);
	uint32_t trailer; /* bytes behind a value that comes in: as behind the value in an item */
};

extern const struct kv_protocol kv_text, kv_binary;

#define KV_MAGIC 0x80 /* a binary connection's first byte; no command begins with it */

/* Decimal numbers. kv_format_u64 writes at most 20 digits, and no '\0'; returns how many. */
unsigned kv_format_u64(char *buf, uint64_t n);
bool kv_parse_u64(const char *digits, size_t len, uint64_t *n); /* false: not digits only, or too large */

#endif
