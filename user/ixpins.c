/* SPDX-License-Identifier: MIT */
/*
 * Two NICs whose interrupts come by one pin, and who uses them: lab 6, a dataplane, two of them, a dataplane beside lab 6. Nobody
 * may be kept awake, or asleep, by the other's frames; and what a dataplane shows its program is not lab 6's to hold on to.
 */
#include <user/hostile.h>
#include <inc/ix.h>

#define START_US 1200000 /* a card takes frames one second after its start */
#define NAP_US 400000
#define WAKES_MAX 100    /* in a nap; a dataplane without an interrupt looks 2,000 times a second */
#define COUNT COMMON[0]
#define OUTCOME ((volatile int32_t *)COMMON)[1]
#define GATEWAY 0x0a000202
#define NOBODYS_PORT 1

static struct ix_config config = { .heap_size = IX_HEAP_UNIT, .idle = IX_IDLE_HALT };

static void use_lab6(void)
{
	uint8_t mac[6];

	expect("lab 6's NIC", sys_net_mac(mac), 0);
}

static void attach(uint32_t nic)
{
	config.nic = nic;
	expect("attach", sys_dp_attach(IX_ANY_CPU, &config), 0);
}

static struct ix_stat counters(void)
{
	struct ix_stat now = { 0 };

	expect("stat", sys_dp_stat(config.cpu, &now), 0);
	return now;
}

/* The outcome. Frames go both ways. */
static int call_out(void)
{
	IX_CALLS(config.thread)[0] = (struct ix_call){ .op = IX_CALL_CONNECT, .connect = { 0, GATEWAY, NOBODYS_PORT } };
	int n = sys_run_io(1, 0);

	expect("connect", IX_CALLS(config.thread)[0].result, 0);
	for (int tries = 0; n == 0 && tries < 20; tries++)
		n = sys_run_io(0, NAP_US);
	return n > 0 ? IX_EVENTS(config.thread)[0].connected.outcome : 0;
}

/* ---- Two dataplanes ---- */

static void be_the_other(void)
{
	attach(1);
	sys_run_io(0, START_US);
	OUTCOME = call_out();
	sys_dp_detach();
}

static void beside_another(void)
{
	uint64_t before = counters().wakeups_nic;
	envid_t child = child_for(be_the_other);

	while (envs[ENVX(child)].env_id == child && envs[ENVX(child)].env_status != ENV_FREE)
		sys_run_io(0, NAP_US);
	expect("what the other's connection came to", OUTCOME, -E_REFUSED);
	expect("whether it sleeps, though the other gets frames", counters().wakeups_nic - before <= WAKES_MAX, true);
}

/* ---- Beside lab 6 ---- */

/* It gets what the dataplanes leave of the CPUs: the one that interrupts of pins go to, too. */
static void use_lab6_and_count(void)
{
	use_lab6();
	for (;;)
		COUNT++;
}

static void beside_lab6(void)
{
	envid_t child = child_for(use_lab6_and_count);

	while (!COUNT)
		sys_yield();
	expect("what a connection beside lab 6 came to", call_out(), -E_REFUSED);
	sys_run_io(0, NAP_US);
	uint32_t before = COUNT;
	sys_run_io(0, NAP_US);
	expect("whether programs go on", COUNT != before, true);
	end_child(child);
}

/* ---- After lab 6 ---- */

static void after_lab6(void)
{
	sys_dp_detach();
	wait(child_for(use_lab6));
	attach(0);
	uint64_t before = counters().halts;
	sys_run_io(0, NAP_US);
	expect("whether it sleeps, though lab 6 had the pin before", counters().halts - before <= WAKES_MAX, true);
}

/* ---- What is not lab 6's ---- */

static void send_from(const char *where, uint32_t va)
{
	expect(where, sys_net_send((void *)va, 60), -E_FAULT);
	expect(where, sys_net_send((void *)(va + PGSIZE - 30), 60), -E_FAULT);
	expect(where, sys_net_send_all((void *)va), -E_FAULT);
}

static void share_pages(void)
{
	use_lab6();
	send_from("lab 6 and the send heap", IX_HEAP);
	send_from("lab 6 and the calls", (uint32_t)IX_CALLS(0));
	send_from("lab 6 and the receive buffers", IX_RXBUFS);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "ixpins";
	make_common();
	attach(0);
	beside_another();
	beside_lab6();
	after_lab6();
	share_pages();
	conclude();
}
