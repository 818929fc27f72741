// The demo page: a shopper's chat on the left, what the platform did on the right.

import { ChatClient, request } from "./client.js";
import { el } from "./dom.js";
import { handoffCard, turnCards } from "./insight.js";
import { Thread } from "./thread.js";

const $ = (id) => document.getElementById(id);
const setup = await request("/demo/setup.json");
let played = "";
let withPerson = false;
const thread = new Thread($("thread"), { agent: setup.shop });
const client = new ChatClient({
  storageKey: `hp:${setup.channel_key}`,
  open: () => request("/v1/chat/sessions", { method: "POST", body: { channel_key: setup.channel_key } }),
});

document.title = `${setup.shop} · HyperPersonal`;
$("shop").textContent = setup.shop;
$("suggestions").append(...setup.suggestions.map(suggestion));
renderPeople();
listen();
await client.start();

function suggestion({ label, text }) {
  return el("button", { type: "button", class: "chip", title: text, onclick: () => suggest(text) }, label);
}

/** A suggestion of another shopper begins a conversation of their own. */
async function suggest(text) {
  const shopper = text.match(/\S+@\S+/)?.[0] ?? played;
  if (played && shopper !== played) await client.restart();
  played = shopper;
  say(text);
}

function renderPeople() {
  $("people").append(...setup.shoppers.map((shopper) => el("li", {},
    el("strong", {}, shopper.name), " ", el("span", {}, shopper.note),
    el("span", { class: "row" },
      el("button", { type: "button", class: "chip small", onclick: () => insert(shopper.email) }, shopper.email),
      shopper.orders.map((order) => el("button", { type: "button", class: "chip small", onclick: () => insert(order) }, order))))));
}

function listen() {
  client.addEventListener("session", () => { withPerson = false; thread.clear(); refresh(); });
  client.addEventListener("state", ({ detail }) => state(detail));
  client.addEventListener("sent", ({ detail }) => thread.pending(detail));
  client.addEventListener("ack", ({ detail }) => { thread.acknowledged(detail.id); if (!withPerson) thread.typing("agent"); });
  client.addEventListener("later", ({ detail }) => thread.later(detail.id));
  client.addEventListener("refused", ({ detail }) => thread.refused(detail.id, detail.detail));
  client.addEventListener("typing", ({ detail }) => thread.typing(detail.source));
  client.addEventListener("draft", ({ detail }) => { if (!withPerson) thread.draft(detail.text); });
  client.addEventListener("event", ({ detail }) => heard(detail));
  $("composer").addEventListener("submit", submit);
  $("text").addEventListener("keydown", enter);
  $("text").addEventListener("input", () => { grow(); client.typing(); });
  $("restart").addEventListener("click", () => { played = ""; client.restart(); });
}

function heard(event) {
  if (event.kind === "handoff" || event.source === "member") withPerson = true;
  else if (event.source === "agent") withPerson = false;
  thread.event(event);
  refreshSoon();
}

function submit(event) {
  event.preventDefault();
  say($("text").value);
}

function enter(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
}

function say(text) {
  if (!text.trim()) return;
  client.say(text.trim());
  $("text").value = "";
  grow();
  $("text").focus();
}

function insert(word) {
  const box = $("text");
  box.setRangeText((box.value && !box.value.endsWith(" ") ? " " : "") + word, box.selectionStart, box.selectionEnd, "end");
  box.focus();
}

function grow() {
  const box = $("text");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 160)}px`;
  box.style.overflowY = box.scrollHeight > 158 ? "auto" : "hidden";
}

function state(word) {
  $("state").dataset.state = word;
  $("state").textContent = word === "online" ? "Connected" : "Connection lost, trying again…";
}

let timer = 0;
function refreshSoon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, 60);
}

async function refresh() {
  if (!client.session) return;
  try {
    const { conversation, handoff, turns } = await request(
      `/v1/staff/conversations/${client.session.conversation_id}`, { bearer: setup.member_key });
    const cards = [handoffCard(conversation, handoff), ...turnCards(turns)].filter(Boolean);
    $("happened").replaceChildren(...(cards.length ? cards : [$("nothing").content.cloneNode(true)]));
    if (turns.some((turn) => turn.status === "running")) refreshSoon();
  } catch (error) {
    $("happened").replaceChildren(el("p", { class: "empty" }, error.message));
  }
}
