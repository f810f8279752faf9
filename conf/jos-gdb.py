# SPDX-License-Identifier: MIT
"""What gdb should know of JOS-IX: printers for its structures, and commands that walk them.

Sourced by conf/gdbinit.tmpl. `help jos` in gdb lists the commands; `print/r` shows a value as it is.
Kernel memory is read through the direct map, so the commands work from the kernel's entry on, on any CPU, in
user mode as well.
"""
import os

import gdb

KERNBASE = 0xF0000000
NENV = 1024
ENV_TYPES = ('user', 'fs', 'ns')
ENV_STATUSES = ('free', 'dying', 'runnable', 'running', 'waiting')
FLOW_STATES = ('free', 'HALF', 'KNOCKING', 'CONNECTING', 'OPEN', 'BURIED')
EVENTS = ('none', 'knock', 'connected', 'recv', 'sent', 'dead', 'moved', 'udp_recv', 'udp_sent', 'timer')
CALLS = ('none', 'listen', 'unlisten', 'connect', 'accept', 'reject', 'sendv', 'recv_done', 'shutdown', 'close', 'abort',
         'udp_bind', 'udp_sendv', 'udp_recv_done', 'timer_set', 'timer_clear')
ADDRESSES = ('ip',)              # fields that are shown as an IPv4 address, in host byte order
HEXADECIMAL = ('addr', 'sg')     # and those that are places in memory
CPU_STATUSES = ('unused', 'started', 'halted')
TRAPS = {
    0: 'divide', 1: 'debug', 2: 'NMI', 3: 'breakpoint', 4: 'overflow', 5: 'bound', 6: 'invalid opcode',
    7: 'no device', 8: 'double fault', 10: 'bad TSS', 11: 'no segment', 12: 'stack', 13: 'general protection',
    14: 'page fault', 16: 'FPU', 17: 'alignment', 18: 'machine check', 19: 'SIMD',
    48: 'system call', 49: 'kick',
}
PTE_P, PTE_PS = 0x001, 0x080
PTE_BITS = (
    (0x002, 'W'), (0x004, 'U'), (0x008, 'PWT'), (0x010, 'PCD'), (0x020, 'A'), (0x040, 'D'), (0x080, 'PS'),
    (0x100, 'G'), (0x400, 'SHARE'), (0x800, 'COW'),
)


def name_of(names, value):
    """An enumeration's value by name; memory may hold anything."""
    return names[value] if 0 <= value < len(names) else f'?{value}'


def trap_name(number):
    if 32 <= number < 48:
        return f'IRQ {number - 32}'
    return TRAPS.get(number, 'unknown')


def place(address):
    """`function+offset` of an address, as far as symbols are loaded."""
    symbol = gdb.execute(f'info symbol {address:#x}', to_string=True)
    return '' if symbol.startswith('No symbol') else symbol.split(' in section')[0].replace(' ', '')


def entry_text(entry, large=False):
    """A page table or directory entry, in words. Only a directory's entries are large."""
    if not entry & PTE_P:
        return f'{entry:#010x} not present'
    flags = ' '.join(['P'] + [name for bit, name in PTE_BITS if entry & bit])
    mask = 0xffc00000 if large and entry & PTE_PS else 0xfffff000
    return f'{entry:#010x} -> {entry & mask:08x} {flags}'


def read_word(physical):
    memory = gdb.selected_inferior().read_memory(KERNBASE + physical, 4)
    return int.from_bytes(memory.tobytes(), 'little')


def environments():
    envs = gdb.parse_and_eval('envs')
    if int(envs) == 0:
        raise gdb.GdbError('There are no environments yet')
    return (envs[i] for i in range(NENV) if int(envs[i]['env_status']) != 0)


class EnvPrinter:
    """One line for an environment."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        env = self.value
        eip = int(env['env_tf']['tf_eip'])
        return 'env %08x parent %08x %s %s, CPU %d, %d runs, eip %08x' % (
            int(env['env_id']), int(env['env_parent_id']), name_of(ENV_TYPES, int(env['env_type'])),
            name_of(ENV_STATUSES, int(env['env_status'])), int(env['env_cpunum']), int(env['env_runs']), eip)


class TrapframePrinter:
    """The cause, the place, and the registers."""

    def __init__(self, value):
        self.value = value

    def field(self, name):
        return int(self.value['tf_' + name])

    def to_string(self):
        number, eip = self.field('trapno'), self.field('eip')
        mode = 'user' if self.field('cs') & 3 else 'kernel'
        cause = f'trap {number} ({trap_name(number)}) err {self.field("err"):#x}'
        lines = [f'{cause} at {eip:08x} {place(eip)} in {mode} mode']
        registers, cs, ds = self.value['tf_regs'], self.field('cs'), self.field('ds')
        for row in (('eax', 'ebx', 'ecx', 'edx'), ('esi', 'edi', 'ebp')):
            lines.append('  '.join(f'{r} {int(registers["reg_" + r]):08x}' for r in row))
        stack = f'  esp {self.field("esp"):08x}' if mode == 'user' else ''
        lines[-1] += stack
        lines.append(f'eflags {self.field("eflags"):08x}  cs {cs:04x}  ds {ds:04x}')
        return '\n  '.join(lines)


def handle_text(handle):
    """A flow's, listener's or UDP port's handle: generation, group, index (inc/ix.h)."""
    return '0' if handle == 0 else '%d:%d.%#x' % (handle >> 32, handle >> 24 & 0xff, handle & 0xffffff)


def fields_text(union, kind):
    """The fields of one kind of event or call, if it has any."""
    if kind not in [f.name for f in union.type.fields() if f.name]:
        return ''
    part = union[kind]
    if part.type.code != gdb.TYPE_CODE_STRUCT:
        return ''
    return ''.join(' %s %s' % (f.name, field_text(f.name, int(part[f.name]))) for f in part.type.fields())


def field_text(name, value):
    if name in ADDRESSES:
        return '.'.join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
    return '%#x' % value if name in HEXADECIMAL else str(value)


class EventPrinter:
    """An event for the program: what, for whom, and the fields of its kind."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        kind = name_of(EVENTS, int(self.value['type']))
        return '%s cookie %d handle %s%s' % (
            kind, int(self.value['cookie']), handle_text(int(self.value['handle'])), fields_text(self.value, kind))


class CallPrinter:
    """A slot of the batched calls: what, on which handle, its arguments, and the result if it has been done."""

    FIELDS = {'timer_set': 'timer', 'timer_clear': 'timer'}

    def __init__(self, value):
        self.value = value

    def to_string(self):
        kind = name_of(CALLS, int(self.value['op']))
        return '%s handle %s%s result %d' % (
            kind, handle_text(int(self.value['handle'])), fields_text(self.value, self.FIELDS.get(kind, kind)),
            int(self.value['result']))


class HandlePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return 'handle ' + handle_text(int(self.value))


class EntryPrinter:
    """A page table entry in words."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        return entry_text(int(self.value), self.value.type.name == 'pde_t')


PRINTERS = {
    'Env': EnvPrinter, 'Trapframe': TrapframePrinter, 'pte_t': EntryPrinter, 'pde_t': EntryPrinter,
    'ix_event': EventPrinter, 'ix_call': CallPrinter, 'ix_handle_t': HandlePrinter,
}


def find_printer(value):
    kind = value.type.unqualified()
    printer = PRINTERS.get(kind.name) or PRINTERS.get(kind.strip_typedefs().tag)
    return printer(value) if printer else None


class Jos(gdb.Command):
    """What gdb can do for JOS-IX:
jos-envs                 the environments
jos-cpus                 the CPUs
jos-pt ADDRESS [ENVID]   how an address is mapped
jos-rings                the NIC rings of each dataplane
jos-flows                the connections of each dataplane
jos-events               what each dataplane's program was last told, and its calls, with their results
josuser NAME             symbols of a program
Values of struct Env, struct Trapframe, struct ix_event, struct ix_call, ix_handle_t, pte_t and pde_t are printed in
words; print/r shows them raw."""

    def __init__(self):
        super().__init__('jos', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        gdb.execute('help jos')


class JosEnvs(gdb.Command):
    """jos-envs: list the environments."""

    def __init__(self):
        super().__init__('jos-envs', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for env in environments():
            print(EnvPrinter(env).to_string(), place(int(env['env_tf']['tf_eip'])))


class JosCpus(gdb.Command):
    """jos-cpus: list the CPUs. CPU n is gdb's thread n + 1."""

    def __init__(self):
        super().__init__('jos-cpus', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        cpus = gdb.parse_and_eval('cpus')
        for i in range(int(gdb.parse_and_eval('ncpu'))):
            self.show(i, cpus[i])

    def show(self, number, cpu):
        env = cpu['cpu_env']
        runs = 'env %08x' % int(env['env_id']) if int(env) else 'no env'
        kind = 'reserved' if int(cpu['cpu_dp']) else 'shared'
        print('CPU %d: apic %d, %s, %s, %s, mail %#x' % (
            number, int(cpu['cpu_apicid']), name_of(CPU_STATUSES, int(cpu['cpu_status'])), kind, runs,
            int(cpu['cpu_mail'])))


class JosPt(gdb.Command):
    """jos-pt ADDRESS [ENVID]: walk the page tables, of this CPU or of an environment (id in hexadecimal)."""

    def __init__(self):
        super().__init__('jos-pt', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) not in (1, 2):
            raise gdb.GdbError('usage: jos-pt ADDRESS [ENVID]')
        address = int(gdb.parse_and_eval(words[0])) & 0xffffffff
        try:
            self.walk(self.directory_of(words[1:]), address)
        except gdb.MemoryError:
            raise gdb.GdbError('The direct map cannot be read: paging is not on yet')

    @staticmethod
    def directory_of(words):
        if not words:
            return int(gdb.parse_and_eval('$cr3')) & 0xfffff000
        for env in environments():
            if int(env['env_id']) == int(words[0], 16):
                return int(env['env_pgdir']) - KERNBASE
        raise gdb.GdbError(f'There is no environment {words[0]}')

    @staticmethod
    def walk(directory, address):
        index = address >> 22
        entry = read_word(directory + 4 * index)
        print(f'directory {directory:08x}[{index}]: {entry_text(entry, True)}')
        if not entry & PTE_P:
            return
        if entry & PTE_PS:
            print(f'{address:08x} is at {entry & 0xffc00000 | address & 0x3fffff:08x}')
            return
        table, index = entry & 0xfffff000, address >> 12 & 0x3ff
        entry = read_word(table + 4 * index)
        print(f'table     {table:08x}[{index}]: {entry_text(entry)}')
        if entry & PTE_P:
            print(f'{address:08x} is at {entry & 0xfffff000 | address & 0xfff:08x}')


def dataplanes():
    """The reserved CPUs: number and dataplane of each."""
    cpus, found = gdb.parse_and_eval('cpus'), []
    for i in range(int(gdb.parse_and_eval('ncpu'))):
        if int(cpus[i]['cpu_dp']):
            found.append((i, cpus[i]['cpu_dp'].dereference()))
    if not found:
        raise gdb.GdbError('No CPU is reserved for a dataplane')
    return found


class JosRings(gdb.Command):
    """jos-rings: the descriptor rings of each dataplane's queue. Descriptors between head and tail are in use."""

    def __init__(self):
        super().__init__('jos-rings', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for cpu, dp in dataplanes():
            queue = dp['q'].dereference()
            print('CPU %d: %s, queue %d' % (cpu, dp['nd']['name'].string(), int(queue['index'])))
            for kind in ('rx', 'tx'):
                self.show(queue, kind)

    def show(self, queue, kind):
        head, flushed, tail, size = (int(queue[f'{kind}_{name}']) for name in ('head', 'flushed', 'tail', 'size'))
        print('  %s ring at %#x: %d descriptors, head %d, flushed %d, tail %d; places %d to %d' % (
            kind, int(queue[f'{kind}_ring']), size, head, flushed, tail, head % size, tail % size))


class JosFlows(gdb.Command):
    """jos-flows: the connections of each dataplane's threads, from their groups' flow tables. TIME_WAIT shows as BURIED."""

    def __init__(self):
        super().__init__('jos-flows', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for cpu, dp in dataplanes():
            groups = self.groups(dp)
            print('CPU %d: thread %d, %d groups, %d flows, %d of them in TIME_WAIT' % (
                cpu, int(dp['thread']), len(groups), int(dp['nflows']), sum(int(g['nwaiting']) for g in groups)))
            for group in groups:
                for flow in self.flows(group['flows']):
                    print('  %d.%s' % (int(group['index']), self.text(flow)))

    @staticmethod
    def groups(dp):
        """Those that the dataplane's thread owns."""
        plane = dp['plane'].dereference()
        groups = (plane['groups'][i] for i in range(int(plane['ngroups'])))
        return [g for g in groups if int(g['owner']) == int(dp.address)]

    @staticmethod
    def flows(table):
        """Slot 0 of each page is the slab's."""
        slot, count = int(gdb.parse_and_eval('FLOW_SLOT')), int(gdb.parse_and_eval('FLOWS_PER_PAGE'))
        kind = gdb.lookup_type('struct flow').pointer()
        for i in range(int(table['npages'])):
            page = int(table['page'][i])
            for n in range(1, count) if page else ():
                flow = gdb.Value(page + n * slot).cast(kind).dereference()
                if int(flow['state']):
                    yield flow

    @staticmethod
    def text(flow):
        ends, pcb = flow['tuple'], int(flow['pcb'])
        peer = '.'.join(str(int(ends['rip']) >> shift & 255) for shift in (0, 8, 16, 24))
        return '%d.%d %s port %d < %s:%d, lent %d, flags %#x, pcb %#x' % (
            int(flow['index']), int(flow['gen']), name_of(FLOW_STATES, int(flow['state'])), int(ends['lport']), peer,
            int(ends['rport']), int(flow['rx_lent']), int(flow['flags']), pcb)


class JosEvents(gdb.Command):
    """jos-events [N]: of each dataplane, the events of the last batch, and the first N slots of its calls (8)."""

    def __init__(self):
        super().__init__('jos-events', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        slots = int(argument) if argument else 8
        for cpu, dp in dataplanes():
            print('CPU %d: %d events' % (cpu, int(dp['nevents'])))
            for i in range(int(dp['nevents'])):
                print('  ' + EventPrinter(dp['events'][i]).to_string())
            for i in range(slots):
                if int(dp['calls'][i]['op']):
                    print('  call %d: %s' % (i, CallPrinter(dp['calls'][i]).to_string()))


class JosUser(gdb.Command):
    """josuser NAME: load the symbols of a program: hello, user_hello, fs_fs, net_ns, ..."""

    def __init__(self):
        super().__init__('josuser', gdb.COMMAND_FILES)

    @staticmethod
    def path_of(name):
        folder, _, rest = name.partition('_')
        return f'obj/{folder}/{rest}' if rest else f'obj/user/{name}'

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 1:
            raise gdb.GdbError('usage: josuser NAME')
        path = self.path_of(words[0])
        if not os.path.isfile(path):
            raise gdb.GdbError(f'{path} is not there: make prep-{words[0]}')
        gdb.execute(f'add-symbol-file {path}', from_tty=False)

    def complete(self, text, word):
        names = os.listdir('obj/user') if os.path.isdir('obj/user') else []
        return [name for name in names if name.startswith(word) and '.' not in name]


gdb.pretty_printers.append(find_printer)
for command in (Jos, JosEnvs, JosCpus, JosPt, JosRings, JosFlows, JosEvents, JosUser):
    command()
