#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mksyms - make the kernel's own table of functions and source lines from its ELF file.

usage: mksyms.py [--empty] [--root DIR] [-o OUT.S] [ELF]
  --empty     a table without entries, for the first link
  --root DIR  file names are written relative to DIR (default: the current folder)
  -o OUT.S    where the assembly goes (default: standard output)

kern/kdebug.c reads the table; it describes it too:
  ksyms_start   one entry of three words for each function, sorted by address: address, offset of its name in
                ksyms_strings, offset of its lines in ksyms_lines. An entry without a name: code ends.
  ksyms_lines   for each function: offset of its file's name, its first line, then rows
                (address step * 2 + 1 if the file changes), [offset of the new file's name], (line step,
                zigzag), and a 0. All numbers are LEB128: seven bits a byte, low ones first.
  ksyms_strings names, each ended by a zero byte; the first is empty.

The functions come from the ELF symbol table, the lines from DWARF 2 to 5 (.debug_line).
"""
import argparse
import bisect
import os
import re
import struct
import sys
import zlib

SHF_EXECINSTR, SHF_COMPRESSED = 0x4, 0x800
SHT_SYMTAB = 2
STT_NOTYPE, STT_FUNC = 0, 2
STB_LOCAL = 0


class Reader:
    """Little-endian numbers and strings from a piece of bytes, in order."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, n):
        self.at += n
        if self.at > len(self.data):
            raise ValueError('debug information ends too early')
        return self.data[self.at - n:self.at]

    def number(self, size, signed=False):
        return int.from_bytes(self.take(size), 'little', signed=signed)

    def string(self):
        end = self.data.index(b'\0', self.at)
        text, self.at = self.data[self.at:end], end + 1
        return text.decode(errors='replace')

    def uleb(self):
        value = shift = 0
        while True:
            byte = self.number(1)
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def sleb(self):
        start = self.at
        value = self.uleb()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if value >> (bits - 1) else value


class Elf:
    """A 32-bit little-endian ELF file: its sections and symbols."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            self.data = file.read()
        if self.data[:6] != b'\x7fELF\x01\x01':
            raise ValueError(f'{path} is not a 32-bit little-endian ELF file')
        offset, = struct.unpack_from('<I', self.data, 32)
        size, count, names = struct.unpack_from('<HHH', self.data, 46)
        self.headers = [struct.unpack_from('<10I', self.data, offset + i * size) for i in range(count)]
        self.names = [self.text_at(names, header[0]) for header in self.headers]

    def text_at(self, section, offset):
        start = self.headers[section][4] + offset
        return self.data[start:self.data.index(b'\0', start)].decode(errors='replace')

    def section(self, name):
        """Contents, decompressed; empty if there is no such section."""
        if name not in self.names:
            return b''
        _, _, flags, _, offset, size, *_ = self.headers[self.names.index(name)]
        data = self.data[offset:offset + size]
        return zlib.decompress(data[12:]) if flags & SHF_COMPRESSED else data

    def code_ranges(self):
        return [(h[3], h[3] + h[5]) for h in self.headers if h[2] & SHF_EXECINSTR]

    def symbols(self):
        """Yield (address, name, type, binding, section)."""
        for header in self.headers:
            if header[1] != SHT_SYMTAB:
                continue
            table = self.data[header[4]:header[4] + header[5]]
            for name, value, _, info, _, section in struct.iter_unpack('<IIIBBH', table):
                yield value, self.text_at(header[6], name), info & 15, info >> 4, section


def functions(elf):
    """Sorted [(address, name)] of all code; one without a name follows where code ends."""
    ranges = elf.code_ranges()
    best = {}
    for address, name, kind, binding, section in elf.symbols():
        in_code = 0 < section < len(elf.headers) and elf.headers[section][2] & SHF_EXECINSTR
        in_code = in_code and any(low <= address < high for low, high in ranges)
        if not in_code or kind not in (STT_NOTYPE, STT_FUNC) or not re.match(r'[A-Za-z_]', name):
            continue
        rank = (kind == STT_FUNC, binding != STB_LOCAL, -len(name), name)
        if address not in best or rank > best[address]:
            best[address] = rank
    named = [(address, rank[3].split('.')[0]) for address, rank in best.items()]
    ends = [(high, '') for _, high in ranges if high not in best]
    return sorted(named + ends)


class LineProgram:
    """One unit of .debug_line (DWARF 5, 6.2). Rows are (address, file, line); file None ends a sequence."""

    def __init__(self, reader, end, elf):
        self.reader, self.end, self.elf = reader, end, elf
        self.version = reader.number(2)
        if not 2 <= self.version <= 5:
            raise ValueError(f'line table of DWARF version {self.version}')
        if self.version == 5:
            reader.take(2)  # sizes of an address and a segment selector
        length = reader.number(4)
        start = reader.at + length
        self.min_step = reader.number(1)
        if self.version >= 4:
            reader.take(1)  # operations of an instruction: for other machines
        reader.take(1)      # whether rows are statements at first
        self.line_base = reader.number(1, signed=True)
        self.line_range = reader.number(1)
        self.opcode_base = reader.number(1)
        self.operands = [0] + [reader.number(1) for _ in range(self.opcode_base - 1)]
        self.files = self.entries_v5() if self.version == 5 else self.entries_v2()
        reader.at = start

    def entries_v2(self):
        reader, directories, files = self.reader, [''], ['']
        while (name := reader.string()):
            directories.append(name)
        while (name := reader.string()):
            directory, _, _ = reader.uleb(), reader.uleb(), reader.uleb()
            files.append(os.path.join(directories[directory], name))
        return files

    def entries_v5(self):
        directories = [path for path, _ in self.table_v5()]
        return [os.path.join(directories[index], path) for path, index in self.table_v5()]

    def table_v5(self):
        reader = self.reader
        layout = [(reader.uleb(), reader.uleb()) for _ in range(reader.number(1))]
        rows = []
        for _ in range(reader.uleb()):
            fields = {content: self.form(form) for content, form in layout}
            rows.append((fields.get(1, ''), fields.get(2, 0)))  # DW_LNCT_path, DW_LNCT_directory_index
        return rows

    def form(self, form):
        reader = self.reader
        if form == 0x08:
            return reader.string()
        if form in (0x0e, 0x1f):  # strp, line_strp
            section = self.elf.section('.debug_str' if form == 0x0e else '.debug_line_str')
            return Reader(section, reader.number(4)).string()
        if form == 0x0f:
            return reader.uleb()
        if form == 0x09:
            return reader.take(reader.uleb())
        return reader.number({0x0b: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1e: 16}[form])

    def rows(self):
        while self.reader.at < self.end:
            yield from self.sequence()

    def sequence(self):
        reader, address, file, line = self.reader, 0, 1, 1
        while reader.at < self.end:
            opcode = reader.number(1)
            if opcode >= self.opcode_base:
                step = opcode - self.opcode_base
                address += step // self.line_range * self.min_step
                line += self.line_base + step % self.line_range
                yield address, self.files[file], line
            elif opcode == 0:
                length = reader.uleb()
                rest = Reader(reader.take(length))
                extended = rest.number(1)
                if extended == 1:
                    yield address, None, 0
                    return
                if extended == 2:
                    address = rest.number(4)
            elif opcode == 1:
                yield address, self.files[file], line
            elif opcode == 2:
                address += reader.uleb() * self.min_step
            elif opcode == 3:
                line += reader.sleb()
            elif opcode == 4:
                file = reader.uleb()
            elif opcode == 8:
                address += (255 - self.opcode_base) // self.line_range * self.min_step
            elif opcode == 9:
                address += reader.number(2)
            else:  # columns, views, and what later versions may bring
                for _ in range(self.operands[opcode]):
                    reader.uleb()


def line_rows(elf):
    """Sorted [(address, file, line)] of all code, one for each address; file None where nothing is known."""
    reader, rows = Reader(elf.section('.debug_line')), {}
    while reader.at < len(reader.data):
        length = reader.number(4)
        if length == 0xffffffff:
            raise ValueError('64-bit DWARF is not supported')
        end = reader.at + length
        for address, file, line in LineProgram(reader, end, elf).rows():
            if file is None:
                rows.setdefault(address, (None, 0))  # another sequence may begin here
            elif line > 0:
                rows[address] = (file, line)
        reader.at = end
    return [(address, *rows[address]) for address in sorted(rows)]


class Strings:
    """All names, each once."""

    def __init__(self):
        self.data, self.offsets = bytearray(b'\0'), {'': 0}

    def add(self, text):
        if text not in self.offsets:
            self.offsets[text] = len(self.data)
            self.data += text.encode() + b'\0'
        return self.offsets[text]


def shorten(path, root):
    """A name relative to the tree's root. Of what lies elsewhere, only the last two parts are kept."""
    if path is None:
        return ''
    path = os.path.normpath(path)
    if not os.path.isabs(path):
        return path
    if path.startswith(root + os.sep):
        return os.path.relpath(path, root)
    return os.path.join(*path.split(os.sep)[-2:])


def uleb(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return out


def encode_lines(start, first, rows, strings):
    """The lines of the function at `start`: `first` is the file and line there, `rows` those that follow."""
    file, line = first
    out = uleb(strings.add(file)) + uleb(line)
    address = start
    for next_address, next_file, next_line in rows:
        if (next_file, next_line) == (file, line):
            continue
        step = next_line - line
        out += uleb((next_address - address) * 2 + (next_file != file))
        if next_file != file:
            out += uleb(strings.add(next_file))
        out += uleb(step * 2 if step >= 0 else -step * 2 - 1)
        address, file, line = next_address, next_file, next_line
    return out + b'\0'


def build(elf, root):
    """(entries, lines, strings) of the table."""
    rows = [(address, shorten(file, root), line) for address, file, line in line_rows(elf)]
    addresses = [row[0] for row in rows]
    strings, lines, entries = Strings(), bytearray(), []
    symbols = functions(elf)
    for (start, name), (end, _) in zip(symbols, symbols[1:] + [(1 << 32, '')]):
        entries.append((start, strings.add(name), len(lines)))
        if not name:
            continue
        at, stop = bisect.bisect_right(addresses, start), bisect.bisect_left(addresses, end)
        first = rows[at - 1][1:] if at else ('', 0)
        lines += encode_lines(start, first, rows[at:stop], strings)
    return entries, lines, strings.data


def directives(data):
    for at in range(0, len(data), 32):
        yield '\t.byte ' + ','.join(map(str, data[at:at + 32]))


def assembly(entries, lines, strings):
    yield '# Made by conf/mksyms.py; kern/kdebug.c reads it.'
    yield '\t.section .symtab_jos, "a", @progbits'
    yield '\t.globl ksyms_start, ksyms_end, ksyms_lines, ksyms_strings'
    yield '\t.balign 4\nksyms_start:'
    for entry in entries:
        yield '\t.long 0x%x, %d, %d' % entry
    yield 'ksyms_end:\nksyms_lines:'
    yield from directives(lines)
    yield 'ksyms_strings:'
    yield from directives(strings)
    yield '\t.section .note.GNU-stack, "", @progbits'


def main():
    parser = argparse.ArgumentParser(description='Make the table of functions and lines for the kernel.')
    parser.add_argument('--empty', action='store_true')
    parser.add_argument('--root', default='.')
    parser.add_argument('-o', dest='out', default='-')
    parser.add_argument('elf', nargs='?')
    args = parser.parse_args()
    if not args.empty and not args.elf:
        parser.error('an ELF file is needed')

    table = ([], b'', b'\0') if args.empty else build(Elf(args.elf), os.path.abspath(args.root))
    text = '\n'.join(assembly(*table)) + '\n'
    if args.out == '-':
        sys.stdout.write(text)
    else:
        with open(args.out, 'w') as file:
            file.write(text)


if __name__ == '__main__':
    try:
        main()
    except (OSError, ValueError, KeyError, IndexError, struct.error, zlib.error) as error:
        sys.exit(f'mksyms.py: {error}')
