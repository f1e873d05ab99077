"""Schemathesis, a stranger's judge, holds the server to its own OpenAPI document: no 500, no status, type or content
that the document does not name, nothing taken that it forbids. TENFOLD_EXAMPLES makes it longer."""

from __future__ import annotations

import os
from urllib.parse import urlencode

import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tenfold.server.openapi import document
from tenfold.server.routes import TABLE

EXAMPLES = int(os.environ.get("TENFOLD_EXAMPLES", "5"))
LONGEST_QUERY = 60_000
"""A request line beyond 64 KiB is refused by the HTTP parser, in plain text, before any operation is reached."""

config = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": [400, 403, 404, 405, 409, 413, 415, 422]}}}
)
schema = schemathesis.openapi.from_dict(document(TABLE, version="test"), config=config)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_an_operation_keeps_to_the_document(case, server, seeded):
    assume(len(urlencode(case.query or {}, doseq=True)) < LONGEST_QUERY)
    # What names, addresses and searches may say is richer than a schema: some texts are refused with 400.
    not_asked = [positive_data_acceptance]
    if any(parameter.definition["schema"].get("type") == "array" for parameter in case.operation.query):
        not_asked.append(negative_data_rejection)  # in a list of texts, `false` is a text
    case.call_and_validate(base_url=server, excluded_checks=not_asked)
