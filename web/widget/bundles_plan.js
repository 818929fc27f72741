// What a plan would do, in a merchant's words; and where nothing fits, why, and what would.

import { el } from "./dom.js";

const VERBS = { install: "Installs", update: "Updates", keep: "Keeps" };

/** One line on how the draft stands. */
export function stateWords(draft) {
  const faults = draft.problems.length;
  return {
    asking: { tone: "", words: "Asking what it would do…" },
    faulty: { tone: "warn", words: faults === 1 ? "1 thing is not right yet" : `${faults} things are not right yet` },
    "does not fit": { tone: "warn", words: "These do not fit together" },
    fits: { tone: "ok", words: `It fits. A month costs ${draft.plan ? price(draft.plan) : "…"}.` },
    refused: { tone: "warn", words: "It was refused" },
    away: { tone: "warn", words: "Offline: your draft is kept here, and asked again soon" },
  }[draft.state];
}

/** The draft's state as a panel. `problems`: those that are shown at no field. */
export function planPanel(draft, problems) {
  const line = stateWords(draft);
  const head = el("p", { class: `state-line ${line.tone}` }, line.words);
  if (draft.state === "faulty") return [head, el("p", { class: "sub" }, "Each is told beside its field."), ...(problems.length ? [el("ul", { class: "lines" }, problems.map((one) => el("li", { class: "careful" }, el("span", {}, `${one.line ? `Line ${one.line}: ` : ""}${one.what}`))))] : [])];
  if (draft.state === "refused") return [head, el("p", {}, draft.error.message)];
  if (draft.state === "does not fit") return [head, ...whyNot(draft.plan)];
  if (draft.state === "fits") return [head, ...summary(draft.plan)];
  return [head];
}

/** Why nothing fits, and what to change. */
export function whyNot(plan) {
  return [
    el("h4", {}, "Why not"), el("ul", { class: "lines why-not" }, plan.why.map((line) => el("li", { class: "careful" }, el("span", {}, line)))),
    el("h4", {}, "What would work"),
    plan.changes.length ? el("ul", { class: "lines" }, plan.changes.map((line) => el("li", { class: "good" }, el("span", {}, line)))) : el("p", {}, "No few changes would: name wider ranges, a higher price or fewer agents."),
    plan.would_be.length ? el("p", { class: "sub" }, `Then it would be ${plan.would_be.join(", ")}.`) : null,
  ].filter(Boolean);
}

/** What would be installed and updated, and how much new is asked, by weight. */
export function summary(plan) {
  const groups = plan.asks.map((one) => el("li", { class: ["money", "changes"].includes(one.group) ? "careful" : "" }, el("span", {}, `${one.title}: ${one.permissions.map((right) => right.words).join("; ")}`)));
  return [stepsList(plan), el("h4", {}, "Rights it adds"), groups.length ? el("ul", { class: "lines" }, groups) : el("p", { class: "sub" }, "None: everything it asks was given before.")];
}

/** Every plugin of the plan, and what is left out or switched off. */
export function stepsList(plan) {
  const changes = plan.steps.filter((step) => step.kind !== "keep");
  const kept = plan.steps.filter((step) => step.kind === "keep");
  const words = (step) => `${VERBS[step.kind]} ${step.title} ${step.version}${step.was && step.was !== step.version ? ` (was ${step.was})` : ""}${step.kind === "install" && !step.named ? ", which something you named uses" : ""}${step.month_at_most && !/^0(\.0+)? /.test(step.month_at_most) ? `, at most ${step.month_at_most} a month` : ""}`;
  return el("ul", { class: "lines" },
    changes.map((step) => el("li", { class: "good" }, el("span", {}, words(step)))),
    kept.length ? el("li", {}, el("span", {}, `Keeps ${kept.map((step) => `${step.title} ${step.version}`).join(", ")}`)) : null,
    plan.left_out.map((id) => el("li", { class: "careful" }, el("span", {}, `Leaves out ${id}: it stays installed and is asked no more`))),
    plan.off.map((id) => el("li", { class: "careful" }, el("span", {}, `Switches off ${id}: another serves in its place`))));
}

/** What a month costs at most. */
export function price(plan) {
  if (!plan.month_at_most) return "what is used: nobody can say at most";
  return /^0(\.0+)? /.test(plan.month_at_most) ? "nothing" : `at most ${plan.month_at_most}`;
}
