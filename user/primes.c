/* SPDX-License-Identifier: MIT */
/*
 * The sieve of Eratosthenes as a pipeline of environments (McIlroy): each holds one prime and passes on the
 * numbers that it does not divide; the last one finds the next prime and forks a new end. It stops when
 * there are no more environments.
 */
#include <inc/lib.h>

static envid_t fork_or_stop(void)
{
	envid_t child = fork();

	if (child < 0)
		panic("fork: %e", child);
	return child;
}

static __attribute__((noreturn)) void sieve(int prime, envid_t next)
{
	for (;;) {
		int number = ipc_recv(NULL, NULL, NULL);
		if (number % prime != 0)
			ipc_send(next, number, NULL, 0);
	}
}

/* The end of the pipeline: what gets here is prime. The child is the new end. */
static __attribute__((noreturn)) void extend(void)
{
	for (;;) {
		int prime = ipc_recv(NULL, NULL, NULL);
		cprintf("CPU %d: %d ", thisenv->env_cpunum, prime);
		envid_t next = fork_or_stop();
		if (next != 0)
			sieve(prime, next);
	}
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	envid_t first = fork_or_stop();

	if (first == 0)
		extend();
	for (int number = 2;; number++)
		ipc_send(first, number, NULL, 0);
}
