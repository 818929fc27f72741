"""Text messages in and out, through the SMS gateway."""

import hmac
import json

from hyperpersonal_sdk import HostCallFailedError, Plugin

plugin = Plugin()

SEND = "https://gateway.sms.example/v1/messages"


@plugin.hook("install")
@plugin.hook("configure")
def keep_word(installed, host):
    """What `parse_inbound` compares with; it gets no configuration of its own."""
    host.call("kv.put", key="gateway_word", value=installed.config.gateway_word)


@plugin.hook("parse_inbound")
def parse_inbound(request, host):
    """A message of the gateway; None for what is no message, such as a receipt."""
    word = host.call("kv.get", key="gateway_word").value or ""
    told = request.headers.get("x-gateway-word", "")
    if not word or not hmac.compare_digest(word.encode(), told.encode()):
        raise HostCallFailedError("denied", "this is not the gateway")
    body = json.loads(request.body)
    if body.get("kind") != "message":
        return None
    return {
        "external_id": body["id"],
        "text": body["text"],
        "contact_ref": body["from"],
        "conversation_ref": body["from"],
        "sent_at": body.get("at", ""),
    }


@plugin.hook("deliver")
def deliver(message, host):
    """One reply; the gateway sends the same id once."""
    body = json.dumps({"id": message.id, "to": message.conversation_ref, "text": message.text})
    headers = {"Content-Type": "application/json", "Idempotency-Key": message.id}
    try:
        answer = host.fetch(SEND, "POST", headers, body)
    except HostCallFailedError as error:
        if error.kind not in ("unavailable", "failed"):
            raise  # not granted, or a fault of ours: not the gateway's
        return {"status": "failed", "detail": "the gateway does not answer"}
    if answer.status not in (200, 202):
        return {"status": "failed", "detail": f"the gateway answered {answer.status}"}
    return {"status": "delivered" if answer.status == 200 else "queued"}
