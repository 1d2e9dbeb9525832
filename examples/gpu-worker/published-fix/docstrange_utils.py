"""The second half of the published fix: prepare the cache directories before the extractor is made.

Errors are logged and start-up goes on, so the same error comes back from the extractor.
"""

import logging
import os

from extractor import Extractor as DocumentExtractor

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
logger = logging.getLogger(__name__)


class DocumentProcessor:
    def __init__(self):
        # CRITICAL: Ensure cache directory exists and is writable before initialization
        self._ensure_cache_directory()

        self.extractor = DocumentExtractor()

    def _ensure_cache_directory(self):
        """Ensure cache directories exist and are writable."""
        cache_dirs = [
            os.path.expanduser("~/.cache"),
            os.path.expanduser("~/.cache/docstrange"),
            os.path.expanduser("~/.cache/huggingface"),
        ]

        for cache_dir in cache_dirs:
            cache_path = os.path.abspath(cache_dir)
            try:
                # If it exists as a file, remove it
                if os.path.exists(cache_path) and not os.path.isdir(cache_path):
                    logger.warning(f"Removing {cache_path} (was a file, need directory)")
                    os.remove(cache_path)

                # Create directory if it doesn't exist
                os.makedirs(cache_path, exist_ok=True)

                # Test write permissions
                test_file = os.path.join(cache_path, '.write_test')
                with open(test_file, 'w') as f:
                    f.write('test')
                os.remove(test_file)

                logger.info(f"✅ Cache directory ready: {cache_path}")
            except Exception as e:
                logger.error(f"❌ Cannot create/access cache directory {cache_path}: {e}")
                # Try to continue anyway - may work with different cache location
                pass
