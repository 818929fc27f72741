// A week as a picture, and the box that asks who would answer. The picture shows what words beside it say.

import { el } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAY = 1440;
const SAMPLES = {
  "": ["As I write it", ""],
  en: ["English", "Where is my order?"],
  de: ["German", "Wo ist meine Bestellung? Ich habe sie noch nicht."],
  fr: ["French", "Bonjour, où est ma commande ? Je voudrais un remboursement."],
  es: ["Spanish", "Hola, ¿dónde está mi pedido? Quiero devolver un artículo."],
  it: ["Italian", "Buongiorno, dove è il mio ordine? Vorrei un rimborso."],
  pt: ["Portuguese", "Olá, onde está a minha encomenda? Não posso falar com uma pessoa?"],
  nl: ["Dutch", "Hallo, waar is mijn bestelling? Ik wil het graag terug."],
};

/** Rows of `{ name, times, kind }`, each a line of words over a strip of the week. */
export function weekPicture(rows, zone) {
  if (!rows.length) return el("p", { class: "sub" }, "Nobody is in the bundle yet.");
  const at = minuteOf(zone);
  return el("div", { class: "week" },
    el("div", { class: "week-days", "aria-hidden": "true" }, DAYS.map((day) => el("span", {}, day))),
    el("ul", { class: "week-rows" }, rows.map((row) => el("li", { class: row.kind ?? "agent" },
      el("p", {}, el("strong", {}, row.name), el("span", { class: "sub" }, ` ${words(row.times)}`)), strip(row.times.week, at)))),
    el("p", { class: "sub" }, `By the clock on the wall of ${zone}; the line is now.`));
}

/** Hours in words, with the days of nobody. */
export function words(times) {
  const closed = times.closed?.length ? `; closed on ${times.closed.join(", ")}` : "";
  return times.words + closed;
}

function strip(week, at) {
  const svg = shape("svg", { viewBox: `0 0 ${7 * DAY} 100`, preserveAspectRatio: "none", class: "strip", "aria-hidden": "true" });
  svg.append(shape("rect", { width: 7 * DAY, height: 100, class: "shut" }));
  svg.append(...week.map(([day, opens, closes]) => shape("rect", { x: day * DAY + opens, width: closes - opens, height: 100, class: "open" })));
  svg.append(...[1, 2, 3, 4, 5, 6].map((day) => shape("line", { x1: day * DAY, x2: day * DAY, y1: 0, y2: 100, class: "midnight" })));
  svg.append(shape("line", { x1: at, x2: at, y1: 0, y2: 100, class: "now" }));
  return svg;
}

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** The minute of the week, from Monday, by the clock on the wall of a zone. */
function minuteOf(zone) {
  const told = clockOf(zone);
  return DAYS.indexOf(told.weekday) * DAY + (Number(told.hour) % 24) * 60 + Number(told.minute);
}

function clockOf(zone) {
  const parts = (timeZone) => new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).formatToParts();
  let found;
  try { found = parts(zone); } catch { found = parts("UTC"); }  // the server says what is wrong with the zone
  return Object.fromEntries(found.map((part) => [part.type, part.value]));
}

/** A message, a time, a language: the server's own choice, and why. `draft()` gives the source to try. */
export function whoBox(shop, { source, zone, titles, when = "now" }) {
  const box = el("textarea", { id: "who-text", rows: 2, maxlength: 1000, required: true, placeholder: "Where is my order?" });
  const language = el("select", { id: "who-language" }, Object.entries(SAMPLES).map(([code, [name]]) => el("option", { value: code }, name)));
  language.addEventListener("change", () => { if (SAMPLES[language.value][1]) box.value = SAMPLES[language.value][1]; });
  box.addEventListener("input", () => { language.value = ""; });
  const day = el("select", { id: "who-day" }, el("option", { value: "" }, "Now"), LONG.map((name, index) => el("option", { value: index, selected: String(index) === when }, name)));
  const clock = el("input", { id: "who-clock", type: "time", value: "12:00", disabled: true });
  day.addEventListener("change", () => { clock.disabled = day.value === ""; });
  const answer = el("div", { class: "who-answer", "aria-live": "polite" });
  const button = el("button", { class: "primary" }, "Who would answer?");
  const form = el("form", { class: "who rows" },
    el("div", { class: "field" }, el("label", { for: "who-text" }, "A shopper writes"), box),
    el("div", { class: "three" },
      el("div", { class: "field" }, el("label", { for: "who-language" }, "Language"), language),
      el("div", { class: "field" }, el("label", { for: "who-day" }, "When"), day),
      el("div", { class: "field" }, el("label", { for: "who-clock" }, "At"), clock)),
    el("div", { class: "actions" }, button), answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    answer.replaceChildren(el("p", { class: "sub" }, "Asking your router… the first answer of a new choice of agents takes a second or two."));
    try {
      const body = { text: box.value, source: source(), at: day.value === "" ? null : nextDay(Number(day.value), clock.value, zone()) };
      answer.replaceChildren(...heard(await shop.call("/bundles/who", { method: "POST", body }), titles()));
    } catch (error) {
      answer.replaceChildren(el("p", { class: "note warn" }, error.status ? error.message : "The server cannot be reached; ask again when you are online."));
    }
    answer.scrollIntoView({ block: "nearest" });
    button.disabled = false;
  });
  return form;
}

/** The next such day by the clock on the wall of a zone, today where it is today. */
function nextDay(weekday, clock, zone) {
  const told = clockOf(zone);
  const date = new Date(Date.UTC(Number(told.year), Number(told.month) - 1, Number(told.day)));
  date.setUTCDate(date.getUTCDate() + ((weekday - DAYS.indexOf(told.weekday) + 7) % 7));
  return `${date.toISOString().slice(0, 10)}T${clock || "12:00"}:00`;
}

function heard(told, titles) {
  const named = (id) => titles[id] ?? id;
  const heads = { agent: `${told.title || named(told.plugin_id)} answers`, person: "A person takes it", decline: "It is declined politely", clarify: "The shopper is asked back", reply: "It needs no agent: a short reply" };
  return [
    el("p", { class: "who-head" }, el("span", { class: `badge ${told.kind === "agent" ? "ok" : "info"}` }, told.kind === "agent" ? "agent" : told.kind === "person" ? "people" : "engine"), el("strong", {}, heads[told.kind])),
    told.said && el("p", { class: "bubble" }, told.said),
    el("ul", { class: "lines" },
      el("li", {}, el("span", {}, `Why: ${told.why}${told.kind === "agent" ? ` (${Math.round(told.confidence * 100)} % sure)` : ""}`)),
      el("li", {}, el("span", {}, `At ${told.local}, read as ${languageName(told.language)}.`)),
      told.away.length ? el("li", { class: "careful" }, el("span", {}, `Not there then: ${told.away.map(named).join(", ")}.`)) : null,
      told.people_back ? el("li", { class: "careful" }, el("span", {}, `People are back ${told.people_back}; the shopper is told so.`)) : null),
  ].filter(Boolean);
}

/** A language (BCP 47) as people say it. */
export function languageName(code) {
  if (code === "other") return "a language in another script";
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code);
  } catch {
    return code;
  }
}
