/* SPDX-License-Identifier: MIT */
/*
 * Messages with pages between many, while senders and receivers die. Nobody is left waiting for one that is gone, what
 * arrives is what was sent, and no page stays behind.
 */
#include <user/hostile.h>

#define MESSAGES 200
#define SENDERS 6
#define ROUNDS 10
#define PAGE ((volatile uint32_t *)0x50000000)
#define GOT ((volatile uint32_t *)0x60000000)
#define BAD COMMON[0]
#define ENDED COMMON[1]

static envid_t server;

/* ---- A server and its clients, with a page each way ---- */

static void serve(void)
{
	int r = sys_ipc_recv((void *)GOT);

	for (uint32_t served = 0; r == 0; served++) {
		uint32_t value = thisenv->env_ipc_value;
		envid_t client = thisenv->env_ipc_from;
		if (thisenv->env_ipc_perm != READ || GOT[0] != value || GOT[1] != (uint32_t)client)
			BAD++;
		sys_page_alloc(0, (void *)PAGE, OWN); /* the last one is the last client's now */
		PAGE[0] = ~value;
		if (served % 3)
			r = sys_ipc_reply(client, served, (void *)PAGE, READ, (void *)GOT);
		else if ((r = sys_ipc_try_send(client, served, (void *)PAGE, READ)) == 0)
			r = sys_ipc_recv((void *)GOT);
		if (r == -E_BAD_ENV || r == -E_IPC_NOT_RECV) /* it died, or has not come so far */
			r = sys_ipc_recv((void *)GOT);
	}
	BAD++;
}

static void ask(void)
{
	sys_page_alloc(0, (void *)PAGE, OWN);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		PAGE[0] = i;
		PAGE[1] = sys_getenvid();
		int r = sys_ipc_call(server, i, (void *)PAGE, READ, (void *)GOT);
		if (r == -E_BAD_ENV)
			break;
		if (r < 0 || thisenv->env_ipc_from != server || GOT[0] != ~i)
			BAD++;
	}
	ENDED++;
}

/* All get their answers. */
static void peaceful(void)
{
	envid_t client[SENDERS];

	BAD = ENDED = 0;
	server = child_for(serve);
	for (int i = 0; i < SENDERS; i++)
		client[i] = child_for(ask);
	for (int i = 0; i < SENDERS; i++)
		wait(client[i]);
	end_child(server);
	expect("clients that came to their end", ENDED, SENDERS);
	expect("bad messages", BAD, 0);
}

/* Some clients die in between; the others must not notice. */
static void clients_die(void)
{
	envid_t client[SENDERS];

	for (int round = 0; round < ROUNDS; round++) {
		BAD = ENDED = 0;
		server = child_for(serve);
		for (int i = 0; i < SENDERS; i++)
			client[i] = child_for(ask);
		for (int i = 0; i < SENDERS; i += 2) {
			spin(any(500000));
			end_child(client[i]);
		}
		for (int i = 1; i < SENDERS; i += 2)
			wait(client[i]);
		end_child(server);
		expect("bad messages while clients died", BAD, 0);
	}
}

/* ---- Receivers die under their senders ---- */

static void send(void)
{
	int r;

	do
		r = sys_ipc_send(server, 1, (void *)COMMON, READ);
	while (r == 0);
	if (r != -E_BAD_ENV)
		BAD++;
	ENDED++;
}

static void receive(void)
{
	for (uint32_t i = 0;; i++) {
		sys_ipc_recv((void *)GOT);
		if (i % 16 == 0)
			spin(20000);
	}
}

static void server_dies(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		BAD = ENDED = 0;
		server = child_for(receive);
		for (int i = 0; i < SENDERS; i++)
			child_for(send);
		spin(any(2000000));
		end_child(server);
		while (living() > 1)
			sys_yield();
		expect("senders who heard of its death", ENDED, SENDERS);
		expect("senders who heard of something else", BAD, 0);
	}
}

/* ---- Children in a ring pass a page on, as fast as they can, until all are ended ---- */

static envid_t next;

static void pass_on(void)
{
	for (;;) {
		if (sys_ipc_recv((void *)GOT) < 0)
			BAD++;
		if (sys_ipc_send(next, 0, (void *)GOT, OWN) == -E_INVAL)
			BAD++;
	}
}

/* The first one learns who closes the ring by its first message. */
static void close_ring(void)
{
	while (sys_ipc_recv((void *)UTOP) < 0)
		;
	next = thisenv->env_ipc_value;
	pass_on();
}

static void ring(void)
{
	envid_t child[SENDERS];

	BAD = 0;
	next = child[0] = child_for(close_ring);
	for (int i = 1; i < SENDERS; i++)
		next = child[i] = child_for(pass_on);
	sys_ipc_send(child[0], next, (void *)UTOP, 0);
	if (sys_page_alloc(0, (void *)PAGE, OWN) < 0)
		panic("no memory");
	for (int i = 0; i < 3; i++)
		sys_ipc_send(child[2 * i], 0, (void *)PAGE, OWN);
	sys_page_unmap(0, (void *)PAGE);
	sleep_ms(100);
	for (int i = 0; i < SENDERS; i++)
		end_child(child[i]);
	expect("pages that were lost in the ring", BAD, 0);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "ipcstorm";
	make_common();
	without_leak("free pages lost by a server", peaceful);
	without_leak("free pages lost by dying clients", clients_die);
	without_leak("free pages lost by dying servers", server_dies);
	without_leak("free pages lost in a ring", ring);
	conclude();
}
