/* SPDX-License-Identifier: MIT */
/*
 * The binary protocol. Requests and replies have the same form, numbers in network byte order:
 *
 *	0      1       2        4       5      6        8       12      16     24
 *	+------+-------+--------+-------+------+--------+-------+-------+------+--------+-----+-------+
 *	| 0x80 |opcode |key len |extras |  0   | 0 or   |body   |opaque |  cas | extras | key | value |
 *	| 0x81 |       |        |len    |      | status |len    |       |      |        |     |       |
 *	+------+-------+--------+-------+------+--------+-------+-------+------+--------+-----+-------+
 */
#include <inc/kv_store.h>
#include <inc/string.h>

#define REPLY_MAGIC 0x81
#define HEADER 24
#define DO_NOT_CREATE 0xffffffff

enum {
	AT_OPCODE = 1,
	AT_KEY_LEN = 2,
	AT_EXTRAS_LEN = 4,
	AT_STATUS = 6,
	AT_BODY_LEN = 8,
	AT_OPAQUE = 12,
	AT_CAS = 16,
};

static uint64_t get(const char *at, unsigned bytes)
{
	uint64_t n = 0;

	while (bytes--)
		n = n << 8 | (uint8_t)*at++;
	return n;
}

static void binary_put(char *at, unsigned bytes, uint64_t n)
{
	while (bytes--) {
		at[bytes] = n;
		n >>= 8;
	}
}

/* ---- requests ---- */

/* <flags 4> <expiry 4> */
static void binary_read_store(struct kv_request *rq, const char *extras)
{
	rq->flags = get(extras, 4);
	rq->exptime = get(extras + 4, 4);
	if (rq->op == KV_SET && rq->cas)
		rq->op = KV_CAS;
}

/* <delta 8> <initial 8> <expiry 4> */
static void binary_read_count(struct kv_request *rq, const char *extras)
{
	uint32_t expiry = get(extras + 16, 4);

	rq->delta = get(extras, 8);
	rq->initial = get(extras + 8, 8);
	rq->create = expiry != DO_NOT_CREATE;
	rq->exptime = expiry;
}

static void binary_read_time(struct kv_request *rq, const char *extras)
{
	rq->exptime = get(extras, 4);
}

static void binary_read_nothing(struct kv_request *rq, const char *extras)
{
	(void)rq, (void)extras;
}

enum parts { KEY = 1, NO_KEY = 2, VALUE = 4, QUIET = 8, WITH_KEY = 16, MAY_LACK_EXTRAS = 32 };

static const struct binary_command {
	uint8_t op, parts, extras_len;
	void (*read)(struct kv_request *rq, const char *extras);
} binary_commands[] = {
	[0x00] = { KV_GET, KEY, 0, binary_read_nothing },
	[0x01] = { KV_SET, KEY | VALUE, 8, binary_read_store },
	[0x02] = { KV_ADD, KEY | VALUE, 8, binary_read_store },
	[0x03] = { KV_REPLACE, KEY | VALUE, 8, binary_read_store },
	[0x04] = { KV_DELETE, KEY, 0, binary_read_nothing },
	[0x05] = { KV_INCR, KEY, 20, binary_read_count },
	[0x06] = { KV_DECR, KEY, 20, binary_read_count },
	[0x07] = { KV_QUIT, NO_KEY, 0, binary_read_nothing },
	[0x08] = { KV_FLUSH, NO_KEY | MAY_LACK_EXTRAS, 4, binary_read_time },
	[0x09] = { KV_GET, KEY | QUIET, 0, binary_read_nothing },
	[0x0a] = { KV_NOOP, NO_KEY, 0, binary_read_nothing },
	[0x0b] = { KV_GET_VERSION, NO_KEY, 0, binary_read_nothing },
	[0x0c] = { KV_GET, KEY | WITH_KEY, 0, binary_read_nothing },
	[0x0d] = { KV_GET, KEY | WITH_KEY | QUIET, 0, binary_read_nothing },
	[0x0e] = { KV_APPEND, KEY | VALUE, 0, binary_read_nothing },
	[0x0f] = { KV_PREPEND, KEY | VALUE, 0, binary_read_nothing },
	[0x10] = { KV_STATS, 0, 0, binary_read_nothing },
	[0x11] = { KV_SET, KEY | VALUE | QUIET, 8, binary_read_store },
	[0x12] = { KV_ADD, KEY | VALUE | QUIET, 8, binary_read_store },
	[0x13] = { KV_REPLACE, KEY | VALUE | QUIET, 8, binary_read_store },
	[0x14] = { KV_DELETE, KEY | QUIET, 0, binary_read_nothing },
	[0x15] = { KV_INCR, KEY | QUIET, 20, binary_read_count },
	[0x16] = { KV_DECR, KEY | QUIET, 20, binary_read_count },
	[0x17] = { KV_QUIT, NO_KEY | QUIET, 0, binary_read_nothing },
	[0x18] = { KV_FLUSH, NO_KEY | QUIET | MAY_LACK_EXTRAS, 4, binary_read_time },
	[0x19] = { KV_APPEND, KEY | VALUE | QUIET, 0, binary_read_nothing },
	[0x1a] = { KV_PREPEND, KEY | VALUE | QUIET, 0, binary_read_nothing },
	[0x1b] = { KV_VERBOSITY, NO_KEY, 4, binary_read_nothing },
	[0x1c] = { KV_TOUCH, KEY, 4, binary_read_time },
	[0x1d] = { KV_GAT, KEY, 4, binary_read_time },
	[0x1e] = { KV_GAT, KEY | QUIET, 4, binary_read_time },
	[0x23] = { KV_GAT, KEY | WITH_KEY, 4, binary_read_time },
	[0x24] = { KV_GAT, KEY | WITH_KEY | QUIET, 4, binary_read_time },
};

static const struct binary_command *binary_find_command(uint8_t opcode)
{
	if (opcode >= ARRAY_SIZE(binary_commands) || !binary_commands[opcode].read)
		return NULL;
	return &binary_commands[opcode];
}

/* Are there the parts that the command wants, and no others? */
static bool is_well_formed(const struct binary_command *command, uint32_t extras_len, uint32_t key_len,
			   uint32_t body_len)
{
	if (key_len > KV_KEY_MAX || key_len + extras_len > body_len)
		return false;
	if (extras_len != command->extras_len && (extras_len || !(command->parts & MAY_LACK_EXTRAS)))
		return false;
	if ((command->parts & KEY && !key_len) || (command->parts & NO_KEY && key_len))
		return false;
	return command->parts & VALUE || key_len + extras_len == body_len;
}

/* Its body is passed over. */
static size_t binary_refuse(struct kv_request *rq, enum kv_status status, uint32_t body_len)
{
	rq->op = KV_BAD;
	rq->status = status;
	rq->has_value = true;
	rq->value_len = body_len;
	return HEADER;
}

static size_t binary_parse(struct kv_request *rq, const char *bytes, size_t len)
{
	if ((uint8_t)*bytes != KV_MAGIC) {
		rq->hang_up = true;
		return binary_refuse(rq, KV_INVALID, 0) - HEADER + len;
	}
	if (len < HEADER)
		return 0;

	uint32_t extras_len = (uint8_t)bytes[AT_EXTRAS_LEN];
	uint32_t key_len = get(bytes + AT_KEY_LEN, 2), body_len = get(bytes + AT_BODY_LEN, 4);
	rq->opcode = bytes[AT_OPCODE];
	rq->opaque = get(bytes + AT_OPAQUE, 4);
	rq->cas = get(bytes + AT_CAS, 8);
	const struct binary_command *command = binary_find_command(rq->opcode);
	if (!command)
		return binary_refuse(rq, KV_UNKNOWN, body_len);
	if (!is_well_formed(command, extras_len, key_len, body_len))
		return binary_refuse(rq, KV_INVALID, body_len);
	if (len < HEADER + extras_len + key_len)
		return 0;

	rq->op = command->op;
	rq->quiet = command->parts & QUIET;
	rq->with_key = command->parts & WITH_KEY;
	rq->has_value = command->parts & VALUE;
	rq->value_len = body_len - extras_len - key_len;
	rq->key = bytes + HEADER + extras_len;
	rq->key_len = key_len;
	if (extras_len == command->extras_len)
		command->read(rq, bytes + HEADER);
	return HEADER + extras_len + key_len;
}

static size_t binary_parse_key(struct kv_request *rq, const char *bytes, size_t len)
{
	(void)bytes;
	rq->keys_follow = false;
	return len;
}

/* ---- replies ---- */

static const struct {
	uint16_t code;
	const char *message;
} statuses[KV_NSTATUSES] = {
#define STATUS_ENTRY(name, line, code, message) [KV_##name] = { code, message },
	KV_STATUSES(STATUS_ENTRY)
#undef STATUS_ENTRY
};

static void put_header(char *buf, const struct kv_request *rq, uint16_t status, uint64_t cas)
{
	memset(buf, 0, HEADER);
	buf[0] = (char)REPLY_MAGIC;
	buf[AT_OPCODE] = rq->opcode;
	binary_put(buf + AT_STATUS, 2, status);
	binary_put(buf + AT_OPAQUE, 4, rq->opaque);
	binary_put(buf + AT_CAS, 8, cas);
}

static void put_lengths(char *buf, uint32_t extras_len, uint32_t key_len, uint32_t value_len)
{
	buf[AT_EXTRAS_LEN] = extras_len;
	binary_put(buf + AT_KEY_LEN, 2, key_len);
	binary_put(buf + AT_BODY_LEN, 4, extras_len + key_len + value_len);
}

static size_t put_text(char *buf, const char *text)
{
	size_t len = strlen(text);

	memcpy(buf + HEADER, text, len);
	put_lengths(buf, 0, 0, len);
	return HEADER + len;
}

/* A quiet get says nothing of a miss; other quiet requests nothing of success. */
static bool is_unsaid(const struct kv_request *rq, uint8_t status)
{
	bool is_get = rq->op == KV_GET || rq->op == KV_GAT;

	return rq->quiet && status == (is_get ? KV_NOT_FOUND : KV_OK);
}

static size_t binary_reply(char *buf, const struct kv_request *rq, const struct kv_result *result)
{
	if (is_unsaid(rq, result->status))
		return 0;
	put_header(buf, rq, statuses[result->status].code, result->cas);
	if (result->status != KV_OK)
		return put_text(buf, statuses[result->status].message);
	if (rq->op == KV_GET_VERSION)
		return put_text(buf, KV_VERSION);

	unsigned extras_len = rq->op == KV_TOUCH ? 4 : 0;
	unsigned value_len = rq->op == KV_INCR || rq->op == KV_DECR ? 8 : 0;
	binary_put(buf + HEADER, extras_len, result->flags);
	binary_put(buf + HEADER + extras_len, value_len, result->number);
	put_lengths(buf, extras_len, 0, value_len);
	return HEADER + extras_len + value_len;
}

static size_t binary_stat(char *buf, const struct kv_request *rq, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);

	put_header(buf, rq, 0, 0);
	put_lengths(buf, 0, name_len, value_len);
	memcpy(buf + HEADER, name, name_len);
	memcpy(buf + HEADER + name_len, value, value_len);
	return HEADER + name_len + value_len;
}

static unsigned binary_value(struct kv_slice *slices, char *head, const struct kv_request *rq,
			     const struct kv_item *item)
{
	uint32_t key_len = rq->with_key ? item->key_len : 0;

	put_header(head, rq, 0, item->cas);
	put_lengths(head, 4, key_len, item->value_len);
	binary_put(head + HEADER, 4, item->flags);
	slices[0] = (struct kv_slice){ KV_FROM_HEAD, HEADER + 4 };
	slices[1] = (struct kv_slice){ KV_KEY_AT, key_len };
	slices[2] = (struct kv_slice){ item->head_len, item->value_len };
	return 3;
}

const struct kv_protocol kv_binary = {
	.parse = binary_parse,
	.parse_key = binary_parse_key,
	.reply = binary_reply,
	.stat = binary_stat,
	.value = binary_value,
};
