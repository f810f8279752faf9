/* SPDX-License-Identifier: MIT */
/*
 * The text protocol: a line of words for each request, then perhaps a value. A line is read when it is there
 * as a whole; but a get's keys are read one by one, so that there may be any number of them.
 */
#include <inc/string.h>
#include <lib/ix/kv_text.h>

/* ---- lines ---- */

/* The word at `at`, after spaces; empty at the line's end. */
static struct kv_word next_word(const char *at, const char *end)
{
	while (at < end && *at == ' ')
		at++;

	struct kv_word w = { .at = at };
	while (at < end && *at != ' ' && *at != '\n')
		at++;
	w.len = at - w.at;
	return w;
}

/* The words of a line; at most KV_WORDS_MAX, however many there are. */
static unsigned split(const char *at, const char *end, struct kv_word *words)
{
	unsigned n = 0;

	while (n < KV_WORDS_MAX) {
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
	struct kv_word words[KV_WORDS_MAX];
	unsigned n = split(line, end, words);
	const struct kv_text_command *command = n ? kv_text_find(&words[0]) : NULL;

	if (!command || !command->read) {
		kv_text_refuse(rq, KV_UNKNOWN);
		return;
	}
	if (n-- > 1u + command->least && command->may_be_quiet && kv_word_is(&words[n], "noreply")) {
		rq->quiet = true;
		n--;
	}
	if (n < command->least || n > command->most) {
		kv_text_refuse(rq, KV_UNKNOWN);
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
	kv_text_refuse(rq, KV_LINE_TOO_LONG);
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
	struct kv_word w = next_word(bytes + at, bytes + len);
	size_t used = w.at + w.len - bytes;

	if (used == len)
		return len < KV_LINE_MAX ? 0 : give_up(rq, len);
	if (bytes[used] == '\n') {
		kv_text_refuse(rq, KV_UNKNOWN);
		return used + 1;
	}
	if (!kv_text_time(&w, &rq->exptime)) {
		kv_text_refuse(rq, KV_BAD_TIME);
		rq->skip_line = true;
	}
	return used;
}

static size_t parse_get(struct kv_request *rq, const struct kv_text_command *command, const char *bytes,
			size_t at, size_t len)
{
	rq->op = command->op;
	rq->with_cas = command->with_cas;
	rq->keys_follow = true;
	return command->op == KV_GAT ? parse_get_time(rq, bytes, at, len) : at;
}

static size_t text_parse(struct kv_request *rq, const char *bytes, size_t len)
{
	struct kv_word name = { .at = bytes, .len = find_char(bytes, len, ' ') - bytes };
	const struct kv_text_command *command = name.len < len ? kv_text_find(&name) : NULL;

	if (command && !command->read)
		return parse_get(rq, command, bytes, name.len + 1, len);
	return text_parse_line(rq, bytes, len);
}

static size_t end_of_keys(struct kv_request *rq, size_t used)
{
	rq->keys_follow = false;
	rq->key_len = 0;
	if (!rq->any_key)
		kv_text_refuse(rq, KV_UNKNOWN);
	return used;
}

static size_t refuse_key(struct kv_request *rq, size_t used)
{
	rq->keys_follow = false;
	rq->skip_line = true;
	kv_text_refuse(rq, KV_INVALID);
	return used;
}

static size_t text_parse_key(struct kv_request *rq, const char *bytes, size_t len)
{
	struct kv_word w = next_word(bytes, bytes + len);
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
	if (!kv_text_key(rq, &w))
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
