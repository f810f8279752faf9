/* SPDX-License-Identifier: MIT */
/* The store (inc/kv_store.h): the table, the order of use, time, and what requests do to items. */
#include <inc/error.h>
#include <inc/libix.h>
#include <inc/string.h>
#include <lib/ix/kv_item.h>
#include <lib/ix/kv_slab.h>

#define BYTES_PER_BUCKET 256         /* of the memory limit */
#define RELATIVE_MAX (30 * 24 * 3600) /* longer times are points in time */
#define CLOCK_START 2                /* so that 1 has always passed, and 0 can mean never */
#define PASSED 1
#define SEARCH_MAX 64 /* items in use that the search for one to evict passes over */
#define DIGITS_MAX 20

static struct {
	struct kv_item **buckets;
	uint32_t nbuckets; /* a power of two */
	struct kv_item *newest, *oldest;
	uint64_t last_cas, flushed_cas; /* items up to flushed_cas are dead */
	uint32_t now, epoch, flush_at;  /* flush_at 0: no flush is due */
	struct kv_store_stat stat;
} store;

int kv_store_init(uint32_t limit, uint32_t epoch)
{
	uint32_t nbuckets = 1024;

	while (nbuckets < limit / BYTES_PER_BUCKET)
		nbuckets *= 2;
	memset(&store, 0, sizeof(store));
	store.buckets = ix_alloc(nbuckets * sizeof(*store.buckets));
	if (!store.buckets)
		return -E_NO_MEM;
	memset(store.buckets, 0, nbuckets * sizeof(*store.buckets));
	store.nbuckets = nbuckets;
	store.now = CLOCK_START;
	store.epoch = epoch;
	store.stat.limit_maxbytes = limit;
	kv_slab_init(limit);
	return 0;
}

const struct kv_store_stat *kv_store_stat(void)
{
	store.stat.bytes = kv_slab_bytes();
	return &store.stat;
}

/* ---- time ---- */

void kv_store_clock(uint32_t seconds)
{
	store.now = seconds + CLOCK_START;
	if (store.flush_at && store.now >= store.flush_at) {
		store.flushed_cas = store.last_cas;
		store.flush_at = 0;
	}
}

uint32_t kv_expiry(int32_t exptime)
{
	if (exptime == 0)
		return 0;
	if (exptime < 0)
		return PASSED;
	if (exptime <= RELATIVE_MAX)
		return store.now + exptime;
	if (!store.epoch)
		return 0;
	return (uint32_t)exptime > store.epoch ? exptime - store.epoch + CLOCK_START : PASSED;
}

void kv_store_flush(uint32_t when)
{
	if (when > store.now) {
		store.flush_at = when;
		return;
	}
	store.flushed_cas = store.last_cas;
	store.flush_at = 0;
}

static bool is_dead(const struct kv_item *item)
{
	return (item->expires && item->expires <= store.now) || item->cas <= store.flushed_cas;
}

/* ---- the table and the order of use ---- */

/* FNV-1a, with its upper bits mixed into those that choose the bucket. */
static uint32_t hash_of(const char *key, size_t len)
{
	uint32_t hash = 2166136261u;

	for (const char *end = key + len; key < end; key++)
		hash = (hash ^ (uint8_t)*key) * 16777619u;
	return hash ^ hash >> 15;
}

static struct kv_item **bucket_of(uint32_t hash)
{
	return &store.buckets[hash & (store.nbuckets - 1)];
}

static void order_push(struct kv_item *item)
{
	item->newer = NULL;
	item->older = store.newest;
	if (store.newest)
		store.newest->newer = item;
	else
		store.oldest = item;
	store.newest = item;
}

static void order_remove(struct kv_item *item)
{
	if (item->newer)
		item->newer->older = item->older;
	else
		store.newest = item->older;
	if (item->older)
		item->older->newer = item->newer;
	else
		store.oldest = item->newer;
}

static void put_in(struct kv_item *item)
{
	struct kv_item **bucket = bucket_of(item->hash);

	item->chain = *bucket;
	*bucket = item;
	order_push(item);
	item->linked = true;
	item->cas = ++store.last_cas;
	kv_hold(item);
	store.stat.curr_items++;
	store.stat.total_items++;
}

static void take_out(struct kv_item *item)
{
	struct kv_item **at = bucket_of(item->hash);

	while (*at != item)
		at = &(*at)->chain;
	*at = item->chain;
	order_remove(item);
	item->linked = false;
	store.stat.curr_items--;
	kv_release(item);
}

static bool has_key(const struct kv_item *item, uint32_t hash, const char *key, size_t len)
{
	return item->hash == hash && item->key_len == len && memcmp(item->text + KV_KEY_AT, key, len) == 0;
}

/* The live item of that key; a dead one goes. */
static struct kv_item *look_up(const char *key, size_t len, uint32_t hash)
{
	struct kv_item *item = *bucket_of(hash);

	while (item && !has_key(item, hash, key, len))
		item = item->chain;
	if (!item || !is_dead(item))
		return item;
	store.stat.reclaimed++;
	take_out(item);
	return NULL;
}

struct kv_item *kv_find(const char *key, size_t len)
{
	struct kv_item *item = look_up(key, len, hash_of(key, len));

	if (item && item != store.newest) {
		order_remove(item);
		order_push(item);
	}
	return item;
}

void kv_hold(struct kv_item *item)
{
	item->refs++;
}

void kv_release(struct kv_item *item)
{
	if (--item->refs == 0)
		kv_item_free(item);
}

void kv_touch(struct kv_item *item, uint32_t expires)
{
	item->expires = expires;
}

/* ---- eviction ---- */

/* To evict what is being sent would give no memory yet. */
static bool is_idle(const struct kv_item *item)
{
	return item->linked && item->refs == 1;
}

static void evict(struct kv_item *item)
{
	if (!is_idle(item))
		return;
	if (is_dead(item))
		store.stat.reclaimed++;
	else
		store.stat.evictions++;
	take_out(item);
}

/* A block of this class, or a page that can be cut into such, comes free. False: nothing can go. */
bool kv_make_room(unsigned class)
{
	struct kv_item *victim = store.oldest;

	for (int i = 0; victim && !is_idle(victim) && i < SEARCH_MAX; i++)
		victim = victim->newer;
	if (!victim || !is_idle(victim))
		return false;
	if (kv_slab_class_of(&victim->block) == class)
		evict(victim);
	else
		kv_slab_clear(&victim->block, evict);
	return true;
}

/* ---- what requests do ---- */

struct kv_item *kv_item_new(const struct kv_request *rq, uint32_t value_len, uint8_t *status)
{
	struct kv_item *item = kv_item_make(rq->key, rq->key_len, rq->flags, value_len, status);

	if (!item)
		return NULL;
	item->hash = hash_of(rq->key, rq->key_len);
	item->expires = kv_expiry(rq->exptime);
	return item;
}

static void replace(struct kv_item *old, struct kv_item *item)
{
	if (old)
		take_out(old);
	put_in(item);
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
	*joined = kv_item_make(old->text + KV_KEY_AT, old->key_len, old->flags, old->value_len + item->value_len,
	    &status);
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
	struct kv_item *old = look_up(item->text + KV_KEY_AT, item->key_len, item->hash);
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
	struct kv_item *item = look_up(key, len, hash_of(key, len));

	if (!item)
		return KV_NOT_FOUND;
	if (cas && item->cas != cas)
		return KV_EXISTS;
	take_out(item);
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

	if (is_idle(item) && len == item->value_len) {
		memcpy(item->text + item->head_len, digits, len);
		*cas = item->cas = ++store.last_cas;
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
	put_in(item);
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
