/**
 * How a plugin is written in TypeScript: one export made by `agent`, `guard`, `connector` or `plugin`.
 *
 *     import { agent } from "@hyperpersonal/sdk";
 *     export const handle = agent((turn, host) => `You wrote: ${turn.text}`);
 *
 * Hooks are synchronous: a host call returns its answer or throws.
 */
import { Host, HostCallFailed, suspended, start, words } from "./door.js";
import type { Json, Reply, Review, ToolCall, Turn } from "./contract.js";

export { Host, HostCallFailed, ToolFailed } from "./door.js";
export type * from "./contract.js";

export type Hook = (payload: any, host: Host) => unknown;
export type Handle = (input: string) => string;

/** The component's entry, out of hooks by name (`reply`, `call_tool`, `review_reply`, …). */
export function plugin(hooks: Record<string, Hook>): Handle {
  return (input) => {
    start();
    try {
      const { hook, payload } = JSON.parse(input) as { hook: string; payload: unknown };
      if (!Object.hasOwn(hooks, hook)) throw new HostCallFailed("not-found", `this plugin has no hook ${hook}`);
      return answered(hooks[hook]!(payload, new Host()));
    } catch (error) {
      throw failure(error);
    } finally {
      // Whatever the plugin made of it: the run that was put to sleep has no answer.
      if (suspended()) throw { tag: "suspended" };
    }
  };
}

/** A plugin that answers shoppers. */
export function agent(reply: (turn: Turn, host: Host) => Reply | string): Handle {
  return plugin({
    reply: (turn: Turn, host) => {
      const answer = reply(turn, host);
      return typeof answer === "string" ? { text: answer } : answer;
    },
  });
}

/** A plugin that reads replies before they leave: why a person must see one first, or nothing. */
export function guard(review: (ask: Review, host: Host) => string | null | undefined): Handle {
  return plugin({
    review_reply: (ask: Review, host) => {
      const reason = review(ask, host);
      return reason ? { verdict: "hold", reason } : { verdict: "pass" };
    },
  });
}

/** A plugin that serves tools: one function each, with the arguments and the whole call. */
export function connector(
  tools: Record<string, (args: any, host: Host, call: ToolCall) => Json>,
): Handle {
  return plugin({
    call_tool: (call: ToolCall, host) => {
      const tool = Object.hasOwn(tools, call.tool) ? tools[call.tool] : undefined;
      if (!tool) return { failure: { kind: "unavailable", message: `no tool ${call.tool} here` } };
      try {
        return { value: tool(call.arguments, host, call) };
      } catch (error) {
        if (suspended() || !(error instanceof HostCallFailed)) throw error;
        return { failure: { kind: error.kind, message: error.message } };
      }
    },
  });
}

function answered(value: unknown): string {
  if (typeof (value as Promise<unknown> | undefined)?.then === "function") {
    throw new TypeError("a hook answers at once: it is no async function");
  }
  return JSON.stringify(value ?? null);
}

function failure(error: unknown): { tag: string; val?: string } {
  if (suspended()) return { tag: "suspended" };
  if (error instanceof HostCallFailed) return { tag: error.kind, val: error.message };
  const { told, stack } = words(error);
  console.error(stack);
  return { tag: "failed", val: told };
}
