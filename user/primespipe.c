/* SPDX-License-Identifier: MIT */
/*
 * primespipe [count]: primes by a row of pipes (after McIlroy). Each environment in the row prints the first
 * number that reaches it, a prime, and passes on those that it does not divide. Without a count the row grows
 * until something runs out; then the last one stops reading, and the row dissolves from its end.
 */
#include <inc/lib.h>

/* Send numbers to the next in the row until it stops reading. */
static void generate(int out)
{
	int n = 2;
	while (write(out, &n, sizeof(n)) == sizeof(n))
		n++;
}

static void pass_on(int in, int out, int prime)
{
	int n;
	while (readn(in, &n, sizeof(n)) == sizeof(n))
		if (n % prime != 0 && write(out, &n, sizeof(n)) != sizeof(n))
			return;
}

/* Add an environment to the row: as fork(), with a pipe between the two; *end is the caller's end of it. */
static envid_t extend(int *end)
{
	int ends[2];
	int r = pipe(ends);
	if (r < 0)
		return r;
	envid_t next = fork();
	if (next < 0) {
		close(ends[0]);
		close(ends[1]);
		return next;
	}
	*end = next == 0 ? ends[0] : ends[1];
	close(next == 0 ? ends[1] : ends[0]);
	return next;
}

/* One environment's work: print, extend the row, filter. The next one goes round the loop. */
static void sieve(int in, int left)
{
	int prime, end;

	while (readn(in, &prime, sizeof(prime)) == sizeof(prime)) {
		cprintf("%d\n", prime);
		if (--left == 0)
			return;
		envid_t next = extend(&end);
		if (next < 0) {
			cprintf("primespipe: no more after %d: %e\n", prime, next);
			return;
		}
		if (next > 0) {
			pass_on(in, end, prime);
			return;
		}
		close(in);
		in = end;
	}
}

void umain(int argc, char **argv)
{
	int count = argc > 1 ? strtol(argv[1], NULL, 0) : 0;
	int end;

	binaryname = "primespipe";
	envid_t next = extend(&end);
	if (next < 0)
		panic("the first pipe: %e", next);
	if (next == 0)
		sieve(end, count);
	else
		generate(end);
}
