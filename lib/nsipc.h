/* SPDX-License-Identifier: MIT */
/* Between lib/nsipc.c and lib/sockets.c: calls that bring a new socket bring the page for its descriptor as well. */
#ifndef JOS_LIB_NSIPC_H
#define JOS_LIB_NSIPC_H

#include <inc/ns.h>

int nsipc_socket_fd(int domain, int type, int protocol, void *fd_page);
int nsipc_accept_fd(int s, struct sockaddr *addr, socklen_t *addrlen, void *fd_page);

#endif
