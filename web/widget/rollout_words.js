// What the parts of a rollout are called, and its figures in words.

export const METRICS = {
  errors: ["Errors", "a call of it failed, or a person got the conversation because something did"],
  handoffs: ["Handed to a person", "a person got the conversation"],
  refunds: ["Moved money", "a tool that moves money was called"],
  cost: ["Cost", "what language models took, and its calls of your shop, beside what is usual"],
};
export const STATES = {
  shadow: ["in the shadow", "info"], canary: ["for a few", "info"], promoted: ["everybody has it", "ok"],
  rolled_back: ["undone by itself", "bad"], stopped: ["stopped", ""],
};
const KINDS = {
  text: "other words", status: "another status", handoff: "another handover", confidence: "another confidence",
  evidence: "other evidence", state: "remembers something else", answer: "another answer", logs: "other notes",
  arguments: "other arguments", order: "another order", money: "another amount", refused: "something it may not do",
  recipient: "a new recipient", host: "a new service", field: "new fields", outcome: "another end", cost: "dearer",
  parted: "could not be followed",
};
const whole = new Intl.NumberFormat([], { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat([], { maximumFractionDigits: 1 });

export const runs = (one) => one.state === "shadow" || one.state === "canary";
export const percent = (part) => `${tenth.format(part * 100)} %`;
export const count = (number) => whole.format(number);
export const kindWords = (kind) => KINDS[kind] ?? kind;
export const points = (part) => `${tenth.format(Math.abs(part) * 100)} points`;

/** A rollout's state as [words, tone]. */
export function stateOf(one) {
  if (one.paused) return ["paused", "warn"];
  if (one.state === "canary") return [`for ${percent(one.share)} of new conversations`, "info"];
  return STATES[one.state] ?? [one.state, ""];
}

/** Where the difference of a metric lies, from its bounds, in a sentence. */
export function boundsWords([low, high], margin) {
  if (low >= 0) return "Shown to be worse. That undoes it.";
  if (margin !== null && high <= margin) return `Shown to be no more than ${points(margin)} worse. Good enough for the next step.`;
  const better = low <= -1 ? "any amount better" : low < 0 ? `${points(low)} better` : "the same";
  const worse = high >= 1 ? "any amount worse" : high <= 0 ? `${points(high)} better` : `${points(high)} worse`;
  return low <= -1 && high >= 1 ? "Nothing is shown yet." : `Somewhere from ${better} to ${worse}.`;
}
