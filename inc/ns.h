/* SPDX-License-Identifier: MIT */
/*
 * Requests to the network server of lab 6, each an IPC with one page; its value is the request's number. The
 * reply's value is the socket call's result. <lwip/sockets.h> is not needed to read this header.
 */
#ifndef JOS_INC_NS_H
#define JOS_INC_NS_H

#include <inc/types.h>
#include <inc/mmu.h>

/* A packet on its way between the server and its helpers, at the start of a page. */
struct jif_pkt {
	int jp_len;
	char jp_data[0];
};

/* Several of them on one page: each begins at a multiple of 4; where the next would, a jp_len of 0 ends the chain. */
#define NS_PACKET_MAX 1518
#define NS_PACKET_SIZE(len) (sizeof(struct jif_pkt) + ((len) + 3) / 4 * 4)
#define NS_CHAIN_PACKETS 32 /* at most: half of the card's ring */
#define NS_CHAIN_ROOM (PGSIZE - sizeof(struct jif_pkt)) /* for packets, with their lengths */

enum {
	/* From programs; the page is a union Nsipc. */
	NSREQ_ACCEPT = 1, /* -> Nsret_accept */
	NSREQ_BIND,
	NSREQ_SHUTDOWN,
	NSREQ_CLOSE,
	NSREQ_CONNECT,
	NSREQ_LISTEN,
	NSREQ_RECV,       /* -> Nsret_recv */
	NSREQ_SEND,
	NSREQ_SOCKET,

	/* Between the server and its helpers; the page is a struct jif_pkt. */
	NSREQ_INPUT,      /* input environment to server */
	NSREQ_OUTPUT,     /* server to output environment */
	NSREQ_TIMER,      /* timer environment to server; no page */

	/* INPUT and OUTPUT with a chain of packets. */
	NSREQ_INPUT_ALL,
	NSREQ_OUTPUT_ALL
};

#define SOCKLEN_T_DEFINED
typedef uint32_t socklen_t;
struct sockaddr;

/* Room for lwIP's struct sockaddr, laid out as there. */
struct Nsaddr {
	uint8_t bytes[16];
} __attribute__((aligned(4)));

union Nsipc {
	struct Nsreq_accept {
		int req_s;
		socklen_t req_addrlen;
		int req_wants_fd; /* the reply shall bring a page for the descriptor; see lib/sockets.c */
	} accept;
	struct Nsret_accept {
		struct Nsaddr ret_addr;
		socklen_t ret_addrlen;
	} acceptRet;
	struct Nsreq_bind {
		int req_s;
		struct Nsaddr req_name;
		socklen_t req_namelen;
	} bind;
	struct Nsreq_shutdown {
		int req_s;
		int req_how;
	} shutdown;
	struct Nsreq_close {
		int req_s;
	} close;
	struct Nsreq_connect {
		int req_s;
		struct Nsaddr req_name;
		socklen_t req_namelen;
	} connect;
	struct Nsreq_listen {
		int req_s;
		int req_backlog;
	} listen;
	struct Nsreq_recv {
		int req_s;
		int req_len;
		unsigned int req_flags;
	} recv;
	struct Nsret_recv {
		char ret_buf[0];
	} recvRet;
	struct Nsreq_send {
		int req_s;
		int req_size;
		unsigned int req_flags;
		char req_buf[0];
	} send;
	struct Nsreq_socket {
		int req_domain;
		int req_type;
		int req_protocol;
		int req_wants_fd;
	} socket;
	struct jif_pkt pkt;
	char _pad[PGSIZE];
};

_Static_assert(sizeof(union Nsipc) == PGSIZE, "a request is one page");

#endif
