/* SPDX-License-Identifier: MIT */
/* The text protocol's replies (lib/ix/kv_text.h): lines, and values as the store keeps them. */
#include <inc/string.h>
#include <lib/ix/kv_text.h>

static const char *const status_lines[KV_NSTATUSES] = {
#define STATUS_LINE(name, line, code, message) [KV_##name] = line,
	KV_STATUSES(STATUS_LINE)
#undef STATUS_LINE
};

static const char *const ok_lines[KV_NOPS] = {
	[KV_GET] = "END", [KV_GAT] = "END", [KV_STATS] = "END",
	[KV_SET] = "STORED", [KV_ADD] = "STORED", [KV_REPLACE] = "STORED",
	[KV_APPEND] = "STORED", [KV_PREPEND] = "STORED", [KV_CAS] = "STORED",
	[KV_DELETE] = "DELETED", [KV_TOUCH] = "TOUCHED", [KV_FLUSH] = "OK", [KV_VERBOSITY] = "OK",
	[KV_RESET_STATS] = "RESET", [KV_GET_VERSION] = "VERSION " KV_VERSION,
};

static size_t text_put(char *buf, size_t at, const char *text)
{
	size_t len = strlen(text);

	memcpy(buf + at, text, len);
	return at + len;
}

/* That the key was there, or not, is all one to who wanted to add, replace, append or prepend. */
static uint8_t told_status(uint8_t op, uint8_t status)
{
	if (op == KV_STATS && status == KV_NOT_FOUND)
		return KV_UNKNOWN;
	bool conditional = op == KV_ADD || op == KV_REPLACE || op == KV_APPEND || op == KV_PREPEND;

	return conditional && (status == KV_EXISTS || status == KV_NOT_FOUND) ? KV_NOT_STORED : status;
}

size_t kv_text_reply(char *buf, const struct kv_request *rq, const struct kv_result *result)
{
	bool is_get = rq->op == KV_GET || rq->op == KV_GAT;
	size_t len;

	if (rq->quiet || rq->op == KV_QUIT || (is_get && result->status == KV_NOT_FOUND))
		return 0;
	if (result->status != KV_OK)
		len = text_put(buf, 0, status_lines[told_status(rq->op, result->status)]);
	else if (rq->op == KV_INCR || rq->op == KV_DECR)
		len = kv_format_u64(buf, result->number);
	else
		len = text_put(buf, 0, ok_lines[rq->op]);
	return text_put(buf, len, KV_EOL);
}

size_t kv_text_stat(char *buf, const struct kv_request *rq, const char *name, const char *value)
{
	(void)rq;
	size_t len = text_put(buf, text_put(buf, 0, "STAT "), name);
	return text_put(buf, text_put(buf, text_put(buf, len, " "), value), KV_EOL);
}

/* An item's text is the answer; with its unique number, that comes in before the head's end. */
unsigned kv_text_value(struct kv_slice *slices, char *head, const struct kv_request *rq,
		       const struct kv_item *item)
{
	uint32_t len = item->head_len + item->value_len + KV_EOL_LEN;

	if (!rq->with_cas) {
		slices[0] = (struct kv_slice){ 0, len };
		return 1;
	}
	head[0] = ' ';
	size_t head_len = text_put(head, 1 + kv_format_u64(head + 1, item->cas), KV_EOL);
	slices[0] = (struct kv_slice){ 0, item->head_len - KV_EOL_LEN };
	slices[1] = (struct kv_slice){ KV_FROM_HEAD, head_len };
	slices[2] = (struct kv_slice){ item->head_len, len - item->head_len };
	return 3;
}
