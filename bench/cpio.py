# SPDX-License-Identifier: MIT
"""Writes the archive that Linux unpacks into its first file system: cpio, format "newc" (the kernel's initramfs docs)."""
import os
import stat


class Archive:
    """Entries are added one by one; close() ends it. `data` is bytes. Folders must be added before what is in them."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.number = 0

    def add(self, name, mode, data=b"", device=(0, 0)):
        self.number += 1
        encoded = name.encode() + b"\0"
        fields = (self.number, mode, 0, 0, 1, 0, len(data), 0, 0) + tuple(device) + (len(encoded), 0)
        self.padded(b"070701" + b"".join(b"%08X" % field for field in fields) + encoded)
        self.padded(data)

    def padded(self, data):
        self.file.write(data + b"\0" * (-len(data) % 4))

    def folder(self, name):
        self.add(name, stat.S_IFDIR | 0o755)

    def link(self, name, to):
        self.add(name, stat.S_IFLNK | 0o777, to.encode())

    def text(self, name, text, mode=0o644):
        self.add(name, stat.S_IFREG | mode, text.encode())

    def copy(self, path, name):
        """A file of the host, and what it leads to if it is a link; executable if it is."""
        with open(path, "rb") as f:
            self.add(name, stat.S_IFREG | (0o755 if os.access(path, os.X_OK) else 0o644), f.read())

    def close(self):
        self.add("TRAILER!!!", 0)
        self.file.close()
