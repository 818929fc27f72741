// What shops say of a plugin: stars, words, the shop's own opinion, and the word of its publisher or a moderator.

import { request } from "./client.js";
import { el } from "./dom.js";

const day = new Intl.DateTimeFormat([], { dateStyle: "medium" });

/** Stars of a mean, or of one opinion; nothing where nobody rated it. */
export function stars(rated, single = false) {
  if (!rated.ratings) return null;
  const full = Math.round(rated.mean);
  return el("p", {}, el("span", { class: "stars", "aria-hidden": "true" }, "★".repeat(full) + "☆".repeat(5 - full)), el("span", { class: "hidden" }, `${rated.mean} of 5 stars`), single ? "" : el("span", { class: "sub" }, ` ${rated.mean} of 5 from ${rated.ratings}`));
}

/** All opinions; a shop that has it installed gives its own. */
export function ratingsPart(shop, id, page, installed) {
  const said = page.items.length ? el("ul", { class: "rows" }, page.items.map((one) => opinion(shop, id, one))) : el("p", { class: "sub" }, "No shop that uses it has said anything yet.");
  return el("div", { class: "rows" }, said, installed ? own(shop, id, page.own) : null);
}

function opinion(shop, id, one) {
  return el("li", {}, stars({ ratings: 1, mean: one.stars }, true), el("p", {}, one.text),
    el("p", { class: "sub" }, `of ${one.version}, ${day.format(new Date(one.changed_at))}`),
    one.answer && el("p", { class: "note" }, `Its publisher: ${one.answer}`), byToken(shop, id, one));
}

function own(shop, id, mine) {
  const words = el("textarea", { id: "own-words", maxlength: 2000 });
  words.value = mine?.text ?? "";
  const form = el("form", { class: "group" },
    el("fieldset", { class: "plain rate" }, el("legend", {}, mine ? "What you say" : "Say what you think"),
      [1, 2, 3, 4, 5].map((number) => el("label", {}, el("input", { type: "radio", name: "stars", value: number, required: true, checked: mine?.stars === number }), `${number}`))),
    mine?.hidden_why && el("p", { class: "note warn" }, `Nobody sees it: ${mine.hidden_why}`),
    el("div", { class: "field" }, el("label", { for: "own-words" }, "In words (optional)"), words),
    el("p", { class: "sub" }, "5 is best. Readers see the words, not whose they are. You may change it."),
    el("div", { class: "actions" }, el("button", { class: "quiet" }, mine ? "Change it" : "Rate it"),
      mine && el("button", { type: "button", class: "quiet", onclick: () => doing(shop, id, () => shop.call(`/plugins/${id}/ratings/own`, { method: "DELETE" }), "Your rating is gone") }, "Take it back")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = { stars: Number(new FormData(form).get("stars")), text: words.value };
    doing(shop, id, () => shop.call(`/plugins/${id}/ratings/own`, { method: "PUT", body }), "Thank you");
  });
  return form;
}

/** Who speaks for the publisher, or moderates, shows a token of the registry; it is used once and kept nowhere. */
function byToken(shop, id, one) {
  const [token, words] = [`t-${one.id}`, `w-${one.id}`];
  const send = (what, said) => (event) => {
    const form = event.target.closest("form");
    if (!form.reportValidity()) return;
    const body = { text: form.elements[words].value };
    doing(shop, id, () => request(`/v1/market/ratings/${one.id}/${what}`, { method: "POST", body, bearer: form.elements[token].value }), said);
  };
  return el("details", {}, el("summary", {}, "Its publisher, or a moderator?"), el("form", { class: "rows", onsubmit: (event) => event.preventDefault() },
    el("div", { class: "field" }, el("label", { for: token }, "Token"), el("span", { class: "sub", id: `h-${one.id}` }, "Where your key is: hp plugin login --print-token, or hp review login --print-token --key admin"), el("input", { id: token, name: token, type: "password", autocomplete: "off", required: true, "aria-describedby": `h-${one.id}` })),
    el("div", { class: "field" }, el("label", { for: words }, "Your answer, or why it is hidden"), el("textarea", { id: words, name: words, maxlength: 2000, required: true })),
    el("div", { class: "actions" }, one.answer ? null : el("button", { type: "button", class: "quiet", onclick: send("answer", "Answered") }, "Answer"), el("button", { type: "button", class: "quiet danger", onclick: send("hide", "Hidden") }, "Hide it"))));
}

async function doing(shop, id, act, words) {
  shop.fail(null);
  try {
    await act();
    shop.say(words);
    shop.go(`#/plugins/${id}`);
  } catch (error) {
    shop.fail(error);
  }
}
