/* SPDX-License-Identifier: MIT */
/*
 * The key-value store: items in the send heap, found by key, forgotten in the order of their last use when
 * memory runs out. There is one store, and one thread uses it.
 *
 * An item is kept as the text that answers a `get` of it, so that it is sent as it lies:
 *
 *	VALUE <key> <flags> <value_len>\r\n<value>\r\n
 *	      ^KV_KEY_AT                   ^head_len
 *
 * The text begins in the item's own block, where all of it up to head_len lies, and goes on in the blocks
 * behind it (lib/ix/kv_slab.h). References keep an item: one is the table's, others belong to whoever fills
 * it or sends it. While it is sent, its text does not change.
 */
#ifndef JOS_INC_KV_STORE_H
#define JOS_INC_KV_STORE_H

#include <inc/kv.h>

#define KV_KEY_AT 6

/* A block's beginning. In an item's first block, the item. */
struct kv_block {
	struct kv_block *next;  /* where the text goes on; of a free block, the next free one */
	struct kv_item *owner;  /* NULL: free */
};

struct kv_item {
	struct kv_block block;
	struct kv_item *chain;         /* in its bucket */
	struct kv_item *newer, *older; /* in the order of last use */
	uint64_t cas;                  /* unique: a new one at each change; 0 outside the table */
	uint32_t hash;
	uint32_t expires;              /* on the store's clock; 0: never */
	uint32_t flags, value_len;
	uint32_t refs;
	uint16_t head_len;
	uint8_t key_len;
	bool linked;                   /* it is in the table */
	char text[];
};

/* Free-running counts but for the last four: X(field, name among the statistics). */
#define KV_STORE_COUNTERS(X) X(evictions) X(reclaimed) X(total_items) X(curr_items) X(bytes) X(limit_maxbytes)
struct kv_store_stat {
#define KV_FIELD_(name) uint32_t name;
	KV_STORE_COUNTERS(KV_FIELD_)
#undef KV_FIELD_
};

/*
 * At most `limit` bytes of the send heap for items, and a table besides. `epoch` is the Unix time at second
 * 0 of the store's clock; 0: unknown, and then points in time never come. -E_NO_MEM.
 */
int kv_store_init(uint32_t limit, uint32_t epoch);
void kv_store_clock(uint32_t seconds);      /* it is so late now: never less than before */
uint32_t kv_expiry(int32_t exptime);        /* a protocol's time on the store's clock; 0: never */
void kv_store_flush(uint32_t when);         /* forget all items that exist then; 0: now */
const struct kv_store_stat *kv_store_stat(void);

/* The live item of that key, counted as used; NULL: none. It stays until the next call that takes memory. */
struct kv_item *kv_find(const char *key, size_t key_len);
void kv_hold(struct kv_item *item);
void kv_release(struct kv_item *item);
void kv_touch(struct kv_item *item, uint32_t expires);

/*
 * A new item, not in the table, with a reference of the caller's: the value, and the two bytes behind it,
 * are to be written. NULL: *status says KV_TOO_LARGE or KV_NO_MEM.
 */
struct kv_item *kv_item_new(const struct kv_request *rq, uint32_t value_len, uint8_t *status);

/*
 * Put it into the table as rq->op says: KV_OK, KV_EXISTS (also: rq->cas is not the old one's), KV_NOT_FOUND,
 * KV_NOT_STORED, KV_NO_MEM, KV_TOO_LARGE. Sets *cas if it did. The caller's reference stays the caller's.
 */
uint8_t kv_put(const struct kv_request *rq, struct kv_item *item, uint64_t *cas);
uint8_t kv_delete(const char *key, size_t key_len, uint64_t cas);
void kv_count(const struct kv_request *rq, struct kv_result *result); /* incr and decr */

/* A walk along an item's text. */
struct kv_cursor {
	struct kv_block *block;
	char *at;
	uint32_t here; /* bytes from `at` to the block's end */
};
void kv_seek(struct kv_cursor *cur, struct kv_item *item, uint32_t offset);
char *kv_next(struct kv_cursor *cur, uint32_t *len); /* passes up to *len bytes in one piece; sets *len */
void kv_write(struct kv_cursor *cur, const char *bytes, uint32_t len);
void kv_read(struct kv_cursor *cur, char *bytes, uint32_t len);

#endif
