// What the installed release said and what the new one would have said, turn by turn. Words are fetched when asked
// for: nobody keeps them.

import { el, moment } from "./dom.js";
import { kindWords } from "./rollout_words.js";


/** Makes the list of a rollout's turns; one that is open stays open when there are more. */
export function besideView(shop, id) {
  const list = el("div", { class: "rows" });
  const known = new Map();
  const load = async () => {
    try {
      const page = await shop.call(`/rollouts/${id}/shadow`);
      for (const turn of page.items) if (!known.has(turn.turn_id)) known.set(turn.turn_id, row(shop, id, turn));
      list.replaceChildren(...page.items.map((turn) => known.get(turn.turn_id)));
    } catch (error) {
      list.replaceChildren(el("p", { class: "bad" }, error.message));
    }
  };
  return () => { load(); return el("div", { class: "rows" }, el("h4", {}, "Turn by turn"), list); };
}

function row(shop, id, turn) {
  const body = el("div", { class: "rows" });
  const differs = turn.kinds.length ? turn.kinds.map(kindWords).join(", ") : "no difference";
  const node = el("details", { class: "group" },
    el("summary", {}, el("span", {}, moment.format(new Date(turn.at))), el("span", { class: `badge ${turn.kinds.length ? "warn" : "ok"}` }, differs)), body);
  node.addEventListener("toggle", () => { if (node.open && !body.childElementCount) fill(shop, `/rollouts/${id}/shadow/${turn.turn_id}`, body); });
  return node;
}

async function fill(shop, path, body) {
  body.replaceChildren(el("p", { class: "sub", role: "status" }, "Both releases answer it once more…"));
  try {
    const { calls } = await shop.call(path);
    body.replaceChildren(...calls.map(call));
  } catch (error) {
    const again = el("button", { type: "button", class: "quiet", onclick: () => fill(shop, path, body) }, "Try again");
    body.replaceChildren(el("p", { class: "bad" }, error.message), el("div", { class: "actions" }, again));
  }
}

function call(one) {
  return el("div", { class: "rows" },
    one.asked && el("blockquote", {}, el("span", { class: "sub" }, "The shopper wrote"), el("p", {}, one.asked)),
    el("div", { class: "beside" }, side("Installed", one.before), side("New", one.after)),
    one.changes.length ? el("ul", { class: "lines" }, one.changes.map((change) => el("li", { class: change.grave ? "careful" : "plain" }, el("span", {}, change.words, was(change))))) : el("p", { class: "sub" }, "Nothing differs."));
}

function side(title, said) {
  return el("div", { class: "said" }, el("h5", {}, title), said.text ? el("p", {}, said.text) : null,
    said.outcome === "ok" ? null : el("p", { class: "bad" }, said.outcome.replaceAll("_", " ")), said.detail ? el("p", { class: "sub" }, said.detail) : null);
}

/** Words that are shown beside each other already are not told again. */
function was({ words, before, after }) {
  if (words === "other words" || !(before || after)) return "";
  return el("span", { class: "change" }, el("del", {}, before || "nothing"), " ", el("ins", {}, after || "nothing"));
}
