"""Verifies one webhook as its receiver would, with PyPI's `standardwebhooks`.

stdin: {"secret": "whsec_…", "headers": {…}, "body": "…"}, and optionally "now" in Unix seconds for
a sender whose clock stands still. Prints OK, or says why not and exits with 1.
"""

import json
import sys
from datetime import datetime
from unittest import mock

from standardwebhooks import Webhook, webhooks

asked = json.loads(sys.stdin.buffer.read())
now = asked.get("now")


class Clock(datetime):
    """The sender's time instead of this machine's, when it is given."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) if now is None else datetime.fromtimestamp(now, tz)


try:
    with mock.patch.object(webhooks, "datetime", Clock):
        Webhook(asked["secret"]).verify(asked["body"], asked["headers"])
except Exception as error:  # Whatever it is, the webhook is not to be believed.
    sys.exit(f"{type(error).__name__}: {error}")
print("OK")
