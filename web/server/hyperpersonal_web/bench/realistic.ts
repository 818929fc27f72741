// The agent of runtime/bench.py's REALISTIC, in TypeScript: as an order agent goes about it.
import { agent } from "@hyperpersonal/sdk";

interface Price {
  minor: number;
  currency: string;
}

interface Order {
  id: string;
  status: string;
  items: { name: string; price: Price; options: Record<string, string> }[];
  fulfilments: { tracking_ids: string[] }[];
}

const money = ({ minor, currency }: Price) =>
  `${Math.trunc(minor / 100)}.${String(minor % 100).padStart(2, "0")} ${currency}`;

const line = (item: Order["items"][number]) => {
  const options = Object.entries(item.options).map(([key, value]) => `${key} ${value}`);
  return `${item.name} (${options.join(", ")}) for ${money(item.price)}`;
};

export const handle = agent((turn, host) => {
  const number = turn.text.match(/#?W\d{7}/)?.[0];
  if (!number) return { text: "Which order is it?", status: "asking" };
  const customer = host.tool<{ id: string; order_ids: string[] }>("commerce.customers.find", {
    email: "mia.li@example.com",
  });
  const order = host.tool<Order>("commerce.orders.get", { order_id: number });
  if (!customer.order_ids.includes(order.id)) {
    return { text: "That order is not yours.", status: "declined" };
  }
  const passage = host.search("how long does delivery take", 1)[0]!;
  const tracking = order.fulfilments[0]?.tracking_ids.join(", ");
  const text = `Order ${order.id} is ${order.status}: ${order.items.map(line).join("; ")}. Tracking: ${tracking}.`;
  return {
    text: `${text} ${passage.text}`,
    confidence: 0.92,
    evidence: [
      { kind: "tool", ref: `commerce.orders.get${order.id}`, text: order.status },
      { kind: "passage", ref: passage.id, text: passage.title },
    ],
    state: { order: order.id },
    shared: { customer: customer.id },
  };
});
