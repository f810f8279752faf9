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

static int class_for(const struct slab *s, size_t size) { return s->class_of[(size + 15) / 16]; }

static bool is_full(const struct slab_page *pg) { return !pg->free && pg->fresh + class_size[pg->class] > PGSIZE; }

#ifdef DP_DEBUG
enum { JUNK = 0x5a };
static void junk_fill(void *object, int class) { memset(object, JUNK, class_size[class]); }
#else
static void junk_fill(void *object, int class) { (void)object, (void)class; }
#endif

void slab_init(struct slab *s)
{
	memset(s, 0, sizeof(*s));
	link_init(&s->home);
	link_init(&s->lent);
	link_init(&s->all);
	for (int i = 0; i < SLAB_NCLASSES; i++)
		link_init(&s->partial[i]);
	for (int unit = 0, class = 0; unit <= SLAB_MAX / 16; unit++) {
		if (class_size[class] < unit * 16)
			class++;
		s->class_of[unit] = class;
	}
}

static void put_in_reserve(struct slab *s, struct slab_page *pg)
{
	bool home = link_alone(&pg->all);

	list_push(home ? &s->home : &s->lent, &pg->link);
	*(home ? &s->nhome : &s->nlent) += 1;
}

static struct slab_page *take_from_reserve(struct slab *s)
{
	struct link *from = s->nhome ? &s->home : &s->lent;

	if (!slab_reserve(s))
		return NULL;
	*(s->nhome ? &s->nhome : &s->nlent) -= 1;
	struct slab_page *pg = page_at(from->next);
	link_take(&pg->link);
	s->pages++;
	return pg;
}

void slab_add_home(struct slab *s, void *page)
{
	struct slab_page *pg = page;

	pg->slab = s;
	link_init(&pg->all);
	put_in_reserve(s, pg);
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
	put_in_reserve(pg->slab, pg);
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
	int class = class_for(s, size);
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

static bool has_surplus(const struct slab *s) { return s->nlent && s->nhome >= SLAB_LOW + SLAB_BATCH; }

bool slab_is_unsettled(const struct slab *s, uint64_t now_us)
{
	return has_surplus(s) || (slab_reserve(s) < SLAB_LOW && now_us >= s->retry_us);
}

static bool borrow_page(struct slab *s)
{
	struct PageInfo *pp = page_alloc(0);
	if (!pp)
		return false;

	struct slab_page *pg = page2kva(pp);
	pp->pp_ref++;
	pg->slab = s;
	list_push(&s->all, &pg->all);
	put_in_reserve(s, pg);
	return true;
}

static void return_page(struct slab_page *pg)
{
	link_take(&pg->all);
	page_decref(pa2page(PADDR(pg)));
}

void slab_settle(struct slab *s, uint64_t now_us)
{
	for (int i = 0; i < SLAB_BATCH && has_surplus(s); i++, s->nlent--) {
		struct slab_page *pg = page_at(s->lent.next);
		link_take(&pg->link);
		return_page(pg);
	}
	for (int i = 0; i < SLAB_BATCH && slab_reserve(s) < SLAB_LOW + SLAB_BATCH; i++) {
		if (!borrow_page(s)) {
			s->retry_us = now_us + RETRY_US;
			break;
		}
	}
}

void slab_destroy(struct slab *s)
{
	while (!link_alone(&s->all))
		return_page(container_of(s->all.next, struct slab_page, all));
}
