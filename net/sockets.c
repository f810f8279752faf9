/* SPDX-License-Identifier: MIT */
/*
 * Requests as lwIP's socket calls. Pages are shared with the program that asks, so what matters is read from them once.
 *
 * A program's descriptor for a socket lies in a page that comes from here and stays mapped here: when its reference
 * count says that nobody else has it, all who had the socket are gone, closed or not, and the socket is closed.
 */
#include <inc/lib.h>
#include <net/layout.h>
#include <net/request.h>
#include <net/thread.h>

#include "lwip/errno.h"
#include "lwip/sockets.h"

static struct {
	bool stream;
	bool connected;  /* it is, or was: lwIP would wait without end for data from nobody */
	bool owned;      /* its descriptor is in the page that fd_page() says */
	uint8_t unseen;  /* sweeps in a row that found nobody else with that page */
} sockets[NS_NSOCKETS];

static bool is_number(int s) { return s >= 0 && s < NS_NSOCKETS; }

static void *fd_page(int s) { return (void *)(NS_SOCKETS + s * PGSIZE); }

static int32_t error_of(int number)
{
	static const struct { int number; int32_t error; } known[] = {
		{ ENOMEM, -E_NO_MEM },         { ENOBUFS, -E_NO_MEM },         { ENFILE, -E_MAX_OPEN },
		{ EBADF, -E_INVAL },           { EINVAL, -E_INVAL },           { EIO, -E_INVAL },
		{ EADDRINUSE, -E_IN_USE },     { ECONNRESET, -E_RESET },       { ECONNABORTED, -E_ABORTED },
		{ ENOTCONN, -E_CLOSED },       { EOPNOTSUPP, -E_NOT_SUPP },    { ENOPROTOOPT, -E_NOT_SUPP },
		{ EHOSTUNREACH, -E_TIMED_OUT },{ ETIMEDOUT, -E_TIMED_OUT },    { EWOULDBLOCK, -E_AGAIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].number == number)
			return known[i].error;
	return -E_UNSPECIFIED;
}

static int32_t result(int r) { return r >= 0 ? r : error_of(errno); }

/*
 * A new socket: small pieces are sent at once, since programs cannot ask for that, and one that waits for an
 * acknowledgement, which the peer delays, costs 40 ms.
 */
static int32_t opened(int s, bool stream, bool connected, bool wants_fd, void **reply_page)
{
	int on = 1;

	if (s < 0)
		return error_of(errno);
	if (stream)
		lwip_setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	sockets[s].stream = stream;
	sockets[s].connected = connected;
	sockets[s].owned = false;
	if (!wants_fd)
		return s;
	if (pageref(fd_page(s)) != 1 && sys_page_alloc(0, fd_page(s), PTE_P | PTE_U | PTE_W) < 0) {
		lwip_close(s);
		return -E_NO_MEM;
	}
	sockets[s].owned = true;
	sockets[s].unseen = 0;
	*reply_page = fd_page(s);
	return s;
}

static int32_t do_socket(union Nsipc *page, void **reply_page)
{
	struct Nsreq_socket q = page->socket;

	int s = lwip_socket(q.req_domain, q.req_type, q.req_protocol);

	return opened(s, q.req_type == SOCK_STREAM, false, q.req_wants_fd, reply_page);
}

/* While it waits for a connection, or for data, the program may die. */
static int32_t do_accept(union Nsipc *page, void **reply_page)
{
	struct Nsreq_accept q = page->accept;
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);

	thread_may_cancel(true);
	int s = lwip_accept(q.req_s, (struct sockaddr *)&peer, &len);
	thread_may_cancel(false);
	if (s >= 0) {
		memcpy(&page->acceptRet.ret_addr, &peer, sizeof(peer));
		page->acceptRet.ret_addrlen = len;
	}
	return opened(s, true, true, q.req_wants_fd, reply_page);
}

static int32_t do_recv(union Nsipc *page, void **reply_page)
{
	struct Nsreq_recv q = page->recv;

	(void)reply_page;
	if (q.req_len < 0 || !is_number(q.req_s))
		return -E_INVAL;
	if (sockets[q.req_s].stream && !sockets[q.req_s].connected)
		return -E_CLOSED;
	thread_may_cancel(sockets[q.req_s].stream);
	int r = lwip_recv(q.req_s, page->recvRet.ret_buf, MIN((size_t)q.req_len, sizeof(*page)), q.req_flags);
	thread_may_cancel(false);
	return result(r);
}

static int32_t do_send(union Nsipc *page, void **reply_page)
{
	struct Nsreq_send q = page->send;

	(void)reply_page;
	if (q.req_size < 0 || (size_t)q.req_size > sizeof(*page) - offsetof(struct Nsreq_send, req_buf))
		return -E_INVAL;
	return result(lwip_send(q.req_s, page->send.req_buf, q.req_size, q.req_flags));
}

static int32_t do_bind(union Nsipc *page, void **reply_page)
{
	struct Nsreq_bind q = page->bind;

	(void)reply_page;
	return result(lwip_bind(q.req_s, (struct sockaddr *)&q.req_name, q.req_namelen));
}

static int32_t do_connect(union Nsipc *page, void **reply_page)
{
	struct Nsreq_connect q = page->connect;

	(void)reply_page;
	int r = lwip_connect(q.req_s, (struct sockaddr *)&q.req_name, q.req_namelen);
	if (r == 0)
		sockets[q.req_s].connected = true;
	return result(r);
}

static int32_t do_listen(union Nsipc *page, void **reply_page)
{
	struct Nsreq_listen q = page->listen;

	(void)reply_page;
	return result(lwip_listen(q.req_s, q.req_backlog));
}

static int32_t do_shutdown(union Nsipc *page, void **reply_page)
{
	struct Nsreq_shutdown q = page->shutdown;

	(void)reply_page;
	return result(lwip_shutdown(q.req_s, q.req_how));
}

static int32_t do_close(union Nsipc *page, void **reply_page)
{
	int s = page->close.req_s;

	(void)reply_page;
	if (!is_number(s))
		return -E_INVAL;
	sockets[s].owned = false;
	return result(lwip_close(s));
}

int32_t socket_call(uint32_t number, union Nsipc *page, void **reply_page)
{
	static int32_t (*const calls[])(union Nsipc *, void **) = {
		[NSREQ_ACCEPT] = do_accept,     [NSREQ_BIND] = do_bind,     [NSREQ_SHUTDOWN] = do_shutdown,
		[NSREQ_CLOSE] = do_close,       [NSREQ_CONNECT] = do_connect, [NSREQ_LISTEN] = do_listen,
		[NSREQ_RECV] = do_recv,         [NSREQ_SEND] = do_send,     [NSREQ_SOCKET] = do_socket,
	};

	if (number >= ARRAY_SIZE(calls) || !calls[number])
		return -E_INVAL;
	return calls[number](page, reply_page);
}

/* Two sweeps in a row: a reply that has not been received yet may still bring the page to somebody. */
void sockets_sweep(void (*found)(int s))
{
	for (int s = 0; s < NS_NSOCKETS; s++) {
		if (!sockets[s].owned)
			continue;
		sockets[s].unseen = pageref(fd_page(s)) == 1 ? sockets[s].unseen + 1 : 0;
		if (sockets[s].unseen == 2) {
			sockets[s].owned = false;
			found(s);
		}
	}
}
