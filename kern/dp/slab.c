/* SPDX-License-Identifier: MIT */
/*
 * Memory for flows. The contract is slab.h. With DP_DEBUG, freed memory is filled with junk and sizes are
 * checked.
 */
#include <inc/assert.h>
#include <inc/mmu.h>
#include <inc/string.h>

#include <kern/dp/slab.h>
#include <kern/pmap.h>

enum { RETRY_US = 20000 };

/*
 * Multiples of 16. lwIP asks for 16 (a segment, a reference to data), 72 to 84 (a header buffer), and its
 * PCB's size.
 */
static const uint16_t class_size[SLAB_NCLASSES] = {
	16, 32, 48, 80, 96, 112, 176, 224, 256, 512, 1008, SLAB_MAX,
};

_Static_assert(sizeof(struct slab_page) <= SLAB_PAGE_HEADER, "an object starts after it");

static struct slab_page *page_of(void *object)
{
	return (void *)((uintptr_t)object & ~(uintptr_t)(PGSIZE - 1));
}

static struct slab_page *page_at(struct link *l) { return container_of(l, struct slab_page, link); }

static uint8_t class_of[SLAB_MAX / 16 + 1]; /* by size in units of 16 bytes, rounded up; filled in once, for all slabs */

static int class_for(size_t size) { return class_of[(size + 15) / 16]; }

static bool is_full(const struct slab_page *pg) { return !pg->free && pg->fresh + class_size[pg->class] > PGSIZE; }

#ifdef DP_DEBUG
enum { JUNK = 0x5a };
static void junk_fill(void *object, int class) { memset(object, JUNK, class_size[class]); }
#else
static void junk_fill(void *object, int class) { (void)object, (void)class; }
#endif

static void fill_class_of(void)
{
	for (int unit = 0, class = 0; unit <= SLAB_MAX / 16; unit++) {
		if (class_size[class] < unit * 16)
			class++;
		class_of[unit] = class;
	}
}

void reserve_init(struct reserve *r)
{
	memset(r, 0, sizeof(*r));
	link_init(&r->home);
	link_init(&r->borrowed);
}

void slab_init(struct slab *s, struct reserve *r)
{
	memset(s, 0, sizeof(*s));
	s->reserve = r;
	link_init(&s->lent);
	for (int i = 0; i < SLAB_NCLASSES; i++)
		link_init(&s->partial[i]);
	if (!class_of[SLAB_MAX / 16])
		fill_class_of();
}

static void put_in_reserve(struct reserve *r, struct slab_page *pg)
{
	list_push(pg->borrowed ? &r->borrowed : &r->home, &pg->link);
	*(pg->borrowed ? &r->nborrowed : &r->nhome) += 1;
}

static struct slab_page *take_from_reserve(struct slab *s)
{
	struct reserve *r = s->reserve;
	struct link *from = r->nhome ? &r->home : &r->borrowed;

	if (!reserve_pages(r))
		return NULL;
	*(r->nhome ? &r->nhome : &r->nborrowed) -= 1;
	struct slab_page *pg = page_at(from->next);
	link_take(&pg->link);
	pg->slab = s;
	if (pg->borrowed)
		list_push(&s->lent, &pg->lent);
	s->pages++;
	return pg;
}

void reserve_add_home(struct reserve *r, void *page)
{
	struct slab_page *pg = page;

	pg->borrowed = false;
	put_in_reserve(r, pg);
}

void *slab_take_page(struct slab *s)
{
	struct slab_page *pg = take_from_reserve(s);

	if (pg)
		pg->used = 0;
	return pg;
}

void slab_give_page(void *page)
{
	struct slab_page *pg = page;

	pg->slab->pages--;
	if (pg->borrowed)
		link_take(&pg->lent);
	put_in_reserve(pg->slab->reserve, pg);
}

uint16_t *slab_page_users(void *in_page) { return &page_of(in_page)->used; }

/* A page that has nothing but free objects of `class`, on the list of those with room. */
static struct slab_page *open_page(struct slab *s, int class)
{
	struct slab_page *pg = take_from_reserve(s);

	if (!pg)
		return NULL;
	pg->class = class;
	pg->used = 0;
	pg->free = NULL;
	pg->fresh = SLAB_PAGE_HEADER;
	list_push(&s->partial[class], &pg->link);
	return pg;
}

static void *take_object(struct slab_page *pg)
{
	void *object = pg->free;

	if (object) {
		pg->free = *(void **)object;
	} else {
		object = (char *)pg + pg->fresh;
		pg->fresh += class_size[pg->class];
	}
	pg->used++;
	return object;
}

void *slab_alloc(struct slab *s, size_t size)
{
	if (size > SLAB_MAX)
		return NULL;
	int class = class_for(size);
	struct link *partial = &s->partial[class];
	struct slab_page *pg = link_alone(partial) ? open_page(s, class) : page_at(partial->next);
	if (!pg)
		return NULL;

	void *object = take_object(pg);
	s->bytes += class_size[class];
	if (is_full(pg))
		link_take(&pg->link);
	return object;
}

/* The last object's page returns to the reserve, where every class may have it. */
static void close_page(struct slab_page *pg)
{
	link_take(&pg->link);
	slab_give_page(pg);
}

void slab_free(void *object)
{
	struct slab_page *pg = page_of(object);
	struct slab *s = pg->slab;

	junk_fill(object, pg->class);
	bool was_full = is_full(pg);
	*(void **)object = pg->free;
	pg->free = object;
	s->bytes -= class_size[pg->class];
	if (--pg->used == 0)
		close_page(pg);
	else if (was_full)
		list_push(&s->partial[pg->class], &pg->link);
}

static bool has_surplus(const struct reserve *r) { return r->nborrowed && r->nhome >= SLAB_LOW + SLAB_BATCH; }

bool reserve_is_unsettled(const struct reserve *r, uint64_t now_us)
{
	return has_surplus(r) || (reserve_pages(r) < SLAB_LOW && now_us >= r->retry_us);
}

static bool borrow_page(struct reserve *r)
{
	struct PageInfo *pp = page_alloc(0);
	if (!pp)
		return false;

	struct slab_page *pg = page2kva(pp);
	pp->pp_ref++;
	pg->borrowed = true;
	put_in_reserve(r, pg);
	return true;
}

static void return_page(struct slab_page *pg) { page_decref(pa2page(PADDR(pg))); }

static void return_from_reserve(struct reserve *r)
{
	struct slab_page *pg = page_at(r->borrowed.next);

	link_take(&pg->link);
	r->nborrowed--;
	return_page(pg);
}

void reserve_settle(struct reserve *r, uint64_t now_us)
{
	for (int i = 0; i < SLAB_BATCH && has_surplus(r); i++)
		return_from_reserve(r);
	for (int i = 0; i < SLAB_BATCH && reserve_pages(r) < SLAB_LOW + SLAB_BATCH; i++) {
		if (!borrow_page(r)) {
			r->retry_us = now_us + RETRY_US;
			break;
		}
	}
}

void reserve_empty(struct reserve *r)
{
	while (r->nborrowed)
		return_from_reserve(r);
}

void slab_destroy(struct slab *s)
{
	while (!link_alone(&s->lent)) {
		struct slab_page *pg = container_of(s->lent.next, struct slab_page, lent);
		link_take(&pg->lent);
		return_page(pg);
	}
}
