// One plugin: its shop window, its publisher, and the consent screen.

import { el, rich } from "./dom.js";
import { configForm } from "./market_form.js";
import { ratingsPart, stars } from "./market_rating.js";

const day = new Intl.DateTimeFormat([], { dateStyle: "medium" });
const GROUPS = { money: "Moves money", changes: "Changes things in your shop", personal: "Reads about your shoppers", outside: "Talks to other services", own: "Works on its own" };

/** Everything a merchant reads before installing. */
export async function pluginView(shop, id) {
  const [page, opinions, installed] = await Promise.all([
    shop.call(`/plugins/${id}`), shop.call(`/plugins/${id}/ratings`), shop.call("/installed")]);
  const here = installed.items.find((one) => one.plugin_id === id);
  const go = here
    ? el("a", { class: "quiet button", href: `#/installed/${id}` }, "Installed · manage")
    : page.card.kind === "bundle" ? el("a", { class: "primary button", href: `#/bundles/shared/${id}` }, "Look inside…") : el("a", { class: "primary button", href: `#/install/${id}` }, "Install…");
  const { card, listing } = page;
  return el("article", { class: "sheet" },
    el("div", { class: "head" },
      el("div", {}, el("h2", {}, card.title), el("p", {}, card.tagline),
        el("p", { class: "sub" }, `${card.id} ${card.version} · by `, el("a", { href: `#/publishers/${card.publisher}` }, card.publisher)),
        stars(page.rated)),
      go),
    shots(shop, id, page.screenshots, card.title),
    el("div", { class: "columns" },
      el("div", {},
        section("What it does", rich(page.description)),
        section("What it may do", permissions(page.permissions)),
        section("Your data", dataUse(page)),
        section("What shops say", ratingsPart(shop, id, opinions, Boolean(here)))),
      el("div", {},
        section("What speaks for it", el("ul", { class: "lines" }, page.scorecard.map((line) => el("li", { class: line.tone }, el("span", {}, line.words))))),
        section("Price", prices(listing)),
        section("Support", support(listing, page.licence)),
        section("Releases", versions(page.versions)),
        page.changelog && section("What changed", el("div", { class: "changelog", tabindex: 0 }, page.changelog)))));
}

/** A publisher and all it offers. */
export async function publisherView(shop, name) {
  const page = await shop.call(`/publishers/${name}`);
  const since = page.first_seen ? ` · first release ${day.format(new Date(page.first_seen))}` : "";
  return el("article", { class: "sheet" },
    el("div", {}, el("h2", {}, page.namespace), el("p", { class: "sub" }, `Its name: ${page.verified}${since}`)),
    el("ul", { class: "cards" }, page.items.map((one) => el("li", {}, el("a", { class: "card", href: `#/plugins/${one.id}` }, el("h3", {}, one.title), el("p", {}, one.tagline), el("span", { class: "sub" }, `${one.id} ${one.version}`))))));
}

/** The consent screen: what is asked, by weight, and what is given. */
export async function consentView(shop, id) {
  const offer = await shop.call(`/plugins/${id}/offer`);
  const config = configForm(offer.config_schema, {});
  const secrets = el("div", { class: "rows" }, offer.secrets.map(secret));
  const form = el("form", { class: "sheet" },
    el("div", {}, el("h2", {}, `Install ${offer.title}`), el("p", { class: "sub" }, `${offer.plugin_id} ${offer.version} · ${offer.licence}`)),
    el("p", { class: "note" }, "It gets exactly what you give here. Later releases get nothing more until you say so, and you can take anything back."),
    offer.unreviewed ? unreviewed(offer.unreviewed) : null,
    offer.groups.length ? offer.groups.map(group) : el("p", {}, "It asks for nothing."),
    config.fields && section("How it is set up", config.fields),
    offer.secrets.length ? section("Credentials", el("p", { class: "sub" }, "They are sealed; the plugin never sees them."), secrets) : null,
    el("div", { class: "actions" }, el("button", { class: "primary" }, "Give these and install"), el("a", { class: "quiet button", href: `#/plugins/${id}` }, "Not now")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    install(shop, offer, form, config);
  });
  return form;
}

async function install(shop, offer, form, config) {
  const button = form.querySelector("button.primary");
  button.disabled = true;
  shop.fail(null);
  try {
    const grants = [...form.querySelectorAll("input[name=grant]:checked")].map((box) => box.value);
    const body = { plugin_id: offer.plugin_id, version: offer.version, grants, config: config.read(), secrets: readSecrets(form), accept_unreviewed: Boolean(offer.unreviewed) };
    await shop.call("/installed", { method: "POST", body });
    shop.say(`${offer.title} is installed`);
    shop.go(`#/installed/${offer.plugin_id}`);
  } catch (error) {
    shop.fail(error);
    button.disabled = false;
  }
}

function group(one) {
  return el("fieldset", { class: `group ${one.group}` }, el("legend", {}, one.title), one.permissions.map((asked, index) => {
    const id = `g-${one.group}-${index}`;
    return el("div", { class: "ask" },
      el("input", { type: "checkbox", name: "grant", id, value: asked.capability, checked: !asked.optional, disabled: false, required: !asked.optional }),
      el("label", { for: id }, el("strong", {}, asked.words), asked.optional ? el("span", { class: "sub" }, " · your choice") : el("span", { class: "sub" }, " · needed"),
        el("span", { class: "why", style: null }, el("br"), asked.why), el("br"), el("code", {}, asked.capability)));
  }));
}

/** The form is not sent before this is ticked. */
function unreviewed(words) {
  return el("fieldset", { class: "group outside" }, el("legend", {}, "Nobody reviewed this code"),
    el("div", { class: "ask" }, el("input", { type: "checkbox", id: "accept-unreviewed", required: true }), el("label", { for: "accept-unreviewed" }, el("strong", {}, "I accept that"), el("br"), words)));
}

function secret(one, index) {
  return el("div", { class: "field secret", "data-header": one.header },
    el("label", { for: `s-${index}` }, `${one.header}${one.optional ? " (optional)" : ""}`), el("span", { class: "sub" }, one.why),
    el("input", { id: `a-${index}`, "aria-label": `Address for ${one.header}`, placeholder: "https://api.shop.example", class: "address", type: "url" }),
    el("input", { id: `s-${index}`, type: "password", class: "value", autocomplete: "off", required: !one.optional }));
}

function readSecrets(form) {
  const found = {};
  for (const box of form.querySelectorAll(".secret")) {
    const value = box.querySelector(".value").value;
    if (value) (found[box.querySelector(".address").value] ??= {})[box.dataset.header] = value;
  }
  return found;
}

/** Permissions as they are read, by weight. */
export function permissions(items) {
  const groups = Object.entries(GROUPS).map(([name, title]) => [name, title, items.filter((one) => one.group === name)]).filter(([, , found]) => found.length);
  if (!groups.length) return el("p", {}, "It asks for nothing.");
  return el("div", { class: "rows" }, groups.map(([name, title, found]) => el("div", { class: `group ${name}` }, el("h4", {}, title),
    found.map((one) => el("div", { class: "ask plain" }, el("div", {}, el("strong", {}, one.words), one.optional ? el("span", { class: "sub" }, " · your choice") : "", el("p", { class: "why" }, one.why)))))));
}

function dataUse({ data, listing }) {
  return el("ul", { class: "lines" },
    el("li", { class: data.data.length ? "plain" : "good" }, el("span", {}, data.data.length ? `Sees ${data.data.join("; ")}.` : "Sees nothing of your shop.")),
    el("li", { class: data.leaves ? "careful" : "good" }, el("span", {}, data.hosts.length ? `May talk to ${data.hosts.join(", ")}.` : "Talks to no other service: nothing leaves.")),
    (listing?.data ?? []).map((use) => el("li", {}, el("span", {}, `Its publisher says: ${use.data}, ${use.why} ${use.kept_days ? `Kept outside ${use.kept_days} days.` : "Not kept outside."}`))));
}

function prices(listing) {
  const found = (listing?.prices ?? []).filter((price) => price.kind !== "free");
  if (!found.length) return el("p", {}, "Free.");
  return el("ul", { class: "lines" }, found.map((price) => el("li", {}, el("span", {}, `${price.amount} ${price.kind.replaceAll("_", " ")}${price.included ? `, ${price.included} included` : ""}${price.never_more_than ? `, never more than ${price.never_more_than} a month` : ""}`))));
}

function support(listing, licence) {
  const place = listing?.support ?? "";
  return el("p", {}, place ? el("a", { href: place, rel: "noopener nofollow", target: "_blank" }, place.replace(/^mailto:/, "")) : "Its publisher names no contact.", el("br"), el("span", { class: "sub" }, `Licence: ${licence}`));
}

function versions(items) {
  return el("ul", { class: "lines" }, items.slice(0, 8).map((one) => el("li", { class: one.status === "published" ? "plain" : "careful" }, el("span", {}, `${one.version} · ${day.format(new Date(one.published_at))}${one.status === "published" ? "" : ` · ${one.status}: ${one.status_reason}`}`))));
}

function shots(shop, id, count, title) {
  if (!count) return null;
  return el("div", { class: "shots", tabindex: 0, role: "group", "aria-label": "Screenshots" }, Array.from({ length: count }, (_, number) => {
    const image = el("img", { alt: `${title}, screenshot ${number + 1}` });
    shop.picture(`/plugins/${id}/screenshots/${number}`).then((data) => { image.src = data; });
    return image;
  }));
}

function section(title, ...content) {
  return el("section", {}, el("h3", {}, title), content.flat());
}
