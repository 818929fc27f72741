// The reviewers' page: what waits, and all there is to see of it. Signing stays in the terminal,
// where the key is; the page shows the exact command.

import { request } from "./client.js";
import { el } from "./dom.js";
import { cards } from "./review_dossier.js";

const $ = (id) => document.getElementById(id);
const KEPT = "hp-review-token";
const REFRESH_MS = 5_000;
let chosen = null;
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
    if (error.status === 401 || error.status === 403) return leave(error.message);
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

async function choose(digest) {
  chosen = digest;
  $("queue").querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.id === digest)));
  $("alert").textContent = "";
  try {
    const found = await api(`/reviews/${digest}`);
    if (chosen !== digest) return;
    const { item } = found.dossier;
    $("dossier-title").textContent = item.title;
    $("release").textContent = `${item.plugin_id}@${item.version}, ${item.kind}, ${item.state}`;
    $("dossier").replaceChildren(...cards(found));
    $("dossier").scrollTop = 0;
    $("dossier").focus();
  } catch (error) {
    $("alert").textContent = error.message;
  }
}
