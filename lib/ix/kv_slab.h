/* SPDX-License-Identifier: MIT */
/*
 * Blocks for items: pages of the send heap, each cut into blocks of one size. A page whose blocks are all
 * free goes back. To get a page for another size, all items of one page are made to go (kv_slab_clear), not
 * as many as it takes until some page happens to be empty.
 */
#ifndef JOS_LIB_IX_KV_SLAB_H
#define JOS_LIB_IX_KV_SLAB_H

#include <inc/kv_store.h>

#define KV_SLAB_PAGE 4096

void kv_slab_init(uint32_t limit);   /* bytes, in whole pages */
uint32_t kv_slab_bytes(void);        /* in pages that are in use */

/* The size class for `bytes`, or for the most of them that can go into one block without waste. */
unsigned kv_slab_class(uint32_t bytes);

struct kv_block *kv_slab_take(unsigned class); /* NULL: the limit is reached, or the heap is exhausted */
void kv_slab_give(struct kv_block *block);
unsigned kv_slab_class_of(const struct kv_block *block);
uint32_t kv_slab_size(const struct kv_block *block);

/* Call evict() for the owner of each block on this block's page; it may give blocks back, these included. */
void kv_slab_clear(struct kv_block *block, void (*evict)(struct kv_item *owner));

#endif
