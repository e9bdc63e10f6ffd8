#!/usr/bin/env python3
"""Verifies a Trapline announcement (Standard Webhooks) with the standard library.

Run as a program it checks itself against the specification's example.
"""

import base64
import hashlib
import hmac
import time

TOLERANCE_SECONDS = 5 * 60


def verify(secret, headers, body, now=None):
    """Returns whether `body` (bytes, as received) was signed with `secret`.

    `headers` is a mapping with lower-case names. A message that was delivered
    before has the same webhook-id: keep the ids of a day and drop repeats.
    """
    try:
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        signatures = headers["webhook-signature"].split()
        age = (time.time() if now is None else now) - int(timestamp)
    except (KeyError, ValueError):
        return False
    if abs(age) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(expected, signature) for signature in signatures)


if __name__ == "__main__":
    example = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    assert verify(secret, example, body, now=1614265330)
    assert not verify(secret, example, body + b" ", now=1614265330)
    assert not verify(secret, example, body, now=1614269999)
    print("ok")
