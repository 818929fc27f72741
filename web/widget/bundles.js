// Bundles: what serves now. Composing, switching on and sharing have files of their own.

import { composeView } from "./bundles_compose.js";
import { insideView, saveFile, sharedView } from "./bundles_share.js";
import { switchView } from "./bundles_switch.js";
import { languageName, weekPicture, whoBox, words } from "./bundles_week.js";
import { pinned, ruleWords, section, sentence, targetWords, voice } from "./bundles_words.js";
import { el, moment } from "./dom.js";

const VIEWS = [
  [/^#\/bundles\/compose$/, "compose", (shop) => composeView(shop)],
  [/^#\/bundles\/switch(?:\/([^/]+)\/([^/]+?)(\/locked)?)?$/, "compose", (shop, at) => switchView(shop, at[1] && `${at[1]}/${at[2]}`, Boolean(at[3]))],
  [/^#\/bundles\/shared$/, "shared", (shop) => sharedView(shop)],
  [/^#\/bundles\/shared\/([^/]+)\/([^/]+)$/, "shared", (shop, at) => insideView(shop, `${at[1]}/${at[2]}`)],
  [/^/, "now", (shop) => nowView(shop)],
];
const TABS = { now: ["#/bundles", "What is on"], compose: ["#/bundles/compose", "Compose"], shared: ["#/bundles/shared", "Share and find"] };

/** The view of an address that begins with `#/bundles`. */
export async function bundlesView(shop, hash) {
  const [pattern, tab, view] = VIEWS.find(([one]) => one.test(hash));
  const made = await view(shop, pattern.exec(hash));
  const links = Object.entries(TABS).map(([name, [href, title]]) => el("a", { href, "aria-current": name === tab ? "page" : null }, title));
  return [el("nav", { class: "subtabs", "aria-label": "Bundles" }, links), ...[made].flat()];
}

async function nowView(shop) {
  const [now, page] = await Promise.all([shop.call("/bundles/now"), shop.call("/bundles")]);
  const titles = Object.fromEntries(now.agents.map((one) => [one.plugin_id, one.title]));
  const rows = [...now.agents.map((one) => ({ name: one.title, times: one.hours })), { name: "People", times: now.people, kind: "staffed" }];
  return [
    now.stopped && stopped(shop, now.stopped),
    el("article", { class: "sheet" }, head(shop, now),
      el("div", { class: "columns" },
        el("div", {}, section("Who answers, in this order", agents(now)), section("Before anything else", rules(now, titles)), section("When no agent takes it", fallback(now, titles)), section("How it sounds", voice(now.voice))),
        el("div", {}, section("A week", weekPicture(rows, now.zone)), section("Try a message", whoBox(shop, { source: () => "", zone: () => now.zone, titles: () => titles })), section("What is pinned", pinned(now.lock)), section("Before", history(page.items))))),
  ].filter(Boolean);
}

function head(shop, now) {
  const { run } = now;
  const title = run ? el("h2", {}, run.name) : el("h2", {}, "No bundle yet");
  const about = run ? `Serves since ${moment.format(new Date(run.ended_at ?? run.began_at))}` : "Your agents answer in the order they were installed, around the clock. Compose one to give them rules, hours and a voice.";
  const back = () => roundTrip(shop, "rollback", `Go back to what served before ${run.name}? What it installed stays, switched off.`, "What served before serves again");
  return el("div", { class: "head" }, el("div", {}, title, el("p", { class: "sub" }, about)),
    el("div", { class: "actions" },
      el("a", { class: "primary button", href: "#/bundles/compose" }, run ? "Change it…" : "Compose…"),
      run ? el("button", { type: "button", class: "quiet", onclick: back }, "Back to the former one") : null,
      run ? el("button", { type: "button", class: "quiet", onclick: () => saveFile("bundle.toml", run.source) }, "Save as a file") : null));
}

function stopped(shop, run) {
  return el("div", { class: "note warn rows", role: "status" },
    el("strong", {}, `${run.name} was broken off${run.why ? `: ${run.why}` : ""}. Nothing was switched.`),
    el("div", { class: "actions" },
      el("button", { type: "button", class: "primary", onclick: () => roundTrip(shop, "resume", "", "It serves from the next turn on") }, "Go on"),
      el("button", { type: "button", class: "quiet", onclick: () => roundTrip(shop, "rollback", "", "It is taken back") }, "Take it back")));
}

async function roundTrip(shop, verb, question, told) {
  if (question && !confirm(question)) return;
  try {
    const run = await shop.call(`/bundles/${verb}`, { method: "POST", body: {} });
    await shop.go("#/bundles");
    shop.say(run.why ? `${told}; ${run.why}` : told);
  } catch (error) {
    shop.fail(error);
  }
}

function agents(now) {
  if (!now.agents.length) return el("p", { class: "empty" }, "No agent serves. Find one in the market.");
  return el("ol", { class: "order" }, now.agents.map((one, index) => el("li", {},
    el("span", { class: "number", "aria-hidden": "true" }, String(index + 1)),
    el("div", {}, el("strong", {}, one.title), el("span", { class: `badge ${one.hours.open ? "ok" : ""}` }, one.hours.open ? "there now" : "away now"),
      el("p", {}, `${sentence(words(one.hours))}, in ${one.languages.map(languageName).join(", ")}`),
      el("p", { class: "sub" }, `${one.plugin_id} ${one.version}`)))));
}

function rules(now, titles) {
  if (!now.rules.length) return el("p", { class: "sub" }, "No rule of yours: the router decides by what a message is about.");
  return el("ul", { class: "lines" }, now.rules.map((rule) => el("li", {}, el("span", {}, ruleWords(rule, titles)))));
}

function fallback(now, titles) {
  return el("div", { class: "rows" }, el("p", {}, sentence(now.fallback.map((step) => targetWords(step, titles)).join(", then ")) + "."),
    el("p", {}, `People are there ${words(now.people)}.`, " ", now.people.open ? "" : el("span", { class: "badge" }, "away now")));
}

function history(items) {
  if (!items.length) return el("p", { class: "sub" }, "Nothing was switched on yet.");
  const states = { done: "switched on", rolled_back: "taken back", running: "under way" };
  return el("ul", { class: "lines" }, items.slice(0, 8).map((one) => el("li", {}, el("span", {}, `${one.name}, ${states[one.state]} ${moment.format(new Date(one.began_at))}${one.why ? ` (${one.why})` : ""}`))));
}
