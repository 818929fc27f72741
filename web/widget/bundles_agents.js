// Who is in a draft: its agents in order, each with hours and languages, and what else it works with.

import { field, group, hours, languages, text } from "./bundles_fields.js";
import { orderedList } from "./bundles_order.js";
import { el } from "./dom.js";

const TYPING_MS = 200;
const FOUND_MAX = 6;

/** The agents in order. `known`: plugin id -> title; `there`: ids that are installed. */
export function agentsPart(draft, shop, { known, there }) {
  const agents = (draft.bundle.agents ??= []);
  const open = new WeakSet();
  const row = (place, index) => [
    el("p", {}, el("strong", {}, known[place.plugin] ?? place.plugin), el("span", { class: `badge ${there.has(place.plugin) ? "" : "info"}` }, there.has(place.plugin) ? "installed" : "new")),
    el("p", { class: "sub", "data-hours": place.plugin }, draft.hours[place.plugin]?.words ?? "\u00a0"),  // nothing moves when it is told
    more(draft, place, index, open),
  ];
  const changed = () => { draft.changed(); adding.draw(); };
  const { list, draw } = orderedList({ items: agents, row, name: (place) => known[place.plugin] ?? place.plugin, changed, say: shop.say, empty: "No agent yet. Add the first one below." });
  const add = (id, title) => {
    known[id] ??= title;
    agents.push({ plugin: id });
    draw();
    shop.say(`${known[id]} is added, ${agents.length} of ${agents.length}`);
    changed();
    list.lastElementChild.querySelector("[data-act=handle]").focus();
  };
  const adding = adder(shop, { kind: "agent", label: "Add an agent", there, known, has: (id) => agents.some((place) => place.plugin === id), add });
  return group(["agents"], "Where several fit a message, the higher one takes it", list, adding.node);
}

function more(draft, place, index, open) {
  const details = el("details", { open: open.has(place) }, el("summary", {}, "Hours, languages, version"),
    el("div", { class: "rows" }, hours(draft, ["agents", index, "hours"], "When it answers"),
      languages(draft, ["agents", index, "languages"], "Which languages it answers in", "None ticked: those of the bundle that its publisher says it speaks."),
      text(draft, ["agents", index, "version"], "Which versions will do", { placeholder: "*", maxlength: 100, hint: "Left empty: the newest. ^1.2 means 1.2 or newer, below 2." })));
  details.addEventListener("toggle", () => { if (details.open) open.add(place); else open.delete(place); });
  return details;
}

/** What is installed already, and the market's search: something to add. */
function adder(shop, { kind, label, there, known, has, add }) {
  const mine = el("div", { class: "ticks" });
  const found = el("ul", { class: "found" });
  const box = el("input", { type: "search", maxlength: 200, autocomplete: "off", placeholder: "What should it do?", id: `add-${kind}` });
  let timer = 0;
  let asked = 0;
  const search = async () => {
    const turn = ++asked;
    if (!box.value.trim()) { found.replaceChildren(); return; }
    const answer = await shop.call(`/plugins?${new URLSearchParams({ q: box.value, kind, limit: FOUND_MAX })}`).catch((error) => ({ items: [], error }));
    if (turn !== asked) return;
    const items = answer.items.filter((one) => !has(one.id));
    found.replaceChildren(...(items.length ? items.map(offer) : [el("li", { class: "sub" }, answer.error ? "The market cannot be asked now." : "Nothing fits these words.")]));
  };
  const offer = (one) => el("li", {}, el("div", {}, el("strong", {}, one.title), el("p", { class: "sub" }, `${one.tagline ? `${one.tagline} ` : ""}${one.id} ${one.version}`)),
    el("button", { type: "button", class: "chip small", "aria-label": `Add ${one.title}`, onclick: () => { box.value = ""; found.replaceChildren(); add(one.id, one.title); } }, "Add"));
  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, TYPING_MS); });
  box.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); search(); } });
  const draw = () => {
    const left = [...there].filter(([, of]) => of === kind).map(([id]) => id).filter((id) => !has(id));
    mine.replaceChildren(...left.map((id) => el("button", { type: "button", class: "chip small", onclick: () => add(id, known[id]) }, `+ ${known[id] ?? id}`)));
    mine.hidden = !left.length;
  };
  draw();
  const node = el("div", { class: "add rows" }, el("div", { class: "field" }, el("label", { for: box.id }, label), mine, box), found);
  return { node, draw };
}

/** Connectors, models and guards it works with; any that serves an interface. */
export function needsPart(draft) {
  const needs = (draft.bundle.needs ??= []);
  const rows = el("div", { class: "rows" });
  const draw = () => rows.replaceChildren(...needs.map((need, index) => {
    const key = need.interface === undefined ? "plugin" : "interface";
    const remove = () => { needs.splice(index, 1); draw(); draft.changed(); rows.parentElement.querySelector("button").focus(); };
    const words = key === "plugin" ? "This very plugin" : "Any that serves";
    const box = el("input", { value: need[key], placeholder: key === "plugin" ? "publisher/name" : "commerce.orders", maxlength: 81, oninput: ({ target }) => { need[key] = target.value; draft.changed(); } });
    return el("div", { class: "line" }, field(["needs", index, key], words, box), el("button", { type: "button", class: "chip small", "aria-label": `Take ${need[key] || "it"} out`, onclick: remove }, "Remove"));
  }));
  const add = (need) => { needs.push(need); draw(); draft.changed(); rows.lastElementChild.querySelector("input").focus(); };
  draw();
  return group(["needs"], "Beside the agents", el("p", { class: "sub" }, "What its agents use is found by itself. Name here what must be a certain plugin, or be there beside."), rows,
    el("div", { class: "actions" }, el("button", { type: "button", class: "chip small", onclick: () => add({ plugin: "" }) }, "A plugin"), el("button", { type: "button", class: "chip small", onclick: () => add({ interface: "" }) }, "Any that serves an interface")));
}
