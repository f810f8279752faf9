# SPDX-License-Identifier: MIT
"""What lies in a class's folder: every entry is one submission, graded or refused, and none is passed over in silence. Only
names that begin with a dot are nobody's."""
import collections
import os
import stat

ENDINGS = (".tar.bz2", ".tar.gz", ".tar.xz", ".tgz", ".tar")
LONGEST = 200  # bytes of a name: .json is put behind it, and a file's name has 255

# `name`: the student's, printable, and no two have the same; `path`: of the tar file or folder; `why`: it is refused, or None.
Entry = collections.namedtuple("Entry", "name path why")


def entries_of(folder):
    """In the order of names. Those that will be graded have their own name, whatever the refused ones are called."""
    paths = [os.path.join(os.path.abspath(folder), entry) for entry in sorted(os.listdir(folder)) if not entry.startswith(".")]
    students = collections.Counter(student_of(path) for path in paths)
    good, bad, taken = [], [], set()
    for path in paths:
        why = obstacle(path, students[student_of(path)])
        (bad if why else good).append((path, why))
    found = []
    for path, why in good + bad:
        name = unlike(shown(os.path.basename(path) if why else student_of(path)), taken)
        taken.add(name)
        found.append(Entry(name, path, why))
    return sorted(found)


def student_of(path):
    name = os.path.basename(path)
    return next((name[:-len(ending)] for ending in ENDINGS if name.lower().endswith(ending)), name)


def obstacle(path, namesakes):
    """Why it is not even looked into, or None."""
    name, mode = os.path.basename(path), os.lstat(path).st_mode
    if not name.isprintable() or len(os.fsencode(name)) > LONGEST:
        return "its name has letters that are none, or too many of them"
    if namesakes > 1:
        return "there are %d submissions of that name" % namesakes
    if stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and student_of(path) != name):
        return None
    return "it is no tar file and no folder"


def shown(name):
    """As it can be printed, and be part of a file's name. What is no UTF-8 is no letter for isprintable(), either."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    while len(text.encode()) > LONGEST:
        text = text[:-1]
    return text


def unlike(name, taken):
    """The name, or with a number behind it, so that it is new."""
    candidates = ["%s (%d)" % (name, n) for n in range(2, len(taken) + 3)]
    return next(new for new in [name] + candidates if new not in taken)
