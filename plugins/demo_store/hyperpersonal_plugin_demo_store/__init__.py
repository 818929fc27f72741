"""The demo shop behind the commerce tools: each function asks the shop and gives back what it says
in the canonical shapes of hyperpersonal_sdk.contract.commerce."""

from hyperpersonal_sdk.authoring import Connector

from hyperpersonal_plugin_demo_store.shapes import customer, order, product
from hyperpersonal_plugin_demo_store.shop import Shop, segment

plugin = Connector()


@plugin.tool("commerce.customers.find")
def find_customer(host, email="", first_name="", last_name="", zip=""):  # noqa: A002 - its name
    query = {"email": email, "first_name": first_name, "last_name": last_name, "zip": zip}
    return customer(Shop(host).get("/v1/customers", query))


@plugin.tool("commerce.customers.get")
def get_customer(host, customer_id):
    return customer(Shop(host).get(f"/v1/customers/{segment(customer_id)}"))


@plugin.tool("commerce.orders.get")
def get_order(host, order_id):
    return order(Shop(host).get(f"/v1/orders/{segment(order_id)}"))


@plugin.tool("commerce.products.get")
def get_product(host, product_id):
    return product(Shop(host).get(f"/v1/products/{segment(product_id)}"))


@plugin.tool("commerce.products.search")
def search_products(host, query):
    return [product(found) for found in Shop(host).get("/v1/products", {"query": query})]


@plugin.tool("commerce.orders.cancel", write=True)
def cancel_order(host, order_id, reason, idempotency_key):
    path = f"/v1/orders/{segment(order_id)}/cancel"
    return order(Shop(host).write("POST", path, {"reason": reason}, idempotency_key))


@plugin.tool("commerce.orders.set_address", write=True)
def set_order_address(host, order_id, address, idempotency_key):
    path = f"/v1/orders/{segment(order_id)}/address"
    return order(Shop(host).write("PUT", path, {"address2": "", **address}, idempotency_key))


@plugin.tool("commerce.orders.set_payment", write=True)
def set_order_payment(host, order_id, payment_method_id, idempotency_key):
    path = f"/v1/orders/{segment(order_id)}/payment"
    body = {"payment_method_id": payment_method_id}
    return order(Shop(host).write("PUT", path, body, idempotency_key))


@plugin.tool("commerce.orders.set_items", write=True)
def set_order_items(host, order_id, idempotency_key, **replacement):
    """`replacement`: item_ids, new_item_ids and payment_method_id."""
    path = f"/v1/orders/{segment(order_id)}/items"
    return order(Shop(host).write("PUT", path, replacement, idempotency_key))


@plugin.tool("commerce.returns.create", write=True)
def create_return(host, order_id, item_ids, payment_method_id, idempotency_key):
    path = f"/v1/orders/{segment(order_id)}/returns"
    body = {"item_ids": item_ids, "payment_method_id": payment_method_id}
    return order(Shop(host).write("POST", path, body, idempotency_key))


@plugin.tool("commerce.exchanges.create", write=True)
def create_exchange(host, order_id, idempotency_key, **replacement):
    """`replacement`: item_ids, new_item_ids and payment_method_id."""
    path = f"/v1/orders/{segment(order_id)}/exchanges"
    return order(Shop(host).write("POST", path, replacement, idempotency_key))


@plugin.tool("commerce.customers.set_address", write=True)
def set_customer_address(host, customer_id, address, idempotency_key):
    path = f"/v1/customers/{segment(customer_id)}/address"
    return customer(Shop(host).write("PUT", path, {"address2": "", **address}, idempotency_key))
