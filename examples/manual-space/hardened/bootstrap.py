"""Starts the server so that no bytecode from the volume can ever run.

Run as `python3 -I`: isolated mode ignores PYTHONPYCACHEPREFIX, so this very process reads no bytecode from the volume, and
a script is always compiled from its source. What is decided here reaches the server, because exec keeps the process and
hands over the environment; a second process started by a shell would get neither.
"""

import os
import shutil
import sys

# Neither PYTHONDONTWRITEBYTECODE nor --check-hash-based-pycs helps: CPython obeys the flags of the .pyc that it finds, and
# one whose recorded mtime and size equal the source's is taken as it is. So take the place away that it is read from.
prefix = os.environ.pop("PYTHONPYCACHEPREFIX", None)
if prefix:
    # Also remove what is there: the volume outlives this image, and the next one may read it again.
    try:
        if os.path.isdir(prefix) and not os.path.islink(prefix):
            shutil.rmtree(prefix)
        elif os.path.lexists(prefix):
            os.unlink(prefix)
    except FileNotFoundError:
        pass  # Another replica was faster.
    except OSError as error:
        print(f"cannot remove the bytecode below {prefix}: {error}; it is not read", flush=True)

os.execv(sys.executable, [sys.executable, "server.py"])
