// The reviewers' page: what waits, and all there is to see of it. Signing stays in the terminal,
// where the key is; the page shows the exact command.

import { request } from "./client.js";
import { el } from "./dom.js";
import { cards } from "./review_dossier.js";

const $ = (id) => document.getElementById(id);
const KEPT = "hp-review-token";
const REFRESH_MS = 5_000;
const REFUSED = {
  401: "This token is none of ours, or its hour is over. Print another one.",
  403: "This key is not a reviewer's. Log in with one: --key FILE.",
};
let chosen = null;
let shown = "";  // how far the chosen one was when it was drawn
let timer = 0;

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEPT, $("token").value.trim());
  $("token").value = "";
  tick();
});
$("leave").addEventListener("click", () => leave(""));
await tick();

function api(path) {
  return request(`/v1/registry${path}`, { bearer: sessionStorage.getItem(KEPT) });
}

async function tick() {
  clearTimeout(timer);
  if (!sessionStorage.getItem(KEPT)) return leave("");
  try {
    renderQueue((await api("/reviews")).items);
    $("login").hidden = true;
    $("desk").hidden = false;
    $("state").dataset.state = "online";
  } catch (error) {
    if (REFUSED[error.status]) return leave(REFUSED[error.status]);
    $("state").dataset.state = "offline";
    $("state").textContent = error.message;
  }
  timer = setTimeout(tick, REFRESH_MS);
}

function leave(why) {
  clearTimeout(timer);
  sessionStorage.removeItem(KEPT);
  chosen = null;
  $("refused").textContent = why;
  $("desk").hidden = true;
  $("login").hidden = false;
  $("token").focus();
}

function renderQueue(items) {
  const late = items.filter((item) => item.overdue).length;
  $("state").textContent = `${items.length} waiting${late ? `, ${late} overdue` : ""}`;
  const focused = document.activeElement?.dataset?.id;
  const empty = el("p", { class: "empty" }, "Nothing waits.");
  $("queue").replaceChildren(...(items.length ? items.map(row) : [empty]));
  follow(items.find((item) => item.digest === chosen));
  if (focused) $("queue").querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

function row(item) {
  const people = `${item.approved} of ${item.needed} ${item.needed === 1 ? "person" : "people"}`;
  return el("button", { type: "button", "data-id": item.digest, "aria-pressed": String(item.digest === chosen), onclick: () => choose(item.digest) },
    el("strong", {}, `${item.title} ${item.version}`),
    el("span", { class: "goal" }, item.factors[0]?.words ?? item.plugin_id),
    el("span", { class: "line" },
      el("span", {}, item.state === "checked" ? people : "being checked"),
      el("span", { class: item.overdue ? "bad" : "" }, item.overdue ? "overdue" : `${Math.round(item.waits_h)} h, ${item.points} points`)));
}

function stage(item) {
  return `${item.state} ${item.approved}`;
}

/** What is open stays true: others sign it meanwhile, or decide it. */
function follow(item) {
  if (chosen && !item) $("alert").textContent = "It no longer waits: somebody decided it.";
  else if (item && shown && stage(item) !== shown) draw(chosen);
}

async function choose(digest) {
  chosen = digest;
  shown = "";
  $("queue").querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.id === digest)));
  if (!await draw(digest)) return;
  $("dossier").scrollTop = 0;
  $("dossier").focus();
}

async function draw(digest) {
  $("alert").textContent = "";
  try {
    const found = await api(`/reviews/${digest}`);
    if (chosen !== digest) return false;
    const { item } = found.dossier;
    shown = stage(item);
    $("dossier-title").textContent = item.title;
    $("release").textContent = `${item.plugin_id}@${item.version}, ${item.kind}, ${item.state}`;
    $("dossier").replaceChildren(...cards(found));
    return true;
  } catch (error) {
    $("alert").textContent = error.message;
    return false;
  }
}
