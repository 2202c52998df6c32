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


def _keep(logical_id, props, stack_name):
    return f"{stack_name}-{logical_id}", {}


def _keep_changed(physical_id, old_props, new_props, stack_name):
    return physical_id, {}


provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
    "create": _keep,
    "update": _keep_changed,
    "delete": lambda physical_id, props: None,
}

# --- An alarm on metric math is kept, and never rings. ---
# MiniStack refuses it. Its other alarms, on a metric each, are made.

_alarm = provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]


def _keep_alarm(name):
    return name, {"Arn": f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}"}


provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"] = {
    **_alarm,
    "create": lambda logical_id, props, stack_name: _keep_alarm(f"{stack_name}-{logical_id}")
    if "Metrics" in props
    else _alarm["create"](logical_id, props, stack_name),
    "update": lambda physical_id, old_props, new_props, stack_name, logical_id=None: _keep_alarm(physical_id)
    if "Metrics" in new_props
    else _alarm["update"](physical_id, old_props, new_props, stack_name, logical_id),
    "delete": lambda physical_id, props: None if "Metrics" in props else _alarm["delete"](physical_id, props),
}

# --- It ends with whoever started it. ---
# Standard input closes when that process dies, be it by SIGKILL, so that nothing is left running.


def _end_with_parent():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    app.main()
