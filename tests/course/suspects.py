# SPDX-License-Identifier: MIT
"""What submitted files have no honest use for, found in what the compiler made of them.

A kernel could print the words that tests wait for, end QEMU as if all were well, or, where it is tested as a program of
this host, end that program. So: strings that the trusted programs or tests have, too; functions, instructions and
sections that the files of the exercises do not need. What the model solution has itself is no suspicion: learn() keeps
that in reference.json, when the trusted tree is made.
"""
import glob
import json
import os
import re
import subprocess

SHORTEST = 8  # characters of a string that cannot be there by chance
FORBIDDEN = re.compile(r"^(debug_exit|bootarg\w*|cons_putc|cputchar|panic_\w+|monitor|runcmd|sched_halt|_exit|exit|abort|write|syscall)$")
SECTIONS = re.compile(r"^\.(init|fini|ctors|dtors|init_array|fini_array|preinit_array)\b")
INSTRUCTIONS = re.compile(r"^(out[bwl]?|outs[bwl]?|syscall|sysenter|int)$")
MACHINE_ONLY = ("kern/dp/window.c", "kern/dp/ceiling.c", "kern/dp/ceiling_answer.c")
UNITED = "kern/lwip/united.c"  # no file: what the dataplane and lwIP are linked to (kern/Makefrag), inspected like one
REFERENCE = os.path.join("tests", "course", "reference.json")


def objects(tree, name):
    """What was made of a source file: for the kernel, and for tests on this host."""
    stem = os.path.splitext(name)[0] + ".o"
    return [path for path in (os.path.join(tree, "obj", stem), os.path.join(tree, "obj", "tests", stem)) if os.path.exists(path)]


def host_objects(tree):
    """What to build so that the submitted files can be looked at as programs of this host."""
    with open(os.path.join(tree, REFERENCE), encoding="utf-8") as f:
        return host_objects_of(json.load(f))


def host_objects_of(names):
    """Of drivers and the dataplane, that is; the kernel's core does not compile for this host."""
    sources = [name for name in names if name.endswith(".c") and name.startswith(("kern/dev/", "kern/dp/"))]
    return [os.path.join("obj", "tests", os.path.splitext(name)[0] + ".o") for name in sources if name not in MACHINE_ONLY]


def traits(tree, name):
    """{kind: set of what is notable about the file}"""
    found = {"string": set(), "function": set(), "section": set(), "instruction": set()}
    for path in objects(tree, name):
        found["string"] |= {line.strip() for line in output("strings", "-d", "-n", str(SHORTEST), path)}
        for line in output("nm", "-u", path):
            kind, symbol = line.split()[-2:]
            if kind in "wv" or FORBIDDEN.match(symbol):
                found["function"].add(symbol)
        for line in output("objdump", "-h", path):
            words = line.split()
            if len(words) > 2 and SECTIONS.match(words[1]):
                found["section"].add("%s of %s bytes" % (words[1], words[2]))  # sanitizers have one, too
        for line in output("objdump", "-d", "--no-show-raw-insn", path):
            words = line.split("\t")
            if len(words) > 1 and words[1].split() and INSTRUCTIONS.match(words[1].split()[0]):
                found["instruction"].add(words[1].split()[0])
    return found


def output(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return done.stdout.decode("utf-8", "replace").splitlines()


def trusted_words(tree):
    """Lines that only trusted programs and tests print or want."""
    words = set()
    kernel = os.path.join(tree, "obj", "strip", "kern", "kernel")  # which says what was submitted
    for path in set(glob.glob(os.path.join(tree, "obj", "strip", "*", "*"))) - {kernel}:
        words |= {line.strip() for line in output("strings", "-n", str(SHORTEST), path)}
    for path in set(glob.glob(os.path.join(tree, "tests", "grade", "*.py"))) - {os.path.join(tree, "tests", "grade", "course.py")}:
        with open(path, encoding="utf-8") as f:
            words |= {text.strip() for text in re.findall(r"\"([^\"\\\n]{%d,})\"" % SHORTEST, f.read())}
    return words


def learn(tree, names):
    """Of the solution, once: what is honest."""
    told = {name: {kind: sorted(values) for kind, values in traits(tree, name).items()} for name in names}
    with open(os.path.join(tree, REFERENCE), "w", encoding="utf-8") as f:
        json.dump(told, f)


def find(tree):
    """Words about each suspicious thing, none if all is honest."""
    with open(os.path.join(tree, REFERENCE), encoding="utf-8") as f:
        reference = json.load(f)
    words, found = None, []
    for name, honest in sorted(reference.items()):
        for kind, values in traits(tree, name).items():
            new = values - set(honest[kind])
            if kind == "string" and new:
                words = trusted_words(tree) if words is None else words
                new = {text for text in new if imitates(text, words)}
            found += ["%s: %s %s" % (name, kind, text) for text in sorted(new)]
    return found


def imitates(text, words):
    """Is it one of the words, or does it hold one, with something of its own around?"""
    return any(word in text or (text in word and len(text) > SHORTEST + 4) for word in words)
