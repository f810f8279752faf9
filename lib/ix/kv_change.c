/* SPDX-License-Identifier: MIT */
/* What requests do to the store's items (inc/kv_store.h). */
#include <inc/string.h>
#include <lib/ix/kv_item.h>

#define DIGITS_MAX 20

struct kv_item *kv_item_new(const struct kv_request *rq, uint32_t value_len, uint8_t *status)
{
	struct kv_item *item = kv_item_make(rq->key, rq->key_len, rq->flags, value_len, status);

	if (!item)
		return NULL;
	item->hash = kv_hash(rq->key, rq->key_len);
	item->expires = kv_expiry(rq->exptime);
	return item;
}

static void replace(struct kv_item *old, struct kv_item *item)
{
	if (old)
		kv_take_out(old);
	kv_put_in(item);
}

/* What must be there already, and what must not. */
static uint8_t check(uint8_t op, const struct kv_item *old, uint64_t cas)
{
	if (op == KV_ADD)
		return old ? KV_EXISTS : KV_OK;
	if (!old && (op == KV_APPEND || op == KV_PREPEND))
		return KV_NOT_STORED;
	if (!old && (op == KV_REPLACE || op == KV_CAS))
		return KV_NOT_FOUND;
	bool must_match = cas || op == KV_CAS;
	return old && must_match && old->cas != cas ? KV_EXISTS : KV_OK;
}

/* Both values in one item, with the old one's flags and time. */
static uint8_t join(struct kv_item *old, struct kv_item *item, bool old_first, struct kv_item **joined)
{
	uint8_t status;

	kv_hold(old);
	*joined = kv_item_make(old->text + KV_KEY_AT, old->key_len, old->flags,
	    old->value_len + item->value_len, &status);
	if (*joined) {
		(*joined)->hash = old->hash;
		(*joined)->expires = old->expires;
		kv_item_join(*joined, old_first ? old : item, old_first ? item : old);
		status = KV_OK;
	}
	kv_release(old);
	return status;
}

uint8_t kv_put(const struct kv_request *rq, struct kv_item *item, uint64_t *cas)
{
	struct kv_item *old = kv_look_up(item->text + KV_KEY_AT, item->key_len, item->hash);
	struct kv_item *joined = NULL;
	uint8_t status = check(rq->op, old, rq->cas);

	if (status == KV_OK && (rq->op == KV_APPEND || rq->op == KV_PREPEND))
		status = join(old, item, rq->op == KV_APPEND, &joined);
	if (status != KV_OK)
		return status;
	if (joined)
		item = joined;
	replace(old, item);
	*cas = item->cas;
	if (joined)
		kv_release(joined);
	return KV_OK;
}

uint8_t kv_delete(const char *key, size_t len, uint64_t cas)
{
	struct kv_item *item = kv_look_up(key, len, kv_hash(key, len));

	if (!item)
		return KV_NOT_FOUND;
	if (cas && item->cas != cas)
		return KV_EXISTS;
	kv_take_out(item);
	return KV_OK;
}

/* The value as a number. Spaces may follow it: other servers leave them when a number gets shorter. */
static bool number_in(const struct kv_item *item, uint64_t *number)
{
	const char *value = item->text + item->head_len;
	uint32_t len = item->value_len;

	if (len > DIGITS_MAX)
		return false;
	while (len && value[len - 1] == ' ')
		len--;
	return kv_parse_u64(value, len, number);
}

static uint64_t counted(const struct kv_request *rq, uint64_t number)
{
	if (rq->op == KV_INCR)
		return number + rq->delta;
	return number > rq->delta ? number - rq->delta : 0;
}

/* The item with another value; in place, if nobody reads it and the length stays. */
static uint8_t set_number(struct kv_item *item, uint64_t number, uint64_t *cas)
{
	struct kv_item *other;
	char digits[DIGITS_MAX];
	uint32_t len = kv_format_u64(digits, number);
	uint8_t status = KV_OK;

	if (kv_is_idle(item) && len == item->value_len) {
		memcpy(item->text + item->head_len, digits, len);
		*cas = kv_renew(item);
		return KV_OK;
	}
	kv_hold(item);
	other = kv_item_make(item->text + KV_KEY_AT, item->key_len, item->flags, len, &status);
	if (other) {
		memcpy(other->text + other->head_len, digits, len);
		kv_item_end(other);
		other->hash = item->hash;
		other->expires = item->expires;
		replace(item, other);
		*cas = other->cas;
		kv_release(other);
	}
	kv_release(item);
	return other ? KV_OK : status;
}

static uint8_t create_number(const struct kv_request *rq, uint64_t *cas)
{
	char digits[DIGITS_MAX];
	uint32_t len = kv_format_u64(digits, rq->initial);
	uint8_t status;
	struct kv_item *item = kv_item_new(rq, len, &status);

	if (!item)
		return status;
	memcpy(item->text + item->head_len, digits, len);
	kv_item_end(item);
	kv_put_in(item);
	*cas = item->cas;
	kv_release(item);
	return KV_OK;
}

void kv_count(const struct kv_request *rq, struct kv_result *result)
{
	struct kv_item *item = kv_find(rq->key, rq->key_len);

	if (!item) {
		result->number = rq->initial;
		result->status = rq->create ? create_number(rq, &result->cas) : KV_NOT_FOUND;
	} else if (rq->cas && item->cas != rq->cas) {
		result->status = KV_EXISTS;
	} else if (!number_in(item, &result->number)) {
		result->status = KV_NOT_NUMBER;
	} else {
		result->number = counted(rq, result->number);
		result->status = set_number(item, result->number, &result->cas);
	}
}
