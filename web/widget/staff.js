// The staff view: escalated conversations, take over, reply, note, hand back.

import { request } from "./client.js";
import { el, time } from "./dom.js";
import { handoffCard, turnCards } from "./insight.js";
import { forgetKey, memberKey } from "./member.js";
import { Thread } from "./thread.js";

const $ = (id) => document.getElementById(id);
const REFRESH_MS = 2_000;
const OWNERS = {
  taken: "A person has this conversation. Agents are silent.",
  manual: "Nobody has this conversation yet; agents are silent. Take over to reply.",
  auto: "The assistant has this conversation. Take over to reply.",
};
const key = await memberKey();
const thread = new Thread($("thread"), { contact: "Shopper", member: "You" });
let chosen = null;
let shown = 0;

$("take").addEventListener("click", () => act("takeover"));
$("back").addEventListener("click", () => act("handback"));
$("note").addEventListener("click", () => write("notes"));
$("composer").addEventListener("submit", (event) => { event.preventDefault(); write("replies"); });
await tick();

function api(path, options = {}) {
  return request(`/v1/staff/conversations${path}`, { ...options, bearer: key });
}

function calls(turn) {
  return request(`/v1/staff/turns/${turn}/calls`, { bearer: key });
}

async function tick() {
  try {
    renderInbox((await api("?state=escalated")).items);
    if (chosen) await show();
    $("state").dataset.state = "online";
    $("state").textContent = "Live";
  } catch (error) {
    if (error.status === 401) forgetKey();
    $("state").dataset.state = "offline";
    $("state").textContent = error.message;
  }
  setTimeout(tick, REFRESH_MS);
}

function renderInbox(items) {
  const focused = document.activeElement?.dataset?.id;
  $("inbox").replaceChildren(...(items.length ? items.map(row) : [el("p", { class: "empty" }, "Nobody is waiting. Ask for a person in the shopper's chat.")]));
  if (focused) $("inbox").querySelector(`[data-id="${focused}"]`)?.focus();
}

function row(item) {
  return el("button", { type: "button", "data-id": item.id, "aria-pressed": String(item.id === chosen), title: item.goal, onclick: () => choose(item.id) },
    el("strong", {}, item.contact?.display_name || item.contact?.email || "A shopper"),
    el("span", { class: "goal" }, item.goal || item.reason?.replaceAll("_", " ") || ""),
    el("span", { class: "line" }, el("span", {}, item.mode === "manual" ? "taken" : "waiting"), time(item.updated_at)));
}

async function choose(id) {
  chosen = id;
  shown = 0;
  thread.clear();
  await show();
  $("take").hidden ? $("text").focus() : $("take").focus();
}

async function show() {
  const { conversation, contact, handoff, events, turns } = await api(`/${chosen}`);
  const taken = Boolean(conversation.member_id);
  $("thread-title").textContent = contact?.display_name || contact?.email || "A shopper";
  $("contact").textContent = contact?.email ?? "";
  $("take").hidden = taken;
  $("back").hidden = $("composer").hidden = !taken;
  Object.assign($("owner"), { hidden: false, textContent: OWNERS[taken ? "taken" : conversation.mode] });
  $("owner").dataset.mode = taken ? "manual" : "auto";
  events.filter((event) => event.offset > shown).forEach((event) => thread.event(event));
  shown = Math.max(shown, ...events.map((event) => event.offset));
  $("happened").replaceChildren(...[handoffCard(conversation, handoff), ...turnCards(turns, calls)].filter(Boolean));
}

async function write(what) {
  const text = $("text").value.trim();
  if (!text) return;
  if (await act(what, { text, id: crypto.randomUUID() })) $("text").value = "";
}

async function act(what, body = {}) {
  $("alert").textContent = "";
  try {
    await api(`/${chosen}/${what}`, { method: "POST", body });
    await show();
    return true;
  } catch (error) {
    $("alert").textContent = error.message;
    return false;
  }
}
