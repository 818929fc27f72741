"""Where a parcel is, asked at the carrier."""

import json
import re

from hyperpersonal_sdk import Connector, HostCallFailedError, ToolFailedError

plugin = Connector()

PARCELS = "https://api.carrier.example/v1/parcels/"
NUMBER = re.compile(r"[A-Z0-9]{6,30}")


@plugin.tool("shipping.parcels.get")
def get_parcel(host, parcel_id):
    if not NUMBER.fullmatch(str(parcel_id)):
        raise ToolFailedError("invalid", "A parcel's number has 6 to 30 capitals and digits.")
    found = ask(host, PARCELS + parcel_id)
    return {"id": parcel_id, "status": found["status"], "place": found.get("place", "")}


def ask(host, url):
    """The carrier's JSON; every failure becomes one a shopper can be told."""
    headers = {"Accept-Language": host.config.get("language", "en")}
    try:
        answer = host.fetch(url, headers=headers)
    except HostCallFailedError as error:
        if error.kind not in ("unavailable", "failed"):
            raise  # not granted, or a fault of ours: not the carrier's
        raise ToolFailedError("unavailable", "The carrier does not answer now.") from None
    if answer.status == 404:
        raise ToolFailedError("not-found", "The carrier knows no such parcel.")
    if answer.status != 200:
        raise ToolFailedError("unavailable", "The carrier cannot tell now.")
    return json.loads(answer.body)
