// Compose: the draft's parts to the left, what it would do to the right. Every change is kept here at once.

import { agentsPart, needsPart } from "./bundles_agents.js";
import { openDraft } from "./bundles_draft.js";
import { field, group, hours, languages, list, showProblems, text } from "./bundles_fields.js";
import { orderedList } from "./bundles_order.js";
import { planPanel, stateWords } from "./bundles_plan.js";
import { weekPicture, whoBox } from "./bundles_week.js";
import { section, sentence, targetWords } from "./bundles_words.js";
import { el } from "./dom.js";

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export async function composeView(shop) {
  const [draft, installed] = await Promise.all([openDraft(shop), shop.call("/installed")]);
  const known = Object.assign(draft.names, Object.fromEntries(installed.items.map((one) => [one.plugin_id, one.title])));
  if (draft.bundle?.agents?.some((place) => !known[place.plugin])) await draft.settled();  // the plan has their names
  const there = new Map(installed.items.map((one) => [one.plugin_id, one.kind]));
  const parts = el("div", { class: "parts" });
  const side = el("aside", { class: "side", "aria-label": "What it would do" });
  const bar = el("div", { class: "bar" });
  const page = { draft, shop, known, there, parts, side, bar };
  const draw = () => parts.replaceChildren(...partsOf(page, draw));
  draw();
  drawSide(page, draw);
  draft.addEventListener("told", () => told(page));
  draft.addEventListener("kept", () => kept(page));
  told(page);
  return [el("h2", { class: "hidden" }, "Compose a bundle"), el("div", { class: "compose" }, parts, side, bar)];
}

/** The editors; only the text where its parts are of no shape that they can show. */
function partsOf(page, redraw) {
  try {
    return page.draft.bundle ? editors(page, redraw) : [textPart(page, redraw)];
  } catch {
    return [textPart(page, redraw)];
  }
}

function editors(page, redraw) {
  const { draft } = page;
  return [
    section("Who answers, in which order", agentsPart(draft, page.shop, page)),
    section("Your rules", rulesPart(page)),
    folded("When no agent takes it, and when people are there", fallbackPart(page), hours(draft, ["people", "hours"], "When people are there"),
      list(draft, ["people", "closed"], "Days of nobody", { hint: "Dates such as 2026-12-25, a comma between." }), zone(draft)),
    folded("How your shop sounds", ...voiceParts(draft)),
    folded("What it may cost and ask", ...ceilingParts(draft)),
    folded("What it works with", needsPart(draft)),
    folded("Its name, for you and for whom you share it with", ...aboutParts(draft)),
    textPart(page, redraw),
  ];
}

function folded(title, ...content) {
  return el("details", { class: "fold" }, el("summary", {}, el("h3", {}, title)), el("div", { class: "rows" }, content.flat(Infinity)));
}

function rulesPart({ draft, shop, known }) {
  const rules = (draft.bundle.rules ??= []);
  const row = (rule, index) => el("div", { class: "line" },
    field(["rules", index, "when"], "When a message has", el("input", { value: rule.when, maxlength: 200, placeholder: "gift card", oninput: ({ target }) => { rule.when = target.value; draft.changed(); } })),
    field(["rules", index, "to"], "it goes to", target(draft, known, rule.to, (to) => { rule.to = to; })));
  const { list: made, draw } = orderedList({ items: rules, row, name: (rule) => `the rule ${rule.when || "without words"}`, changed: draft.changed.bind(draft), say: shop.say, empty: "No rule: the router decides by what a message is about." });
  const add = () => { rules.push({ when: "", to: "person" }); draw(); draft.changed(); made.lastElementChild.querySelector("input").focus(); };
  return group(["rules"], "Before anything else; the first that matches decides", el("p", { class: "sub" }, "All the words must be there, in any order; or write a regular expression between slashes."), made,
    el("div", {}, el("button", { type: "button", class: "chip small", onclick: add }, "Add a rule")));
}

function target(draft, known, present, take) {
  const choices = [...draft.bundle.agents.map((place) => place.plugin), "person", "decline"];
  if (!choices.includes(present)) choices.push(present);          // a label, or an agent that is gone
  return el("select", { onchange: (event) => { take(event.target.value); draft.changed(); } },
    choices.map((to) => el("option", { value: to, selected: to === present }, sentence(targetWords(to, known)))));
}

function fallbackPart({ draft, shop, known }) {
  const steps = (draft.bundle.fallback ??= ["person"]);
  const items = steps.map((to) => ({ to }));
  const write = () => { draft.bundle.fallback = items.map((one) => one.to); draft.changed(); };
  const row = (item, index) => field(["fallback", index], index ? "then" : "First", target(draft, known, item.to, (to) => { item.to = to; write(); }));
  const { list: made, draw } = orderedList({ items, row, name: (item) => targetWords(item.to, known), changed: write, say: shop.say, removable: () => items.length > 1 });
  const add = () => { items.push({ to: ["person", "decline"].find((to) => !items.some((one) => one.to === to)) ?? "person" }); draw(); write(); };
  return group(["fallback"], "Who takes what no agent takes", made, el("div", {}, el("button", { type: "button", class: "chip small", onclick: add }, "Add one more")));
}

function zone(draft) {
  const names = Intl.supportedValuesOf?.("timeZone") ?? [];
  return [text(draft, ["zone"], "Whose clock counts", { list: "zones", maxlength: 60, placeholder: "UTC", hint: "All hours are by the clock on the wall there, summer time and all." }),
    el("datalist", { id: "zones" }, ["UTC", ...names].map((name) => el("option", { value: name })))];
}

function voiceParts(draft) {
  return [
    text(draft, ["voice", "name"], "Speaks as", { maxlength: 60, placeholder: "Fern" }),
    list(draft, ["voice", "tone"], "Tone", { placeholder: "warm, plain", hint: "A few words, a comma between." }),
    text(draft, ["voice", "greeting"], "Begins a talk with", { maxlength: 200, placeholder: "Hello from Fernhill!" }),
    text(draft, ["voice", "sign_off"], "Ends a settled answer with", { maxlength: 200 }),
    list(draft, ["voice", "avoid"], "Never says", { placeholder: "unfortunately", hint: "Words or phrases, a comma between. Facts are never reworded." })];
}

function ceilingParts(draft) {
  return [
    text(draft, ["ceilings", "price"], "All plugins together, a month, at most", { placeholder: "99.00 USD", maxlength: 20, inputmode: "text", hint: "Left empty: no limit. What is paid by use and names no most fits under none." }),
    list(draft, ["ceilings", "capabilities"], "No plugin may ask for more than", { rows: 3, separator: "\n", spellcheck: "false", hint: "One a line, such as tool:commerce.orders.read. Left empty: no limit." })];
}

function aboutParts(draft) {
  return [
    text(draft, ["title"], "Title", { maxlength: 60 }), text(draft, ["description"], "What it is good for", { rows: 2, maxlength: 500 }),
    text(draft, ["id"], "Its id", { maxlength: 81, placeholder: "your_name/support", hint: "publisher/name; it counts only when you share it." }), text(draft, ["version"], "Version", { maxlength: 40, placeholder: "1.0.0" }),
    languages(draft, ["languages"], "Languages of the bundle"), text(draft, ["licence"], "Licence", { maxlength: 100, placeholder: "Apache-2.0" })];
}

function textPart(page, redraw) {
  const { draft, parts } = page;
  const box = el("textarea", { class: "source", rows: 14, spellcheck: "false", "aria-label": "bundle.toml", maxlength: 65536 });
  box.value = draft.source;
  box.addEventListener("input", () => draft.wrote(box.value));
  const adopt = () => {
    if (!box.isConnected || document.activeElement === box || !draft.adopt()) return;
    redraw();
    parts.querySelector(".as-text").open = true;
    told(page);
  };
  box.addEventListener("blur", adopt);
  draft.addEventListener("told", () => { if (document.activeElement !== box && draft.text === null) box.value = draft.source; });
  draft.addEventListener("told", adopt);
  const faults = el("ul", { class: "lines", id: "text-faults" });
  draft.addEventListener("told", () => faults.replaceChildren(...(draft.text === null ? [] : draft.problems.map((one) => el("li", { class: "careful" }, el("span", {}, `${one.line ? `Line ${one.line}: ` : ""}${one.what}`))))));
  return el("details", { class: "fold as-text", open: draft.text !== null }, el("summary", {}, el("h3", {}, "The text: bundle.toml")),
    el("div", { class: "rows" }, el("p", { class: "sub" }, "The same bundle as a text. Write here, or above; comments stay as long as only the text is changed."), box, faults));
}

function drawSide(page, redraw) {
  const { draft, shop, known, side } = page;
  page.status = el("div", { class: "rows", "aria-live": "polite" });
  page.week = el("div", {});
  page.away = el("p", { class: "sub" });
  const again = async () => {
    if (draft.isKept && !confirm("Throw this draft away and begin again from what serves?")) return;
    draft.forget();
    await draft.take(draft.now.source);
    draft.forget();
    redraw();
    shop.say("The draft is what serves now");
  };
  side.replaceChildren(
    section("What it would do", page.status),
    section("A week", page.week),
    section("Try a message on this draft", whoBox(shop, { source: () => draft.source, zone: () => draft.bundle?.zone ?? "UTC", titles: () => known })),
    section("The draft", page.away, el("div", { class: "actions" }, el("a", { class: "quiet button", href: "#/bundles/shared" }, "Save or share it…"), el("button", { type: "button", class: "quiet", onclick: again }, "Begin again"))));
  kept(page);
}

function kept({ draft, away }) {
  away.textContent = draft.isKept ? `Kept in this browser at ${clock.format(draft.keptAt)}. Shoppers notice nothing until you switch it on.` : "This is what serves now; nothing was changed yet.";
}

function told(page) {
  const { draft, parts, known, status, week, bar } = page;
  // Two hands on one thing: while the text is written, or cannot be read, its parts stand still.
  for (const part of parts.children) part.inert = draft.text !== null && !part.classList.contains("as-text");
  if (draft.state !== "asking") {
    const lost = showProblems(parts, draft.text === null ? draft.problems : []);
    status.replaceChildren(...planPanel(draft, draft.text === null ? lost : draft.problems));
  }
  const line = stateWords(draft);
  bar.replaceChildren(el("p", { class: `bar-state ${line.tone}` }, line.words), draft.state === "fits" ? el("a", { class: "primary button", href: "#/bundles/switch" }, "Switch on…") : el("button", { type: "button", class: "primary", disabled: true }, "Switch on…"));
  if (Object.keys(draft.hours).length) week.replaceChildren(weekPicture(rowsOf(draft, known), draft.bundle?.zone ?? "UTC"));
  else if (draft.state === "faulty" && week.querySelector(".week")) week.replaceChildren(el("p", { class: "sub" }, "Shown again as soon as it is right."));
  else if (!week.childElementCount) week.replaceChildren(el("p", { class: "sub" }, "Shown as soon as the hours can be read."));
  for (const one of parts.querySelectorAll("[data-hours]")) one.textContent = draft.hours[one.dataset.hours]?.words ?? one.textContent;
}

function rowsOf({ bundle, hours: known, people }, titles) {
  const agents = (bundle?.agents ?? []).filter((place) => known[place.plugin]).map((place) => ({ name: titles[place.plugin] ?? place.plugin, times: known[place.plugin] }));
  return people ? [...agents, { name: "People", times: people, kind: "staffed" }] : agents;
}
