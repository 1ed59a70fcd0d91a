"""Stores uploads behind a token. It stands for a real service: what the storage and the key server take is slept.

UPLOAD_SLOWER makes them that many percent slower, UPLOAD_FAILS refuses every that many-th upload of a load test, and
UPLOAD_BROKEN=1 breaks uploads of 10 MB.
"""

import asyncio
import hashlib
import os
import time

SLOWER = 1 + int(os.environ.get("UPLOAD_SLOWER", "0")) / 100
FAILS = int(os.environ.get("UPLOAD_FAILS", "0"))
BROKEN = os.environ.get("UPLOAD_BROKEN") == "1"

# A small key is enough to have something to compute.
MODULUS = (1 << 2203) - 1
EXPONENT = 65537


def validate_token(signature):
    """What validating a signed token takes."""
    time.sleep(0.0055 * SLOWER)
    return pow(signature, EXPONENT, MODULUS)


async def upload(content, request=1, users=1):
    """Stores one file; how long that takes depends on its size and on how many others do so."""
    size = len(content)
    if BROKEN and size > 5_000_000:
        raise OSError("storage element is full")
    hashlib.sha256(content).hexdigest()
    seconds = 0.03 if size < 100_000 else 0.12 if size < 5_000_000 else 0.3
    if users > 1:
        seconds = 0.1 + 0.0033 * users
    await asyncio.sleep(seconds * SLOWER)
    if users > 1 and FAILS and request % FAILS == 0:
        raise ConnectionError("too many connections")
