// The market: what is shown follows the address after `#`. Views load when they are asked for.

import { request } from "./client.js";
import { el } from "./dom.js";
import { installedView, manageView } from "./market_installed.js";
import { consentView, pluginView, publisherView } from "./market_plugin.js";
import { stars } from "./market_rating.js";
import { forgetKey, memberKey } from "./member.js";
import { watchView } from "./rollout_watch.js";
import { rolloutsView, startView } from "./rollouts.js";

const $ = (id) => document.getElementById(id);
const FACETS = { kind: "Kind", category: "For", language: "Language", price: "Price", stars: "Stars", interface: "Serves", publisher: "Publisher" };
const TYPING_MS = 180;
const SEEN_MS = 6_000;
const key = await memberKey();
const chosen = Object.fromEntries(Object.keys(FACETS).map((name) => [name, new Set()]));
const ORDERS = { best: "Best fit first", stars: "Best rated first" };
let text = "";
let order = "best";
let asked = 0;

const views = [
  [/^#\/plugins\/([^/]+)\/([^/]+)$/, (at) => pluginView(shop, `${at[1]}/${at[2]}`)],
  [/^#\/publishers\/([^/]+)$/, (at) => publisherView(shop, at[1])],
  [/^#\/install\/([^/]+)\/([^/]+)$/, (at) => consentView(shop, `${at[1]}/${at[2]}`)],
  [/^#\/installed\/([^/]+)\/([^/]+)$/, (at) => manageView(shop, `${at[1]}/${at[2]}`)],
  [/^#\/installed$/, () => installedView(shop)],
  [/^#\/bundles/, async (at) => (await import("./bundles.js")).bundlesView(shop, at.input)],
  [/^#\/rollouts$/, () => rolloutsView(shop)],
  [/^#\/rollouts\/(rol_[0-9a-f]+)$/, (at) => watchView(shop, at[1])],
  [/^#\/rollouts\/([^/]+)\/([^/]+)$/, (at) => startView(shop, `${at[1]}/${at[2]}`)],
  [/^/, findView],
];

/** What views may do: ask the server, say what happened, go somewhere. */
const shop = {
  call: (path, options = {}) => request(`/v1/market${path}`, { ...options, bearer: key }),
  picture: async (path) => {
    const answer = await fetch(`/v1/market${path}`, { headers: { authorization: `Bearer ${key}` } });
    const reader = new FileReader();
    reader.readAsDataURL(await answer.blob());
    return new Promise((done) => { reader.onload = () => done(reader.result); });
  },
  say: (words) => { $("told").textContent = words; appear(); },
  fail: (error) => { $("alert").textContent = error?.message ?? ""; if (error) scrollTo({ top: 0 }); },
  go: (hash) => { if (location.hash === hash) return show(); location.hash = hash; },
};

let fading = 0;
addEventListener("hashchange", show);
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); $("main").focus(); });      // an address after `#` is a view
await show();

async function show() {
  const mine = ++asked;
  const hash = location.hash || "#/";
  const [pattern, view] = views.find(([one]) => one.test(hash));
  shop.fail(null);
  if (!$("main").childElementCount) $("main").replaceChildren(el("p", { class: "empty" }, "One moment…"));
  const tab = document.getElementById(`tab-${hash.split("/")[1]}`) ?? $("tab-find");
  for (const one of document.querySelectorAll(".tabs a")) current(one, one === tab);
  try {
    const made = await view(pattern.exec(hash));
    if (mine !== asked) return;
    $("main").replaceChildren(...[made].flat());
    if (hash !== "#/") $("main").focus();
  } catch (error) {
    if (error.status === 401) forgetKey();
    $("main").replaceChildren(...(error.status === 404 ? missing() : unseen()));
    shop.fail(isAway(error) ? new Error("The server cannot be reached. Try again when you are online; what you wrote is kept.") : error);
  }
  countDue();
}

/** Nothing to try again: it was mistyped, or withdrawn. */
function missing() {
  return [el("p", { class: "empty" }, "There is nothing here, or not any more. "), el("p", { class: "actions" }, el("a", { class: "quiet button", href: "#/" }, "Find plugins"))];
}

function unseen() {
  return [el("p", { class: "empty" }, "This cannot be shown now. "), el("p", { class: "actions" }, el("button", { type: "button", class: "quiet", onclick: show }, "Try again"))];
}

/** What `fetch` throws where nobody answered. */
function isAway(error) {
  return error instanceof TypeError && /fetch|network/i.test(error.message);
}

/** What was said is seen for a while; who reads it aloud keeps it. */
function appear() {
  $("told").classList.add("seen");
  clearTimeout(fading);
  fading = setTimeout(() => $("told").classList.remove("seen"), SEEN_MS);
}

function current(tab, is) {
  if (is) tab.setAttribute("aria-current", "page");
  else tab.removeAttribute("aria-current");
}

async function countDue() {
  const page = await shop.call("/installed").catch(() => ({ items: [] }));
  const due = page.items.filter((one) => one.waiting.length).length;
  Object.assign($("due"), { hidden: !due, textContent: `${due} to decide` });
}

async function findView() {
  const found = await search();
  const list = el("div", { class: "results" }, results(found));
  const side = el("div", { class: "facets" }, facets(found, list));
  const box = el("input", { type: "search", name: "q", value: text, maxlength: 200, "aria-label": "What should it do?", placeholder: "What should it do? Track parcels, answer in German, …", autocomplete: "off" });
  let timer = 0;
  const again = () => refresh(side, list);
  box.addEventListener("input", () => {
    text = box.value;
    clearTimeout(timer);
    timer = setTimeout(again, TYPING_MS);
  });
  const sort = el("select", { "aria-label": "Order", onchange: ({ target }) => { order = target.value; again(); } }, Object.entries(ORDERS).map(([value, words]) => el("option", { value, selected: value === order }, words)));
  const form = el("form", { class: "search", role: "search", onsubmit: (event) => { event.preventDefault(); again(); } }, box, sort, el("button", { class: "primary" }, "Search"));
  return [form, el("div", { class: "find" }, side, list)];
}

function search() {
  const query = new URLSearchParams({ q: text, sort: order, limit: 50 });
  for (const [name, values] of Object.entries(chosen)) values.forEach((value) => query.append(name, value));
  return shop.call(`/plugins?${query}`);
}

async function refresh(side, list) {
  const focused = document.activeElement?.id;
  try {
    const found = await search();
    list.replaceChildren(...results(found));
    side.replaceChildren(...facets(found, list));
    $("told").textContent = `${found.total} found`;
    if (focused) document.getElementById(focused)?.focus();
  } catch (error) {
    shop.fail(error);
  }
}

function facets(found, list) {
  return Object.entries(FACETS).filter(([name]) => Object.keys(found.facets[name] ?? {}).length || chosen[name].size).map(([name, title]) => {
    const counts = { ...Object.fromEntries([...chosen[name]].map((value) => [value, 0])), ...found.facets[name] };
    return el("fieldset", {}, el("legend", {}, title), Object.entries(counts).slice(0, 8).map(([value, count]) => {
      const toggle = ({ target }) => {
        chosen[name][target.checked ? "add" : "delete"](value);
        refresh(target.closest(".facets"), list);
      };
      return el("label", {}, el("input", { type: "checkbox", id: `f-${name}-${value}`, checked: chosen[name].has(value), onchange: toggle }), el("span", {}, value), el("span", {}, String(count)));
    }));
  });
}

function results(found) {
  if (!found.items.length) return [el("p", { class: "empty" }, "Nothing fits. Try other words, or fewer choices.")];
  const count = el("h2", { class: "found" }, found.total === 1 ? "1 plugin" : `${found.total} plugins`);
  return [count, el("ul", { class: "cards" }, found.items.map((one) => el("li", {}, card(one))))];
}

/** A plugin in a list. */
function card(one) {
  return el("a", { class: "card", href: `#/plugins/${one.id}` },
    el("h3", {}, one.title), el("p", {}, one.tagline), stars({ ratings: one.ratings, mean: one.stars }), el("span", { class: "sub" }, `${one.id} ${one.version}`),
    el("span", { class: "badges" }, el("span", { class: "badge info" }, one.kind), one.category && el("span", { class: "badge" }, one.category), one.prices.map((price) => el("span", { class: "badge" }, price.replaceAll("_", " ")))));
}
