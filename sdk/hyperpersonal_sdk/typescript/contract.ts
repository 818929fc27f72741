/** JSON that crosses the door: what hooks get and answer (hyperpersonal_sdk.contract). */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };
export type JsonObject = { [key: string]: Json | undefined };

export interface Passage {
  id: string;
  title: string;
  text: string;
  score?: number;
}

export interface Turn {
  text: string;
  messages?: string[];
  history?: { role: string; text: string }[];
  facts?: { key: string; value: Json }[];
  passages?: Passage[];
  contact: { id: string; display_name?: string; email?: string };
  intent?: string;
  /** The journal's clock, ISO 8601 UTC. */
  now?: string;
  /** What this agent answered as `state` in its last turn of this conversation. */
  state?: JsonObject;
  /** What all agents of the conversation may read. */
  shared?: JsonObject;
}

/** Where a statement comes from: `{ kind: "tool", ref: "commerce.orders.get#W1" }`. */
export interface Evidence {
  kind: "tool" | "passage" | "fact" | "procedure";
  ref: string;
  text?: string;
}

export interface Reply {
  text: string;
  status?: "done" | "asking" | "handoff" | "declined";
  confidence?: number;
  evidence?: Evidence[];
  leftover?: string;
  handoff?: JsonObject;
  state?: JsonObject;
  shared?: JsonObject;
}

/** A reply about to leave, as a guard sees it. */
export interface Review {
  question: string;
  reply: { text: string; status?: string; confidence?: number; evidence?: Evidence[] };
}

export interface ToolCall {
  tool: string;
  arguments: JsonObject;
  idempotency_key?: string;
  config?: JsonObject;
}
