// Editors of the parts of a draft. Each writes into the draft as one types; what is wrong with it is the
// server's to say, and is shown beside the field it names.

import { languageName } from "./bundles_week.js";
import { el } from "./dom.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LETTERS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl"];
const SPAN = /^([a-z]{3})(?:-([a-z]{3}))? (\d\d:\d\d)-(\d\d:\d\d)$/;
let ids = 0;

/** What a path such as `["voice", "name"]` holds in a bundle. */
export function get(bundle, path) {
  return path.reduce((found, part) => found?.[part], bundle);
}

/** Put something there; tables on the way are made. */
export function put(bundle, path, value) {
  const place = path.slice(0, -1).reduce((found, part) => (found[part] ??= {}), bundle);
  place[path.at(-1)] = value;
}

/** A labelled control whose faults are told below it. */
export function field(path, label, control, hint = "") {
  control.id ||= `b-${path.join("-")}-${ids++}`;
  const fault = el("p", { class: "fault", id: `${control.id}-fault`, hidden: true });
  control.setAttribute("aria-describedby", `${control.id}-fault${hint ? ` ${control.id}-hint` : ""}`);
  return el("div", { class: "field", "data-path": path.join(".") }, el("label", { for: control.id }, label),
    hint && el("span", { class: "sub", id: `${control.id}-hint` }, hint), control, fault);
}

/** Several controls that are one part. */
export function group(path, label, ...content) {
  const fault = el("p", { class: "fault", id: `b-${path.join("-")}-${ids++}`, hidden: true });
  return el("fieldset", { class: "part", "data-path": path.join("."), "aria-describedby": fault.id }, el("legend", {}, label), content, fault);
}

/** A line of text, or with `rows` a few. */
export function text(draft, path, label, { hint, ...attributes } = {}) {
  const box = el(attributes.rows ? "textarea" : "input", { class: "plain", autocomplete: "off", ...attributes });
  box.value = get(draft.bundle, path) ?? "";
  box.addEventListener("input", () => { put(draft.bundle, path, box.value); draft.changed(); });
  return field(path, label, box, hint);
}

/** A list of words, a comma between. */
export function list(draft, path, label, { hint, separator = ",", ...attributes } = {}) {
  const box = el(attributes.rows ? "textarea" : "input", { autocomplete: "off", ...attributes });
  box.value = (get(draft.bundle, path) ?? []).join(separator === "," ? ", " : separator);
  box.addEventListener("input", () => {
    put(draft.bundle, path, box.value.split(separator).map((one) => one.trim()).filter(Boolean));
    draft.changed();
  });
  return field(path, label, box, hint);
}

/** Languages as boxes to tick, and whatever else is there. */
export function languages(draft, path, label, hint) {
  const chosen = () => get(draft.bundle, path) ?? [];
  const known = [...new Set([...LANGUAGES, ...chosen()])];
  const toggle = ({ target }) => {
    const others = chosen().filter((code) => code !== target.value);
    put(draft.bundle, path, target.checked ? [...others, target.value] : others);
    draft.changed();
  };
  const other = el("input", { class: "short", maxlength: 35, placeholder: "pl", "aria-label": "Another language, by its code" });
  const boxes = el("div", { class: "ticks" });
  const draw = () => boxes.replaceChildren(...known.map((code) => tick(languageName(code), { value: code, checked: chosen().includes(code), onchange: toggle })), other,
    el("button", { type: "button", class: "chip", onclick: add }, "Add"));
  const add = () => {
    if (!other.value.trim()) return;
    known.push(other.value.trim());
    put(draft.bundle, path, [...chosen(), other.value.trim()]);
    other.value = "";
    draw();
    draft.changed();
  };
  draw();
  return group(path, label, hint && el("p", { class: "sub" }, hint), boxes);
}

/** A box to tick that looks like a chip. */
export function tick(label, attributes) {
  return el("label", { class: "tick" }, el("input", { type: "checkbox", ...attributes }), el("span", {}, label));
}

/** Days and times of a week: around the clock, or rows of days with a from and a to. */
export function hours(draft, path, label) {
  const rows = rowsOf(get(draft.bundle, path) ?? []);
  const name = `h-${ids++}`;
  const content = el("div", { class: "rows" });
  const write = () => { put(draft.bundle, path, rows.flatMap(spansOf)); draft.changed(); };
  const choose = (always) => { rows.splice(0, rows.length, ...(always ? [] : [{ days: new Set([0, 1, 2, 3, 4]), opens: "09:00", closes: "17:00" }])); draw(); write(); };
  const radio = (always, words) => el("label", { class: "tick" }, el("input", { type: "radio", name, checked: always === !rows.length, onchange: () => { choose(always); content.querySelector("input:checked")?.focus(); } }), el("span", {}, words));
  const remove = (row) => { rows.splice(rows.indexOf(row), 1); draw(); write(); content.querySelector("input")?.focus(); };
  const more = () => { rows.push({ days: new Set([5]), opens: "10:00", closes: "14:00" }); draw(); write(); content.querySelector(".span:last-of-type input")?.focus(); };
  const draw = () => content.replaceChildren(
    el("div", { class: "ticks" }, radio(true, "Around the clock"), radio(false, "At these times")),
    ...rows.map((row, number) => spanRow(row, number, write, rows.length > 1 ? () => remove(row) : null)),
    ...(rows.length ? [el("div", {}, el("button", { type: "button", class: "chip small", onclick: more }, "More times"))] : []));
  draw();
  return group(path, label, content);
}

function spanRow(row, number, write, remove) {
  if (row.raw !== undefined) {
    const box = el("input", { value: row.raw, "aria-label": `Times ${number + 1}`, oninput: ({ target }) => { row.raw = target.value; write(); } });
    return el("div", { class: "span" }, box, remove && el("button", { type: "button", class: "chip small", onclick: remove }, "Remove"));
  }
  const day = (index) => tick(LETTERS[index], { checked: row.days.has(index), onchange: ({ target }) => { row.days[target.checked ? "add" : "delete"](index); write(); } });
  const clock = (key, words) => el("input", { type: "time", value: row[key] === "24:00" ? "00:00" : row[key], "aria-label": `${words}, times ${number + 1}`, oninput: ({ target }) => { row[key] = target.value; write(); } });
  return el("div", { class: "span" }, el("div", { class: "ticks days", role: "group", "aria-label": `Days, times ${number + 1}` }, DAYS.map((_, index) => day(index))),
    el("div", { class: "from-to" }, clock("opens", "From"), el("span", {}, "to"), clock("closes", "Until"), remove && el("button", { type: "button", class: "chip small", "aria-label": `Remove times ${number + 1}`, onclick: remove }, "Remove")));
}

/** Texts such as `mon-fri 09:00-17:30` as rows; those with the same times are one row. */
function rowsOf(spans) {
  const rows = new Map();
  for (const span of spans) {
    const found = SPAN.exec(span);
    const [first, last] = found ? [DAYS.indexOf(found[1]), DAYS.indexOf(found[2] ?? found[1])] : [-1, -1];
    if (first < 0 || last < 0) { rows.set(span, { raw: span }); continue; }
    const key = `${found[3]}-${found[4]}`;
    const row = rows.get(key) ?? { days: new Set(), opens: found[3], closes: found[4] };
    for (let n = 0; n <= (last - first + 7) % 7; n++) row.days.add((first + n) % 7);
    rows.set(key, row);
  }
  return [...rows.values()];
}

function spansOf(row) {
  if (row.raw !== undefined) return row.raw ? [row.raw] : [];
  const closes = row.closes === "00:00" ? "24:00" : row.closes;
  const days = DAYS.map((_, index) => index).filter((index) => row.days.has(index));
  if (!days.length) return [`no day ${row.opens}-${closes}`];    // the server says what to write
  const runs = days.reduce((found, day) => { if (found.at(-1)?.at(-1) === day - 1) found.at(-1).push(day); else found.push([day]); return found; }, []);
  return runs.map((run) => `${DAYS[run[0]]}${run.length > 1 ? `-${DAYS[run.at(-1)]}` : ""} ${row.opens}-${closes}`);
}

/** Put each problem beside the nearest field that its place names; gives those that have none. */
export function showProblems(root, problems) {
  for (const one of root.querySelectorAll("[data-path]")) {
    const fault = one.querySelector(":scope > .fault");
    Object.assign(fault, { hidden: true, textContent: "" });
    one.classList.remove("wrong");
    one.querySelector(":scope > input, :scope > textarea, :scope > select")?.removeAttribute("aria-invalid");
  }
  return problems.filter((problem) => !place(root, problem));
}

function place(root, problem) {
  for (let depth = problem.path.length; depth > 0; depth--) {
    const found = root.querySelector(`[data-path="${CSS.escape(problem.path.slice(0, depth).join("."))}"]`);
    if (!found) continue;
    const fault = found.querySelector(":scope > .fault");
    fault.textContent = fault.textContent ? `${fault.textContent} ${problem.what}` : problem.what;
    fault.hidden = false;
    found.classList.add("wrong");
    found.querySelector(":scope > input, :scope > textarea, :scope > select")?.setAttribute("aria-invalid", "true");
    for (let around = found.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    return true;
  }
  return false;
}
