/* SPDX-License-Identifier: MIT */
/*
 * A program as one would be written for IX's libix: not a line but the includes knows where it runs. Messages of one size
 * come back as they were, by a way that their first byte names:
 *
 *	c	copied in and copied out
 *	z	looked at in place; the answer is lent, not copied, and counted when it is acknowledged
 *	t	the same as c, but ten milliseconds later
 *	d	a connection is made to the port whose number follows; the message goes there
 *	n	the answer is the number of answers lent so far that were acknowledged
 */
#define IX_PORT 7
#include <inc/ixcompat.h>

#define ROUND_UP(num, multiple) ((((num) + (multiple) - 1) / (multiple)) * (multiple))

struct conn {
	struct ixev_ctx ctx;
	struct ixev_ref ref;
	struct ixev_timer timer;
	size_t left; /* bytes of the message still to come, or to go */
	char data[];
};

static size_t msg_size;
static unsigned acknowledged;
static struct mempool_datastore conn_datastore;
static __thread struct mempool conn_pool;

static void on_data(struct ixev_ctx *ctx, unsigned int reason);

static struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, ctx);
}

static struct conn *new_conn(void)
{
	struct conn *c = mempool_alloc(&conn_pool);

	if (!c)
		return NULL;
	c->left = msg_size;
	ixev_ctx_init(&c->ctx);
	return c;
}

/* What is left of the message goes out as there is room; then the next one can come. */
static void on_room(struct ixev_ctx *ctx, unsigned int reason)
{
	struct conn *c = conn_of(ctx);
	ssize_t ret = ixev_send(ctx, &c->data[msg_size - c->left], c->left);

	(void)reason;
	if (ret < 0) {
		if (ret != -EAGAIN)
			ixev_close(ctx);
		return;
	}
	c->left -= ret;
	if (c->left)
		return;
	c->left = msg_size;
	ixev_set_handler(ctx, IXEVIN | IXEVHUP, &on_data);
}

static void answer(struct conn *c)
{
	c->left = msg_size;
	ixev_set_handler(&c->ctx, IXEVOUT | IXEVHUP, &on_room);
}

static void on_acknowledged(struct ixev_ref *ref)
{
	struct conn *c = container_of(ref, struct conn, ref);

	acknowledged++;
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP, &on_data);
}

/* The next message is not taken before: it would overwrite what is lent. */
static void lend_answer(struct conn *c)
{
	c->left = msg_size;
	ixev_set_handler(&c->ctx, 0, &on_data);
	c->ref.cb = &on_acknowledged;
	if (ixev_send_zc(&c->ctx, c->data, msg_size) < 0)
		ixev_close(&c->ctx);
	else
		ixev_add_sent_cb(&c->ctx, &c->ref);
}

static void on_time(void *arg)
{
	answer(arg);
}

static void answer_later(struct conn *c)
{
	struct timeval tv = { .tv_sec = 0, .tv_usec = 10000 };

	ixev_set_handler(&c->ctx, 0, &on_data);
	ixev_timer_init(&c->timer, &on_time, c);
	if (ixev_timer_add(&c->timer, tv) < 0)
		ixev_close(&c->ctx);
}

static void dial(struct conn *from)
{
	struct ip_tuple id = { .dst_ip = from->ctx.peer_ip, .dst_port = atoi(&from->data[1]) };
	struct conn *c = new_conn();

	from->left = msg_size;
	if (!c)
		return;
	memcpy(c->data, from->data, msg_size);
	ixev_set_handler(&c->ctx, IXEVHUP, &on_data);
	ixev_dial(&c->ctx, &id);
}

static void on_message(struct conn *c)
{
	switch (c->data[0]) {
	case 'z':
		lend_answer(c);
		break;
	case 't':
		answer_later(c);
		break;
	case 'd':
		dial(c);
		break;
	case 'n':
		snprintf(c->data, msg_size, "%u", acknowledged);
		answer(c);
		break;
	default:
		answer(c);
	}
}

/* In place if it is there in one piece, else by copying. */
static ssize_t receive(struct conn *c)
{
	char *whole = c->left == msg_size ? ixev_recv_zc(&c->ctx, msg_size) : NULL;

	if (!whole)
		return ixev_recv(&c->ctx, &c->data[msg_size - c->left], c->left);
	memcpy(c->data, whole, msg_size);
	return msg_size;
}

static void on_data(struct ixev_ctx *ctx, unsigned int reason)
{
	struct conn *c = conn_of(ctx);
	ssize_t ret = receive(c);

	if (ret <= 0) {
		if (ret != -EAGAIN || (reason & IXEVHUP))
			ixev_close(ctx);
		return;
	}
	c->left -= ret;
	if (!c->left)
		on_message(c);
}

static struct ixev_ctx *on_accept(struct ip_tuple *id)
{
	struct conn *c = new_conn();

	(void)id;
	if (!c)
		return NULL;
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP, &on_data);
	return &c->ctx;
}

static void on_release(struct ixev_ctx *ctx)
{
	mempool_free(&conn_pool, conn_of(ctx));
}

static void on_dialed(struct ixev_ctx *ctx, long ret)
{
	if (ret < 0)
		ixev_close(ctx);
	else
		answer(conn_of(ctx));
}

static struct ixev_conn_ops conn_ops = {
	.accept = &on_accept,
	.release = &on_release,
	.dialed = &on_dialed,
};

static void *thread_main(void *arg)
{
	int ret = ixev_init_thread();

	(void)arg;
	if (ret) {
		fprintf(stderr, "unable to init IXEV\n");
		return NULL;
	}
	ret = mempool_create(&conn_pool, &conn_datastore);
	if (ret) {
		fprintf(stderr, "unable to create mempool\n");
		return NULL;
	}
	printf("ixclassic: messages of %d bytes\n", (int)msg_size);
	while (1)
		ixev_wait();
	return NULL;
}

int main(int argc, char *argv[])
{
	pthread_t tid;
	int ret, nr_cpu;

	if (argc < 2) {
		fprintf(stderr, "usage: ixclassic MSG_SIZE\n");
		return -1;
	}
	msg_size = atol(argv[1]);
	ret = ixev_init(&conn_ops);
	if (ret) {
		fprintf(stderr, "failed to initialize ixev\n");
		return ret;
	}
	ret = mempool_create_datastore(&conn_datastore, ROUND_UP(1000, MEMPOOL_DEFAULT_CHUNKSIZE),
				       sizeof(struct conn) + msg_size, 0, MEMPOOL_DEFAULT_CHUNKSIZE, "conn");
	if (ret) {
		fprintf(stderr, "unable to create mempool\n");
		return ret;
	}
	nr_cpu = sys_nrcpus();
	sys_spawnmode(true);
	for (int i = 1; i < nr_cpu; i++) {
		if (pthread_create(&tid, NULL, thread_main, NULL)) {
			fprintf(stderr, "failed to spawn thread %d\n", i);
			exit(-1);
		}
	}
	thread_main(NULL);
	return 0;
}
