"""Uses the models of datamodel-code-generator: what they make is accepted, and they read what Postage answers."""
import json
import sys
import urllib.error
import urllib.request

import models

url, token = sys.argv[1:3]


def ask(method, path, body=None):
    request = urllib.request.Request(
        url + path,
        method=method,
        data=None if body is None else body.model_dump_json(exclude_none=True).encode(),
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        return error.read()


letter = models.Letter.model_validate_json(ask("POST", "/letters", models.NewLetter(title="To me", body="Dear me")))
order = models.NewDelivery.model_validate(
    {
        "letterId": letter.id,
        "channel": "email",
        "deliverAt": "2046-11-24T09:00:00Z",
        "recipient": {"email": "ada@example.com"},
    }
)
problem = models.Problem.model_validate_json(ask("POST", "/deliveries", order)).root
credits = models.CreditsSummary.model_validate_json(ask("GET", "/credits"))
print(json.dumps({"title": letter.title, "problem": type(problem).__name__, "available": credits.available}))
