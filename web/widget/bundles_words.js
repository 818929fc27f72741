// What a bundle says, in plain words.

import { el } from "./dom.js";

/** A rule in plain words. */
export function ruleWords(rule, titles) {
  const what = /^\/.+\/$/.test(rule.when) ? `that matches ${rule.when}` : `with “${rule.when}”`;
  return `A message ${what} goes to ${targetWords(rule.to, titles)}.`;
}

/** Who a rule or a fallback means. */
export function targetWords(to, titles) {
  return { person: "a person", decline: "a polite no" }[to] ?? titles[to] ?? to;
}

/** The brand voice as lines. */
export function voice(said) {
  const lines = [said.name && `Speaks as ${said.name}`, said.tone?.length && `Tone: ${said.tone.join(", ")}`, said.greeting && `Begins with “${said.greeting}”`, said.sign_off && `Ends with “${said.sign_off}”`, said.avoid?.length && `Never says: ${said.avoid.join(", ")}`].filter(Boolean);
  return lines.length ? el("ul", { class: "lines" }, lines.map((line) => el("li", {}, el("span", {}, line)))) : el("p", { class: "sub" }, "The engine's own plain wording.");
}

/** The very releases of a lock, and who stands for it. */
export function pinned(lock) {
  if (!lock) return el("p", { class: "sub" }, "Nothing is pinned: no bundle was switched on.");
  return el("div", { class: "rows" }, el("p", { class: "sub" }, `These very releases, signed by ${lock.signer}; the signature was checked just now.`),
    el("ul", { class: "pins" }, lock.releases.map((one) => el("li", {}, el("span", {}, `${one.plugin_id} ${one.version}`), el("code", { title: one.digest }, one.digest.slice(7, 19))))));
}

/** With a capital letter. */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A titled part of a sheet. */
export function section(title, ...content) {
  return el("section", {}, el("h3", {}, title), content.flat(Infinity));
}
