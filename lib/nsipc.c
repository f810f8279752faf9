/* SPDX-License-Identifier: MIT */
/*
 * Requests to the network server: each is one message with the page below, and one reply, which may have changed that
 * page. Sockets are the server's numbers here; lib/sockets.c makes descriptors of them.
 */
#include <lib/nsipc.h>
#include <lib/private.h>

#include "lwip/sockets.h"

#define NO_PAGE ((void *)UTOP)

/* In .data and not in .bss, so that a program's own arrays are the last thing in its memory. */
static union Nsipc first_threads __attribute__((aligned(PGSIZE), section(".data")));

static union Nsipc *request(void) { return request_page(&first_threads); }

static envid_t server(void)
{
	static envid_t found;

	if (found == 0)
		found = ipc_find_env(ENV_TYPE_NS);
	return found;
}

/* A page that comes with the reply is mapped at `fd_page`, if that is not NULL. */
static int ask(unsigned number, void *fd_page)
{
	volatile char *bytes = request()->_pad;
	void *dstva = fd_page ? fd_page : NO_PAGE;
	envid_t to = server();
	int r;

	if (to == 0)
		return -E_NOT_SUPP;
	bytes[0] = bytes[0]; /* after a fork it is copy-on-write, and could not be sent as writable */
	do
		r = sys_ipc_call(to, number, request(), PTE_P | PTE_W | PTE_U, dstva);
	while (r == -E_IPC_NOT_RECV);
	while (r == 0 && thisenv->env_ipc_from != to)
		r = sys_ipc_recv(dstva); /* that was a stranger's */
	return r < 0 ? r : (int)thisenv->env_ipc_value;
}

int nsipc_socket_fd(int domain, int type, int protocol, void *fd_page)
{
	request()->socket = (struct Nsreq_socket){ domain, type, protocol, fd_page != NULL };
	return ask(NSREQ_SOCKET, fd_page);
}

int nsipc_socket(int domain, int type, int protocol)
{
	return nsipc_socket_fd(domain, type, protocol, NULL);
}

int nsipc_accept_fd(int s, struct sockaddr *addr, socklen_t *addrlen, void *fd_page)
{
	const struct Nsret_accept *answer = &request()->acceptRet;

	request()->accept = (struct Nsreq_accept){ s, addrlen ? *addrlen : 0, fd_page != NULL };
	int r = ask(NSREQ_ACCEPT, fd_page);
	if (r >= 0 && addr && addrlen) {
		*addrlen = MIN(*addrlen, answer->ret_addrlen);
		memcpy(addr, &answer->ret_addr, *addrlen);
	}
	return r;
}

int nsipc_accept(int s, struct sockaddr *addr, socklen_t *addrlen)
{
	return nsipc_accept_fd(s, addr, addrlen, NULL);
}

/* What is shorter than an address is filled up with zeros, and what is longer is cut: the server decides. */
static struct Nsaddr padded(const struct sockaddr *name, socklen_t len)
{
	struct Nsaddr addr = { { 0 } };

	memcpy(&addr, name, MIN(len, sizeof(addr)));
	return addr;
}

int nsipc_bind(int s, struct sockaddr *name, socklen_t namelen)
{
	request()->bind = (struct Nsreq_bind){ s, padded(name, namelen), namelen };
	return ask(NSREQ_BIND, NULL);
}

int nsipc_connect(int s, const struct sockaddr *name, socklen_t namelen)
{
	request()->connect = (struct Nsreq_connect){ s, padded(name, namelen), namelen };
	return ask(NSREQ_CONNECT, NULL);
}

int nsipc_shutdown(int s, int how)
{
	request()->shutdown = (struct Nsreq_shutdown){ s, how };
	return ask(NSREQ_SHUTDOWN, NULL);
}

int nsipc_close(int s)
{
	request()->close.req_s = s;
	return ask(NSREQ_CLOSE, NULL);
}

int nsipc_listen(int s, int backlog)
{
	request()->listen = (struct Nsreq_listen){ s, backlog };
	return ask(NSREQ_LISTEN, NULL);
}

/* At most what fits a page; the server takes more than `len` from nobody. */
int nsipc_recv(int s, void *mem, int len, unsigned int flags)
{
	request()->recv = (struct Nsreq_recv){ s, len, flags };
	int r = ask(NSREQ_RECV, NULL);
	if (r > len)
		return -E_INVAL;
	if (r > 0)
		memcpy(mem, request()->recvRet.ret_buf, r);
	return r;
}

/* At most what fits a page; how much was sent. */
int nsipc_send(int s, const void *buf, int size, unsigned int flags)
{
	const int room = sizeof(union Nsipc) - offsetof(struct Nsreq_send, req_buf);

	if (size < 0)
		return -E_INVAL;
	size = MIN(size, room);
	request()->send.req_s = s;
	request()->send.req_size = size;
	request()->send.req_flags = flags;
	memcpy(request()->send.req_buf, buf, size);
	return ask(NSREQ_SEND, NULL);
}
