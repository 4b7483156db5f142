"""What schemathesis doesn't know by itself: how FHIR is sent, and that a page is text (tests/fuzz-contract)."""

import schemathesis


@schemathesis.serializer("application/fhir+ndjson")
def ndjson(ctx, value):
    """Lines are sent as they are, whatever is on them."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.deserializer("text/html")
def page(ctx, response):
    """A page is held against its schema as text."""
    return response.content.decode()
