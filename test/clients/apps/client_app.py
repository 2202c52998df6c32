"""Uses the client of openapi-python-client."""
import json
import sys

from postage import AuthenticatedClient
from postage.api.deliveries import create_delivery
from postage.api.letters import create_letter, list_letters
from postage.api.usage import get_entitlements
from postage.models import GatewayError, NewEmailDelivery, NewLetter

url, token = sys.argv[1:3]
client = AuthenticatedClient(base_url=url, token=token)
letter = create_letter.sync(client=client, body=NewLetter(title="To me", body="Dear me"), idempotency_key="first")
order = NewEmailDelivery.from_dict(
    {
        "letterId": letter.id,
        "channel": "email",
        "deliverAt": "2046-11-24T09:00:00Z",
        "recipient": {"email": "ada@example.com"},
    }
)
problem = create_delivery.sync(client=client, body=order)
page = list_letters.sync(client=client, limit=2)
stranger = get_entitlements.sync(client=AuthenticatedClient(base_url=url, token="not.a.token"))
print(
    json.dumps(
        {
            "title": letter.title,
            "problem": type(problem).__name__,
            "letters": len(page.items),
            "unauthorized": stranger.message if isinstance(stranger, GatewayError) else None,
        }
    )
)
