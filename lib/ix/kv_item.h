/* SPDX-License-Identifier: MIT */
/*
 * Between the store's files: kv_item.c makes items and fills them, kv_store.c keeps them in the table, and
 * kv_change.c does what requests want.
 */
#ifndef JOS_LIB_IX_KV_ITEM_H
#define JOS_LIB_IX_KV_ITEM_H

#include <inc/kv_store.h>

/* kv_item.c. An item with one reference, whose text is complete up to head_len. NULL: *status says why. */
struct kv_item *kv_item_make(const char *key, uint32_t key_len, uint32_t flags, uint32_t value_len,
			     uint8_t *status);
void kv_item_free(struct kv_item *item);
void kv_item_end(struct kv_item *item); /* what stands behind the value */
/* Both values, and the end. */
void kv_item_join(struct kv_item *into, struct kv_item *first, struct kv_item *second);

/* kv_store.c. */
uint32_t kv_hash(const char *key, size_t len);
struct kv_item *kv_look_up(const char *key, size_t len, uint32_t hash); /* a dead one goes */
void kv_put_in(struct kv_item *item);
void kv_take_out(struct kv_item *item);
uint64_t kv_renew(struct kv_item *item);    /* it has changed: its new unique number */
bool kv_is_idle(const struct kv_item *item); /* in the table, and nobody sends it */
bool kv_make_room(unsigned class); /* evict something, for a block of that class; false: nothing can go */

#endif
