"""Teaches schemathesis how a piece of a file is sent: as it is."""

import json

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def piece(_context, value):
    """Bytes as they are; whatever else was generated, as its text."""
    return {"data": value if isinstance(value, bytes) else json.dumps(value, default=str).encode()}
