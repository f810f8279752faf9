/* SPDX-License-Identifier: MIT */
/*
 * The text protocol: a line of words for each request, then perhaps a value. A line is read when it is there
 * as a whole; but a get's keys are read one by one, so that there may be any number of them.
 */
#include <inc/string.h>
#include <lib/ix/kv_text.h>

#define WORDS_MAX 8
#define VALUE_LEN_MAX 0x7fffffffu

struct word {
	const char *at;
	size_t len;
};

static bool is_word(const struct word *w, const char *text)
{
	return w->len == (size_t)strlen(text) && memcmp(w->at, text, w->len) == 0;
}

static void text_refuse(struct kv_request *rq, enum kv_status status)
{
	rq->op = KV_BAD;
	rq->status = status;
}

/* ---- words of each command ---- */

static bool read_u32(const struct word *w, uint32_t *n)
{
	uint64_t value;

	if (!kv_parse_u64(w->at, w->len, &value) || value >> 32)
		return false;
	*n = value;
	return true;
}

/* Times that do not fit are far away, on either side. */
static bool text_read_time(const struct word *w, int32_t *time)
{
	bool negative = w->len && *w->at == '-';
	uint64_t value;

	if (!kv_parse_u64(w->at + negative, w->len - negative, &value))
		return false;
	int32_t most = value > 0x7fffffff ? 0x7fffffff : (int32_t)value;
	*time = negative ? -most : most;
	return true;
}

static bool read_key(struct kv_request *rq, const struct word *w)
{
	rq->key = w->at;
	rq->key_len = w->len;
	return w->len <= KV_KEY_MAX;
}

/* <key> <flags> <exptime> <bytes> [<cas>]. With a length that can be read, the value is skipped at least. */
static void text_read_store(struct kv_request *rq, const struct word *w, unsigned n)
{
	uint32_t len = 0;

	rq->has_value = read_u32(&w[3], &len) && len < VALUE_LEN_MAX;
	rq->value_len = rq->has_value ? len : 0;
	bool good = read_key(rq, &w[0]) && read_u32(&w[1], &rq->flags) && text_read_time(&w[2], &rq->exptime);
	if (n == 5 && !kv_parse_u64(w[4].at, w[4].len, &rq->cas))
		good = false;
	if (!good || !rq->has_value)
		text_refuse(rq, KV_INVALID);
}

static void text_read_count(struct kv_request *rq, const struct word *w, unsigned n)
{
	(void)n;
	if (!read_key(rq, &w[0]))
		text_refuse(rq, KV_INVALID);
	else if (!kv_parse_u64(w[1].at, w[1].len, &rq->delta))
		text_refuse(rq, KV_BAD_DELTA);
}

static void text_read_touch(struct kv_request *rq, const struct word *w, unsigned n)
{
	(void)n;
	if (!read_key(rq, &w[0]))
		text_refuse(rq, KV_INVALID);
	else if (!text_read_time(&w[1], &rq->exptime))
		text_refuse(rq, KV_BAD_TIME);
}

/* Old clients name a time, which must be 0. */
static void text_read_delete(struct kv_request *rq, const struct word *w, unsigned n)
{
	if (!read_key(rq, &w[0]) || (n == 2 && !is_word(&w[1], "0")))
		text_refuse(rq, KV_INVALID);
}

static void text_read_flush(struct kv_request *rq, const struct word *w, unsigned n)
{
	if (n == 1 && !text_read_time(&w[0], &rq->exptime))
		text_refuse(rq, KV_BAD_TIME);
}

static void text_read_name(struct kv_request *rq, const struct word *w, unsigned n)
{
	if (n)
		read_key(rq, &w[0]);
}

/* There are no levels here. But who wants an answer has to name one. */
static void text_read_level(struct kv_request *rq, const struct word *w, unsigned n)
{
	(void)w;
	if (!n && !rq->quiet)
		text_refuse(rq, KV_UNKNOWN);
}

static const struct text_command {
	const char *name;
	uint8_t op;
	uint8_t least, most; /* words after the name, `noreply` apart */
	bool may_be_quiet;
	bool with_cas;
	void (*read)(struct kv_request *rq, const struct word *w, unsigned n);
} text_commands[] = {
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
	{ "stats", KV_STATS, 0, WORDS_MAX, false, false, text_read_name },
	{ "version", KV_GET_VERSION, 0, WORDS_MAX, false, false, text_read_name },
	{ "quit", KV_QUIT, 0, WORDS_MAX, false, false, text_read_name },
};

static const struct text_command *text_find_command(const struct word *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(text_commands); i++)
		if (is_word(name, text_commands[i].name))
			return &text_commands[i];
	return NULL;
}

/* ---- lines ---- */

/* The word at `at`, after spaces; empty at the line's end. */
static struct word next_word(const char *at, const char *end)
{
	while (at < end && *at == ' ')
		at++;

	struct word w = { .at = at };
	while (at < end && *at != ' ' && *at != '\n')
		at++;
	w.len = at - w.at;
	return w;
}

/* The words of a line; at most WORDS_MAX, however many there are. */
static unsigned split(const char *at, const char *end, struct word *words)
{
	unsigned n = 0;

	while (n < WORDS_MAX) {
		words[n] = next_word(at, end);
		if (!words[n].len)
			break;
		at = words[n].at + words[n].len;
		n++;
	}
	return n;
}

static void read_line(struct kv_request *rq, const char *line, const char *end)
{
	struct word words[WORDS_MAX];
	unsigned n = split(line, end, words);
	const struct text_command *command = n ? text_find_command(&words[0]) : NULL;

	if (!command || !command->read) {
		text_refuse(rq, KV_UNKNOWN);
		return;
	}
	if (n-- > 1u + command->least && command->may_be_quiet && is_word(&words[n], "noreply")) {
		rq->quiet = true;
		n--;
	}
	if (n < command->least || n > command->most) {
		text_refuse(rq, KV_UNKNOWN);
		return;
	}
	rq->op = command->op;
	command->read(rq, words + 1, n);
}

static const char *find_char(const char *bytes, size_t len, char c)
{
	return memfind(bytes, c, len);
}

/* The line is longer than any that means something. */
static size_t give_up(struct kv_request *rq, size_t len)
{
	text_refuse(rq, KV_LINE_TOO_LONG);
	rq->skip_line = true;
	return len;
}

static size_t text_parse_line(struct kv_request *rq, const char *bytes, size_t len)
{
	const char *end = find_char(bytes, len, '\n');
	size_t line_len = end - bytes;

	if (line_len == len)
		return len < KV_LINE_MAX ? 0 : give_up(rq, len);
	if (end > bytes && end[-1] == '\r')
		end--;
	read_line(rq, bytes, end);
	return line_len + 1;
}

/* ---- gets ---- */

/* gat's second word. */
static size_t parse_get_time(struct kv_request *rq, const char *bytes, size_t at, size_t len)
{
	struct word w = next_word(bytes + at, bytes + len);
	size_t used = w.at + w.len - bytes;

	if (used == len)
		return len < KV_LINE_MAX ? 0 : give_up(rq, len);
	if (bytes[used] == '\n') {
		text_refuse(rq, KV_UNKNOWN);
		return used + 1;
	}
	if (!text_read_time(&w, &rq->exptime)) {
		text_refuse(rq, KV_BAD_TIME);
		rq->skip_line = true;
	}
	return used;
}

static size_t parse_get(struct kv_request *rq, const struct text_command *command, const char *bytes,
			size_t at, size_t len)
{
	rq->op = command->op;
	rq->with_cas = command->with_cas;
	rq->keys_follow = true;
	return command->op == KV_GAT ? parse_get_time(rq, bytes, at, len) : at;
}

static size_t text_parse(struct kv_request *rq, const char *bytes, size_t len)
{
	struct word name = { .at = bytes, .len = find_char(bytes, len, ' ') - bytes };
	const struct text_command *command = name.len < len ? text_find_command(&name) : NULL;

	if (command && !command->read)
		return parse_get(rq, command, bytes, name.len + 1, len);
	return text_parse_line(rq, bytes, len);
}

static size_t end_of_keys(struct kv_request *rq, size_t used)
{
	rq->keys_follow = false;
	rq->key_len = 0;
	if (!rq->any_key)
		text_refuse(rq, KV_UNKNOWN);
	return used;
}

static size_t refuse_key(struct kv_request *rq, size_t used)
{
	rq->keys_follow = false;
	rq->skip_line = true;
	text_refuse(rq, KV_INVALID);
	return used;
}

static size_t text_parse_key(struct kv_request *rq, const char *bytes, size_t len)
{
	struct word w = next_word(bytes, bytes + len);
	size_t used = w.at + w.len - bytes;

	rq->key_len = 0;
	if (used == len && w.len <= KV_KEY_MAX + 1) /* it may go on */
		return w.at - bytes;
	if (used < len && bytes[used] == '\n') {
		if (w.len && w.at[w.len - 1] == '\r')
			w.len--;
		if (!w.len)
			return end_of_keys(rq, used + 1);
	}
	if (!read_key(rq, &w))
		return refuse_key(rq, used);
	rq->any_key = true;
	return used;
}

const struct kv_protocol kv_text = {
	.parse = text_parse,
	.parse_key = text_parse_key,
	.reply = kv_text_reply,
	.stat = kv_text_stat,
	.value = kv_text_value,
	.trailer = KV_EOL_LEN,
};
