"""Starts MiniStack 1.5.33 with those of its gaps closed that Postage would fall into.

Each patch has its reason beside it, and is listed in docs/testing.md. They reach into the pinned version: with another
one, a name that is missing stops the start.
"""

import json
import os
import signal
import sys
import threading

from ministack import app
from ministack.core import iam_actions
from ministack.services.cloudformation import provisioners

# --- Every request counts as sent over TLS. ---
# The policies of buckets, queues and topics refuse others, those of the CDK's own bucket too, and this endpoint speaks
# plain HTTP to this machine alone.

_pin_origin = app.pin_request_origin
app.pin_request_origin = lambda client_ip, secure: _pin_origin(client_ip, True)

# --- An e-mail is sent in the name of its sender. ---
# AWS asks for a right on the identity in SES that the address of the sender is. MiniStack asks for one on everything.

_ses_resource = iam_actions._ses_v2_resource_arn


def _sender_of_email(method, path, body, region, account):
    if path.rstrip("/") != "/v2/email/outbound-emails":
        return _ses_resource(method, path, body, region, account)
    address = json.loads(body)["FromEmailAddress"].split("<")[-1].rstrip(">")
    return f"arn:aws:ses:{region}:{account}:identity/{address}"


iam_actions._ses_v2_resource_arn = _sender_of_email

# --- A saved query is a text for the console. ---
# MiniStack has no console, and does not know the type.


def _keep_query(logical_id, props, stack_name):
    return f"{stack_name}-{logical_id}", {}


def _keep_changed_query(physical_id, old_props, new_props, stack_name):
    return physical_id, {}


provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
    "create": _keep_query,
    "update": _keep_changed_query,
    "delete": lambda physical_id, props: None,
}

# --- It ends with whoever started it. ---
# Standard input closes when that process dies, be it by SIGKILL, so that nothing is left running.


def _end_with_parent():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    app.main()
