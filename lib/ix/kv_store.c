/* SPDX-License-Identifier: MIT */
/* The store (inc/kv_store.h): the table, the order of use, time, and eviction. */
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
uint32_t kv_hash(const char *key, size_t len)
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

uint64_t kv_renew(struct kv_item *item)
{
	return item->cas = ++store.last_cas;
}

void kv_put_in(struct kv_item *item)
{
	struct kv_item **bucket = bucket_of(item->hash);

	item->chain = *bucket;
	*bucket = item;
	order_push(item);
	item->linked = true;
	kv_renew(item);
	kv_hold(item);
	store.stat.curr_items++;
	store.stat.total_items++;
}

void kv_take_out(struct kv_item *item)
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
struct kv_item *kv_look_up(const char *key, size_t len, uint32_t hash)
{
	struct kv_item *item = *bucket_of(hash);

	while (item && !has_key(item, hash, key, len))
		item = item->chain;
	if (!item || !is_dead(item))
		return item;
	store.stat.reclaimed++;
	kv_take_out(item);
	return NULL;
}

struct kv_item *kv_find(const char *key, size_t len)
{
	struct kv_item *item = kv_look_up(key, len, kv_hash(key, len));

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
bool kv_is_idle(const struct kv_item *item)
{
	return item->linked && item->refs == 1;
}

static void evict(struct kv_item *item)
{
	if (!kv_is_idle(item))
		return;
	if (is_dead(item))
		store.stat.reclaimed++;
	else
		store.stat.evictions++;
	kv_take_out(item);
}

/* A block of this class, or a page that can be cut into such, comes free. False: nothing can go. */
bool kv_make_room(unsigned class)
{
	struct kv_item *victim = store.oldest;

	for (int i = 0; victim && !kv_is_idle(victim) && i < SEARCH_MAX; i++)
		victim = victim->newer;
	if (!victim || !kv_is_idle(victim))
		return false;
	if (kv_slab_class_of(&victim->block) == class)
		evict(victim);
	else
		kv_slab_clear(&victim->block, evict);
	return true;
}
