// "Every call": what a turn's plugins asked the host. Loaded when somebody looks, kept while open.

import { el } from "./dom.js";

const open = new Map();

/** A turn's calls behind a summary; `load(id)` reads them. Null while the turn runs. */
export function callsOf(turn, load) {
  if (turn.status === "running") return null;
  const body = el("div", {}, ...(open.get(turn.id) ?? []));
  const toggled = async ({ target }) => {
    if (!target.open) return open.delete(turn.id);
    if (open.has(turn.id)) return null;
    const found = await load(turn.id).then(plugins, (error) => [el("p", { class: "bad" }, error.message)]);
    open.set(turn.id, found);
    return body.replaceChildren(...found);
  };
  return el("details", { open: open.has(turn.id), ontoggle: toggled }, el("summary", {}, "Every call"), body);
}

function plugins({ plugins: called }) {
  return called.length ? called.map(plugin) : [el("p", {}, "No plugin was called.")];
}

function plugin(one) {
  const served = one.path.includes(".") || /^\d/.test(one.path) ? ` for call ${one.path}` : "";
  return el("section", {},
    el("h4", {}, `${one.plugin}${served}`),
    el("p", {}, `${one.outcome}, ${Math.round(one.elapsed_ms)} ms, ${one.guest_cpu_ms.toFixed(1)} ms of CPU`),
    el("ul", {}, one.calls.map((call) => el("li", {},
      el("code", {}, `${call.path} ${call.name}`), el("span", {}, call.words),
      el("span", { class: call.answer === "done" ? "ok" : "bad" }, call.answer)))));
}
