// A form of a plugin's configuration, from its JSON Schema. What a form cannot show is written as JSON.

import { el } from "./dom.js";

/** `prefix` begins the fields' ids, where a page has two such forms. `fields`: the form's elements, null where there is nothing to set up; `read()`: what was filled in. */
export function configForm(schema, present, prefix = "c") {
  const properties = Object.entries(schema?.properties ?? {});
  if (!Object.keys(schema ?? {}).length) return { fields: null, read: () => ({}) };
  if (!properties.length || !properties.every(([, one]) => simple(one))) return asJson(schema, present, prefix);
  const needed = new Set(schema.required ?? []);
  const inputs = properties.map(([name, one]) => [name, one, input(`${prefix}-${name}`, one, present[name] ?? one.default, needed.has(name))]);
  const fields = el("div", { class: "rows" }, inputs.map(([name, one, box]) => el("div", { class: "field" },
    el("label", { for: box.id }, one.title ?? name.replaceAll("_", " "), needed.has(name) ? "" : " (optional)"),
    one.description && el("span", { class: "sub" }, one.description), box)));
  const read = () => Object.fromEntries(inputs.map(([name, one, box]) => [name, value(one, box)]).filter(([, found]) => found !== undefined));
  return { fields, read };
}

function simple(one) {
  return Boolean(one.enum) || ["string", "integer", "number", "boolean"].includes(one.type);
}

function input(id, one, present, required) {
  if (one.enum) return el("select", { id, required }, required ? null : el("option", { value: "" }, "—"), one.enum.map((choice) => el("option", { value: String(choice), selected: choice === present }, String(choice))));
  if (one.type === "boolean") return el("input", { id, type: "checkbox", checked: present === true });
  const number = one.type !== "string";
  return el("input", { id, required, type: number ? "number" : "text", value: present ?? "", min: one.minimum, max: one.maximum, minlength: one.minLength, maxlength: one.maxLength, step: one.type === "number" ? "any" : null });
}

function value(one, box) {
  if (one.type === "boolean") return box.checked;
  if (box.value === "") return undefined;
  if (one.enum) return one.enum.find((choice) => String(choice) === box.value);
  return one.type === "string" ? box.value : Number(box.value);
}

function asJson(schema, present, prefix) {
  const box = el("textarea", { id: `${prefix}-json`, spellcheck: "false" });
  box.value = JSON.stringify(present, null, 2);
  const fields = el("div", { class: "field" }, el("label", { for: box.id }, "Configuration in JSON"), box,
    el("details", {}, el("summary", {}, "What it may be"), el("pre", { class: "changelog" }, JSON.stringify(schema, null, 2))));
  return { fields, read: () => JSON.parse(box.value || "{}") };
}
