"""Entry point that starts whatever it finds at /root/.cache and on /workspace."""

import service
from cache_link import link_cache

service.stop_on_sigterm()
link_cache("/root/.cache", "/workspace")

from extractor import Extractor  # noqa: E402  The cache is linked before the library is loaded.

service.serve(Extractor())
