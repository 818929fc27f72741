// What is installed: what it may do and really did, how it follows releases, and how it goes.

import { el, moment } from "./dom.js";
import { configForm } from "./market_form.js";
import { runs, stateOf } from "./rollout_words.js";

const day = new Intl.DateTimeFormat([], { dateStyle: "medium" });
const ROLLED_OUT = ["agent", "connector", "guard"];
const FOLLOWS = {
  pin: ["Pinned", "Stays at this very release."],
  off: ["By hand", "Changes only when you say so."],
  fixes: ["Fixes", "Takes patches of its minor version by itself."],
  latest: ["Everything", "Takes every new release by itself."],
};

/** Every installation as a card, those that wait for a decision first. */
export async function installedView(shop) {
  const [page, notices] = await Promise.all([shop.call("/installed"), shop.call("/notices").catch(() => ({ items: [] }))]);
  const items = page.items.toSorted((a, b) => b.waiting.length - a.waiting.length);
  if (!items.length) return el("p", { class: "empty" }, "Nothing is installed. Find something that helps.");
  return [
    ...(notices.items ?? []).map((one) => el("p", { class: "note warn" }, one.words ?? one.text ?? one.reason)),
    el("h2", { class: "hidden" }, "Installed"),
    el("ul", { class: "cards" }, items.map((one) => el("li", {}, el("a", { class: "card", href: `#/installed/${one.plugin_id}` },
      el("h3", {}, one.title), el("span", { class: "sub" }, `${one.plugin_id} ${one.version}`),
      el("span", { class: "badges" }, el("span", { class: "badge info" }, one.kind), one.enabled ? null : el("span", { class: "badge" }, "off"),
        ["published", "unknown"].includes(one.status) ? null : el("span", { class: "badge bad" }, one.status),
        one.newer && el("span", { class: "badge ok" }, `${one.newer.version} is there`),
        one.waiting.length ? el("span", { class: "badge warn" }, "waits for you") : null)))))];
}

/** One installation: everything a member may change. */
export async function manageView(shop, id) {
  const [page, rollouts] = await Promise.all([shop.call("/installed"), shop.call("/rollouts")]);
  const one = page.items.find((item) => item.plugin_id === id);
  if (!one) return el("p", { class: "empty" }, "It is not installed. ", el("a", { href: `#/plugins/${id}` }, "See it in the market"));
  const act = (method, path, body, words) => doing(shop, id, method, path, body, words);
  return el("article", { class: "sheet" },
    el("div", { class: "head" },
      el("div", {}, el("h2", {}, one.title), el("p", { class: "sub" }, `${one.plugin_id} ${one.version} · `, el("a", { href: `#/plugins/${id}` }, "in the market"))),
      el("button", { type: "button", class: "quiet", onclick: () => act("PUT", "/enabled", { enabled: !one.enabled }, one.enabled ? "Switched off" : "Switched on") }, one.enabled ? "Switch off" : "Switch on")),
    tried(rollouts.items.find((tried) => tried.plugin_id === id && runs(tried))), waiting(one, act), newer(shop, one, act),
    el("div", { class: "columns" },
      el("div", {}, section("What it may do, and did in 30 days", grants(shop, one, act))),
      el("div", {}, section("New releases", policy(one, act)), config(one, act), section("Remove it", removal(shop, one)))));
}

function tried(rollout) {
  return rollout ? el("p", { class: "note" }, `${rollout.version} is tried: ${stateOf(rollout)[0]}. `, el("a", { href: `#/rollouts/${rollout.id}` }, "See how it goes")) : null;
}

function waiting(one, act) {
  if (!one.waiting.length) return null;
  const boxes = one.waiting.map((asked, index) => [asked, el("input", { type: "checkbox", id: `w-${index}` })]);
  const decide = () => act("PUT", "/grants", { grants: [...one.grants.map((right) => right.capability), ...boxes.filter(([, box]) => box.checked).map(([asked]) => asked.capability)] }, "Decided");
  return el("div", { class: "note warn rows" }, el("strong", {}, "This release asks for more than you gave. It runs without, until you decide."),
    boxes.map(([asked, box]) => el("div", { class: "ask" }, box, el("label", { for: box.id }, el("strong", {}, asked.words), el("br"), asked.why))),
    el("div", { class: "actions" }, el("button", { type: "button", class: "primary", onclick: decide }, "Give what is ticked, refuse the rest")));
}

function newer(shop, one, act) {
  const back = one.before && el("button", { type: "button", class: "quiet", onclick: () => act("POST", "/rollback", {}, `Back at ${one.before}`) }, `Back to ${one.before}`);
  if (!one.newer) return back && one.policy.follow !== "pin" ? el("div", { class: "actions" }, back) : null;
  const { newer: next } = one;
  const tried = ROLLED_OUT.includes(one.kind) ? el("a", { class: "quiet button", href: `#/rollouts/${one.plugin_id}` }, "Try it with a few first") : null;
  return el("div", { class: "note rows" },
    el("strong", {}, `${next.version} is there since ${day.format(new Date(next.published_at))}. ${next.change}`),
    next.gains.length ? el("ul", { class: "lines" }, next.gains.map((right) => el("li", { class: "careful" }, el("span", {}, `It asks for: ${right.words}`)))) : null,
    next.loses.length ? el("ul", { class: "lines" }, next.loses.map((right) => el("li", { class: "good" }, el("span", {}, `It no longer asks for: ${right.words}`)))) : null,
    one.policy.follow === "pin" ? el("span", {}, `It is pinned to ${one.version}: choose another way of new releases to update.`) : update(shop, one, [tried, back]));
}

/** The update; a release that wants to be set up otherwise asks for that first. */
function update(shop, one, others) {
  const { version } = one.newer;
  const fields = el("div", { class: "rows" });
  let config = null;
  const ask = async (error) => {
    shop.fail(error);
    if (error.reason !== "bad_config" || config) return;
    const offer = await shop.call(`/plugins/${one.plugin_id}/offer?version=${encodeURIComponent(version)}`);
    config = configForm(offer.config_schema, one.config, "u");
    fields.replaceChildren(...[el("strong", {}, `How ${version} is set up`), config.fields].filter(Boolean));
  };
  const go = async (event) => {
    event.preventDefault();
    try {
      await shop.call(`/installed/${one.plugin_id}/update`, { method: "POST", body: { version, config: config?.read() ?? null } });
      shop.say("Updated");
      shop.go(`#/installed/${one.plugin_id}`);
    } catch (error) {
      await ask(error).catch(shop.fail);
    }
  };
  return el("form", { class: "rows", onsubmit: go }, fields, el("div", { class: "actions" }, el("button", { class: "primary" }, `Update to ${version}`), others));
}

function grants(shop, one, act) {
  const body = el("div", { class: "rows" }, el("p", { class: "sub" }, "Reading the journals…"));
  shop.call(`/installed/${one.plugin_id}/grants`).then((used) => body.replaceChildren(...uses(used, act)), (error) => body.replaceChildren(el("p", { class: "bad" }, error.message)));
  return body;
}

function uses(used, act) {
  if (!used.grants.length) return [el("p", {}, "It was given nothing.")];
  const without = (text) => used.grants.map((right) => right.capability).filter((other) => other !== text);
  const row = (right) => el("tr", {}, el("td", {}, right.words, right.examples.length ? el("p", { class: "sub" }, right.examples.join(", ")) : null),
    el("td", { class: "number" }, right.calls.toLocaleString()), el("td", { class: "wide" }, right.last_used ? moment.format(new Date(right.last_used)) : "never"),
    el("td", {}, right.needed ? "" : el("button", { type: "button", class: "chip small", "aria-label": `Take away: ${right.words}`, onclick: () => act("PUT", "/grants", { grants: without(right.capability) }, "Taken away") }, "Take away")));
  return [
    el("table", { class: "table" }, el("thead", {}, el("tr", {}, el("th", {}, "May"), el("th", {}, "Calls"), el("th", { class: "wide" }, "Last"), el("th", {}, el("span", { class: "hidden" }, "Take away")))), el("tbody", {}, used.grants.map(row))),
    el("p", { class: "sub" }, turnsRead(used)),
    used.unused.length ? el("p", { class: "note" }, `Nothing used: ${used.unused.map((right) => right.words).join("; ")}. It works without.`) : null,
    ...Object.entries(used.refused).map(([name, count]) => el("p", { class: "note warn" }, `It asked ${count} times for what you did not give: ${name}`)),
  ].filter(Boolean);
}

function turnsRead({ turns, since }) {
  const from = day.format(new Date(since));
  if (!turns) return `No turn was answered since ${from}.`;
  return turns === 1 ? `In the one turn since ${from}.` : `In the ${turns.toLocaleString()} newest turns since ${from}.`;
}

function policy(one, act) {
  const cooldown = el("input", { id: "cooldown", type: "number", min: 0, max: 365, value: one.policy.cooldown_days });
  const choices = Object.entries(FOLLOWS).map(([follow, [title, words]]) => el("div", { class: "ask" },
    el("input", { type: "radio", name: "follow", id: `p-${follow}`, value: follow, checked: one.policy.follow === follow }),
    el("label", { for: `p-${follow}` }, el("strong", {}, title), el("br"), el("span", { class: "sub" }, words))));
  const degrees = el("input", { type: "checkbox", id: "by-degrees", checked: one.policy.by_degrees });
  const form = el("form", { class: "rows" }, el("fieldset", { class: "rows plain" }, el("legend", { class: "hidden" }, "How it follows new releases"), choices),
    ROLLED_OUT.includes(one.kind) ? el("div", { class: "ask" }, degrees, el("label", { for: "by-degrees" }, el("strong", {}, "By degrees"), el("br"), el("span", { class: "sub" }, "What it takes by itself is tried with a few first, and undone when it is worse."))) : null,
    el("div", { class: "field" }, el("label", { for: "cooldown" }, "Wait so many days after publication"), cooldown), el("div", { class: "actions" }, el("button", { class: "quiet" }, "Follow so")),
    one.policy.failed ? el("p", { class: "note warn" }, `${one.policy.failed} would not do: ${one.policy.failed_why}`) : null);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act("PUT", "/policy", { follow: new FormData(form).get("follow"), cooldown_days: Number(cooldown.value), by_degrees: degrees.checked }, "Kept");
  });
  return form;
}

function config(one, act) {
  const made = configForm(one.config_schema, one.config);
  if (!made.fields) return null;
  const form = el("form", { class: "rows" }, made.fields, el("div", { class: "actions" }, el("button", { class: "quiet" }, "Set up so")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act("PUT", "/config", { config: made.read() }, "Set up");
  });
  return section("How it is set up", form);
}

function removal(shop, one) {
  const remove = async (data) => {
    if (!confirm(`Remove ${one.title}?`)) return;
    try {
      const left = await shop.call(`/installed/${one.plugin_id}?data=${data}`, { method: "DELETE" });
      shop.say(left.kept_until ? `Removed; its data come back with an install before ${day.format(new Date(left.kept_until))}` : "Removed");
      shop.go("#/installed");
    } catch (error) {
      shop.fail(error);
    }
  };
  return el("div", { class: "actions" },
    el("button", { type: "button", class: "quiet", onclick: () => remove("keep") }, "Remove, keep its data 30 days"),
    el("button", { type: "button", class: "quiet danger", onclick: () => remove("delete") }, "Remove with its data"));
}

async function doing(shop, id, method, path, body, words) {
  try {
    await shop.call(`/installed/${id}${path}`, { method, body });
    shop.say(words);
    shop.go(`#/installed/${id}`);
  } catch (error) {
    shop.fail(error);
  }
}

function section(title, ...content) {
  return el("section", {}, el("h3", {}, title), content);
}
