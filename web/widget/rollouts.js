// A new release by degrees: those that run and ran, and how one is begun.

import { el, moment } from "./dom.js";
import { METRICS, percent, runs, stateOf } from "./rollout_words.js";

const WAYS = {
  whole: ["Unseen first, then by degrees", "Both releases answer some turns, but shoppers get the installed one's words. Then it answers a few new conversations, then more, as long as nothing speaks against it."],
  canary: ["By degrees at once", "A few new conversations meet it now."],
  shadow: ["Unseen only", "Nobody meets it. You read what it would have said and done."],
};
const PACES = {
  careful: ["Careful", [[0.01, 0.25], [0.05, 0.06], [0.25, 0.03]], "finds small faults before many meet them; takes thousands of conversations"],
  brisk: ["For a small shop", [[0.1, 0.25], [0.5, 0.1]], "sees great faults soon, small ones not; takes hundreds"],
};

/** Every rollout, those that run first. */
export async function rolloutsView(shop) {
  const page = await shop.call("/rollouts");
  const items = page.items.toSorted((a, b) => runs(b) - runs(a));
  if (!items.length) return el("p", { class: "empty" }, "No release was rolled out by degrees yet. Where something installed has a newer release, ", el("a", { href: "#/installed" }, "its page"), " offers to try it.");
  return [el("h2", {}, "Rollouts"), el("ul", { class: "cards" }, items.map((one) => el("li", {}, rolloutCard(one))))];
}

function rolloutCard(one) {
  const [words, tone] = stateOf(one);
  return el("a", { class: "card", href: `#/rollouts/${one.id}` },
    el("h3", {}, one.plugin_id), el("span", { class: "sub" }, `${one.installed_version} → ${one.version}`),
    one.reason && el("p", {}, one.reason),
    el("span", { class: "badges" }, el("span", { class: `badge ${tone}` }, words)),
    el("span", { class: "sub" }, moment.format(new Date(one.created_at))));
}

/** How a release is tried: what is chosen here is the plan. */
export async function startView(shop, id) {
  const [page, installed] = await Promise.all([shop.call(`/plugins/${id}`), shop.call("/installed")]);
  const here = installed.items.find((one) => one.plugin_id === id);
  const others = page.versions.filter((one) => one.status === "published" && one.digest !== here?.digest);
  if (!here || !others.length) return el("p", { class: "empty" }, here ? "There is no other release to try. " : "It is not installed. ", el("a", { href: `#/plugins/${id}` }, "See it in the market"));
  const form = el("form", { class: "sheet narrow" },
    el("div", {}, el("h2", {}, `Try a release of ${here.title}`), el("p", { class: "sub" }, `${id} · ${here.version} is installed and stays so until you or the evidence decide`)),
    el("div", { class: "field" }, el("label", { for: "version" }, "Which release"), el("select", { id: "version", name: "version" }, others.map((one) => el("option", { value: one.version }, one.version)))),
    here.newer?.gains.length ? el("p", { class: "note warn" }, `${here.newer.version} asks for more than you gave: ${here.newer.gains.map((right) => right.words).join("; ")}. It is tried without; what needs it is refused.`) : null,
    choices("way", "How", WAYS), pace(), details(),
    el("section", {}, el("h3", {}, "What is watched"), el("ul", { class: "lines" }, Object.values(METRICS).map(([title, what]) => el("li", {}, el("span", {}, el("strong", {}, title), ` · ${what}`)))),
      el("p", { class: "sub" }, "Each conversation counts once. When one of these is shown to be worse, the release is undone by itself; a release that is no worse is undone in at most one of twenty rollouts.")),
    el("div", { class: "actions" }, el("button", { class: "primary" }, "Begin"), el("a", { class: "quiet button", href: `#/installed/${id}` }, "Not now")));
  const shown = () => { show(form, form.elements.way.value); };
  form.addEventListener("change", shown);
  form.addEventListener("submit", (event) => { event.preventDefault(); begin(shop, id, form); });
  shown();
  return form;
}

function choices(name, title, options) {
  return el("fieldset", { class: "group" }, el("legend", {}, title), Object.entries(options).map(([value, [words, why]], place) => el("div", { class: "ask" },
    el("input", { type: "radio", name, value, id: `${name}-${value}`, checked: place === 0 }),
    el("label", { for: `${name}-${value}` }, el("strong", {}, words), el("br"), el("span", { class: "sub" }, why)))));
}

function pace() {
  const words = Object.fromEntries(Object.entries(PACES).map(([name, [title, stages, why]]) => [name, [title, `${stages.map(([share]) => percent(share)).join(", then ")} of new conversations, then everybody; ${why}`]]));
  const made = choices("pace", "How fast", words);
  made.classList.add("of-canary");
  return made;
}

function details() {
  const number = (id, words, why, value, most, kind) => el("div", { class: `field ${kind}` }, el("label", { for: id }, words), el("span", { class: "sub", id: `${id}-why` }, why), el("input", { id, name: id, type: "number", min: 1, max: most, value, required: true, "aria-describedby": `${id}-why` }));
  return el("div", { class: "rows" },
    number("turns", "Turns to compare unseen", "Then it goes on, unless something grave differs.", 50, 10_000, "of-shadow"),
    number("sample", "Of how many turns in a hundred", "More is sooner, and more work for this machine.", 20, 100, "of-shadow"));
}

function show(form, way) {
  for (const one of form.querySelectorAll(".of-shadow")) one.hidden = way === "canary";
  for (const one of form.querySelectorAll(".of-canary")) one.hidden = way === "shadow";
}

async function begin(shop, id, form) {
  const button = form.querySelector("button.primary");
  button.disabled = true;
  shop.fail(null);
  const { way, pace: speed, turns, sample, version } = Object.fromEntries(new FormData(form));
  const plan = {
    shadow_turns: way === "canary" ? 0 : Number(turns), shadow_share: Number(sample) / 100,
    stages: way === "shadow" ? [] : PACES[speed][1].map(([share, margin]) => ({ share, margin })),
  };
  try {
    const one = await shop.call("/rollouts", { method: "POST", body: { plugin_id: id, version, plan } });
    shop.say(`${version} is tried`);
    shop.go(`#/rollouts/${one.id}`);
  } catch (error) {
    shop.fail(error);
    button.disabled = false;
  }
}
