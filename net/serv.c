/* SPDX-License-Identifier: MIT */
/*
 * ns, the network server: lwIP behind messages. The first stack receives them: frames go into lwIP at once, requests of
 * programs to threads; when all threads wait, replies go out and the next message is received.
 */
#include <net/jif.h>
#include <net/layout.h>
#include <net/ns.h>
#include <net/request.h>
#include <net/thread.h>

#include "lwip/tcpip.h"
#include "lwip/timeouts.h"

enum { STACK_PAGES = 8 };

static envid_t input_env, output_env, timer_env;

static void start_timer(envid_t ns) { timer(ns, NS_TICK_MS); }

static void tick(void)
{
	thread_tick(sys_time_msec());
	LOCK_TCPIP_CORE();
	sys_check_timeouts();
	UNLOCK_TCPIP_CORE();
	requests_sweep();
	reply_add(timer_env, NS_TICK_MS, NULL);
}

/* What to do when there are slots no more: programs are told to come again. */
static void refuse(envid_t from)
{
	reply_add(from, -E_NO_MEM, NULL);
}

/* Is somebody in our queue? Then the next message comes without a wait, and frames that go out may be gathered on. */
static bool messages_wait(void)
{
	return thisenv->env_ipc_first != NULL;
}

static void receive(void)
{
	struct request *slot = request_slot();
	void *page = slot ? (void *)request_page(slot) : (void *)NS_SPARE;
	if (!messages_wait())
		jif_flush();
	int r = reply_and_receive(page);
	if (r < 0)
		panic("ns cannot receive: %e", r);
	envid_t from = thisenv->env_ipc_from;
	uint32_t number = thisenv->env_ipc_value;
	int perm = thisenv->env_ipc_perm;

	if (number == NSREQ_INPUT_ALL && from == input_env && (perm & PTE_P))
		jif_input(page);
	else if (number == NSREQ_TIMER && from == timer_env)
		tick();
	else if (slot)
		request_begin(slot, from, number, perm);
	else
		refuse(from);
}

/* lwIP's input path runs on this stack, and is deeper than the one page that a program starts with. */
static void make_stack(void)
{
	for (int i = 2; i <= STACK_PAGES; i++)
		if (sys_page_alloc(0, (void *)(USTACKTOP - i * PGSIZE), PTE_P | PTE_U | PTE_W) < 0)
			panic("no memory for the stack");
}

void umain(int argc, char **argv)
{
	(void)argc, (void)argv;
	binaryname = "ns";
	timer_env = helper_start(start_timer);
	input_env = helper_start(input_all);
	output_env = helper_start(output);

	make_stack();
	requests_init();
	tcpip_init(NULL, NULL);
	thread_run();
	int r = jif_start(output_env);
	if (r < 0)
		panic("no network: %e", r);
	cprintf("NS: TCP/IP initialized.\n");
	for (;;) {
		thread_run();
		receive();
	}
}
