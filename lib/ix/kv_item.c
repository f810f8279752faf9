/* SPDX-License-Identifier: MIT */
/* Items as chains of blocks (inc/kv_store.h): making, filling and walking along them. */
#include <inc/string.h>
#include <lib/ix/kv_item.h>
#include <lib/ix/kv_slab.h>

#define HEAD_MAX (KV_KEY_AT + KV_KEY_MAX + sizeof(" 4294967295 4294967295\r\n"))
#define END "\r\n"
#define END_LEN 2

/* ---- memory ---- */

static struct kv_block *take_block(uint32_t bytes)
{
	unsigned class = kv_slab_class(bytes);
	struct kv_block *block;

	while (!(block = kv_slab_take(class)))
		if (!kv_make_room(class))
			return NULL;
	return block;
}

void kv_item_free(struct kv_item *item)
{
	struct kv_block *next;

	for (struct kv_block *block = &item->block; block; block = next) {
		next = block->next;
		kv_slab_give(block);
	}
}

/* As many blocks behind the item's own as `bytes` of text want. */
static bool add_blocks(struct kv_item *item, uint32_t bytes)
{
	struct kv_block *last = &item->block;

	while (bytes) {
		struct kv_block *block = take_block(sizeof(*block) + bytes);
		if (!block)
			return false;
		*block = (struct kv_block){ .owner = item };
		last->next = block;
		last = block;
		bytes -= MIN(bytes, kv_slab_size(block) - (uint32_t)sizeof(*block));
	}
	return true;
}

static struct kv_item *take_item(uint32_t text_len)
{
	struct kv_item *item = (struct kv_item *)take_block(offsetof(struct kv_item, text) + text_len);

	if (!item)
		return NULL;
	memset(item, 0, sizeof(*item));
	item->block.owner = item;
	item->refs = 1;

	uint32_t room = kv_slab_size(&item->block) - offsetof(struct kv_item, text);
	if (add_blocks(item, text_len - MIN(text_len, room)))
		return item;
	kv_item_free(item);
	return NULL;
}

/* ---- text ---- */

/* A number behind a space. */
static char *put_number(char *at, uint32_t number)
{
	*at++ = ' ';
	return at + kv_format_u64(at, number);
}

static uint32_t make_head(char *head, const char *key, uint32_t key_len, uint32_t flags, uint32_t value_len)
{
	char *at = head + KV_KEY_AT;

	memcpy(head, "VALUE ", KV_KEY_AT);
	memcpy(at, key, key_len);
	at = put_number(put_number(at + key_len, flags), value_len);
	memcpy(at, END, END_LEN);
	return at + END_LEN - head;
}

struct kv_item *kv_item_make(const char *key, uint32_t key_len, uint32_t flags, uint32_t value_len,
			     uint8_t *status)
{
	char head[HEAD_MAX];
	uint32_t head_len = make_head(head, key, key_len, flags, value_len);

	*status = KV_TOO_LARGE;
	if (value_len > KV_ITEM_MAX - END_LEN - head_len - offsetof(struct kv_item, text))
		return NULL;
	*status = KV_NO_MEM;
	struct kv_item *item = take_item(head_len + value_len + END_LEN);
	if (!item)
		return NULL;
	memcpy(item->text, head, head_len);
	item->head_len = head_len;
	item->key_len = key_len;
	item->flags = flags;
	item->value_len = value_len;
	return item;
}

void kv_item_end(struct kv_item *item)
{
	struct kv_cursor cur;

	kv_seek(&cur, item, item->head_len + item->value_len);
	kv_write(&cur, END, END_LEN);
}

static void copy_value(struct kv_cursor *to, struct kv_item *from)
{
	struct kv_cursor cur;
	uint32_t len;

	kv_seek(&cur, from, from->head_len);
	for (uint32_t left = from->value_len; left; left -= len) {
		len = left;
		char *bytes = kv_next(&cur, &len);
		kv_write(to, bytes, len);
	}
}

void kv_item_join(struct kv_item *into, struct kv_item *first, struct kv_item *second)
{
	struct kv_cursor cur;

	kv_seek(&cur, into, into->head_len);
	copy_value(&cur, first);
	copy_value(&cur, second);
	kv_write(&cur, END, END_LEN);
}

/* ---- walking ---- */

static void enter_block(struct kv_cursor *cur, struct kv_block *block)
{
	cur->block = block;
	cur->at = (char *)(block + 1);
	cur->here = kv_slab_size(block) - sizeof(*block);
}

void kv_seek(struct kv_cursor *cur, struct kv_item *item, uint32_t offset)
{
	cur->block = &item->block;
	cur->at = item->text;
	cur->here = kv_slab_size(&item->block) - offsetof(struct kv_item, text);
	while (offset > cur->here) {
		offset -= cur->here;
		enter_block(cur, cur->block->next);
	}
	cur->at += offset;
	cur->here -= offset;
}

char *kv_next(struct kv_cursor *cur, uint32_t *len)
{
	if (!cur->here)
		enter_block(cur, cur->block->next);

	char *piece = cur->at;
	*len = MIN(*len, cur->here);
	cur->at += *len;
	cur->here -= *len;
	return piece;
}

void kv_write(struct kv_cursor *cur, const char *bytes, uint32_t len)
{
	while (len) {
		uint32_t n = len;
		char *piece = kv_next(cur, &n);
		memcpy(piece, bytes, n);
		bytes += n;
		len -= n;
	}
}

void kv_read(struct kv_cursor *cur, char *bytes, uint32_t len)
{
	while (len) {
		uint32_t n = len;
		const char *piece = kv_next(cur, &n);
		memcpy(bytes, piece, n);
		bytes += n;
		len -= n;
	}
}
