/* SPDX-License-Identifier: MIT */
/* The event layer on a fake dataplane: events in, calls out. */
#include <tests/fake_ix.h>

#include "../lib/ix/mem.c"
#include "../lib/ix/pages.c"
#include "../lib/ix/rxq.c"
#include "../lib/ix/ix.c"
#include "../lib/ix/ixev.c"
#include "../lib/ix/ixev_event.c"
#include "../lib/ix/ixev_io.c"
#include "../lib/ix/ixev_copy.c"
#include "../lib/ix/ixev_timer.c"

/* ---- the program under the layer ---- */

static struct {
	bool refuse;
	unsigned accepted, released, dialed;
	long outcome;
	struct ixev_ctx *last;
	unsigned mask, reasons[64], nreasons;
	void (*act)(struct ixev_ctx *ctx, unsigned reason);
} app;

static void on_reason(struct ixev_ctx *ctx, unsigned reason)
{
	if (app.nreasons < ARRAY_SIZE(app.reasons))
		app.reasons[app.nreasons++] = reason;
	if (app.act)
		app.act(ctx, reason);
}

static struct ixev_ctx *new_ctx(void)
{
	struct ixev_ctx *ctx = ix_alloc(sizeof(*ctx));

	assert_non_null(ctx);
	ixev_ctx_init(ctx);
	ixev_set_handler(ctx, app.mask, on_reason);
	return ctx;
}

static struct ixev_ctx *app_accept(struct ip_tuple *id)
{
	assert_int_equal(id->dst_ip, FAKE_IP);
	assert_int_equal(id->dst_port, 80);
	if (app.refuse)
		return NULL;
	app.accepted++;
	return app.last = new_ctx();
}

static void app_release(struct ixev_ctx *ctx)
{
	app.released++;
	assert_int_equal(ix_free(ctx), 0);
}

static void app_dialed(struct ixev_ctx *ctx, long outcome)
{
	(void)ctx;
	app.dialed++;
	app.outcome = outcome;
}

static struct ixev_conn_ops app_ops = { .accept = app_accept, .release = app_release, .dialed = app_dialed };

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	memset(&app, 0, sizeof(app));
	app.mask = IXEVIN | IXEVHUP;
	active = retry = (struct ctx_list){ 0 };
	memset(slots, 0, sizeof(slots));
	calls_to_make = 0;
	ix_detach();
	ixev_init(&app_ops);
	return ixev_init_thread();
}

static size_t heap_unused(void)
{
	struct ix_heap_stat stat;

	ix_heap_stat(&stat);
	return stat.unused;
}

static void rounds(int n)
{
	while (n--)
		assert_true(ixev_wait() >= 0);
}

static struct ixev_ctx *accepted(ix_handle_t flow)
{
	fake_knock(flow);
	rounds(2);
	assert_true(fake.flows[flow].accepted);
	return app.last;
}

static void assert_out(ix_handle_t flow, const char *text)
{
	assert_int_equal(fake.flows[flow].out_len, strlen(text));
	assert_memory_equal(fake.flows[flow].out ? fake.flows[flow].out : "", text, strlen(text));
}

static char *in_heap(const char *text)
{
	char *copy = ix_alloc(strlen(text) + 1);

	return strcpy(copy, text);
}

static int take_3(uint32_t offered)
{
	return MIN(offered, 3u);
}

static int take_0(uint32_t offered)
{
	(void)offered;
	return 0;
}

static int no_memory(uint32_t offered)
{
	(void)offered;
	return -E_NO_MEM;
}

static int reset_by_peer(uint32_t offered)
{
	(void)offered;
	return -E_RESET;
}

/* ---- opening ---- */

static void listening(void **state)
{
	(void)state;
	assert_int_equal(ixev_listen(80), 0);
	assert_int_equal(fake.log[0].op, IX_CALL_LISTEN);
	assert_int_equal(fake.log[0].listen.port, 80);
	assert_in_range(fake.log[0].listen.backlog, 1, IX_BACKLOG_MAX);
}

static void a_knock_may_be_refused(void **state)
{
	(void)state;
	app.refuse = true;
	fake_knock(5);
	rounds(2);
	assert_int_equal(fake_count(IX_CALL_REJECT), 1);
	assert_int_equal(fake_count(IX_CALL_ACCEPT), 0);
}

static void a_flow_may_die_before_it_is_accepted(void **state)
{
	(void)state;
	fake.refuse_accept = -E_BAD_HANDLE;
	fake_knock(5);
	rounds(2);
	assert_int_equal(app.nreasons, 1);
	assert_int_equal(app.reasons[0], IXEVHUP);
	ixev_close(app.last);
	rounds(1);
	assert_int_equal(app.released, 1);
	assert_int_equal(fake_count(IX_CALL_CLOSE), 0);
}

static void dialing(void **state)
{
	struct ip_tuple to = { .dst_ip = 0x0a000202, .dst_port = 10000 };
	struct ixev_ctx *ctx = new_ctx();

	(void)state;
	ixev_dial(ctx, &to);
	assert_int_equal(ixev_send_zc(ctx, in_heap("hello"), 5), 5);
	rounds(1);
	assert_int_equal(fake.log[0].op, IX_CALL_CONNECT);
	assert_int_equal(fake.log[0].connect.ip, to.dst_ip);
	assert_int_equal(fake.log[0].connect.port, 10000);
	assert_int_equal(fake_count(IX_CALL_SENDV), 0);

	fake_event(IX_EV_CONNECTED, 1)->connected.outcome = 0;
	rounds(2);
	assert_int_equal(app.dialed, 1);
	assert_int_equal(app.outcome, 0);
	assert_out(1, "hello");
}

static void dialing_in_vain(void **state)
{
	struct ixev_ctx *ctx = new_ctx();

	(void)state;
	ixev_dial(ctx, &(struct ip_tuple){ 0 });
	rounds(1);
	fake_event(IX_EV_CONNECTED, 1)->connected.outcome = -E_REFUSED;
	rounds(1);
	assert_int_equal(app.outcome, -E_REFUSED);
	ixev_close(ctx);
	rounds(1);
	assert_int_equal(app.released, 1);
	assert_int_equal(fake_count(IX_CALL_CLOSE), 0);
}

/* ---- receiving ---- */

static void received_in_place_with_one_credit(void **state)
{
	struct ixev_ctx *ctx = accepted(3);
	size_t len;

	(void)state;
	fake_data(3, "abc", 3, false);
	fake_data(3, "defg", 4, false);
	rounds(1);
	assert_int_equal(app.nreasons, 1);
	assert_int_equal(app.reasons[0], IXEVIN);

	assert_memory_equal(ixev_peek(ctx, &len), "abc", 3);
	assert_int_equal(len, 3);
	assert_null(ixev_recv_zc(ctx, 4));
	assert_memory_equal(ixev_recv_zc(ctx, 2), "ab", 2);
	assert_memory_equal(ixev_recv_zc(ctx, 1), "c", 1);
	ixev_consume(ctx, 1);
	assert_memory_equal(ixev_peek(ctx, &len), "efg", 3);
	rounds(1);
	assert_int_equal(fake_count(IX_CALL_RECV_DONE), 1);
	assert_int_equal(fake.flows[3].credit, 4);
}

static void received_by_copy(void **state)
{
	struct ixev_ctx *ctx = accepted(3);
	char buf[8];

	(void)state;
	assert_int_equal(ixev_recv(ctx, buf, sizeof(buf)), -E_AGAIN);
	fake_data(3, "abc", 3, false);
	fake_data(3, "defg", 4, true);
	rounds(1);
	assert_int_equal(ixev_recv(ctx, buf, 5), 5);
	assert_memory_equal(buf, "abcde", 5);
	assert_false(ixev_eof(ctx));
	assert_int_equal(ixev_recv(ctx, buf, sizeof(buf)), 2);
	assert_int_equal(ixev_recv(ctx, buf, sizeof(buf)), 0);
	assert_true(ixev_eof(ctx));
	fake_dead(3, -E_RESET);
	rounds(1);
	assert_int_equal(ixev_recv(ctx, buf, sizeof(buf)), -E_CLOSED);
}

static void a_hang_up_comes_alone_and_last(void **state)
{
	(void)state;
	accepted(3);
	fake_data(3, "abc", 3, true);
	rounds(1);
	assert_int_equal(app.nreasons, 2);
	assert_int_equal(app.reasons[0], IXEVIN);
	assert_int_equal(app.reasons[1], IXEVHUP);
}

static void a_reason_wanted_late_is_told(void **state)
{
	struct ixev_ctx *ctx = accepted(3);

	(void)state;
	ixev_set_handler(ctx, 0, on_reason);
	fake_data(3, "abc", 3, false);
	rounds(2);
	assert_int_equal(app.nreasons, 0);
	ixev_set_handler(ctx, IXEVIN, on_reason);
	rounds(1);
	assert_int_equal(app.nreasons, 1);
	ixev_set_handler(ctx, IXEVIN | IXEVOUT, on_reason);
	rounds(1);
	assert_int_equal(app.reasons[1], IXEVOUT);
}

static void want_room(struct ixev_ctx *ctx, unsigned reason)
{
	if (reason == IXEVIN)
		ixev_set_handler(ctx, IXEVOUT, on_reason);
}

/* The handler itself comes to want what is there already: nothing else would make it run again. */
static void a_reason_wanted_by_the_handler_is_told(void **state)
{
	(void)state;
	accepted(3);
	app.act = want_room;
	fake_data(3, "abc", 3, false);
	rounds(1);
	assert_int_equal(app.nreasons, 2);
	assert_int_equal(app.reasons[1], IXEVOUT);
}

/* ---- sending ---- */

static void a_short_sendv_goes_on_when_sent(void **state)
{
	struct ixev_ctx *ctx = accepted(3);
	char *a = in_heap("abcd"), *b = in_heap("efgh");

	(void)state;
	fake.take = take_3;
	ixev_send_zc(ctx, a, 4);
	ixev_send_zc(ctx, b, 4);
	rounds(1);
	assert_out(3, "abc");
	rounds(1);
	assert_int_equal(fake_count(IX_CALL_SENDV), 1); /* nothing new until `sent` */
	assert_int_equal(fake.last_timeout, IX_FOREVER);
	fake_sent(3, 3);
	rounds(2);
	assert_out(3, "abcdef");
	fake_sent(3, 3);
	rounds(2);
	assert_out(3, "abcdefgh");
	assert_int_equal(ixev_send_room(ctx), IXEV_SEND_DEPTH);
}

static void without_bytes_on_their_way_it_tries_again(void **state)
{
	struct ixev_ctx *ctx = accepted(3);

	(void)state;
	fake.take = take_0;
	ixev_send_zc(ctx, in_heap("abcd"), 4);
	rounds(1);
	fake.take = no_memory;
	rounds(1);
	assert_int_equal(fake.last_timeout, 0); /* nor is it moved to another thread meanwhile */
	rounds(1);
	fake.take = NULL;
	rounds(2);
	assert_out(3, "abcd");
	rounds(2);
	assert_int_equal(fake.last_timeout, IX_FOREVER);
}

static void pieces_that_touch_are_one(void **state)
{
	struct ixev_ctx *ctx = accepted(3);
	char *text = in_heap("abcdefgh");

	(void)state;
	ixev_send_zc(ctx, text, 3);
	ixev_send_zc(ctx, text + 3, 5);
	assert_int_equal(ixev_send_room(ctx), IXEV_SEND_DEPTH - 1);
	ixev_send_zc(ctx, text, 1);
	assert_int_equal(ixev_send_room(ctx), IXEV_SEND_DEPTH - 2);
	assert_int_equal(ixev_send_zc(ctx, text, 0), 0);
	rounds(1);
	assert_out(3, "abcdefgha");
	assert_int_equal(fake_count(IX_CALL_SENDV), 1);
}

static void a_full_queue_says_so_and_when_not(void **state)
{
	struct ixev_ctx *ctx = accepted(3);
	char *text = in_heap("ab");

	(void)state;
	for (unsigned i = 0; i < IXEV_SEND_DEPTH; i++)
		assert_int_equal(ixev_send_zc(ctx, text, 1), 1);
	assert_int_equal(ixev_send_zc(ctx, text, 1), -E_AGAIN);
	assert_int_equal(ixev_send(ctx, "x", 1), -E_AGAIN);
	ixev_set_handler(ctx, IXEVIN | IXEVOUT, on_reason);
	rounds(1);
	assert_int_equal(app.nreasons, 1);
	assert_int_equal(app.reasons[0], IXEVOUT);
	assert_int_equal(ixev_send_zc(ctx, text, 1), 1);
}

static void a_refused_send_hangs_up(void **state)
{
	struct ixev_ctx *ctx = accepted(3);

	(void)state;
	fake.take = reset_by_peer;
	ixev_send_zc(ctx, in_heap("abcd"), 4);
	rounds(1);
	assert_int_equal(app.reasons[0], IXEVHUP);
	ixev_close(ctx);
	rounds(2);
	assert_int_equal(fake_count(IX_CALL_CLOSE), 1);
}

static unsigned refs_called;

static void on_ref(struct ixev_ref *ref)
{
	(void)ref;
	refs_called++;
}

static void references(void **state)
{
	struct ixev_ref refs[3] = { { .cb = on_ref }, { .cb = on_ref }, { .cb = on_ref } };
	struct ixev_ctx *ctx = accepted(3);
	char *text = in_heap("abcdefgh");

	(void)state;
	refs_called = 0;
	ixev_add_sent_cb(ctx, &refs[0]); /* nothing before it: at once */
	rounds(1);
	assert_int_equal(refs_called, 1);

	ixev_send_zc(ctx, text, 4);
	ixev_add_sent_cb(ctx, &refs[1]);
	ixev_send_zc(ctx, text + 4, 4);
	ixev_add_sent_cb(ctx, &refs[2]);
	rounds(1);
	fake_sent(3, 3);
	rounds(1);
	assert_int_equal(refs_called, 1);
	fake_sent(3, 1);
	rounds(1);
	assert_int_equal(refs_called, 2);
	fake_dead(3, -E_RESET);
	rounds(1);
	assert_int_equal(refs_called, 3);
}

static void copied_bytes_share_buffers_and_free_them(void **state)
{
	struct ixev_ctx *ctx = accepted(3);
	size_t before = heap_unused();
	char expected[6000 + 1] = "";

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char word[16];
		sprintf(word, "%06d", i);
		strcat(expected, word);
		assert_int_equal(ixev_send(ctx, word, 6), 6);
	}
	assert_true(ixev_send_room(ctx) >= IXEV_SEND_DEPTH - 4);
	rounds(1);
	assert_out(3, expected);
	fake_sent(3, 6000);
	rounds(1);
	assert_ptr_equal(ctx->ref_head, NULL);
	assert_int_equal(heap_unused(), before);
}

/* ---- closing ---- */

static void closing_delivers_first(void **state)
{
	struct ixev_ctx *ctx = accepted(3);

	(void)state;
	fake.take = take_3;
	fake_data(3, "unread", 6, false);
	rounds(1);
	ixev_send_zc(ctx, in_heap("abcd"), 4);
	ixev_close(ctx);
	assert_int_equal(ixev_send_zc(ctx, in_heap("x"), 1), -E_CLOSED);
	rounds(1);
	assert_false(fake.flows[3].closed); /* not all of it was taken */
	assert_int_equal(fake.flows[3].credit, 6);
	fake_data(3, "late", 4, false);
	fake_sent(3, 3);
	rounds(2);
	assert_out(3, "abcd");
	assert_true(fake.flows[3].closed);
	rounds(1);
	assert_int_equal(fake_count(IX_CALL_CLOSE), 0); /* the last sendv did it */
	assert_int_equal(fake.flows[3].credit, 10);
	assert_int_equal(app.released, 0);
	fake_sent(3, 1);
	fake_dead(3, 0);
	rounds(1);
	assert_int_equal(app.released, 1);
	assert_int_equal(app.nreasons, 1); /* the data before the close, and nothing after it */
}

static void with_nothing_to_send_it_closes_at_once(void **state)
{
	struct ixev_ctx *ctx = accepted(3);

	(void)state;
	ixev_close(ctx);
	rounds(1);
	assert_int_equal(fake_count(IX_CALL_CLOSE), 1);
	assert_int_equal(fake_count(IX_CALL_SENDV), 0);
}

static void death_first(void **state)
{
	struct ixev_ctx *ctx = accepted(3);

	(void)state;
	fake_data(3, "abc", 3, false);
	fake_dead(3, -E_RESET);
	rounds(1);
	assert_int_equal(app.reasons[app.nreasons - 1], IXEVHUP);
	assert_true(ixev_eof(ctx));
	assert_int_equal(ixev_send_zc(ctx, in_heap("x"), 1), -E_CLOSED);
	rounds(2);
	assert_int_equal(app.released, 0);
	ixev_close(ctx);
	ixev_close(ctx);
	rounds(2);
	assert_int_equal(app.released, 1);
	assert_int_equal(fake_count(IX_CALL_CLOSE), 0);
}

/* ---- many ---- */

static void reply_and_close(struct ixev_ctx *ctx, unsigned reason)
{
	if (reason == IXEVIN)
		ixev_send(ctx, "reply", 5);
	ixev_consume(ctx, 3);
	ixev_close(ctx);
}

static void more_work_than_slots(void **state)
{
	enum { N = FAKE_FLOWS - 1 };

	(void)state;
	app.act = reply_and_close;
	for (ix_handle_t flow = 1; flow <= N; flow++)
		fake_knock(flow);
	rounds(8);
	assert_int_equal(app.accepted, N);
	for (ix_handle_t flow = 1; flow <= N; flow++)
		fake_data(flow, "abc", 3, false);
	rounds(8);
	for (ix_handle_t flow = 1; flow <= N; flow++) {
		assert_out(flow, "reply");
		assert_int_equal(fake.flows[flow].credit, 3);
		assert_true(fake.flows[flow].closed);
		fake_dead(flow, 0);
	}
	rounds(8);
	assert_int_equal(app.released, N);
}

/* ---- timers ---- */

static unsigned expired;

static void on_expiry(void *arg)
{
	expired++;
	assert_ptr_equal(arg, &expired);
}

static void timers(void **state)
{
	struct ixev_timer *t = ix_alloc(sizeof(*t));

	(void)state;
	expired = 0;
	ixev_timer_init(t, on_expiry, &expired);
	assert_int_equal(ixev_timer_add(t, (struct timeval){ 0, 1000000 }), -E_INVAL);
	assert_int_equal(ixev_timer_add(t, (struct timeval){ -1, 0 }), -E_INVAL);
	assert_int_equal(ixev_timer_add(t, (struct timeval){ 2, 500 }), 0);
	rounds(1);
	assert_int_equal(fake.log[0].op, IX_CALL_TIMER_SET);
	assert_int_equal(fake.log[0].timer.us, 2000500);

	struct ix_event expiry = { .type = IX_EV_TIMER, .timer.id = fake.log[0].timer.id };
	*fake_event(IX_EV_TIMER, 0) = expiry;
	rounds(1);
	assert_int_equal(expired, 1);

	ixev_timer_add(t, (struct timeval){ 1, 0 });
	rounds(1);
	ixev_timer_del(t);
	ix_free(t);
	*fake_event(IX_EV_TIMER, 0) = expiry; /* it was on its way already */
	rounds(1);
	assert_int_equal(expired, 1);
	assert_int_equal(fake_count(IX_CALL_TIMER_CLEAR), 1);
}

static void as_many_timers_as_there_are_ids(void **state)
{
	static struct ixev_timer many[IX_NTIMERS + 1];

	(void)state;
	for (unsigned i = 0; i < IX_NTIMERS; i++) {
		ixev_timer_init(&many[i], on_expiry, &expired);
		assert_int_equal(ixev_timer_add(&many[i], (struct timeval){ 0, i }), 0);
	}
	ixev_timer_init(&many[IX_NTIMERS], on_expiry, &expired);
	assert_int_equal(ixev_timer_add(&many[IX_NTIMERS], (struct timeval){ 1, 0 }), -E_NO_MEM);
	assert_int_equal(ixev_timer_add(&many[7], (struct timeval){ 1, 0 }), 0);
	rounds(1);
	assert_int_equal(fake_count(IX_CALL_TIMER_SET), IX_NTIMERS);
	ixev_timer_del(&many[7]);
	rounds(1);
	assert_int_equal(ixev_timer_add(&many[IX_NTIMERS], (struct timeval){ 1, 0 }), 0);
}

/* ---- the raw layer by itself ---- */

static int verdict_in_handler;
static unsigned results;

static void fill_the_array(const struct ix_event *event)
{
	while ((verdict_in_handler = ix_recv_done(event->handle, 1, NULL)) == 0)
		;
}

static void count_result(const struct ix_call *call, void *tag)
{
	(void)call;
	assert_ptr_equal(tag, &results);
	assert_int_equal(ix_close(1, NULL), -E_AGAIN);
	results++;
}

static void a_full_call_array(void **state)
{
	static const struct ix_handlers raw = { .event[IX_EV_RECV] = fill_the_array, .result = count_result };
	struct ix_config config = { 0 };

	(void)state;
	ix_detach();
	assert_int_equal(ix_attach(IX_ANY_CPU, &config, &raw), 0);
	results = 0;
	for (int i = 0; i < IX_NCALLS + 1; i++)
		assert_int_equal(ix_close(1, &results), 0);
	assert_int_equal(results, IX_NCALLS); /* the last one made room for itself */
	assert_int_equal(ix_room(), IX_NCALLS - 1);

	fake_data(1, "x", 1, false);
	assert_int_equal(ix_run(0), 1);
	assert_int_equal(results, IX_NCALLS + 1);
	assert_int_equal(verdict_in_handler, -E_AGAIN);
	assert_int_equal(ix_room(), 0);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(listening),
		TEST(a_knock_may_be_refused),
		TEST(a_flow_may_die_before_it_is_accepted),
		TEST(dialing),
		TEST(dialing_in_vain),
		TEST(received_in_place_with_one_credit),
		TEST(received_by_copy),
		TEST(a_hang_up_comes_alone_and_last),
		TEST(a_reason_wanted_late_is_told),
		TEST(a_reason_wanted_by_the_handler_is_told),
		TEST(a_short_sendv_goes_on_when_sent),
		TEST(without_bytes_on_their_way_it_tries_again),
		TEST(pieces_that_touch_are_one),
		TEST(a_full_queue_says_so_and_when_not),
		TEST(a_refused_send_hangs_up),
		TEST(references),
		TEST(copied_bytes_share_buffers_and_free_them),
		TEST(closing_delivers_first),
		TEST(with_nothing_to_send_it_closes_at_once),
		TEST(death_first),
		TEST(more_work_than_slots),
		TEST(timers),
		TEST(as_many_timers_as_there_are_ids),
		TEST(a_full_call_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
