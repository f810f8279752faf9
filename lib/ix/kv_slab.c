/* SPDX-License-Identifier: MIT */
/* Blocks for items (lib/ix/kv_slab.h). A page's bookkeeping stands at its beginning. */
#include <inc/libix.h>
#include <lib/ix/kv_slab.h>

struct slab {
	struct slab *prev, *next; /* among the pages of its class with a free block */
	struct kv_block *free;    /* blocks that came back */
	uint16_t used;            /* blocks handed out */
	uint16_t fresh;           /* blocks ever handed out */
	uint16_t class;
	bool stays;               /* even when it is empty */
};

/* Blocks to a page. Sizes grow by a third at most, but for the largest: what fits those badly is split. */
static const uint8_t per_page[] = { 50, 39, 31, 25, 20, 17, 14, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1 };
#define SLAB_CLASSES ARRAY_SIZE(per_page)
#define ALIGN 8
#define SPLIT_FROM 1024u
#define FIRST_BLOCK ((sizeof(struct slab) + ALIGN - 1) / ALIGN * ALIGN)

static struct {
	uint32_t npages, max_pages;
	uint16_t size[SLAB_CLASSES];
	struct slab *partial[SLAB_CLASSES];
} slabs;

void kv_slab_init(uint32_t limit)
{
	slabs.npages = 0;
	slabs.max_pages = limit / KV_SLAB_PAGE;
	for (unsigned class = 0; class < SLAB_CLASSES; class++) {
		slabs.size[class] = (KV_SLAB_PAGE - FIRST_BLOCK) / per_page[class] / ALIGN * ALIGN;
		slabs.partial[class] = NULL;
	}
}

uint32_t kv_slab_bytes(void)
{
	return slabs.npages * KV_SLAB_PAGE;
}

unsigned kv_slab_class(uint32_t bytes)
{
	unsigned class = 0;

	while (class < SLAB_CLASSES - 1 && slabs.size[class] < bytes)
		class++;
	bool wasteful = bytes >= SPLIT_FROM && slabs.size[class] > bytes + bytes / 4;
	return wasteful ? class - 1 : class;
}

/* ---- pages ---- */

static struct slab *slab_of(const struct kv_block *block)
{
	return (struct slab *)((uintptr_t)block & ~(uintptr_t)(KV_SLAB_PAGE - 1));
}

static struct kv_block *block_at(struct slab *s, unsigned i)
{
	return (struct kv_block *)((char *)s + FIRST_BLOCK + i * slabs.size[s->class]);
}

static bool slab_is_full(const struct slab *s)
{
	return s->used == per_page[s->class];
}

static void list_push(struct slab *s)
{
	struct slab **head = &slabs.partial[s->class];

	s->prev = NULL;
	s->next = *head;
	if (*head)
		(*head)->prev = s;
	*head = s;
}

static void list_remove(struct slab *s)
{
	if (s->next)
		s->next->prev = s->prev;
	if (s->prev)
		s->prev->next = s->next;
	else
		slabs.partial[s->class] = s->next;
}

static struct slab *new_slab(unsigned class)
{
	struct slab *s = slabs.npages < slabs.max_pages ? ix_alloc(KV_SLAB_PAGE) : NULL;

	if (!s)
		return NULL;
	slabs.npages++;
	*s = (struct slab){ .class = class };
	list_push(s);
	return s;
}

static void drop_if_empty(struct slab *s)
{
	if (s->used || s->stays)
		return;
	list_remove(s);
	slabs.npages--;
	ix_free(s);
}

/* ---- blocks ---- */

struct kv_block *kv_slab_take(unsigned class)
{
	struct slab *s = slabs.partial[class] ? slabs.partial[class] : new_slab(class);
	if (!s)
		return NULL;

	struct kv_block *block = s->free;
	if (block)
		s->free = block->next;
	else
		block = block_at(s, s->fresh++);
	s->used++;
	if (slab_is_full(s))
		list_remove(s);
	return block;
}

void kv_slab_give(struct kv_block *block)
{
	struct slab *s = slab_of(block);

	if (slab_is_full(s))
		list_push(s);
	block->owner = NULL;
	block->next = s->free;
	s->free = block;
	s->used--;
	drop_if_empty(s);
}

unsigned kv_slab_class_of(const struct kv_block *block)
{
	return slab_of(block)->class;
}

uint32_t kv_slab_size(const struct kv_block *block)
{
	return slabs.size[slab_of(block)->class];
}

void kv_slab_clear(struct kv_block *block, void (*evict)(struct kv_item *owner))
{
	struct slab *s = slab_of(block);

	s->stays = true;
	for (unsigned i = 0; i < s->fresh; i++)
		if (block_at(s, i)->owner)
			evict(block_at(s, i)->owner);
	s->stays = false;
	drop_if_empty(s);
}
