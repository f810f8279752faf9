/* SPDX-License-Identifier: MIT */
/* Between kv_store.c and kv_item.c: making items and filling them, apart from the table. */
#ifndef JOS_LIB_IX_KV_ITEM_H
#define JOS_LIB_IX_KV_ITEM_H

#include <inc/kv_store.h>

/* An item with one reference, whose text is complete up to head_len. NULL: *status says why. */
struct kv_item *kv_item_make(const char *key, uint32_t key_len, uint32_t flags, uint32_t value_len, uint8_t *status);
void kv_item_free(struct kv_item *item);
void kv_item_end(struct kv_item *item); /* write what stands behind the value */
void kv_item_join(struct kv_item *into, struct kv_item *first, struct kv_item *second); /* both values, and the end */

/* kv_store.c: evict something, so that a block of this class can be had. False: nothing can go. */
bool kv_make_room(unsigned class);

#endif
