// "What happened": one card a turn, with who answered and why, its evidence and its actions.

import { callsOf } from "./calls.js";
import { el, time } from "./dom.js";

const OUTCOMES = {
  answered: ["Answered", "ok"], asking: ["Asked back", "info"], clarifying: ["Asked back", "info"],
  declined: ["Declined", "muted"], handed_over: ["Handed to a person", "warn"],
};

/** The cards of all turns, newest first. `load(id)` reads the calls of one. */
export function turnCards(turns, load) {
  return turns.toReversed().map((turn) => turnCard(turn, load));
}

function turnCard(turn, load) {
  const running = turn.status === "running";
  const [word, tone] = running ? ["Working", "info"] : OUTCOMES[turn.outcome] ?? ["Interrupted", "bad"];
  return el("article", { class: "turn", "aria-label": `Turn answered by ${turn.agent || "nobody yet"}` },
    el("header", {},
      el("h3", {}, turn.agent || "The platform itself"),
      el("span", { class: `badge ${tone}` }, word),
      turn.started_at && time(turn.started_at)),
    confidence(turn.agent ? turn.confidence : turn.routing?.confidence),
    el("dl", {}, row("Routed", routed(turn.routing)), row("Why", turn.routing?.reason), row("Time", took(turn))),
    list("Evidence", turn.evidence, (item) => [
      el("span", { class: "kind" }, item.kind), el("code", {}, item.ref), item.text && el("span", {}, item.text)]),
    list("Actions", turn.actions, (item) => [
      el("code", {}, item.tool), el("span", { class: item.ok ? "ok" : "bad" }, item.ok ? "done" : "failed"),
      item.summary && el("span", {}, item.summary)]),
    callsOf(turn, load));
}

function confidence(value) {
  if (typeof value !== "number") return null;
  const percent = Math.round(value * 100);
  const word = value >= 0.8 ? "high" : value >= 0.5 ? "medium" : "low";
  return el("div", { class: `confidence ${word}` },
    el("span", {}, "Confidence"),
    el("meter", { min: 0, max: 1, low: 0.5, high: 0.8, optimum: 1, value, "aria-label": "Confidence" }),
    el("strong", {}, `${percent} % · ${word}`));
}

function routed(routing) {
  if (!routing?.label) return "";
  return routing.runner_up ? `${routing.label} (next: ${routing.runner_up})` : routing.label;
}

function took(turn) {
  if (!turn.finished_at) return "";
  return `${new Date(turn.finished_at) - new Date(turn.started_at)} ms`;
}

function row(name, value) {
  return value ? [el("dt", {}, name), el("dd", {}, value)] : [];
}

function list(title, items, parts) {
  if (!items?.length) return null;
  return el("section", {}, el("h4", {}, title), el("ul", {}, items.map((item) => el("li", {}, parts(item)))));
}

/** The state of the conversation in one line, and the packet a person gets. */
export function handoffCard(conversation, handoff) {
  if (conversation.mode !== "manual" && !handoff) return null;
  const taken = Boolean(conversation.member_id);
  return el("article", { class: "turn handoff" },
    el("header", {}, el("h3", {}, taken ? "A person has this conversation" : "Waiting for a person"),
      el("span", { class: "badge warn" }, handoff?.reason?.replaceAll("_", " ") ?? "takeover")),
    handoff && el("dl", {},
      row("Wants", handoff.packet?.goal), row("Tried", (handoff.packet?.tried ?? []).join("; ")),
      row("Open", handoff.packet?.question), row("Suggested", handoff.packet?.suggested_action)));
}
