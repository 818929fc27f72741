"""The persons that scripted demo conversations use; README.md tells who they are."""

from msgspec import Struct

from hyperpersonal_web.demo_shop.model import Address, PaymentMethod


class KnownOrder(Struct, frozen=True):
    """`items`: product name and the options of the variant bought."""

    id: str
    status: str
    days_ago: int
    items: list[tuple[str, dict[str, str]]]
    paid_with: str
    tracking_id: str = ""


class KnownPerson(Struct, frozen=True):
    id: str
    first_name: str
    last_name: str
    email: str
    address: Address
    payment_methods: list[PaymentMethod]
    orders: list[KnownOrder]


WELL_KNOWN = [
    KnownPerson(
        "maya_lindqvist_1", "Maya", "Lindqvist", "maya.lindqvist@example.com",
        Address("12 Orchard Lane", "", "Portland", "OR", "USA", "97201"),
        [PaymentMethod("credit_card_1000001", "credit_card", "visa", "4242")],
        [KnownOrder(
            "#W1000001", "processed", 3,
            [("Ridgeline Rain Jacket", {"color": "moss", "size": "M"})],
            "credit_card_1000001", "FH1000000001",
        )],
    ),
    KnownPerson(
        "tom_okafor_2", "Tom", "Okafor", "tom.okafor@example.com",
        Address("48 Mill Road", "Apt 3", "Burlington", "VT", "USA", "05401"),
        [
            PaymentMethod("paypal_1000002", "paypal"),
            PaymentMethod("gift_card_1000002", "gift_card", balance=2500),
        ],
        [KnownOrder(
            "#W1000002", "delivered", 9,
            [
                ("Hearth Wool Blanket", {"color": "oat", "size": "throw"}),
                ("Tarn Enamel Mug", {"color": "navy", "capacity": "350 ml"}),
            ],
            "paypal_1000002", "FH1000000002",
        )],
    ),
    KnownPerson(
        "priya_nair_3", "Priya", "Nair", "priya.nair@example.com",
        Address("7 Harbor Way", "", "Bellingham", "WA", "USA", "98225"),
        [
            PaymentMethod("credit_card_1000003", "credit_card", "mastercard", "5100"),
            PaymentMethod("gift_card_1000003", "gift_card", balance=20000),
        ],
        [KnownOrder(
            "#W1000003", "pending", 1,
            [
                ("Cairn Daypack", {"color": "slate", "capacity": "18 l"}),
                ("Pebble Head Torch", {"brightness": "300 lm", "color": "black"}),
            ],
            "credit_card_1000003",
        )],
    ),
    KnownPerson(
        "jonas_weber_4", "Jonas", "Weber", "jonas.weber@example.com",
        Address("230 Lakeview Drive", "", "Madison", "WI", "USA", "53703"),
        [PaymentMethod("credit_card_1000004", "credit_card", "visa", "1881")],
        [
            KnownOrder(
                "#W1000004", "delivered", 12,
                [("Fellside Hiking Boots", {"color": "brown", "size": "42"})],
                "credit_card_1000004", "FH1000000004",
            ),
            KnownOrder(
                "#W1000005", "pending", 2,
                [("Stillwater Kettle", {"color": "copper", "capacity": "1 l"})],
                "credit_card_1000004",
            ),
        ],
    ),
    KnownPerson(
        "elena_rossi_5", "Elena", "Rossi", "elena.rossi@example.com",
        Address("5 Juniper Court", "", "Asheville", "NC", "USA", "28801"),
        [PaymentMethod("paypal_1000005", "paypal")],
        [KnownOrder(
            "#W1000006", "cancelled", 6,
            [("Alder Bookshelf", {"color": "oak", "height": "5 shelves"})],
            "paypal_1000005",
        )],
    ),
    KnownPerson(
        "sam_carter_6", "Sam", "Carter", "sam.carter@example.com",
        Address("901 Quarry Road", "", "Boulder", "CO", "USA", "80302"),
        [PaymentMethod("gift_card_1000006", "gift_card", balance=500)],
        [],
    ),
]  # fmt: skip
