"""What only the demo serves: the page's set-up, with keys that open nothing but the demo's tenant.

The member's key is in it so that one page can show both sides; a real page never holds one.
"""

from collections.abc import Sequence
from typing import Any

from litestar import get
from litestar.types import ControllerRouterHandler

from hyperpersonal_web.demo.merchant import SHOP_NAME, Merchant
from hyperpersonal_web.demo.script import NOTES, SUGGESTIONS
from hyperpersonal_web.demo_shop.well_known import WELL_KNOWN


def demo_routes(merchant: Merchant) -> Sequence[ControllerRouterHandler]:
    """The demo's own routes."""
    setup = {
        "shop": SHOP_NAME,
        "channel_key": merchant.channel_key,
        "member_key": merchant.member_key,
        "suggestions": [{"label": label, "text": text} for label, text in SUGGESTIONS],
        "shoppers": [
            {
                "name": f"{person.first_name} {person.last_name}",
                "email": person.email,
                "orders": [order.id for order in person.orders],
                "note": NOTES.get(person.email, ""),
            }
            for person in WELL_KNOWN
        ],
    }

    @get("/demo/setup.json", include_in_schema=False)
    async def page_setup() -> dict[str, Any]:
        """Who can be played, and what to try."""
        return setup

    return (page_setup,)
