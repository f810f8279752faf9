/* SPDX-License-Identifier: MIT */
/* Between the text protocol's files: kv_text.c reads lines, kv_text_command.c what stands in them, kv_text_reply.c answers. */
#ifndef JOS_LIB_IX_KV_TEXT_H
#define JOS_LIB_IX_KV_TEXT_H

#include <inc/kv_store.h>
#include <inc/string.h>

#define KV_EOL "\r\n"
#define KV_EOL_LEN 2
#define KV_WORDS_MAX 8

struct kv_word {
	const char *at;
	size_t len;
};

static inline bool kv_word_is(const struct kv_word *w, const char *text)
{
	return w->len == (size_t)strlen(text) && memcmp(w->at, text, w->len) == 0;
}

/* kv_text_command.c */
struct kv_text_command {
	const char *name;
	uint8_t op;
	uint8_t least, most; /* words after the name, `noreply` apart */
	bool may_be_quiet;
	bool with_cas;
	void (*read)(struct kv_request *rq, const struct kv_word *w, unsigned n); /* NULL: keys follow, any number of them */
};

const struct kv_text_command *kv_text_find(const struct kv_word *name); /* or NULL */
bool kv_text_time(const struct kv_word *w, int32_t *time); /* what does not fit is far away, on either side */

static inline void kv_text_refuse(struct kv_request *rq, enum kv_status status)
{
	rq->op = KV_BAD;
	rq->status = status;
}

static inline bool kv_text_key(struct kv_request *rq, const struct kv_word *w) /* false: it is too long */
{
	rq->key = w->at;
	rq->key_len = w->len;
	return w->len <= KV_KEY_MAX;
}

/* kv_text_reply.c */
size_t kv_text_reply(char *buf, const struct kv_request *rq, const struct kv_result *result);
size_t kv_text_stat(char *buf, const struct kv_request *rq, const char *name, const char *value);
unsigned kv_text_value(struct kv_slice *slices, char *head, const struct kv_request *rq,
		       const struct kv_item *item);

#endif
