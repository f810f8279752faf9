# SPDX-License-Identifier: MIT
"""Lab 5's end: the system as one finds it after `make qemu-nox`: icode, init, and a shell on the console."""
import re

from gradelib import Failure, check_output
from grade import suite
from grade.programs import NO_PANIC, prints

suite.part("shell")

KERNEL_TALK = re.compile(r"^\[[0-9a-f]{8}\] (new env|free env|exiting|destroying).*\n", re.M)
PROMPT = r"(^|(?<=\n))\$ "

prints("testshell", 15, "the shell script test", ["shell ran correctly"], limit=120)


@suite.test(5, "a plain boot leads to a shell: icode, init, sh")
def boot_to_shell(t):
    machine = t.boot(leave=False)
    machine.expect(PROMPT, limit=20)
    check_output(machine.text, [
        "icode startup", "icode: open /motd", "icode: read /motd", "This is /motd, the message of the day.*",
        "icode: close /motd", "icode: spawn /init", "init: running", "init: data seems okay", "init: bss seems okay",
        "init: args: 'init' 'initarg1' 'initarg2'", "init: running sh"], never=[NO_PANIC])


class Session:
    """A shell on the serial line, typed at line by line."""

    def __init__(self, machine):
        self.machine = machine
        machine.expect(PROMPT, limit=20)

    def run(self, line, limit=15):
        """What the line makes the system print, the kernel's own remarks apart."""
        self.machine.send(line + "\n")
        start = self.machine.expect(re.escape(line) + "\n").end()
        end = self.machine.expect(PROMPT, limit).start()
        return KERNEL_TALK.sub("", self.machine.text[start:end])


def dialogue(session, pairs):
    for line, want in pairs:
        got = session.run(line)
        if not re.fullmatch(want, got):
            raise Failure("after typing:  %s\nexpected:  %r\ngot:  %r" % (line, want, got))


@suite.test(10, "a session at the shell: commands, redirection, pipes, comments, the environments")
def session(t):
    dialogue(Session(t.boot(leave=False)), (
        ("echo hello there", "hello there\n"),
        ("# a comment", ""),
        ("", ""),
        ("echo some words >words", ""),
        ("cat words", "some words\n"),
        ("cat <words", "some words\n"),
        ("cat words | cat | num", " *1 some words\n"),
        ("cat <words | cat >copy", ""),
        ("cat copy", "some words\n"),
        ("ls", r"(?s).*\bmotd\n.*\bwords\n.*"),
        ("ps", r" +env +parent +type +state +cpu +runs\n(?s:.*)00001000 00000000  fs    ipc .*\n(?s:.*) running (?s:.*)"),
        ("nosuchprogram", "(?s).*nosuchprogram.*(file or block not found|not found).*"),
        ("cat nosuchfile", "(?s).*nosuchfile.*"),
        ("echo still here", "still here\n")))


@suite.test(5, "lsfd shows what a program has open")
def lsfd(t):
    check_output(Session(t.boot(leave=False)).run("cat </motd | lsfd"), [r"fd 0: .*", r"fd 1: .*"])


@suite.test(5, "initsh gives a shell whose files are the console")
def initsh(t):
    machine = t.boot("initsh", leave=False)
    dialogue(Session(machine), (("echo from initsh", "from initsh\n"),))


@suite.test(5, "control-D ends the shell, and init starts another")
def control_d(t):
    machine = t.boot(leave=False)
    machine.expect(PROMPT, limit=20)
    machine.send("\x04")
    dialogue(Session(machine), (("echo again", "again\n"),))


@suite.test(5, "a script is run from a file")
def script(t):
    dialogue(Session(t.boot(leave=False)), (
        ("echo echo from a script >s", ""), ("sh s", "from a script\n"), ("sh <s", r"(?s).*from a script\n.*")))


@suite.test(5, "writemotd's change is on the disk after the next boot")
def writemotd(t):
    disk = t.copy_of("fs", "clean-fs.img")
    t.boot("writemotd", disk=disk, keep_disk=True).finish(limit=20)
    machine = t.boot(leave=False, disk=disk)
    machine.expect(PROMPT, limit=20)
    check_output(machine.text, ["This is /NEWmotd.*"], never=["This is /motd", NO_PANIC])
