/* SPDX-License-Identifier: MIT */
/*
 * From an address of the kernel's code to function, file and line. The table is made by conf/mksyms.py from
 * the linked kernel (empty in the first of two links), and its format is described there. Needs no memory and
 * no lock, so that a panic can use it.
 */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/monitor.h>

struct ksym {
	uintptr_t address;
	uint32_t name;  /* offset in ksyms_strings; an empty name ends a range of code */
	uint32_t lines; /* offset in ksyms_lines */
};

extern const struct ksym ksyms_start[], ksyms_end[];
extern const uint8_t ksyms_lines[];
extern const char ksyms_strings[];

/* The last entry at or below `address`, or NULL. */
static const struct ksym *find_symbol(uintptr_t address)
{
	const struct ksym *low = ksyms_start, *high = ksyms_end;

	while (low < high) {
		const struct ksym *middle = low + (high - low) / 2;
		if (middle->address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > ksyms_start ? low - 1 : NULL;
}

static uint32_t read_uleb(const uint8_t **at)
{
	uint32_t value = 0;

	for (int shift = 0;; shift += 7) {
		uint8_t byte = *(*at)++;
		value |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
}

static int read_zigzag(const uint8_t **at)
{
	uint32_t value = read_uleb(at);

	return value & 1 ? -(int)(value >> 1) - 1 : (int)(value >> 1);
}

/* Follow the function's rows as far as `address`. */
static void find_line(const struct ksym *function, uintptr_t address, struct Eipdebuginfo *info)
{
	const uint8_t *at = ksyms_lines + function->lines;
	uintptr_t here = function->address;
	uint32_t file = read_uleb(&at), step;

	info->eip_line = read_uleb(&at);
	while ((step = read_uleb(&at)) != 0) {
		here += step >> 1;
		if (here > address)
			break;
		if (step & 1)
			file = read_uleb(&at);
		info->eip_line += read_zigzag(&at);
	}
	if (ksyms_strings[file])
		info->eip_file = ksyms_strings + file;
}

int debuginfo_eip(uintptr_t eip, struct Eipdebuginfo *info)
{
	const struct ksym *function = find_symbol(eip);

	*info = (struct Eipdebuginfo){
		.eip_file = "<unknown>",
		.eip_fn_name = "<unknown>",
		.eip_fn_namelen = sizeof("<unknown>") - 1,
		.eip_fn_addr = eip,
	};
	if (!function || !ksyms_strings[function->name])
		return -E_NOT_FOUND;
	info->eip_fn_name = ksyms_strings + function->name;
	info->eip_fn_namelen = strlen(info->eip_fn_name);
	info->eip_fn_addr = function->address;
	find_line(function, eip, info);
	return 0;
}
