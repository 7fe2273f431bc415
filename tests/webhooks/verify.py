"""Verifies the golden vectors with the official Python library of Standard Webhooks.

`make webhooks` runs it where the library can be installed. The clock of the library is set to the
moment of each vector, so that what runs is its `verify` and not only its `sign`.
"""

import json
import pathlib
from datetime import datetime, timezone
from unittest import mock

from standardwebhooks import webhooks

vectors = json.loads(pathlib.Path(__file__).with_name("vectors.json").read_text())
count = 0
for vector in vectors:
    moment = datetime.fromtimestamp(vector["timestamp"], tz=timezone.utc)
    headers = {
        "webhook-id": vector["id"],
        "webhook-timestamp": str(vector["timestamp"]),
        "webhook-signature": vector["signature"],
    }
    for secret in vector["secrets"]:
        if not secret.startswith("whsec_"):
            continue  # The library knows no v1a.
        webhook = webhooks.Webhook(secret)
        with mock.patch.object(webhooks, "datetime", wraps=datetime) as clock:
            clock.now.return_value = moment
            webhook.verify(vector["body"], headers)
            try:
                webhook.verify(vector["body"] + " ", headers)
            except webhooks.WebhookVerificationError:
                count += 1
            else:
                raise SystemExit(f"{vector['name']}: another body was verified")
print(f"Python: {count} signatures verified")
