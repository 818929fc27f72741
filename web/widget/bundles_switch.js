// Switch on: the plan with all it asks, by weight, and what it needs filled in. Consent is given to this very plan.

import { openDraft } from "./bundles_draft.js";
import { price, stepsList, whyNot } from "./bundles_plan.js";
import { section } from "./bundles_words.js";
import { el } from "./dom.js";
import { configForm } from "./market_form.js";

/** The draft's plan, or that of a published bundle. */
export async function switchView(shop, published, locked) {
  const draft = published ? null : await openDraft(shop);
  await draft?.settled();
  const wanted = published ? { plugin_id: published, locked } : { source: draft.source, lock: draft.lock };
  const back = published ? `#/bundles/shared/${published}` : "#/bundles/compose";
  if (draft?.problems.length) return sheet(back, "Not yet", el("p", {}, "Something in the draft is not right yet: it is told beside its field."));
  const box = el("div", {});
  await look(shop, box, { wanted, draft, back }, new Map());
  return box;
}

async function look(shop, box, page, kept) {
  const plan = await shop.call("/bundles/plan", { method: "POST", body: page.wanted });
  const form = plan.fits ? planForm(shop, box, page, plan) : sheet(page.back, "These do not fit together", whyNot(plan));
  for (const field of form.elements ?? []) {
    if (!kept.has(field.id)) continue;
    if (field.type === "checkbox") field.checked = kept.get(field.id);
    else field.value = kept.get(field.id);
  }
  box.replaceChildren(form);
}

function sheet(back, title, ...content) {
  return el("article", { class: "sheet" }, el("h2", {}, title), content, el("div", { class: "actions" }, el("a", { class: "quiet button", href: back }, "Back")));
}

function planForm(shop, box, page, plan) {
  const setups = plan.steps.filter((step) => step.kind === "install").map((step) => [step, configForm(step.config_schema, {})]);
  setups.forEach(([step, setup]) => setup.fields && apart(setup.fields, step.plugin_id));
  const needed = setups.filter(([, setup]) => setup.fields);
  const secrets = plan.steps.filter((step) => step.secrets.length);
  const changed = el("div", {});
  const form = el("form", { class: "sheet consent" },
    el("div", {}, el("h2", {}, `Switch on ${plan.bundle}`), el("p", { class: "sub" }, `A month costs ${price(plan)}.${page.wanted.lock || page.wanted.locked ? " These are the very releases of its lock." : ""}`)),
    el("p", { class: "note" }, "It serves from the next turn on, all at once; a turn that has begun keeps what it began with. Each plugin gets exactly what you give here."),
    section("What is done", stepsList(plan)),
    section("What is asked", asks(plan)),
    needed.length ? section("How they are set up", needed.map(([step, setup]) => el("div", { class: "rows" }, el("h4", {}, step.title), setup.fields))) : null,
    secrets.length ? section("Credentials", el("p", { class: "sub" }, "They are sealed; no plugin sees them, and they are not kept in this browser."), secrets.map(credentials)) : null,
    changed,
    el("div", { class: "actions" }, el("button", { class: "primary" }, asked(plan) ? "Give these and switch on" : "Switch on"), el("a", { class: "quiet button", href: page.back }, "Not now")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(shop, { form, plan, setups, page, box, changed });
  });
  return form;
}

/** Forms of several plugins on one page: each field's id is its own. */
function apart(fields, plugin) {
  const name = plugin.replace("/", "-");
  for (const one of fields.querySelectorAll("[id]")) one.id = `${name}-${one.id}`;
  for (const one of fields.querySelectorAll("label[for]")) one.htmlFor = `${name}-${one.htmlFor}`;
}

function asked(plan) {
  return plan.steps.some((step) => step.permissions.length);
}

/** By weight, the weightiest first; below each right, who asks for it. */
function asks(plan) {
  if (!asked(plan)) return el("p", {}, "Nothing new: everything it asks was given before.");
  return el("div", { class: "rows" }, plan.asks.map((group) => {
    const lines = plan.steps.flatMap((step) => step.permissions.filter((right) => right.group === group.group).map((right) => [step, right]));
    return el("fieldset", { class: `group ${group.group}` }, el("legend", {}, group.title), lines.map(([step, right]) => ask(step, right)));
  }));
}

function ask(step, right) {
  const id = `g-${step.plugin_id}-${right.capability}`.replaceAll(/[^\w-]/g, "_");
  const must = step.kind === "install" && !right.optional;
  const choice = must ? "needed" : step.kind === "update" ? "new; without it, it runs under what you gave before" : "your choice";
  return el("div", { class: "ask" },
    el("input", { type: "checkbox", name: "grant", id, "data-plugin": step.plugin_id, value: right.capability, checked: must, required: must }),
    el("label", { for: id }, el("strong", {}, right.words), el("span", { class: "sub" }, ` · ${step.title} · ${choice}`), el("br"), el("span", { class: "why" }, right.why), el("br"), el("code", {}, right.capability)));
}

function credentials(step) {
  const name = step.plugin_id.replace("/", "-");
  return el("div", { class: "rows" }, el("h4", {}, step.title), step.secrets.map((header, index) => el("div", { class: "field secret", "data-plugin": step.plugin_id, "data-header": header },
    el("label", { for: `s-${name}-${index}` }, header),
    el("input", { id: `a-${name}-${index}`, class: "address", type: "url", "aria-label": `Address for ${header} of ${step.title}`, placeholder: "https://api.shop.example" }),
    el("input", { id: `s-${name}-${index}`, class: "value", type: "password", autocomplete: "off" }))));
}

function read({ form, plan, setups, page }) {
  const grants = {};
  for (const box of form.querySelectorAll("input[name=grant]:checked")) (grants[box.dataset.plugin] ??= []).push(box.value);
  const config = Object.fromEntries(setups.map(([step, setup]) => [step.plugin_id, setup.read()]).filter(([, found]) => Object.keys(found).length));
  const secrets = {};
  for (const box of form.querySelectorAll(".secret")) {
    const value = box.querySelector(".value").value;
    if (value) ((secrets[box.dataset.plugin] ??= {})[box.querySelector(".address").value] ??= {})[box.dataset.header] = value;
  }
  return { source: plan.source, plan: plan.plan, lock: plan.lock, grants, config, secrets };
}

async function apply(shop, told) {
  const { form, page, box, changed } = told;
  const button = form.querySelector("button.primary");
  button.disabled = true;
  changed.replaceChildren(el("p", { class: "sub" }, "Installing out of service, then switching…"));
  shop.fail(null);
  try {
    const run = await shop.call("/bundles", { method: "POST", body: read(told) });
    page.draft?.forget();
    await shop.go("#/bundles");
    shop.say(`${run.name} serves from the next turn on`);
  } catch (error) {
    button.disabled = false;
    const kept = new Map([...form.elements].filter((field) => field.id).map((field) => [field.id, field.type === "checkbox" ? field.checked : field.value]));
    const again = () => look(shop, box, page, kept).catch(shop.fail);
    changed.replaceChildren(el("div", { class: "note warn rows", role: "alert" }, el("p", {}, error.status ? error.message : "The server cannot be reached. What you filled in is still here."),
      el("div", { class: "actions" }, el("button", { type: "button", class: "quiet", onclick: again }, "Look at the plan again"))));
  }
}
