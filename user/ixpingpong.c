/* SPDX-License-Identifier: MIT */
/*
 * NetPIPE's game: a message goes to the other side, and as soon as all of it is there one of the same size
 * comes back. For each size, the client says in 8 bytes what follows: the size, then the number of rounds,
 * each in network byte order. Goodput is the bytes of one way over half the time of a round.
 *
 *	ixpingpong server [port]
 *	ixpingpong client address port [rounds [smallest [largest]]]
 */
#include <inc/ixev.h>
#include <inc/ixopt.h>
#include <inc/lib.h>

#define PORT 5002
#define LEAST 64
#define MOST (1u << 20)
#define HEADER 8
#define BYTES_PER_SIZE (16u << 20) /* each way; unless rounds are given */
#define ROUNDS_MAX 5000u
#define TOTAL_MAX (1u << 30)           /* so that the sums below do not overflow */

struct side {
	struct ixev_ctx ctx;
	uint8_t header[HEADER];
	uint32_t header_len;          /* server: bytes of it that are there */
	uint32_t size, rounds, got;   /* of this game; rounds: left; got: of the message that comes in */
};

static struct {
	bool is_client, over;
	unsigned port, rounds, least, most;
	struct ip_tuple to;
} options = { .port = PORT, .least = LEAST, .most = MOST };

static char *message; /* what is sent, whoever sends: MOST bytes of the send heap */

/* ---- both sides ---- */

static struct side *side_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct side, ctx);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static void put32(uint8_t *at, uint32_t n)
{
	for (int i = 3; i >= 0; i--, n >>= 8)
		at[i] = n;
}

static void send_message(struct side *s)
{
	ixev_send_zc(&s->ctx, message, s->size);
}

/* Take what belongs to the message at hand. True: it is there as a whole. */
static bool take_message(struct side *s, size_t *len)
{
	*len = MIN(*len, (size_t)(s->size - s->got));
	s->got += *len;
	if (s->got < s->size)
		return false;
	s->got = 0;
	s->rounds--;
	return true;
}

/* ---- the server ---- */

/* A client that breaks the rules is left. */
static bool take_header(struct side *s, const uint8_t *bytes, size_t *len)
{
	*len = MIN(*len, (size_t)(HEADER - s->header_len));
	memcpy(s->header + s->header_len, bytes, *len);
	s->header_len += *len;
	if (s->header_len < HEADER)
		return true;
	s->header_len = 0;
	s->size = get32(s->header);
	s->rounds = get32(s->header + 4);
	return s->size >= 1 && s->size <= MOST;
}

static void on_server_event(struct ixev_ctx *ctx, unsigned reason)
{
	struct side *s = side_of(ctx);
	uint8_t *bytes;
	size_t len;
	bool good = true;

	(void)reason;
	while (good && ixev_send_room(ctx) && (bytes = ixev_peek(ctx, &len))) {
		if (!s->rounds)
			good = take_header(s, bytes, &len);
		else if (take_message(s, &len))
			send_message(s);
		ixev_consume(ctx, len);
	}
	bool more = ixev_peek(ctx, &len) != NULL;
	ixev_set_handler(ctx, IXEVIN | IXEVHUP | (more ? IXEVOUT : 0), on_server_event);
	if (!good || ixev_eof(ctx))
		ixev_close(ctx);
}

static struct ixev_ctx *on_accept(struct ip_tuple *id)
{
	struct side *s = options.is_client ? NULL : ix_alloc(sizeof(*s));

	(void)id;
	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	ixev_ctx_init(&s->ctx);
	ixev_set_handler(&s->ctx, IXEVIN | IXEVHUP, on_server_event);
	return &s->ctx;
}

/* ---- the client ---- */

static struct side client;
static uint32_t began_ms, rounds_asked;

static void begin_size(void)
{
	uint32_t rounds = options.rounds ? options.rounds : MIN(BYTES_PER_SIZE / client.size, ROUNDS_MAX);
	uint8_t header[HEADER];

	client.rounds = rounds_asked = MIN(rounds, TOTAL_MAX / client.size);
	put32(header, client.size);
	put32(header + 4, rounds_asked);
	began_ms = sys_time_msec();
	ixev_send(&client.ctx, header, HEADER);
	send_message(&client);
}

/* Bytes in a millisecond are kilobytes in a second. Both ways together took that time. */
static void report(void)
{
	uint32_t ms = MAX(sys_time_msec() - began_ms, 1u);
	uint32_t us = ms * 500 / rounds_asked; /* one way */
	uint32_t kb = 2 * client.size * rounds_asked / ms;

	cprintf("%8u bytes %6u rounds %8u us one way %6u.%02u Mbit/s\n", client.size, rounds_asked, us,
		kb / 125, kb % 125 * 100 / 125);
}

static void end_client(const char *why)
{
	cprintf("ixpingpong: %s\n", why);
	options.over = true;
	ixev_close(&client.ctx);
}

static void end_size(void)
{
	report();
	client.size *= 2;
	if (client.size > options.most)
		end_client("done");
	else
		begin_size();
}

static void end_with(int error)
{
	char text[64];

	snprintf(text, sizeof(text), "%e", error);
	end_client(error ? text : "the server has left");
}

static void on_client_event(struct ixev_ctx *ctx, unsigned reason)
{
	void *bytes;
	size_t len;

	(void)reason;
	while (!options.over && (bytes = ixev_peek(ctx, &len))) {
		bool whole = take_message(&client, &len);
		ixev_consume(ctx, len);
		if (whole && client.rounds)
			send_message(&client);
		else if (whole)
			end_size();
	}
	if (!options.over && ixev_eof(ctx))
		end_with(ixev_error(ctx));
}

static void on_dialed(struct ixev_ctx *ctx, long outcome)
{
	(void)ctx;
	if (outcome < 0)
		end_with(outcome);
	else
		begin_size();
}

static void on_release(struct ixev_ctx *ctx)
{
	if (!options.is_client)
		ix_free(side_of(ctx));
}

/* ---- starting ---- */

static int start(void)
{
	static struct ixev_conn_ops ops = { .accept = on_accept, .release = on_release, .dialed = on_dialed };
	int r;

	ixev_init(&ops);
	if ((r = ixev_init_thread()) < 0)
		return r;
	message = ix_alloc(MOST);
	if (!message)
		return -E_NO_MEM;
	memset(message, 'p', MOST);
	if (!options.is_client)
		return ixev_listen(options.port);
	client.size = options.least;
	ixev_ctx_init(&client.ctx);
	ixev_set_handler(&client.ctx, IXEVIN | IXEVHUP, on_client_event);
	ixev_dial(&client.ctx, &options.to);
	return 0;
}

/* A number from the words, if there is one; the default stays if not. */
static bool read_number(int argc, char **argv, int at, unsigned max, unsigned *value)
{
	return at >= argc || ix_read_number(argv[at], 1, max, value);
}

static bool read_arguments(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "server") == 0)
		return argc <= 3 && read_number(argc, argv, 2, 65535, &options.port);
	if (argc < 4 || argc > 7 || strcmp(argv[1], "client") != 0)
		return false;
	if (ix_parse_ip(argv[2], &options.to.dst_ip) < 0)
		return false;
	options.is_client = true;
	bool good = read_number(argc, argv, 3, 65535, &options.port) &&
		    read_number(argc, argv, 4, ROUNDS_MAX, &options.rounds) &&
		    read_number(argc, argv, 5, MOST, &options.least) &&
		    read_number(argc, argv, 6, MOST, &options.most);
	options.to.dst_port = options.port;
	return good;
}

void umain(int argc, char **argv)
{
	int r;

	binaryname = "ixpingpong";
	if (!read_arguments(argc, argv)) {
		cprintf("usage: ixpingpong server [port]\n"
			"       ixpingpong client address port [rounds [smallest [largest]]]\n");
		return;
	}
	if ((r = start()) < 0) {
		cprintf("ixpingpong: cannot start: %e\n", r);
		return;
	}
	if (!options.is_client)
		cprintf("ixpingpong: port %u on CPU %d\n", options.port, ix_config()->cpu);
	while (!options.over && (r = ixev_wait()) >= 0)
		;
	if (r < 0)
		cprintf("ixpingpong: %e\n", r);
}
