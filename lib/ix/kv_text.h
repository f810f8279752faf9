/* SPDX-License-Identifier: MIT */
/* Between the text protocol's files: what kv_text_reply.c does for kv_text (inc/kv.h). */
#ifndef JOS_LIB_IX_KV_TEXT_H
#define JOS_LIB_IX_KV_TEXT_H

#include <inc/kv_store.h>

#define KV_EOL "\r\n"
#define KV_EOL_LEN 2

size_t kv_text_reply(char *buf, const struct kv_request *rq, const struct kv_result *result);
size_t kv_text_stat(char *buf, const struct kv_request *rq, const char *name, const char *value);
unsigned kv_text_value(struct kv_slice *slices, char *head, const struct kv_request *rq,
		       const struct kv_item *item);

#endif
