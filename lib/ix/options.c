/* SPDX-License-Identifier: MIT */
/* Command-line flags. The contract is inc/ixopt.h. */
#include <inc/ixopt.h>
#include <inc/lib.h>

/* Not by strtol(), which takes a number that 32 bits do not hold for another. */
bool ix_read_digits(const char **text, unsigned max, unsigned *value)
{
	const char *at = *text;
	uint64_t number = 0;

	for (; *at >= '0' && *at <= '9' && number <= max; at++)
		number = number * 10 + (*at - '0');
	if (at == *text || number > max)
		return false;
	*text = at;
	*value = number;
	return true;
}

bool ix_read_number(const char *text, unsigned min, unsigned max, unsigned *value)
{
	unsigned number;

	if (!text || !ix_read_digits(&text, max, &number) || *text || number < min)
		return false;
	*value = number;
	return true;
}

static bool read_value(struct Argstate *args, const struct ix_option *o)
{
	const char *text = argvalue(args);

	if (ix_read_number(text, o->min, o->max, o->value))
		return true;
	cprintf("%s: -%c wants a number from %u to %u, not %s\n", binaryname, o->flag, o->min, o->max, text ? text : "nothing");
	return false;
}

static bool read_flag(struct Argstate *args, int flag, const struct ix_option *options, unsigned n)
{
	for (const struct ix_option *o = options; o < options + n; o++) {
		if (o->flag != flag)
			continue;
		if (o->max)
			return read_value(args, o);
		*o->value = 1;
		return true;
	}
	cprintf("%s: there is no flag -%c\n", binaryname, flag);
	return false;
}

static void tell_usage(const struct ix_option *options, unsigned n)
{
	cprintf("usage: %s", binaryname);
	for (const struct ix_option *o = options; o < options + n; o++)
		cprintf(o->max ? " [-%c %s]" : " [-%c]", o->flag, o->what);
	cprintf("\n");
}

bool ix_read_options(int argc, char **argv, const struct ix_option *options, unsigned n)
{
	struct Argstate args;
	bool good = true;
	int flag;

	argstart(&argc, argv, &args);
	while (good && (flag = argnext(&args)) >= 0)
		good = read_flag(&args, flag, options, n);
	if (good && argc > 1) {
		cprintf("%s: %s is no flag\n", binaryname, argv[1]);
		good = false;
	}
	if (!good)
		tell_usage(options, n);
	return good;
}
