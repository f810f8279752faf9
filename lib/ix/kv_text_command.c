/* SPDX-License-Identifier: MIT */
/* The text protocol's commands: how many words each has, and what they mean (lib/ix/kv_text.h). */
#include <inc/string.h>
#include <lib/ix/kv_text.h>

#define VALUE_LEN_MAX 0x7fffffffu

static bool read_u32(const struct kv_word *w, uint32_t *n)
{
	uint64_t value;

	if (!kv_parse_u64(w->at, w->len, &value) || value >> 32)
		return false;
	*n = value;
	return true;
}

bool kv_text_time(const struct kv_word *w, int32_t *time)
{
	bool negative = w->len && *w->at == '-';
	uint64_t value;

	if (!kv_parse_u64(w->at + negative, w->len - negative, &value))
		return false;
	int32_t most = value > 0x7fffffff ? 0x7fffffff : (int32_t)value;
	*time = negative ? -most : most;
	return true;
}

/* <key> <flags> <exptime> <bytes> [<cas>]. With a length that can be read, the value is skipped at least. */
static void text_read_store(struct kv_request *rq, const struct kv_word *w, unsigned n)
{
	uint32_t len = 0;

	rq->has_value = read_u32(&w[3], &len) && len < VALUE_LEN_MAX;
	rq->value_len = rq->has_value ? len : 0;
	bool good = kv_text_key(rq, &w[0]) && read_u32(&w[1], &rq->flags) && kv_text_time(&w[2], &rq->exptime);
	if (n == 5 && !kv_parse_u64(w[4].at, w[4].len, &rq->cas))
		good = false;
	if (!good || !rq->has_value)
		kv_text_refuse(rq, KV_INVALID);
}

static void text_read_count(struct kv_request *rq, const struct kv_word *w, unsigned n)
{
	(void)n;
	if (!kv_text_key(rq, &w[0]))
		kv_text_refuse(rq, KV_INVALID);
	else if (!kv_parse_u64(w[1].at, w[1].len, &rq->delta))
		kv_text_refuse(rq, KV_BAD_DELTA);
}

static void text_read_touch(struct kv_request *rq, const struct kv_word *w, unsigned n)
{
	(void)n;
	if (!kv_text_key(rq, &w[0]))
		kv_text_refuse(rq, KV_INVALID);
	else if (!kv_text_time(&w[1], &rq->exptime))
		kv_text_refuse(rq, KV_BAD_TIME);
}

/* Old clients name a time, which must be 0. */
static void text_read_delete(struct kv_request *rq, const struct kv_word *w, unsigned n)
{
	if (!kv_text_key(rq, &w[0]) || (n == 2 && !kv_word_is(&w[1], "0")))
		kv_text_refuse(rq, KV_INVALID);
}

static void text_read_flush(struct kv_request *rq, const struct kv_word *w, unsigned n)
{
	if (n == 1 && !kv_text_time(&w[0], &rq->exptime))
		kv_text_refuse(rq, KV_BAD_TIME);
}

static void text_read_name(struct kv_request *rq, const struct kv_word *w, unsigned n)
{
	if (n)
		kv_text_key(rq, &w[0]);
}

/* There are no levels here. But who wants an answer has to name one. */
static void text_read_level(struct kv_request *rq, const struct kv_word *w, unsigned n)
{
	(void)w;
	if (!n && !rq->quiet)
		kv_text_refuse(rq, KV_UNKNOWN);
}

static const struct kv_text_command text_commands[] = {
	{ "get", KV_GET, 1, 0, .read = NULL },
	{ "gets", KV_GET, 1, 0, .with_cas = true },
	{ "gat", KV_GAT, 2, 0, .read = NULL },
	{ "gats", KV_GAT, 2, 0, .with_cas = true },
	{ "set", KV_SET, 4, 4, true, false, text_read_store },
	{ "add", KV_ADD, 4, 4, true, false, text_read_store },
	{ "replace", KV_REPLACE, 4, 4, true, false, text_read_store },
	{ "append", KV_APPEND, 4, 4, true, false, text_read_store },
	{ "prepend", KV_PREPEND, 4, 4, true, false, text_read_store },
	{ "cas", KV_CAS, 5, 5, true, false, text_read_store },
	{ "delete", KV_DELETE, 1, 2, true, false, text_read_delete },
	{ "incr", KV_INCR, 2, 2, true, false, text_read_count },
	{ "decr", KV_DECR, 2, 2, true, false, text_read_count },
	{ "touch", KV_TOUCH, 2, 2, true, false, text_read_touch },
	{ "flush_all", KV_FLUSH, 0, 1, true, false, text_read_flush },
	{ "verbosity", KV_VERBOSITY, 0, 2, true, false, text_read_level },
	{ "stats", KV_STATS, 0, KV_WORDS_MAX, false, false, text_read_name },
	{ "version", KV_GET_VERSION, 0, KV_WORDS_MAX, false, false, text_read_name },
	{ "quit", KV_QUIT, 0, KV_WORDS_MAX, false, false, text_read_name },
};

const struct kv_text_command *kv_text_find(const struct kv_word *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(text_commands); i++)
		if (kv_word_is(name, text_commands[i].name))
			return &text_commands[i];
	return NULL;
}
