/* SPDX-License-Identifier: MIT */
/*
 * Memory for flows: lwIP's control blocks, segments and header buffers, and our struct flow. Size classes
 * over pages of the direct map, so that pointers mean the same on every CPU; each operation is O(1) and
 * takes no lock, for a slab has one user at a time. Whole pages wait in reserve. They come from the
 * dataplane's home, at first, then from the page allocator, which only slab_settle() asks: it needs the big
 * lock, the rest does not.
 *
 *   page:   | struct slab_page | object | object | ... |   an object's page is found by masking its address
 */
#ifndef JOS_KERN_DP_SLAB_H
#define JOS_KERN_DP_SLAB_H

#include <kern/dp/list.h>

enum {
	SLAB_NCLASSES = 12,
	SLAB_MAX = 2016,       /* bytes of the largest object */
	SLAB_BATCH = 256,      /* most pages that are asked for, or given back, at a time */
	SLAB_LOW = 64,         /* with fewer in reserve, more are wanted */
	SLAB_DRY = 16,         /* with fewer, nothing new is begun: what is left must finish what was */
	SLAB_PAGE_HEADER = 64, /* room for struct slab_page, which pages taken whole must leave alone, too */
};

struct slab;

struct slab_page {
	struct link link;      /* in reserve, or among pages of its class that have room */
	struct link all;       /* among all pages that came from the page allocator; alone: home's */
	struct slab *slab;
	void *free;            /* chain of objects that were freed */
	uint16_t fresh;        /* from here on no object was given out yet, so a page is opened without a walk */
	uint16_t used;         /* objects in use; of a page taken whole, as its user counts */
	uint8_t class;
};

struct slab {
	struct link home;                    /* pages in reserve that go when the dataplane goes */
	struct link lent;                    /* pages in reserve that may be given back before */
	struct link partial[SLAB_NCLASSES];
	uint8_t class_of[SLAB_MAX / 16 + 1]; /* by size in units of 16 bytes, rounded up */
	struct link all;
	uint32_t nhome, nlent;
	uint32_t pages;                      /* not in reserve */
	uint32_t bytes;                      /* in use, as rounded up */
	uint64_t retry_us;                   /* memory was out: do not ask again before */
};

void slab_init(struct slab *s);
void slab_add_home(struct slab *s, void *page);

void *slab_alloc(struct slab *s, size_t size); /* NULL: memory is out, or size above SLAB_MAX */
void slab_free(void *object);

/*
 * A whole page, but for its first SLAB_PAGE_HEADER bytes. NULL: none in reserve. Its user may count who
 * uses it.
 */
void *slab_take_page(struct slab *s);
void slab_give_page(void *page);
uint16_t *slab_page_users(void *in_page);

static inline uint32_t slab_reserve(const struct slab *s) { return s->nhome + s->nlent; }
static inline bool slab_is_dry(const struct slab *s) { return slab_reserve(s) < SLAB_DRY; }

/* With the big lock: take pages when few are left, give pages back when home alone has plenty. */
bool slab_is_unsettled(const struct slab *s, uint64_t now_us);
void slab_settle(struct slab *s, uint64_t now_us);
void slab_destroy(struct slab *s); /* every page that is not home's goes back, used or not */

#endif
