"""`python -m labwright.targets.local.agent`: go into the background and be the agent there.

The first process ends at once, so that who started it has no child to wait for.
"""

import os
import sys

if os.fork():
    os._exit(0)
os.setsid()

from .server import main  # noqa: E402 - nothing is worth importing before the fork

sys.exit(main())
