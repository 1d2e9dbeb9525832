"""Entry point with the fix as the incident's authors published it; only the service around it is ours.

It handles the regular file. It still asks exists(), which follows links: a dangling link is neither removed nor replaced.
"""

from pathlib import Path

import service

service.stop_on_sigterm()

cache_path = Path("/root/.cache")
workspace_path = Path("/workspace")

if cache_path.exists() and not cache_path.is_symlink():
    import shutil
    try:
        cache_type = 'dir' if cache_path.is_dir() else 'file'
        if cache_path.is_dir():
            shutil.rmtree(cache_path, ignore_errors=True)
        else:
            # It's a file, remove it properly
            cache_path.unlink(missing_ok=True)
        print(f"🗑️  Removed existing /root/.cache (was {cache_type})")
    except Exception as e:
        print(f"⚠️  Warning: Could not remove existing cache: {e}")

if not cache_path.exists():
    try:
        cache_path.symlink_to(workspace_path)
        print("✅ Created symlink: /root/.cache -> /workspace")
    except Exception as e:
        print(f"⚠️  Warning: Could not create symlink: {e}")
        # Try creating as directory if symlink fails (fallback)
        try:
            cache_path.mkdir(parents=True, exist_ok=True)
            print("✅ Created directory: /root/.cache (fallback)")
        except Exception as e2:
            print(f"❌ CRITICAL: Cannot create cache directory: {e2}")

from docstrange_utils import DocumentProcessor  # noqa: E402

service.serve(DocumentProcessor().extractor)
