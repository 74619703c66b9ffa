"""Whether this is `make test-long`: the same checks, many more cases."""

from __future__ import annotations

import os

LONG = os.environ.get("FENJI_LONG") == "1"
