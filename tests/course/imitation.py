# SPDX-License-Identifier: MIT
"""Could a string of a submission print a line that tests rest on?

Tests look for lines that trusted programs print. So a pattern of a test is a trusted word if a program has a string that
prints it, and neither the trusted kernel nor what kernel and programs share has one that could: what these say by
themselves proves nothing. All else may be printed, assertions and whatever helps to find an error.
"""
import ast
import functools
import glob
import os
import re
import subprocess

SHORTEST = 8  # characters of a string that is looked at
DISTINCT = 12  # characters of a trusted word, less its variable parts: no shorter line is anybody's own
CONVERSION = re.compile(r"%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z)?[a-zA-Z]")
VARIABLE = re.compile(r"\([^()]*\)[?*+]?|\[[^]]*\](?:[?*+]|\{[^}]*\})?|\\\w(?:[?*+]|\{[^}]*\})?|.[?*+]")
GRADER = os.path.join("conf", "handout.d", "tree", "grade-lab-ix")  # what students are graded by, and so are classes
ANY = "\0"  # stands for a part of a line that is not always the same


def strings(*paths):
    """What the files hold that can be printed, line by line."""
    found = set()
    for path in paths:
        done = subprocess.run(["strings", "-d", "-n", str(SHORTEST), path], stdout=subprocess.PIPE, check=True)
        found |= {line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines()}
    return found


def line_of(text):
    """A format, with its variable parts marked."""
    return CONVERSION.sub(ANY, text).replace("%%", "%").strip()


def lines_of_pattern(pattern):
    """The same of a test's pattern, for each of its alternatives."""
    for one in re.split(r"(?<!\\)\|(?![^(]*\))", pattern):
        hidden = re.sub(r"\\(\W)", lambda m: chr(0xE000 + ord(m.group(1))), one.strip("^$"))  # no special meaning
        plain = VARIABLE.sub(ANY, CONVERSION.sub(ANY, hidden))
        yield re.sub("[\ue000-\ue0ff]", lambda m: chr(ord(m.group()) - 0xE000), plain).strip()


def fixed(line):
    return len(line.replace(ANY, ""))


@functools.lru_cache(maxsize=None)
def shape(line):
    return re.compile(".*".join(map(re.escape, line.split(ANY))), re.S)


def covers(line, other):
    """May the variable parts of a line be such that it is the other one?"""
    return shape(line).fullmatch(other) is not None


def begins(line):
    """The line, and what comes of it before each of its fixed parts: a test may look for no more than that."""
    parts = line.split(ANY)
    return [line] + [ANY.join(parts[:n]) + ANY for n in range(1, len(parts))]


def imitates(text, words):
    """Does a string hold one of the words, or, as a format, print most of one?"""
    line = line_of(text)
    ways = [begin for begin in begins(line) if fixed(begin) >= SHORTEST]
    return any(shape(word).search(line) or any(3 * fixed(way) >= 2 * fixed(word) and covers(way, word) for way in ways) for word in words)


def modules(tree):
    """Files of the tests that grade, and of those that they take parts from."""
    found, todo = set(), [os.path.join(tree, GRADER)]
    while todo:
        path = todo.pop()
        with open(path, encoding="utf-8") as f:
            parsed = ast.parse(f.read())
        for node in ast.walk(parsed):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "grade":
                names = node.module.split(".")[1:] or [alias.name for alias in node.names]
                paths = {os.path.join(tree, "tests", "grade", name + ".py") for name in names}
                todo += [p for p in paths - found if os.path.exists(p)]
                found |= paths
    return sorted(filter(os.path.exists, found))


def handed_over(parsed):
    """Strings that a module hands to functions, as tests do with what they look for; not the parts that it makes them of."""
    parts = {id(part) for node in ast.walk(parsed) if isinstance(node, ast.comprehension) for part in ast.walk(node.iter)}
    for call in ast.walk(parsed):
        if isinstance(call, ast.Call):
            given = call.args + [keyword.value for keyword in call.keywords if keyword.arg != "never"]
            for node in (node for argument in given for node in ast.walk(argument)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
                    yield node.value


def patterns(tree):
    """Lines that tests may look for."""
    found = set()
    for path in modules(tree):
        with open(path, encoding="utf-8") as f:
            for text in handed_over(ast.parse(f.read())):
                found |= set(lines_of_pattern(text))
    return {line for line in found if fixed(line) >= DISTINCT and " " in line}


def common_strings(tree):
    """Of the trusted kernel, the library that programs share with it, and headers."""
    objects = [path for folder in ("kern", "lib") for path in glob.glob(os.path.join(tree, "obj", folder, "**", "*.o"), recursive=True)]
    found = strings(*(path for path in objects if os.path.basename(path) != "binaries.o"))  # which holds programs
    for path in glob.glob(os.path.join(tree, "inc", "**", "*.h"), recursive=True):
        with open(path, encoding="utf-8") as f:
            found |= set(re.findall(r"\"((?:[^\"\\\n]|\\.)+)\"", f.read()))
    return found


def trusted_words(tree):
    """Of a tree that is built, with nobody's files but our own in it."""
    kernel = os.path.join(tree, "obj", "strip", "kern", "kernel")
    programs = set(glob.glob(os.path.join(tree, "obj", "strip", "*", "*"))) - {kernel}
    said = {begin for text in strings(*programs) for begin in begins(line_of(text)) if fixed(begin) >= SHORTEST}
    words = {word for word in patterns(tree) if any(line.startswith(word) or covers(line, word) for line in said)}
    common = common_strings(tree)
    return sorted(word for word in words if not any(imitates(text, [word]) for text in common))
