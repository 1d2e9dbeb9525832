"""A cache directory that is there and writable, and files in it that are whole."""

import os
import tempfile
import uuid

# Other workers on the same volume repair the same path: each attempt looks again. More than a few means a fight.
ATTEMPTS = 10


def usable_directory(path):
    """Returns `path` if it is, or can be made, a directory that this process can write; a new temporary one otherwise."""
    try:
        _make_directory(path)
        # A name of its own: with a fixed one, two workers remove each other's probe. mkstemp opens with O_EXCL.
        handle, probe = tempfile.mkstemp(prefix=".write-test-", dir=path)
        os.close(handle)
        os.unlink(probe)
        print(f"cache directory ready: {path}")
        return path
    except OSError as error:
        other = tempfile.mkdtemp(prefix=f"{os.path.basename(path)}-")
        print(f"cannot use {path} ({error}): using {other} until the next start")
        return other


def _make_directory(path):
    for _ in range(ATTEMPTS):
        try:
            os.makedirs(path, exist_ok=True)
            return
        except FileExistsError:
            # Something that is not a directory has the name. No exists() here: it is false for a dangling link.
            _clear_name(path)
    raise FileExistsError(f"{path} keeps coming back as something else than a directory")


def _clear_name(path):
    """Frees a name that is taken by anything but a directory, without losing what is there.

    The path is on a volume that other workers use: one of them may have put a good directory there since we looked. So
    never rename() here, which would take that directory away; link() and unlink() both refuse directories.
    """
    try:
        if os.path.islink(path):
            os.unlink(path)
            print(f"removed the link at {path}: it led to no directory")
        else:
            aside = f"{path}.not-a-directory-{uuid.uuid4().hex[:8]}"
            os.link(path, aside, follow_symlinks=False)
            os.unlink(path)
            print(f"moved {path} to {aside}: a directory belongs there")
    except (FileNotFoundError, IsADirectoryError):
        pass  # Another worker was faster.
    except PermissionError:
        # Linux: link(2) on a directory is EPERM. Still not a directory: then it is a real refusal.
        if not os.path.isdir(path):
            raise


def store(path, content):
    """Writes a file that is either whole or not there; a cache that cannot be written costs time, not the service."""
    fresh = f"{path}.{uuid.uuid4().hex}.tmp"
    try:
        _make_directory(os.path.dirname(path))
        with open(fresh, "xb") as file:
            file.write(content)
        os.replace(fresh, path)
    except OSError as error:
        print(f"cannot keep {path}: {error}")
        try:
            os.unlink(fresh)
        except OSError:
            pass
