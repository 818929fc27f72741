// Share: a bundle as a file, one from a file, published ones of others. Keys stay where they are: publishing
// is signed on the machine that has the key, by the command this page writes out.

import { openDraft } from "./bundles_draft.js";
import { summary, whyNot } from "./bundles_plan.js";
import { languageName, weekPicture } from "./bundles_week.js";
import { pinned, ruleWords, section, sentence, targetWords, voice } from "./bundles_words.js";
import { el } from "./dom.js";

const FILE_BYTES_MAX = 65_536;
const TYPING_MS = 200;

/** Save and open files, publish, and find the bundles of others. */
export async function sharedView(shop) {
  const draft = await openDraft(shop);
  await draft.settled();
  const found = el("div", { class: "results" });
  const box = el("input", { type: "search", maxlength: 200, autocomplete: "off", "aria-label": "What should it do?", placeholder: "Around the clock, in German, …" });
  let timer = 0;
  const search = () => find(shop, box.value, found);
  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, TYPING_MS); });
  const form = el("form", { class: "search", role: "search", onsubmit: (event) => { event.preventDefault(); search(); } }, box, el("button", { class: "primary" }, "Search"));
  await search();
  return el("article", { class: "sheet" }, el("h2", {}, "Share and find"),
    el("div", { class: "columns" },
      el("div", {}, section("Bundles of others", form, found)),
      el("div", {}, section("Your draft as a file", files(shop, draft)), section("Open from a file", opener(shop, draft)), section("Publish it", publishing(shop, draft)))));
}

async function find(shop, words, list) {
  try {
    const page = await shop.call(`/plugins?${new URLSearchParams({ q: words, kind: "bundle", limit: 20 })}`);
    const cards = page.items.map((one) => el("li", {}, el("a", { class: "card", href: `#/bundles/shared/${one.id}` }, el("h3", {}, one.title), el("p", {}, one.tagline), el("span", { class: "sub" }, `${one.id} ${one.version}`))));
    list.replaceChildren(cards.length ? el("ul", { class: "cards" }, cards) : el("p", { class: "empty" }, words ? "No published bundle fits these words." : "Nobody has published a bundle yet. Yours could be the first."));
    shop.say(cards.length === 1 ? "1 bundle" : `${cards.length} bundles`);
  } catch (error) {
    list.replaceChildren(el("p", { class: "note warn" }, error.status ? error.message : "The market cannot be reached. Search again when you are online."));
  }
}

function files(shop, draft) {
  if (!draft.source) return el("p", {}, "There is no draft yet.");
  const told = el("p", { class: "sub", role: "status" });
  const lock = async () => {
    try {
      const made = await shop.call("/bundles/lock", { method: "POST", body: { source: draft.source } });
      saveFile("bundle.lock", made.lock);
      told.textContent = "bundle.lock pins the very releases that fit now, signed with your shop's key.";
    } catch (error) {
      told.textContent = error.message;
    }
  };
  return el("div", { class: "rows" }, el("div", { class: "actions" },
    el("button", { type: "button", class: "quiet", onclick: () => saveFile("bundle.toml", draft.source) }, "Save bundle.toml"),
    el("button", { type: "button", class: "quiet", disabled: draft.state !== "fits", onclick: lock }, "Sign and save bundle.lock")), told);
}

/** A text as a download. */
export function saveFile(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function opener(shop, draft) {
  const told = el("p", { class: "fault", role: "alert" });
  const box = el("input", { id: "open-file", type: "file", multiple: true, accept: ".toml,.lock,text/plain" });
  box.addEventListener("change", async () => {
    const chosen = [...box.files];
    box.value = "";
    try {
      if (chosen.some((file) => file.size > 2 * FILE_BYTES_MAX)) throw new Error("a bundle.toml has at most 64 KiB");
      const texts = await Promise.all(chosen.map((file) => file.text()));
      const source = texts.find((_, index) => !chosen[index].name.endsWith(".lock"));
      if (source === undefined) throw new Error("choose a bundle.toml, alone or with its bundle.lock");
      if (draft.isKept && !confirm("Open it in place of your draft?")) return;
      await draft.take(source, texts.find((_, index) => chosen[index].name.endsWith(".lock")) ?? "");
      shop.go("#/bundles/compose");
    } catch (error) {
      told.textContent = error.message;
    }
  });
  return el("div", { class: "field" }, el("label", { for: "open-file" }, "A bundle.toml, and its bundle.lock if you have one"), box, told);
}

function publishing(shop, draft) {
  const id = draft.bundle?.id ?? "";
  const name = id.split("/")[0];
  if (draft.state !== "fits") return el("p", { class: "sub" }, "When the draft is right and fits, you can publish it here.");
  const told = el("p", { class: "sub", role: "status" });
  const look = async () => {
    try {
      const page = await shop.call(`/plugins/${id}`);
      const mine = page.versions.find((one) => one.version === draft.bundle.version);
      told.textContent = mine ? `${id} ${mine.version} is ${mine.status}.` : `The newest published is ${page.card.version}; yours is ${draft.bundle.version}.`;
    } catch (error) {
      told.textContent = error.status === 404 ? `${id} is not published yet: checks and one person come first.` : error.message;
    }
  };
  return el("div", { class: "rows" },
    el("p", {}, "Others see its text, and install nothing by it without their own consent. It is signed with your publisher's key, on the machine that has it; the key never comes here."),
    el("ol", { class: "howto" },
      el("li", {}, el("button", { type: "button", class: "quiet", onclick: () => saveFile("bundle.toml", draft.source) }, "Save bundle.toml")),
      el("li", {}, el("p", {}, `Once: make a key, and claim “${name}”.`), command("hp plugin keys new"), command(`hp plugin claim ${name} --registry ${location.origin}`)),
      el("li", {}, el("p", {}, "Check, sign and hand it in."), command(`hp bundle publish bundle.toml --registry ${location.origin} --wait`)),
      el("li", {}, el("button", { type: "button", class: "quiet", onclick: look }, "Is it published?"), told)));
}

function command(words) {
  const button = el("button", { type: "button", class: "chip small", "aria-label": `Copy: ${words}` }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(words).then(() => { button.textContent = "Copied"; }, () => { button.textContent = "Select it"; });
  });
  return el("div", { class: "command" }, el("code", { tabindex: 0 }, words), button);
}

/** A published bundle, before anything of it is installed. */
export async function insideView(shop, id) {
  const [inside, page] = await Promise.all([shop.call(`/bundles/published/${id}`), shop.call(`/plugins/${id}`)]);
  const plan = await shop.call("/bundles/plan", { method: "POST", body: { plugin_id: id } });
  const titles = Object.fromEntries(plan.steps.map((step) => [step.plugin_id, step.title]));
  const { bundle } = inside;
  const own = async () => {
    try {
      const draft = await openDraft(shop);
      if (draft.isKept && !confirm("Take it in place of your draft?")) return;
      await draft.take(inside.source);
      shop.go("#/bundles/compose");
    } catch (error) {
      shop.fail(error);
    }
  };
  const rows = bundle.agents.map((place) => ({ name: titles[place.plugin] ?? place.plugin, times: inside.hours[place.plugin] })).filter((row) => row.times);
  return el("article", { class: "sheet" },
    el("div", { class: "head" }, el("div", {}, el("h2", {}, bundle.title), el("p", {}, bundle.description), el("p", { class: "sub" }, `${id} ${bundle.version} · `, el("a", { href: `#/plugins/${id}` }, "its releases and ratings"), ` · ${page.licence}`)),
      el("div", { class: "actions" }, plan.fits ? el("a", { class: "primary button", href: `#/bundles/switch/${id}` }, "Switch on as it is…") : null,
        plan.fits && inside.lock ? el("a", { class: "quiet button", href: `#/bundles/switch/${id}/locked` }, "…with its very releases") : null,
        el("button", { type: "button", class: "quiet", onclick: own }, "Take it as my draft"))),
    el("div", { class: "columns" },
      el("div", {}, section("Who answers, in this order", agents(bundle, titles, inside.hours)), section("Its rules", rules(bundle, titles)), section("When no agent takes it", el("p", {}, `${sentence((bundle.fallback ?? ["person"]).map((to) => targetWords(to, titles)).join(", then "))}.`)), section("How it sounds", voice(bundle.voice ?? {})), el("details", {}, el("summary", {}, "Its text"), el("pre", { class: "changelog", tabindex: 0 }, inside.source))),
      el("div", {}, section("What it would do in your shop", plan.fits ? summary(plan) : whyNot(plan)), section("A week", weekPicture(inside.people ? [...rows, { name: "People", times: inside.people, kind: "staffed" }] : rows, bundle.zone ?? "UTC")), section("What its publisher pinned", inside.lock ? pinned(inside.lock) : el("p", { class: "sub" }, "Nothing: the newest releases that fit are taken.")))));
}

function agents(bundle, titles, hours) {
  return el("ol", { class: "order" }, bundle.agents.map((place, index) => el("li", {}, el("span", { class: "number", "aria-hidden": "true" }, String(index + 1)),
    el("div", {}, el("strong", {}, titles[place.plugin] ?? place.plugin), el("p", {}, `${sentence(hours[place.plugin]?.words ?? "")}${place.languages?.length ? `, in ${place.languages.map(languageName).join(", ")}` : ""}`), el("p", { class: "sub" }, `${place.plugin} ${place.version ?? "*"}`)))));
}

function rules(bundle, titles) {
  if (!bundle.rules?.length) return el("p", { class: "sub" }, "None.");
  return el("ul", { class: "lines" }, bundle.rules.map((rule) => el("li", {}, el("span", {}, ruleWords(rule, titles)))));
}
