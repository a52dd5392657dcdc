"""Reads a JSON list of statements, and writes what sqlfluff's Snowflake grammar makes of each."""

import json
import sys

from sqlfluff.core import FluffConfig, Linter

# Without its templater, which would take braces in a literal for its own.
linter = Linter(config=FluffConfig(overrides={"dialect": "snowflake", "templater": "raw"}))


def read(text):
    parsed = linter.parse_string(text)
    root = parsed.root_variant()
    if root is None:
        return {"statements": [], "literals": [], "unread": [text]}
    crawl = root.tree.recursive_crawl
    return {
        "statements": [part.get_type() for one in crawl("statement") for part in one.segments],
        "literals": [part.raw for part in crawl("quoted_literal")],
        "unread": [part.raw for part in crawl("unparsable")]
        + [violation.rule_code() for violation in parsed.violations],
    }


json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
