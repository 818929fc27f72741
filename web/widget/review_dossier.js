// One submission as cards: why to look, what it may do, what the checks say, who made it, what
// changed in the sources, and what to type to sign. What a publisher wrote is text, never markup.

import { el } from "./dom.js";

const TONES = { PASS: "ok", FAIL: "bad", ERROR: "bad", SKIPPED: "warn" };
const SIGNS = { "+": "plus", "-": "minus", "@": "place" };

/** The cards of a dossier, the weightiest first. */
export function cards({ dossier, permissions, gained }) {
  return [
    reasons(dossier), rights(dossier, permissions, gained), checks(dossier), people(dossier),
    sources(dossier.sources), signing(dossier),
  ].filter(Boolean);
}

function card(title, ...children) {
  return el("section", { class: "turn" }, el("h3", {}, title), ...children);
}

function reasons({ item, appeal, manifest }) {
  return card("What it is",
    el("p", {}, manifest.description),
    el("ul", {}, item.factors.map((one) => el("li", {}, el("span", { class: "badge warn" }, `+${one.points}`), el("span", {}, one.words)))),
    appeal && el("div", {}, el("h4", {}, "Its publisher appeals"), el("p", {}, appeal)));
}

function rights({ change }, permissions, gained) {
  const fresh = new Set(gained.map((one) => one.capability));
  return card("What it may do",
    el("p", {}, WORDS[change.kind]),
    el("ul", {}, permissions.map((one) => el("li", {},
      fresh.has(one.capability) && change.kind !== "first" ? el("span", { class: "badge bad" }, "new") : null,
      el("strong", {}, one.words), el("span", {}, `${one.why}${one.optional ? " (optional)" : ""}`)))),
    change.lost.length ? el("p", { class: "ok" }, `No longer asks ${change.lost.join(", ")}`) : null);
}

const WORDS = {
  first: "There is no release before this one.",
  equal: "It asks what the release before it asked.",
  narrower: "It asks less than the release before it.",
  wider: "It asks more than the release before it.",
  new_data: "It touches data the release before it did not touch.",
};

function checks({ verdicts }) {
  const odd = (one) => one.verdict !== "PASS" || one.detail.length > 0;
  const plain = verdicts.filter((one) => !odd(one));
  return card("What the checks say",
    el("ul", {}, verdicts.filter(odd).map(verdict)),
    el("p", {}, el("span", { class: "badge ok" }, "PASS"), ` ${plain.map((one) => one.check).join(", ") || "none without remarks"}`));
}

function verdict(one) {
  return el("li", {},
    el("span", { class: `badge ${TONES[one.verdict]}` }, one.verdict),
    el("strong", {}, one.check), el("span", {}, advice(one)),
    one.detail.length ? el("ul", { class: "places" }, one.detail.map((place) => el("li", {}, el("code", {}, place)))) : null);
}

/** What to do, without the first place, which stands below. */
function advice({ reason, detail: [first = ""] }) {
  return (first && reason.startsWith(first) ? reason.slice(first.length).replace(/^[. ]+/, "") : reason) || reason;
}

function people({ publisher, reviews, item }) {
  const proof = publisher.domain ? `proven by ${publisher.domain}` : "given by an admin";
  return card("Who stands for it",
    el("dl", {},
      ...fact("Publisher", `${publisher.namespace}, ${proof}`),
      ...fact("So far", `releases: ${publisher.releases}, plugins: ${publisher.plugins}, rejected: ${publisher.rejected}, withdrawn: ${publisher.withdrawn}, open reports: ${publisher.observations_open}`),
      ...fact("Reviews", `${item.approved} of ${item.needed}`)),
    el("ul", {}, reviews.map((one) => el("li", {},
      el("span", { class: `badge ${one.approves ? "ok" : "bad"}` }, one.approves ? "approved" : "rejected"),
      el("strong", {}, one.name || one.reviewer.slice(0, 16)),
      el("span", {}, one.counts ? one.reason : `${one.reason} (of an older report: does not count)`)))));
}

function fact(name, value) {
  return [el("dt", {}, name), el("dd", {}, value)];
}

function sources({ files, left_out: leftOut }) {
  return card("What changed in the sources",
    leftOut ? el("p", { class: "bad" }, `${leftOut} lines are not shown; \`hp review show --sources FOLDER\` gives all of them.`) : null,
    ...files.map((one) => el("details", { open: files.length < 6 },
      el("summary", {}, el("span", { class: "kind" }, one.change), el("code", {}, one.path), one.hidden ? el("span", { class: "badge bad" }, "hidden characters") : null),
      one.note && el("p", {}, one.note),
      el("pre", { class: "diff", tabindex: "0", "aria-label": `Changes of ${one.path}` }, one.lines.map((line) => el("span", { class: SIGNS[line[0]] }, `${line}\n`))))));
}

function signing({ digest, permissions, report, item, verdicts }) {
  const failed = verdicts.filter((one) => one.verdict === "FAIL").map((one) => ` --waive ${one.check}`);
  const commands = item.state === "checked"
    ? el("pre", { class: "command", tabindex: "0" }, `./hp review approve ${digest}${failed.join("")} --reason "…"\n./hp review reject ${digest} --reason "…"`)
    : el("p", {}, item.why.join("; "));
  return card("Sign where your key is",
    el("p", {}, "The command fetches the bytes, computes these hashes itself, and signs nothing if one differs."),
    el("dl", {}, ...fact("Digest", el("code", {}, digest)), ...fact("Permissions", el("code", {}, permissions)), ...fact("Report", el("code", {}, report))),
    commands);
}
