/* SPDX-License-Identifier: MIT */
/* The flow table, handles, and what acknowledged bytes must wait for. The contract is flow.h. */
#include <kern/dp/flow.h>

enum { SLOTS = FLOWS_PER_PAGE - 1 }; /* of one page, that can be used */

void flow_table_init(struct flow_table *t, struct slab *slab, char **page, uint32_t max_pages)
{
	*t = (struct flow_table){ .slab = slab, .page = page, .max_pages = max_pages };
	link_init(&t->free);
}

static struct flow *in_page(char *page, uint32_t index) { return (struct flow *)(page + index % FLOWS_PER_PAGE * FLOW_SLOT); }

static struct flow *slot(const struct flow_table *t, uint32_t index) { return in_page(t->page[index / FLOWS_PER_PAGE], index); }

/* A place in page[], lowest first. */
static uint32_t page_place(struct flow_table *t)
{
	uint32_t i = 0;

	if (!t->nholes)
		return t->npages++;
	while (t->page[i])
		i++;
	t->nholes--;
	return i;
}

static bool add_page(struct flow_table *t)
{
	if (!flow_table_has_room(t))
		return false;
	uint32_t place = page_place(t);
	t->page[place] = slab_take_page(t->slab);
	for (uint32_t i = SLOTS; i > 0; i--) {
		struct flow *f = slot(t, place * FLOWS_PER_PAGE + i);
		*f = (struct flow){ .index = place * FLOWS_PER_PAGE + i };
		list_push(&t->free, &f->pending);
	}
	t->nfree += SLOTS;
	return true;
}

static void remove_page(struct flow_table *t, uint32_t place)
{
	for (uint32_t i = SLOTS; i > 0; i--)
		link_take(&slot(t, place * FLOWS_PER_PAGE + i)->pending);
	t->nfree -= SLOTS;
	slab_give_page(t->page[place]);
	t->page[place] = NULL;
	t->nholes++;
}

bool flow_table_has_room(const struct flow_table *t)
{
	return t->nfree || ((t->npages < t->max_pages || t->nholes) && reserve_pages(t->slab->reserve));
}

struct flow *flow_alloc(struct flow_table *t, enum flow_state state)
{
	if (!t->nfree && !add_page(t))
		return NULL;
	struct flow *f = container_of(t->free.next, struct flow, pending);
	link_take(&f->pending);
	if (++t->last_gen == 0)
		t->last_gen = 1;
	*f = (struct flow){ .index = f->index, .gen = t->last_gen, .state = state };
	link_init(&f->pending);
	link_init(&f->waiting);
	*slab_page_users(f) += 1;
	t->nfree--;
	t->nused++;
	return f;
}

/* A page that nobody uses any more goes, while there are slots enough without it. */
void flow_release(struct flow_table *t, struct flow *f)
{
	f->state = FLOW_FREE;
	f->gen = 0;
	list_push(&t->free, &f->pending);
	t->nfree++;
	t->nused--;
	if (--*slab_page_users(f) == 0 && t->nfree >= 3 * SLOTS)
		remove_page(t, f->index / FLOWS_PER_PAGE);
}

/* The monitor looks from another CPU, while pages come and go: what is there is read once. */
struct flow *flow_at(const struct flow_table *t, uint32_t index)
{
	uint32_t place = index / FLOWS_PER_PAGE;
	char *page = place < t->npages ? __atomic_load_n(&t->page[place], __ATOMIC_RELAXED) : NULL;

	if (!page || index % FLOWS_PER_PAGE == 0)
		return NULL;
	struct flow *f = in_page(page, index);
	return f->state == FLOW_FREE ? NULL : f;
}

struct flow *flow_find(const struct flow_table *t, ix_handle_t handle)
{
	struct flow *f = flow_at(t, IX_HANDLE_INDEX(handle));

	return f && f->gen && f->gen == IX_HANDLE_GEN(handle) && (f->flags & FLOW_TOLD) ? f : NULL;
}

void flow_acked(struct flow *f, uint32_t bytes, uint32_t head, uint32_t tail)
{
	flow_ripen(f, head);
	if (!f->tx_wait && ring_passed(head, tail)) {
		f->tx_ready += bytes;
	} else if (!f->tx_wait) {
		f->tx_wait = bytes;
		f->stamp_wait = tail;
	} else {
		f->tx_next += bytes;
		f->stamp_next = tail;
	}
}

void flow_ripen(struct flow *f, uint32_t head)
{
	while (f->tx_wait && ring_passed(head, f->stamp_wait)) {
		f->tx_ready += f->tx_wait;
		f->tx_wait = f->tx_next;
		f->stamp_wait = f->stamp_next;
		f->tx_next = 0;
	}
}
