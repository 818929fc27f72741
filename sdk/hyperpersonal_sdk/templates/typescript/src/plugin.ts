/** Tells shoppers where their order is. */
import { agent } from "@hyperpersonal/sdk";

export const handle = agent((turn, host) => {
  const number = turn.text.match(/#W\d{7}/)?.[0];
  if (!number) return { text: "Which order is it? Its number looks like #W1234567.", status: "asking" };
  const order = host.tool<{ id: string; status: string }>("commerce.orders.get", { order_id: number });
  const evidence = [{ kind: "tool" as const, ref: `commerce.orders.get${order.id}`, text: order.status }];
  return { text: `Order ${order.id} is ${order.status}.`, confidence: 0.95, evidence };
});
