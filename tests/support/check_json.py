# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""check_json.py SCHEMA < JSON or YAML: exit 0 if the document follows the schema, else 1 and every reason."""
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1], encoding="utf-8"))
text = sys.stdin.read()
try:
    document = json.loads(text)
except ValueError:
    import yaml

    document = yaml.safe_load(text)
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
problems = list(validator(schema).iter_errors(document))
for problem in problems:
    print("/".join(str(step) for step in problem.absolute_path) + ": " + problem.message)
sys.exit(1 if problems else 0)
