"""What SARIF 2.1.0 and code scanning demand of the objects that Soundcheck writes, as a JSON Schema.

Written from the standard (OASIS, sections named below) and from GitHub's page on SARIF support. Stricter than the
standard's own schema: no property that Soundcheck does not write is allowed, locations and fingerprints are demanded
as code scanning demands them, URIs are relative, and a result that is no failure has the level ``none``.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

LEVEL: Schema = {"enum": ["none", "note", "warning", "error"]}
BAG: Schema = {"type": "object"}  # 3.8: any property, tags are unique strings
TAGS: Schema = {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "maxItems": 10}


def text(limit: int = 1_024) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": limit}


def closed(required: str, **properties: Schema) -> Schema:
    """An object with these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def listed(items: Schema, **bounds: Any) -> Schema:
    return {"type": "array", "items": items, **bounds}


MESSAGE = closed("text", text=text())  # 3.11
HELP = closed("text markdown", text=text(4_000), markdown=text(4_000))  # 3.12
RELATIVE_URI: Schema = {"type": "string", "pattern": r"^(?!/)(?!\.\.?(/|$))[A-Za-z0-9_.~/%-]+$"}
ARTIFACT_LOCATION = closed("uri uriBaseId", uri=RELATIVE_URI, uriBaseId={"const": "%SRCROOT%"})  # 3.4
REGION: Schema = {  # 3.30: of a text a line, of other files a byte
    "anyOf": [
        closed("startLine", startLine={"type": "integer", "minimum": 1}),
        closed("byteOffset byteLength", byteOffset={"type": "integer", "minimum": 0}, byteLength={"const": 1}),
    ]
}
PHYSICAL = closed("artifactLocation", artifactLocation=ARTIFACT_LOCATION, region=REGION)  # 3.29
LOGICAL = closed("name kind", name=text(), kind={"const": "member"}, fullyQualifiedName=text())  # 3.33
LOCATION = closed("physicalLocation", physicalLocation=PHYSICAL, logicalLocations=listed(LOGICAL))  # 3.28

RULE = closed(  # 3.49
    "id name shortDescription fullDescription help defaultConfiguration properties",
    id=text(255),
    name=text(255),
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=HELP,
    defaultConfiguration=closed("level", level=LEVEL),
    properties={
        "type": "object",
        "properties": {"tags": TAGS, "security-severity": {"type": "string", "pattern": r"^(10|\d)\.\d$"}},
        "required": ["tags"],
    },
)

RESULT: Schema = closed(  # 3.27
    "ruleId ruleIndex kind level message partialFingerprints locations properties",
    ruleId=text(255),
    ruleIndex={"type": "integer", "minimum": 0},
    kind={"enum": ["fail", "open"]},
    level=LEVEL,
    message=MESSAGE,
    partialFingerprints={
        "type": "object",
        "required": ["primaryLocationLineHash"],
        "additionalProperties": {"type": "string", "minLength": 1},
    },
    locations=listed(LOCATION, minItems=1, maxItems=10),
    properties=BAG,
)
RESULT["if"] = {"properties": {"kind": {"const": "fail"}}}
RESULT["then"] = {"properties": {"level": {"enum": ["note", "warning", "error"]}}}
RESULT["else"] = {"properties": {"level": {"const": "none"}}}  # 3.27.10

NOTIFICATION = closed(  # 3.58
    "message level descriptor",
    message=MESSAGE,
    level=LEVEL,
    descriptor=closed("id", id=text(255)),
    locations=listed(LOCATION),
)

RUN = closed(  # 3.14
    "tool automationDetails originalUriBaseIds columnKind artifacts invocations results properties",
    tool=closed(
        "driver",
        driver=closed(  # 3.19
            "name version shortDescription rules",
            name=text(255),
            version=text(255),
            shortDescription=MESSAGE,
            rules=listed(RULE, uniqueItems=True, maxItems=25_000),
        ),
    ),
    automationDetails=closed("id", id={"type": "string", "pattern": r"^soundcheck/[^/]+/$"}),
    originalUriBaseIds=closed("%SRCROOT%", **{"%SRCROOT%": closed("description", description=MESSAGE)}),
    columnKind={"enum": ["unicodeCodePoints", "utf16CodeUnits"]},
    artifacts=listed(  # 3.24
        closed(
            "location hashes roles",
            location=ARTIFACT_LOCATION,
            hashes={"type": "object", "additionalProperties": {"type": "string"}},
            roles=listed({"const": "analysisTarget"}),
        ),
        uniqueItems=True,
    ),
    invocations=listed(  # 3.20
        closed(
            "executionSuccessful exitCode exitCodeDescription toolExecutionNotifications",
            executionSuccessful={"type": "boolean"},
            exitCode={"type": "integer"},
            exitCodeDescription=text(),
            toolExecutionNotifications=listed(NOTIFICATION),
        ),
        minItems=1,
        maxItems=1,
    ),
    results=listed(RESULT, maxItems=5_000),
    properties=BAG,
)

SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **closed(  # 3.13
        "$schema version runs",
        **{"$schema": {"type": "string"}, "version": {"const": "2.1.0"}, "runs": listed(RUN, minItems=1, maxItems=20)},
    ),
}
