/* SPDX-License-Identifier: MIT */
/*
 * Memory for flows: lwIP's control blocks, segments and header buffers, and our struct flow. Size classes
 * over pages of the direct map, so that pointers mean the same on every CPU; each operation is O(1) and
 * takes no lock, for a slab has one user at a time. Each flow group has a slab of its own, which moves with it from
 * CPU to CPU; whole pages wait in the CPU's own reserve. They come from the thread's home, at first, then from the page
 * allocator, which only reserve_settle() asks: it needs the big lock, the rest does not.
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
	struct link lent;      /* borrowed and in use: among the slab's pages of that kind */
	struct slab *slab;
	void *free;            /* chain of objects that were freed */
	uint16_t fresh;        /* from here on no object was given out yet, so a page is opened without a walk */
	uint16_t used;         /* objects in use; of a page taken whole, as its user counts */
	uint8_t class;
	bool borrowed;         /* it came from the page allocator */
};

struct reserve {
	struct link home;      /* pages that go when the dataplane goes */
	struct link borrowed;  /* pages that may be given back before */
	uint32_t nhome, nborrowed;
	uint64_t retry_us;     /* memory was out: do not ask again before */
};

struct slab {
	struct reserve *reserve;             /* of the CPU that has the slab now */
	struct link partial[SLAB_NCLASSES];
	struct link lent;                    /* borrowed pages in use */
	uint32_t pages;                      /* in use */
	uint32_t bytes;                      /* in use, as rounded up */
};

void reserve_init(struct reserve *r);
void reserve_add_home(struct reserve *r, void *page);
void slab_init(struct slab *s, struct reserve *r);

void *slab_alloc(struct slab *s, size_t size); /* NULL: memory is out, or size above SLAB_MAX */
void slab_free(void *object);

/*
 * A whole page, but for its first SLAB_PAGE_HEADER bytes. NULL: none in reserve. Its user may count who
 * uses it.
 */
void *slab_take_page(struct slab *s);
void slab_give_page(void *page);
uint16_t *slab_page_users(void *in_page);

static inline uint32_t reserve_pages(const struct reserve *r) { return r->nhome + r->nborrowed; }
static inline bool reserve_is_dry(const struct reserve *r) { return reserve_pages(r) < SLAB_DRY; }

/* With the big lock: take pages when few are left, give pages back when home alone has plenty. */
bool reserve_is_unsettled(const struct reserve *r, uint64_t now_us);
void reserve_settle(struct reserve *r, uint64_t now_us);

/* With the big lock, at the end: every borrowed page goes back, used or not. */
void reserve_empty(struct reserve *r);
void slab_destroy(struct slab *s);

#endif
