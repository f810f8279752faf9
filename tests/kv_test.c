/* SPDX-License-Identifier: MIT */
/*
 * The key-value server on a fake dataplane: dialogues in both protocols, cut at every point and into a window
 * of every size; then the store's promises about memory, order of use and time.
 */
#include <tests/fake_ix.h>

/* What inc/lib.h and inc/string.h would bring. */
#define JOS_INC_LIB_H
static unsigned fake_ms;

static unsigned sys_time_msec(void) { return fake_ms; }

static void *memfind(const void *s, int c, size_t len)
{
	char *found = memchr(s, c, len);

	return found ? found : (char *)s + len;
}

#include "../lib/ix/mem.c"
#include "../lib/ix/pages.c"
#include "../lib/ix/rxq.c"
#include "../lib/ix/ix.c"
#include "../lib/ix/ixev.c"
#include "../lib/ix/ixev_event.c"
#include "../lib/ix/ixev_io.c"
#include "../lib/ix/ixev_copy.c"
#include "../lib/ix/ixev_timer.c"
#include "../lib/ix/kv_number.c"
#include "../lib/ix/kv_slab.c"
#include "../lib/ix/kv_item.c"
#include "../lib/ix/kv_store.c"
#include "../lib/ix/kv_change.c"
#include "../lib/ix/kv_text.c"
#include "../lib/ix/kv_text_command.c"
#include "../lib/ix/kv_text_reply.c"
#include "../lib/ix/kv_binary.c"
#include "../lib/ix/kv_stats.c"
#include "../lib/ix/kv_send.c"
#include "../lib/ix/kv_do.c"
#define cprintf(...) fail_msg(__VA_ARGS__)
#define binaryname "kv_test"
#define exit() ((void)0)
#include "../lib/ix/kv_server.c"
#undef exit
#undef binaryname
#undef cprintf

enum { LIMIT = 2 << 20, BIG = 700000 };

/* ---- driving it ---- */

static unsigned seed;
static size_t heap_at_start;

static int take_some(uint32_t offered)
{
	static const int refusals[] = {0, -E_AGAIN, -E_NO_MEM};

	if (rand_r(&seed) % 4 == 0)
		return refusals[rand_r(&seed) % ARRAY_SIZE(refusals)];
	return rand_r(&seed) % (offered + 1);
}

static size_t heap_unused(void)
{
	struct ix_heap_stat stat;

	ix_heap_stat(&stat);
	return stat.unused;
}

static void start(uint32_t limit)
{
	fake_reset();
	memset(&kv_self, 0, sizeof(kv_self));
	memset(slots, 0, sizeof(slots));
	calls_to_make = 0;
	active = retry = (struct ctx_list){0};
	ix_detach();
	ixev_init(kv_server(0));
	assert_int_equal(ixev_init_thread(), 0);
	assert_int_equal(kv_server_start(limit, 0), 0);
	heap_at_start = heap_unused();
}

static int set_up(void **state)
{
	(void)state;
	seed = 1;
	fake_ms = 5000;
	start(LIMIT);
	return 0;
}

static void pass_seconds(unsigned n)
{
	while (n--) {
		fake_ms += 1000;
		on_second(NULL);
	}
}

/* Acknowledge what was sent, a random part at a time, until nothing moves any more. */
static void settle(ix_handle_t flow)
{
	for (int quiet = 0; quiet < 6; quiet++) {
		assert_true(ixev_wait() >= 0);
		if (fake.flows[flow].unsent && !fake.flows[flow].dead) {
			fake_sent(flow, 1 + rand_r(&seed) % fake.flows[flow].unsent);
			quiet = 0;
		} else if (fake_pending() || fake.last_timeout != IX_FOREVER) {
			quiet = 0;
		}
	}
}

static void open_flow(ix_handle_t flow)
{
	int (*takes)(uint32_t) = fake.take;

	free(fake.flows[flow].out);
	fake.flows[flow] = (struct fake_flow){0};
	fake.take = NULL;
	fake_knock(flow);
	settle(flow);
	fake.take = takes;
	assert_true(fake.flows[flow].accepted);
}

static void end_flow(ix_handle_t flow)
{
	fake_dead(flow, 0);
	settle(flow);
}

/* In parts of `most` bytes, never more than a receive window ahead of the credit that came back. */
static void feed(ix_handle_t flow, const char *bytes, size_t len, size_t most)
{
	enum { WINDOW = 60000 };
	size_t fed = fake.flows[flow].credit;

	while (len) {
		size_t n = MIN(len, most);
		if (fed + n - fake.flows[flow].credit > WINDOW)
			settle(flow);
		fake_data(flow, bytes, n, false);
		if (rand_r(&seed) % 2)
			assert_true(ixev_wait() >= 0);
		bytes += n;
		fed += n;
		len -= n;
	}
	settle(flow);
}

static void expect_bytes(ix_handle_t flow, const char *bytes, size_t len)
{
	const struct fake_flow *f = &fake.flows[flow];

	assert_int_equal(f->out_len, len);
	if (len)
		assert_memory_equal(f->out, bytes, len);
}

/* One dialogue on a connection of its own and a fresh store, its bytes cut into two at `cut`. */
static void talk(const char *in, size_t in_len, const char *out, size_t out_len, size_t cut)
{
	open_flow(1);
	if (cut)
		feed(1, in, cut, 1400);
	feed(1, in + cut, in_len - cut, 1400);
	expect_bytes(1, out, out_len);
	assert_int_equal(fake.flows[1].credit, in_len);
	end_flow(1);
	kv_store_init(LIMIT, 0);
}

static void converse(const char *in, size_t in_len, const char *out, size_t out_len)
{
	for (size_t cut = 0; cut < in_len; cut++) {
		start(LIMIT);
		fake.take = cut % 2 ? take_some : NULL;
		talk(in, in_len, out, out_len, cut);
	}
	for (size_t most = 1; most < 40; most++) {
		start(LIMIT);
		open_flow(1);
		feed(1, in, in_len, most);
		expect_bytes(1, out, out_len);
	}
}

static void say(const char *in, const char *out) { converse(in, strlen(in), out, strlen(out)); }

/* On the one connection of a longer test: what comes back to that. */
static const char *ask(const char *in)
{
	struct fake_flow *f = &fake.flows[2];

	if (!f->accepted)
		open_flow(2);
	f->out_len = 0;
	feed(2, in, strlen(in), 1400);
	if (!f->out_len)
		return "";
	f->out[f->out_len] = '\0';
	return f->out;
}

/* ---- the text protocol ---- */

static void text_storing(void **state)
{
	(void)state;
	say("set a 5 0 3\r\nabc\r\nget a\r\n", "STORED\r\nVALUE a 5 3\r\nabc\r\nEND\r\n");
	say("set a 4294967295 0 0\r\n\r\nget b a a\r\n",
	    "STORED\r\nVALUE a 4294967295 0\r\n\r\nVALUE a 4294967295 0\r\n\r\nEND\r\n");
	say("add a 0 0 1\r\n1\r\nadd a 0 0 1\r\n2\r\nreplace b 0 0 1\r\n3\r\nreplace a 0 0 1\r\n4\r\nget a "
	    "b\r\n",
	    "STORED\r\nNOT_STORED\r\nNOT_STORED\r\nSTORED\r\nVALUE a 0 1\r\n4\r\nEND\r\n");
	say("append a 0 0 1\r\nx\r\nset a 7 0 2\r\nbc\r\nappend a 1 1 1\r\nd\r\nprepend a 2 2 1\r\na\r\nget "
	    "a\r\n",
	    "NOT_STORED\r\nSTORED\r\nSTORED\r\nSTORED\r\nVALUE a 7 4\r\nabcd\r\nEND\r\n");
	say("set a 0 0 1\r\n1\r\ngets a\r\ncas a 0 0 1 1\r\n2\r\ncas a 0 0 1 1\r\n3\r\ncas b 0 0 1 "
	    "1\r\n4\r\ngets a\r\n",
	    "STORED\r\nVALUE a 0 1 1\r\n1\r\nEND\r\nSTORED\r\nEXISTS\r\nNOT_FOUND\r\nVALUE a 0 1 "
	    "2\r\n2\r\nEND\r\n");
}

static void text_changing(void **state)
{
	(void)state;
	say("set n 3 0 1\r\n9\r\nincr n 1\r\nincr n 1\r\ndecr n 2\r\nget n\r\ndecr n 10\r\nincr m 1\r\n",
	    "STORED\r\n10\r\n11\r\n9\r\nVALUE n 3 1\r\n9\r\nEND\r\n0\r\nNOT_FOUND\r\n");
	say("set n 0 0 20\r\n18446744073709551615\r\nincr n 2\r\nset n 0 0 3\r\n1a2\r\nincr n 1\r\nincr n "
	    "x\r\n",
	    "STORED\r\n1\r\nSTORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n"
	    "CLIENT_ERROR invalid numeric delta argument\r\n");
	say("set a 0 0 1\r\n1\r\ntouch a 10\r\ntouch b 10\r\ngat 5 a b\r\ngats 5 a\r\ntouch a x\r\n",
	    "STORED\r\nTOUCHED\r\nNOT_FOUND\r\nVALUE a 0 1\r\n1\r\nEND\r\nVALUE a 0 1 1\r\n1\r\nEND\r\n"
	    "CLIENT_ERROR invalid exptime argument\r\n");
	say("set a 0 0 1\r\n1\r\ndelete a\r\ndelete a\r\nset a 0 0 1\r\n1\r\nflush_all\r\nget a\r\nset a 0 "
	    "-1 1\r\n1\r\nget a\r\n",
	    "STORED\r\nDELETED\r\nNOT_FOUND\r\nSTORED\r\nOK\r\nEND\r\nSTORED\r\nEND\r\n");
}

static void text_quiet(void **state)
{
	(void)state;
	say("set a 0 0 1 noreply\r\n1\r\nadd a 0 0 1 noreply\r\n2\r\nincr a 5 noreply\r\nappend a 0 0 1 "
	    "noreply\r\n0\r\n"
	    "delete b noreply\r\ntouch a 0 noreply\r\nverbosity 1 noreply\r\nverbosity noreply\r\nget a\r\n"
	    "flush_all noreply\r\nget a\r\n",
	    "VALUE a 0 2\r\n60\r\nEND\r\nEND\r\n");
}

static void text_mistakes(void **state)
{
	(void)state;
	say("\r\nfoo\r\nget\r\nGET a\r\nset a 0 0\r\nverbosity\r\nstats foo\r\nversion\n",
	    "ERROR\r\nERROR\r\nERROR\r\nERROR\r\nERROR\r\nERROR\r\nERROR\r\nVERSION " KV_VERSION "\r\n");
	say("set a 0 0 3\r\nabcdef\r\nget a\r\nset a x 0 3\r\nabc\r\nset a 0 0 x\r\nset a 0 0 -1\r\nget "
	    "a\r\n",
	    "CLIENT_ERROR bad data chunk\r\nEND\r\nCLIENT_ERROR bad command line format\r\n"
	    "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nEND\r\n");
	say("gat 10\r\ngat x a b\r\nget   a   b  \r\n",
	    "ERROR\r\nCLIENT_ERROR invalid exptime argument\r\nEND\r\n");
	say("quit\r\n", "");
}

static char *repeat(char c, size_t n)
{
	static char text[4][2 * KV_ITEM_MAX];
	static unsigned next;
	char *t = text[next++ % 4];

	memset(t, c, n);
	t[n] = '\0';
	return t;
}

static void text_limits(void **state)
{
	static char in[3 * KV_ITEM_MAX];

	(void)state;
	sprintf(in, "set %s 0 0 1\r\nx\r\nget %s\r\nversion\r\n", repeat('k', 251), repeat('k', 251));
	assert_string_equal(ask(in),
	    "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n"
	    "VERSION " KV_VERSION "\r\n");
	sprintf(in, "set %s 0 0 1\r\nx\r\ndelete %s\r\n", repeat('k', 250), repeat('k', 250));
	assert_string_equal(ask(in), "STORED\r\nDELETED\r\n");
	sprintf(in, "%s\r\nversion\r\n", repeat('x', 5000));
	assert_string_equal(ask(in), "CLIENT_ERROR line too long\r\nVERSION " KV_VERSION "\r\n");
	sprintf(in, "set a 0 0 1\r\nx\r\nset a 0 0 1048576\r\n%s\r\nget a\r\n", repeat('y', 1048576));
	assert_string_equal(ask(in), "STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n");
	sprintf(in, "set a 0 0 1048000\r\n%s\r\nappend a 0 0 1000\r\n%s\r\n", repeat('y', 1048000),
	    repeat('z', 1000));
	assert_string_equal(ask(in), "STORED\r\nSERVER_ERROR object too large for cache\r\n");
}

static void many_keys_in_one_get(void **state)
{
	static char in[40000], out[40000];

	(void)state;
	in[0] = out[0] = '\0';
	for (int i = 0; i < 600; i++) {
		sprintf(in + strlen(in), "set key%d 0 0 3 noreply\r\n%03d\r\n", i, i);
		sprintf(out + strlen(out), "VALUE key%d 0 3\r\n%03d\r\n", i, i);
	}
	ask(in);
	strcpy(in, "get");
	for (int i = 0; i < 600; i++)
		sprintf(in + strlen(in), " key%d nokey%d", i, i);
	strcat(in, "\r\n");
	strcat(out, "END\r\n");
	assert_string_equal(ask(in), out);
	fake.take = take_some;
	assert_string_equal(ask(in), out);
}

static void statistics(void **state)
{
	const char *out;

	(void)state;
	ask("set a 0 0 1\r\n1\r\nget a b\r\nincr a 1\r\ndecr b 1\r\n");
	out = ask("stats\r\n");
	assert_non_null(strstr(out, "STAT get_hits 1\r\n"));
	assert_non_null(strstr(out, "STAT get_misses 1\r\n"));
	assert_non_null(strstr(out, "STAT incr_hits 1\r\n"));
	assert_non_null(strstr(out, "STAT decr_misses 1\r\n"));
	assert_non_null(strstr(out, "STAT curr_items 1\r\n"));
	assert_non_null(strstr(out, "STAT limit_maxbytes 2097152\r\n"));
	assert_string_equal(out + strlen(out) - 5, "END\r\n");
	assert_string_equal(ask("stats reset\r\n"), "RESET\r\n");
	assert_non_null(strstr(ask("stats\r\n"), "STAT get_hits 0\r\n"));
}

/* ---- the binary protocol ---- */

static char packet_in[4096], packet_out[4096];
static size_t in_len, out_len;

static size_t pack(char *at, uint8_t magic, uint8_t opcode, uint16_t status, uint64_t cas, const char *extras,
    size_t extras_len, const char *key, const char *rest, size_t rest_len)
{
	memset(at, 0, HEADER);
	at[0] = magic;
	at[1] = opcode;
	binary_put(at + AT_KEY_LEN, 2, strlen(key));
	at[AT_EXTRAS_LEN] = extras_len;
	binary_put(at + AT_STATUS, 2, status);
	binary_put(at + AT_BODY_LEN, 4, extras_len + strlen(key) + rest_len);
	binary_put(at + AT_OPAQUE, 4, 0xdeadbeef);
	binary_put(at + AT_CAS, 8, cas);
	memcpy(at + HEADER, extras, extras_len);
	memcpy(at + HEADER + extras_len, key, strlen(key));
	memcpy(at + HEADER + extras_len + strlen(key), rest, rest_len);
	return HEADER + extras_len + strlen(key) + rest_len;
}

static void begin(void) { in_len = out_len = 0; }

static void request(
    uint8_t opcode, uint64_t cas, const char *extras, size_t extras_len, const char *key, const char *value)
{
	in_len +=
	    pack(packet_in + in_len, 0x80, opcode, 0, cas, extras, extras_len, key, value, strlen(value));
}

static void answer(uint8_t opcode, uint16_t status, uint64_t cas, const char *extras, size_t extras_len,
    const char *key, const char *value)
{
	out_len += pack(
	    packet_out + out_len, 0x81, opcode, status, cas, extras, extras_len, key, value, strlen(value));
}

static void check_dialogue(void) { converse(packet_in, in_len, packet_out, out_len); }

#define FLAGS "\0\0\0\7\0\0\0\0", 8

static void binary_storing(void **state)
{
	(void)state;
	begin();
	request(0x01, 0, FLAGS, "a", "abc"), answer(0x01, 0, 1, "", 0, "", "");
	request(0x00, 0, "", 0, "a", ""), answer(0x00, 0, 1, "\0\0\0\7", 4, "", "abc");
	request(0x0c, 0, "", 0, "a", ""), answer(0x0c, 0, 1, "\0\0\0\7", 4, "a", "abc");
	request(0x00, 0, "", 0, "b", ""), answer(0x00, 1, 0, "", 0, "", "Not found");
	request(0x02, 0, FLAGS, "a", "x"), answer(0x02, 2, 0, "", 0, "", "Data exists for key.");
	request(0x03, 0, FLAGS, "b", "x"), answer(0x03, 1, 0, "", 0, "", "Not found");
	request(0x03, 9, FLAGS, "a", "x"), answer(0x03, 2, 0, "", 0, "", "Data exists for key.");
	request(0x01, 1, FLAGS, "a", ""), answer(0x01, 0, 2, "", 0, "", "");
	request(0x0e, 0, "", 0, "a", "bc"), answer(0x0e, 0, 3, "", 0, "", "");
	request(0x0f, 0, "", 0, "b", "bc"), answer(0x0f, 5, 0, "", 0, "", "Not stored.");
	request(0x00, 0, "", 0, "a", ""), answer(0x00, 0, 3, "\0\0\0\7", 4, "", "bc");
	request(0x04, 9, "", 0, "a", ""), answer(0x04, 2, 0, "", 0, "", "Data exists for key.");
	request(0x04, 0, "", 0, "a", ""), answer(0x04, 0, 0, "", 0, "", "");
	check_dialogue();
}

#define COUNT(delta, initial, expiry) "\0\0\0\0\0\0\0" delta "\0\0\0\0\0\0\0" initial expiry, 20

static void binary_changing(void **state)
{
	(void)state;
	begin();
	request(0x05, 0, COUNT("\1", "\5", "\377\377\377\377"), "n", ""),
	    answer(0x05, 1, 0, "", 0, "", "Not found");
	request(0x05, 0, COUNT("\1", "\5", "\0\0\0\0"), "n", "");
	out_len += pack(packet_out + out_len, 0x81, 0x05, 0, 1, "", 0, "", "\0\0\0\0\0\0\0\5", 8);
	request(0x06, 0, COUNT("\2", "\5", "\0\0\0\0"), "n", "");
	out_len += pack(packet_out + out_len, 0x81, 0x06, 0, 2, "", 0, "", "\0\0\0\0\0\0\0\3", 8);
	request(0x1c, 0, "\0\0\0\11", 4, "n", ""), answer(0x1c, 0, 2, "\0\0\0\0", 4, "", "");
	request(0x1d, 0, "\0\0\0\11", 4, "n", ""), answer(0x1d, 0, 2, "\0\0\0\0", 4, "", "3");
	request(0x1b, 0, "\0\0\0\1", 4, "", ""), answer(0x1b, 0, 0, "", 0, "", "");
	request(0x08, 0, "", 0, "", ""), answer(0x08, 0, 0, "", 0, "", "");
	request(0x08, 0, "\0\0\0\0", 4, "", ""), answer(0x08, 0, 0, "", 0, "", "");
	request(0x0b, 0, "", 0, "", ""), answer(0x0b, 0, 0, "", 0, "", KV_VERSION);
	request(0x07, 0, "", 0, "", ""), answer(0x07, 0, 0, "", 0, "", "");
	check_dialogue();
}

static void binary_quiet(void **state)
{
	(void)state;
	begin();
	request(0x11, 0, FLAGS, "a", "1");
	request(0x12, 0, FLAGS, "a", "2"), answer(0x12, 2, 0, "", 0, "", "Data exists for key.");
	request(0x09, 0, "", 0, "b", "");
	request(0x15, 0, COUNT("\1", "\5", "\0\0\0\0"), "a", "");
	request(0x09, 0, "", 0, "a", ""), answer(0x09, 0, 2, "\0\0\0\7", 4, "", "2");
	request(0x0d, 0, "", 0, "a", ""), answer(0x0d, 0, 2, "\0\0\0\7", 4, "a", "2");
	request(0x14, 0, "", 0, "a", "");
	request(0x18, 0, "", 0, "", "");
	request(0x0a, 0, "", 0, "", ""), answer(0x0a, 0, 0, "", 0, "", "");
	request(0x17, 0, "", 0, "", "");
	check_dialogue();
}

static void binary_mistakes(void **state)
{
	(void)state;
	begin();
	request(0x77, 0, "ext", 3, "key", "value"), answer(0x77, 0x81, 0, "", 0, "", "Unknown command");
	request(0x00, 0, "", 0, "", ""), answer(0x00, 4, 0, "", 0, "", "Invalid arguments");
	request(0x00, 0, "", 0, "a", "value"), answer(0x00, 4, 0, "", 0, "", "Invalid arguments");
	request(0x01, 0, "", 0, "a", "value"), answer(0x01, 4, 0, "", 0, "", "Invalid arguments");
	request(0x01, 0, FLAGS, repeat('k', 251), "v"), answer(0x01, 4, 0, "", 0, "", "Invalid arguments");
	request(0x01, 0, FLAGS, "n", "x"), answer(0x01, 0, 1, "", 0, "", "");
	request(0x05, 0, COUNT("\1", "\5", "\0\0\0\0"), "n", "");
	answer(0x05, 6, 0, "", 0, "", "Non-numeric server-side value for incr or decr");
	check_dialogue();
}

/* ---- memory ---- */

static void assert_nothing_lost(void)
{
	assert_int_equal(kv_slab_bytes(), 0);
	assert_int_equal(heap_unused(), heap_at_start);
}

static void a_large_value(void **state)
{
	static char in[BIG + 100], out[BIG + 100];
	size_t head;

	(void)state;
	head = sprintf(in, "set big 1 0 %d\r\n", BIG);
	for (int i = 0; i < BIG; i++)
		in[head + i] = 'a' + i % 23 + i / 4000 % 3;
	strcpy(in + head + BIG, "\r\n");
	assert_string_equal(ask(in), "STORED\r\n");
	size_t out_head = sprintf(out, "VALUE big 1 %d\r\n", BIG);
	memcpy(out + out_head, in + head, BIG);
	strcpy(out + out_head + BIG, "\r\nEND\r\n");
	assert_string_equal(ask("get big\r\n"), out);
	fake.take = take_some;
	assert_string_equal(ask("get big\r\n"), out);
	assert_string_equal(ask("delete big\r\n"), "DELETED\r\n");
	end_flow(2);
	assert_nothing_lost();
}

/* Every value is known by its key; what is there must be right, and the newest must be there. */
static size_t value_of(char *buf, unsigned i)
{
	size_t len = i * 7919 % 5000;

	memset(buf, 'a' + i % 26, len);
	buf[len] = '\0';
	return len;
}

static void check_value(unsigned i, bool must_be_there)
{
	char in[40], value[5001], out[5100];

	sprintf(in, "get key%u\r\n", i);
	size_t len = value_of(value, i);
	sprintf(out, "VALUE key%u 0 %zu\r\n%s\r\nEND\r\n", i, len, value);
	const char *got = ask(in);
	if (must_be_there || strcmp(got, "END\r\n") != 0)
		assert_string_equal(got, out);
}

static void eviction(void **state)
{
	static char in[6000];
	enum { ITEMS = 6000 };

	(void)state;
	for (unsigned i = 0; i < ITEMS; i++) {
		char value[5001];
		size_t len = value_of(value, i);
		sprintf(in, "set key%u 0 0 %zu\r\n%s\r\n", i, len, value);
		assert_string_equal(ask(in), "STORED\r\n");
		assert_true(kv_slab_bytes() <= LIMIT);
		check_value(i, true);
	}
	for (unsigned i = 0; i < ITEMS; i++)
		check_value(i, false);
	assert_true(kv_store_stat()->evictions > ITEMS / 2);
	assert_true(kv_store_stat()->curr_items > 300);
	assert_true(kv_store_stat()->bytes > LIMIT * 9 / 10);
	ask("flush_all\r\n");
	for (unsigned i = 0; i < ITEMS; i++)
		assert_null(kv_find(in, sprintf(in, "key%u", i)));
	end_flow(2);
	assert_nothing_lost();
}

/* Items of one size go strictly by their last use. */
static void the_oldest_goes_first(void **state)
{
	char in[600];
	enum { ITEMS = 20000 };

	(void)state;
	for (int i = 0; i < ITEMS; i++) {
		sprintf(in, "set key%05d 0 0 200\r\n%s\r\nget key00000\r\n", i, repeat('v', 200));
		assert_non_null(strstr(ask(in), "VALUE key00000"));
	}
	int kept = kv_store_stat()->curr_items;
	assert_true(kept > 5000 && kept < ITEMS);
	for (int i = 1; i < ITEMS; i++) {
		sprintf(in, "key%05d", i);
		assert_int_equal(kv_find(in, 8) != NULL, i > ITEMS - kept);
	}
}

/* One that is large takes the room of about as many bytes, not of all. */
static void a_large_one_among_small_ones(void **state)
{
	static char in[BIG];
	enum { ITEMS = 10000 };

	(void)state;
	for (int i = 0; i < ITEMS; i++) {
		sprintf(in, "set key%d 0 0 100 noreply\r\n%s\r\n", i, repeat('v', 100));
		ask(in);
	}
	for (int i = 0; i < ITEMS; i++)
		kv_find(in, sprintf(in, "key%d", (int)(i * 7919ul % ITEMS)));
	uint32_t before = kv_store_stat()->curr_items;
	sprintf(in, "set big 0 0 400000\r\n%s\r\n", repeat('b', 400000));
	assert_string_equal(ask(in), "STORED\r\n");
	assert_true(kv_store_stat()->curr_items > before * 7 / 10);
}

/* A value that is being sent stays as it was, whatever happens to its key, until the peer has it. */
static void sent_values_stay(void **state)
{
	(void)state;
	ask("set a 0 0 3\r\nold\r\n");
	open_flow(3);
	fake_data(3, "get a\r\n", 7, false);
	ixev_wait();
	ixev_wait();
	ixev_wait();
	assert_int_equal(fake.flows[3].unsent, strlen("VALUE a 0 3\r\nold\r\nEND\r\n"));
	struct kv_item *item = kv_find("a", 1);
	assert_int_equal(item->refs, 2);
	assert_string_equal(ask("set a 0 0 3\r\nnew\r\ndelete a\r\n"), "STORED\r\nDELETED\r\n");
	assert_int_equal(item->refs, 1);
	assert_memory_equal(item->text, "VALUE a 0 3\r\nold\r\n", 18);
	settle(3);
	end_flow(2);
	end_flow(3);
	assert_nothing_lost();
}

static void broken_connections(void **state)
{
	static char big[BIG + 40];

	(void)state;
	size_t head = sprintf(big, "set big 0 0 %d\r\n", BIG);
	memset(big + head, 'x', BIG);
	strcpy(big + head + BIG, "\r\n");
	for (int round = 0; round < 40; round++) {
		open_flow(4);
		fake.take = take_some;
		if (round % 2 == 0)
			feed(4, big, 1 + rand_r(&seed) % BIG, 1400);
		ask(big);
		for (int i = 0; i < 5; i++)
			fake_data(4, "get big big\r\n", 13, false);
		for (int i = rand_r(&seed) % 30; i; i--)
			ixev_wait();
		fake_dead(4, -E_RESET);
		settle(4);
		fake.take = NULL;
		assert_string_equal(ask("delete big\r\n"), "DELETED\r\n");
	}
	end_flow(2);
	assert_int_equal(kv_self.count.curr_connections, 0);
	assert_nothing_lost();
}

/* A client that asks and does not read: what it asked for waits unread, and it holds few items. */
static void a_client_that_does_not_read(void **state)
{
	(void)state;
	ask("set a 0 0 3\r\nabc\r\n");
	open_flow(5);
	fake.take = take_some;
	for (int i = 0; i < 500; i++)
		fake_data(5, "get a\r\n", 7, false);
	for (int i = 0; i < 10; i++)
		ixev_wait();
	assert_true(fake.flows[5].credit < 40 * 7);
	assert_true(kv_find("a", 1)->refs < 20);
	fake.take = NULL;
	settle(5);
	assert_int_equal(fake.flows[5].out_len, 500 * strlen("VALUE a 0 3\r\nabc\r\nEND\r\n"));
}

static void no_memory_at_all(void **state)
{
	static char in[BIG];

	(void)state;
	start(8192);
	sprintf(in, "set a 0 0 1\r\n1\r\nset a 0 0 20000\r\n%s\r\nget a\r\n", repeat('x', 20000));
	assert_string_equal(ask(in), "STORED\r\nSERVER_ERROR out of memory storing object\r\nEND\r\n");
	assert_string_equal(ask("set a 0 0 1\r\n1\r\n"), "STORED\r\n");
}

/* ---- time ---- */

static void expiry(void **state)
{
	(void)state;
	assert_string_equal(ask("set a 0 2 1\r\n1\r\nset b 0 0 1\r\n2\r\nset c 0 1000000000 1\r\n3\r\n"),
	    "STORED\r\nSTORED\r\nSTORED\r\n");
	pass_seconds(1);
	assert_string_equal(ask("get a\r\n"), "VALUE a 0 1\r\n1\r\nEND\r\n");
	pass_seconds(1);
	assert_string_equal(ask("get a\r\nadd a 0 0 1\r\n4\r\n"), "END\r\nSTORED\r\n");
	assert_string_equal(ask("touch b 5\r\ngat 0 b\r\n"), "TOUCHED\r\nVALUE b 0 1\r\n2\r\nEND\r\n");
	pass_seconds(10);
	assert_string_equal(ask("get b c\r\n"), "VALUE b 0 1\r\n2\r\nVALUE c 0 1\r\n3\r\nEND\r\n");
	store.epoch = 1000000000 - 20;
	assert_string_equal(ask("set c 0 1000000000 1\r\n3\r\nset d 0 900000000 1\r\n3\r\nget c d\r\n"),
	    "STORED\r\nSTORED\r\nVALUE c 0 1\r\n3\r\nEND\r\n");
	pass_seconds(8);
	assert_string_equal(ask("get c\r\n"), "END\r\n");
}

static void delayed_flush(void **state)
{
	(void)state;
	ask("set a 0 0 1\r\n1\r\nflush_all 3\r\nset b 0 0 1\r\n1\r\n");
	pass_seconds(2);
	assert_string_equal(ask("get a b\r\n"), "VALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n1\r\nEND\r\n");
	pass_seconds(1);
	assert_string_equal(
	    ask("get a b\r\nset a 0 0 1\r\n2\r\nget a\r\n"), "END\r\nSTORED\r\nVALUE a 0 1\r\n2\r\nEND\r\n");
}

/* ---- numbers ---- */

static void numbers(void **state)
{
	static const uint64_t samples[] = {0, 9, 10, 4294967295u, 4294967296u, 99999999999, ~0ull, ~0ull - 5};
	char text[24], want[24];
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		text[kv_format_u64(text, samples[i])] = '\0';
		sprintf(want, "%llu", (unsigned long long)samples[i]);
		assert_string_equal(text, want);
		assert_true(kv_parse_u64(text, strlen(text), &n));
		assert_true(n == samples[i]);
	}
	assert_false(kv_parse_u64("18446744073709551616", 20, &n));
	assert_false(kv_parse_u64("", 0, &n));
	assert_false(kv_parse_u64("1-", 2, &n));
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(text_storing),
	    TEST(text_changing),
	    TEST(text_quiet),
	    TEST(text_mistakes),
	    TEST(text_limits),
	    TEST(many_keys_in_one_get),
	    TEST(statistics),
	    TEST(binary_storing),
	    TEST(binary_changing),
	    TEST(binary_quiet),
	    TEST(binary_mistakes),
	    TEST(a_large_value),
	    TEST(eviction),
	    TEST(the_oldest_goes_first),
	    TEST(a_large_one_among_small_ones),
	    TEST(sent_values_stay),
	    TEST(broken_connections),
	    TEST(a_client_that_does_not_read),
	    TEST(no_memory_at_all),
	    TEST(expiry),
	    TEST(delayed_flush),
	    TEST(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
