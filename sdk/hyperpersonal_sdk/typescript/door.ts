/** The one door of a plugin: typed host calls, failures, and the run that is put to sleep. */
import { call as hostCall, log as hostLog } from "hyper:plugin/host@1.0.0";
import type { Json, JsonObject, Passage } from "./contract.js";

const KINDS = ["denied", "not-found", "invalid", "limit", "unavailable", "failed"];
const LINE_CHARS_MAX = 2_000;
let asleep = false;

/** A host call was refused or failed. `kind`: denied, not-found, invalid, limit, unavailable or
 *  failed; the message says what was missing. */
export class HostCallFailed extends Error {
  constructor(public readonly kind: string, message: string) {
    super(message);
    if (!KINDS.includes(kind)) throw new TypeError(`no kind of failure: ${kind}`);
  }
}

/** A tool answered with a failure the shopper can be told about. */
export class ToolFailed extends HostCallFailed {}

/** Thrown when an answer comes later. Catching it changes nothing: the run has ended. */
class Suspended {}

/** A run begins: nothing is asleep, random numbers come anew from the journal. */
export function start(): void {
  asleep = false;
  seed = null;
}

export function suspended(): boolean {
  return asleep;
}

/** The plugin's only way out. Every call is granted, journaled and metered by the host. */
export class Host {
  /** Any host call by name; the typed ones below are shorter. */
  call<T = Json>(name: string, payload: JsonObject): T {
    return JSON.parse(ask(name, JSON.stringify(payload))) as T;
  }

  /** Call a tool of an interface: `host.tool("commerce.orders.get", { order_id })`. */
  tool<T = Json>(tool: string, args: JsonObject = {}): T {
    const answer = this.call<{ value: T; failure?: { kind: string; message?: string } }>(
      "tool.call",
      { tool, arguments: args },
    );
    if (answer.failure) throw new ToolFailed(answer.failure.kind, answer.failure.message ?? "");
    return answer.value;
  }

  /** The merchant's nearest knowledge passages. */
  search(query: string, limit = 3): Passage[] {
    return this.call<{ passages: Passage[] }>("knowledge.search", { query, limit }).passages;
  }

  /** Keep a fact about this contact (a write). */
  remember(key: string, value: Json): void {
    this.call("memory.remember", { key, value });
  }

  /** Facts about this contact and nearest passages. */
  recall(query = "", limit = 5): { facts: { key: string; value: Json }[]; passages: Passage[] } {
    return this.call("memory.recall", { query, limit });
  }

  /** HTTP to an allow-listed host; credentials are put in by the host. */
  fetch(url: string, method = "GET", headers: Record<string, string> = {}, body = ""): JsonObject {
    return this.call("http.fetch", { url, method, headers, body });
  }

  /** The journal's clock, ISO 8601 UTC. */
  now(): string {
    return this.call<{ now: string }>("clock.now", {}).now;
  }

  /** A line for the plugin's log. */
  log(message: string, level: "debug" | "info" | "warn" | "error" = "info"): void {
    hostLog(level, message.slice(0, LINE_CHARS_MAX));
  }
}

/** What an exception says, and where it came from, whatever was thrown. */
export function words(error: unknown): { told: string; stack: string } {
  const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const stack = error instanceof Error && error.stack ? `${told}\n${error.stack}` : told;
  return { told: told.slice(0, LINE_CHARS_MAX), stack };
}

function ask(name: string, payload: string): string {
  if (asleep) throw new Suspended();
  try {
    return hostCall(name, payload);
  } catch (error) {
    const { tag, val } = (error as { payload?: { tag: string; val?: string } }).payload ?? {
      tag: "failed",
      val: String(error),
    };
    if (tag === "suspended") {
      asleep = true;
      throw new Suspended();
    }
    throw new HostCallFailed(tag, val ?? "");
  }
}

// Random numbers come from the journal, so that a second run of the turn draws the same ones;
// QuickJS' own generator would give the same numbers in every turn of every tenant.
// Source: sfc32 of PractRand 0.95 (public domain).
let seed: Uint32Array | null = null;

Math.random = () => {
  seed ??= seeded(JSON.parse(ask("random.bytes", '{"n":32}')).hex);
  return sfc32(seed) / 2 ** 32;
};

function seeded(hex: string): Uint32Array {
  const state = new Uint32Array(4);
  for (let at = 0; at < 4; at++) state[at] = parseInt(hex.slice(8 * at, 8 * at + 8), 16);
  for (let round = 0; round < 12; round++) sfc32(state);
  return state;
}

function sfc32(state: Uint32Array): number {
  const [a, b, c, count] = state as unknown as [number, number, number, number];
  const sum = (a + b + count) >>> 0;
  state[0] = b ^ (b >>> 9);
  state[1] = c + (c << 3);
  state[2] = ((c << 21) | (c >>> 11)) + sum;
  state[3] = count + 1;
  return sum;
}

const printed = (level: "debug" | "info" | "warn" | "error") => (...parts: unknown[]) =>
  hostLog(level, parts.map(shown).join(" ").slice(0, LINE_CHARS_MAX));

function shown(part: unknown): string {
  return typeof part === "object" && part !== null ? JSON.stringify(part) : String(part);
}

globalThis.console = {
  debug: printed("debug"),
  info: printed("info"),
  log: printed("info"),
  warn: printed("warn"),
  error: printed("error"),
} as unknown as typeof globalThis.console;
