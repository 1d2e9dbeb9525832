"""Entry point as it was before the fix of the incident."""

import shutil
from pathlib import Path

import service

service.stop_on_sigterm()

cache_path = Path("/root/.cache")
workspace_path = Path("/workspace")

# rmtree only works on directories, and ignore_errors hides that it did nothing to a file. exists() follows links, so it
# is false for a dangling one: nothing is removed, and the name is taken when symlink_to comes.
if cache_path.exists() and not cache_path.is_symlink():
    shutil.rmtree(cache_path, ignore_errors=True)

if not cache_path.exists():
    try:
        cache_path.symlink_to(workspace_path)
        print("Created symlink: /root/.cache -> /workspace")
    except OSError as error:
        print(f"Symlink not created: {error}")

from extractor import Extractor  # noqa: E402  The incident's order: the cache is linked before the library is loaded.

service.serve(Extractor())
