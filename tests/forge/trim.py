"""Cuts GitHub's own description of its interface down to the requests that perfgate sends.

    npm pack @octokit/openapi && tar xf octokit-openapi-*.tgz
    python3 tests/forge/trim.py package/generated/api.github.com.deref.json package/package.json > tests/forge/openapi.json

Kept of each operation: its parameters and the body it takes. The body's objects are closed, because perfgate is to send
nothing that the description does not know. The description is MIT licensed; openapi.LICENSE
is the package's notice.
"""

import json
import sys

REPO = "/repos/{owner}/{repo}"
USED = {
    "/user": ["get"],
    f"{REPO}/issues": ["get", "post"],
    f"{REPO}/issues/{{issue_number}}": ["get", "patch"],
    f"{REPO}/issues/{{issue_number}}/comments": ["get", "post"],
    f"{REPO}/issues/comments/{{comment_id}}": ["patch", "delete"],
    f"{REPO}/pulls": ["get"],
    f"{REPO}/pulls/{{pull_number}}": ["get"],
    f"{REPO}/commits/{{ref}}": ["get"],
    f"{REPO}/commits/{{ref}}/statuses": ["get"],
    f"{REPO}/compare/{{basehead}}": ["get"],
    f"{REPO}/statuses/{{sha}}": ["post"],
    f"{REPO}/actions/runs/{{run_id}}/artifacts": ["get"],
    f"{REPO}/actions/artifacts/{{artifact_id}}/{{archive_format}}": ["get"],
}
NOISE = {"description", "example", "examples", "default", "deprecated", "x-github", "externalDocs", "title"}


def schema(node, key=None):
    """A schema without what only people read, in JSON Schema's own words."""
    if isinstance(node, list):
        return [schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    is_names = key == "properties"
    out = {k: schema(v, k) for k, v in node.items() if is_names or k not in NOISE}
    if is_names:
        return out
    if out.pop("nullable", False) and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
        if "enum" in out and None not in out["enum"]:
            out["enum"].append(None)
    if out.get("type") == "object" and "properties" in out:
        out.setdefault("additionalProperties", False)
    return out


def operation(node):
    out = {
        "parameters": [
            {"name": p["name"], "in": p["in"], "required": p.get("required", False), "schema": schema(p["schema"])}
            for p in node.get("parameters", [])
        ]
    }
    body = node.get("requestBody")
    if body:
        out["body"] = schema(body["content"]["application/json"]["schema"])
    return out


def main():
    description = json.load(open(sys.argv[1]))
    version = json.load(open(sys.argv[2]))["version"]
    trimmed = {
        "source": f"@octokit/openapi {version}, api.github.com.deref.json {description['info']['version']}, cut by trim.py",
        "license": "MIT, see openapi.LICENSE; the description itself is GitHub's, github/rest-api-description, MIT as well",
        "paths": {
            path: {method: operation(description["paths"][path][method]) for method in methods}
            for path, methods in USED.items()
        },
    }
    json.dump(trimmed, sys.stdout, indent=1, sort_keys=True)
    print()


main()
