/* SPDX-License-Identifier: MIT */
/*
 * The PS/2 keyboard, as the firmware leaves it: the controller translates to scan code set 1, US layout.
 *
 * A byte is a key's number (bit 7: released), or 0xE0: the next byte names a key of the grey block.
 * Ctrl-Alt-Del resets the machine.
 */
#include <inc/kbdreg.h>
#include <inc/x86.h>

#include <kern/dev/consdev.h>

enum { RELEASED = 0x80, PREFIX_GREY = 0xE0 };
enum { MOD_SHIFT = 1, MOD_CTRL = 2, MOD_ALT = 4 };
enum { CODE_DEL = 0x53, CODE_CAPS = 0x3A };

static unsigned modifiers; /* MOD_x of the keys held down */
static bool caps_lock, grey;

/* Characters by key number, without and with shift; 0 where a key has none. The keypad is taken as digits. */
#define FUNCTION_KEYS "\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define KEYPAD "789-456+1230."
static const char plain[] = "\0\033" "1234567890-=\b\t" "qwertyuiop[]\n\0" "asdfghjkl;'`\0\\"
			    "zxcvbnm,./\0*\0 " FUNCTION_KEYS KEYPAD;
static const char shifted[] = "\0\033" "!@#$%^&*()_+\b\t" "QWERTYUIOP{}\n\0" "ASDFGHJKL:\"~\0|"
			      "ZXCVBNM<>?\0*\0 " FUNCTION_KEYS KEYPAD;

/* Keys of the grey block, and the two of the keypad that carry the prefix too. */
static const uint8_t grey_keys[128] = {
	[0x47] = KEY_HOME, [0x48] = KEY_UP,  [0x49] = KEY_PGUP, [0x4B] = KEY_LF,
	[0x4D] = KEY_RT,   [0x4F] = KEY_END, [0x50] = KEY_DN,   [0x51] = KEY_PGDN,
	[0x52] = KEY_INS,  [0x53] = KEY_DEL, [0x35] = '/',      [0x1C] = '\n',
};

static const struct {
	uint8_t code, modifier;
} modifier_keys[] = { { 0x2A, MOD_SHIFT }, { 0x36, MOD_SHIFT }, { 0x1D, MOD_CTRL }, { 0x38, MOD_ALT } };

/* Grey keys come wrapped in presses of a shift key that nobody touched: those do not count. */
static unsigned modifier_of(uint8_t code, bool is_grey)
{
	for (unsigned i = 0; i < ARRAY_SIZE(modifier_keys); i++)
		if (modifier_keys[i].code == code)
			return is_grey ? modifier_keys[i].modifier & ~MOD_SHIFT : modifier_keys[i].modifier;
	return 0;
}

static bool is_letter(int c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

static int plain_key(uint8_t code)
{
	if (code >= sizeof(plain) - 1)
		return 0;
	bool shift = modifiers & MOD_SHIFT;
	int c = shift ? shifted[code] : plain[code];

	if (caps_lock && is_letter(c))
		c ^= 0x20;
	if ((modifiers & MOD_CTRL) && c >= '@' && c < 0x7F)
		c &= 0x1F;
	return c;
}

static int press(uint8_t code, bool is_grey)
{
	if (code == CODE_DEL && (modifiers & (MOD_CTRL | MOD_ALT)) == (MOD_CTRL | MOD_ALT))
		outb(0x92, 0x03); /* system control port A: reset */
	if (code == CODE_CAPS)
		caps_lock = !caps_lock;
	return is_grey ? grey_keys[code] : plain_key(code);
}

/* The character that a byte from the keyboard completes, or 0. */
static int decode(uint8_t byte)
{
	bool is_grey = grey;
	uint8_t code = byte & ~RELEASED;
	unsigned modifier = modifier_of(code, is_grey);

	grey = byte == PREFIX_GREY;
	if (grey)
		return 0;
	if (byte & RELEASED) {
		modifiers &= ~modifier;
		return 0;
	}
	modifiers |= modifier;
	return modifier ? 0 : press(code, is_grey);
}

int kbd_getc(void)
{
	uint8_t status = inb(KBSTATP);

	if (!(status & KBS_DIB) || status == 0xFF) /* 0xFF: no controller at all */
		return CONS_NONE;
	uint8_t byte = inb(KBDATAP);
	return status & KBS_TERR ? 0 : decode(byte);
}

/* Throw away what was typed at the firmware. */
void kbd_init(void)
{
	while (kbd_getc() != CONS_NONE)
		cpu_relax();
	modifiers = 0;
	caps_lock = grey = false;
}
