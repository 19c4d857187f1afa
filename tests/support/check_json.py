# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""check_json.py SCHEMA [FILE...]: exit 0 if every JSON or YAML document follows the schema, else 1 and every reason.

Without files one document is read from standard input. With files, the last line counts them."""
import json
import sys

import jsonschema


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        import yaml

        return yaml.safe_load(text)


def main(schema_path, *paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    check = validator(schema)
    texts = [("", sys.stdin.read())] if not paths else [(path + ": ", open(path, encoding="utf-8").read()) for path in paths]
    wrong = 0
    for name, text in texts:
        for problem in check.iter_errors(parse(text)):
            print(name + "/".join(str(step) for step in problem.absolute_path) + ": " + problem.message)
            wrong = 1
    if paths:
        print(f"{len(paths)} documents")
    return wrong


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
