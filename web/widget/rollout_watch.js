// One rollout while it runs and after: how far it is, what is known, what happened, and by whose word it ends.

import { el, moment } from "./dom.js";
import { besideView } from "./rollout_beside.js";
import { metricRows, pathPicture } from "./rollout_picture.js";
import { count, kindWords, percent, runs, stateOf } from "./rollout_words.js";

const EVERY_MS = 2_000;
const ACTS = {
  pause: ["Pause", "quiet", "Paused: nobody new meets it"],
  resume: ["Go on", "primary", "It goes on"],
  advance: ["Next step now", "quiet", "On to the next step"],
  promote: ["Give it to everybody", "quiet", "Everybody has it"],
  stop: ["Undo it", "quiet danger", "Undone: everybody has the installed release"],
};
const SURE = { promote: "Give it to everybody now, without waiting for evidence?", stop: "Undo it? Nobody meets it any more." };

/** The page of one rollout; it follows while it is shown. */
export async function watchView(shop, id) {
  const parts = Object.fromEntries(["head", "evidence", "shadow", "history"].map((name) => [name, el("section", { id: `rollout-${name}` })]));
  parts.history.setAttribute("aria-live", "polite");
  const page = { shop, id, parts, drawn: {}, beside: besideView(shop, id), evidence: null };
  await look(page);
  setTimeout(() => follow(page), EVERY_MS);
  return el("article", { class: "sheet" }, Object.values(parts));
}

async function follow(page) {
  if (!page.parts.head.isConnected) return;
  try {
    if (!document.hidden) await look(page);
    page.parts.head.classList.remove("stale");
  } catch (error) {
    page.parts.head.classList.add("stale");
    page.shop.fail(error);
  }
  if (runs(page.standing.rollout)) setTimeout(() => follow(page), EVERY_MS);
}

async function look(page) {
  page.standing = await page.shop.call(`/rollouts/${page.id}`);
  const { rollout: one, shadow, history } = page.standing;
  const seen = page.standing.candidate.conversations + page.standing.installed.conversations;
  const basis = [seen, one.state, one.stage];
  if (one.plan.stages.length && differs(page, "basis", basis)) page.evidence = await page.shop.call(`/rollouts/${page.id}/evidence`);
  put(page, "head", [one], () => head(page, one));
  put(page, "evidence", basis, () => evidence(page.standing, page.evidence, seen));
  put(page, "shadow", shadow, () => shadowPart(page, one, shadow));
  put(page, "history", history, () => [el("h3", {}, "What happened"), el("ol", { class: "told" }, history.toReversed().map(line))]);
}

function differs(page, name, what) {
  const now = JSON.stringify(what);
  if (page.drawn[name] === now) return false;
  page.drawn[name] = now;
  return true;
}

/** A part is drawn again only when something in it changed, and the focus stays where it was. */
function put(page, name, what, made) {
  if (!differs(page, name, what)) return;
  const focused = document.activeElement?.id;
  page.parts[name].replaceChildren(...[made()].flat().filter(Boolean));
  if (focused && !document.activeElement?.id) document.getElementById(focused)?.focus();
}

function head(page, one) {
  const [words, tone] = stateOf(one);
  return [
    el("div", { class: "head" },
      el("div", {}, el("h2", {}, `${one.plugin_id} ${one.installed_version} → ${one.version}`),
        el("p", { class: "badges" }, el("span", { class: `badge ${tone}` }, words)), ended(one)),
      runs(one) ? el("div", { class: "actions" }, acts(one).map((name) => button(page, name))) : el("a", { class: "quiet button", href: `#/installed/${one.plugin_id}` }, "Manage")),
    steps(one),
  ];
}

function ended(one) {
  if (!one.reason) return null;
  const tone = one.state === "rolled_back" ? "note bad" : one.state === "promoted" ? "note good" : "note warn";
  const words = { rolled_back: `It was undone by itself: ${one.reason}. Everybody has ${one.installed_version}, as before.`, promoted: `Everybody has ${one.version}.`, stopped: `It ended: ${one.reason}. Everybody has ${one.installed_version}.` };
  return el("p", { class: tone }, words[one.state] ?? `It waits: ${one.reason}.`);
}

function acts(one) {
  if (one.paused) return ["resume", "promote", "stop"];
  if (one.state === "shadow") return one.plan.stages.length ? ["advance", "promote", "stop"] : ["promote", "stop"];
  return ["pause", "advance", "promote", "stop"];
}

function button(page, name) {
  const [words, kind, said] = ACTS[name];
  return el("button", { type: "button", id: `act-${name}`, class: kind, onclick: (event) => act(page, name, said, event.target) }, words);
}

async function act(page, name, said, pressed) {
  if (SURE[name] && !confirm(SURE[name])) return;
  pressed.disabled = true;
  page.shop.fail(null);
  try {
    await page.shop.call(`/rollouts/${page.id}/${name}`, { method: "POST", body: {} });
    page.shop.say(said);
    await look(page);
  } catch (error) {
    page.shop.fail(error);
    pressed.disabled = false;
  }
}

function steps(one) {
  const names = [...(one.plan.shadow_turns ? [`unseen, ${count(one.plan.shadow_turns)} turns`] : []), ...one.plan.stages.map(({ share }) => percent(share)), ...(one.plan.stages.length ? ["everybody"] : [])];
  const at = one.state === "shadow" ? 0 : one.state === "promoted" ? names.length - 1 : one.stage + (one.plan.shadow_turns ? 1 : 0);
  return el("ol", { class: "stages", "aria-label": "Steps" }, names.map((name, place) => el("li", { class: place < at ? "done" : place === at ? "now" : "", "aria-current": place === at ? "step" : null }, name)));
}

function evidence(standing, found, seen) {
  const { rollout: one, candidate, installed } = standing;
  if (!found || one.state === "shadow") return null;
  const met = `${count(candidate.conversations)} conversations met ${one.version}, ${count(installed.conversations)} had ${one.installed_version}`;
  const wait = one.plan.settle_s ? `. Each counts ${count(one.plan.settle_s)} seconds after it began.` : ".";
  if (!seen) return [el("h3", {}, "Both releases side by side"), el("p", { class: "empty" }, `No conversation has been judged yet${wait}`)];
  return [
    el("h3", {}, "Both releases side by side"), el("p", { class: "sub" }, met + wait), metricRows(standing, found),
    el("h3", {}, "How the evidence grew"),
    el("p", { class: "sub" }, `It may be looked at as often as you like. When one figure is enough against it, it is undone; when all four show it at most ${percent(found.margin ?? 0)} worse, the next step begins.`),
    pathPicture(found),
  ];
}

function shadowPart(page, one, shadow) {
  if (!one.plan.shadow_turns) return null;
  const title = el("h3", {}, "Unseen, beside the installed release");
  if (!shadow.turns) return [title, el("p", { class: "empty" }, runs(one) ? "No turn was compared yet. The next ones of your shoppers are." : "No turn was compared.")];
  const kinds = Object.entries(shadow.kinds).map(([kind, turns]) => el("li", {}, el("span", {}, `${kindWords(kind)}: ${count(turns)}`)));
  return [
    title,
    el("p", {}, `${count(shadow.turns)} turns: the same words in ${count(shadow.same_reply)}, the same actions in ${count(shadow.same_actions)}, failed in ${count(shadow.failed)}; ${count(shadow.followed)} could be followed to their end.`),
    kinds.length ? el("ul", { class: "lines" }, kinds) : el("p", { class: "sub" }, "Nothing differs."),
    el("p", { class: "sub" }, `Computing ${count(shadow.cpu_ms[0])} → ${count(shadow.cpu_ms[1])} ms · tokens ${count(shadow.tokens[0])} → ${count(shadow.tokens[1])} · calls of the host ${count(shadow.host_calls[0])} → ${count(shadow.host_calls[1])}`),
    page.beside(shadow),
  ];
}

function line(told) {
  return el("li", {}, el("time", { datetime: told.at, class: "sub" }, moment.format(new Date(told.at))),
    el("span", {}, el("strong", {}, told.kind.replaceAll("_", " ")), `: ${told.words}`, el("span", { class: "sub" }, told.member_id ? " · by a member" : " · by the evidence")));
}
