// Small helpers to build elements. Text is always set as text, never as HTML.

/** An element with attributes and children: el("p", { class: "x" }, "text", child). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const MARKS = /(\*\*[^*\n]+\*\*|`[^`\n]+`|https?:\/\/[^\s)]+)/g;

/** Text with **bold**, `code` and links, its lines and lists, as nodes. */
export function rich(text) {
  const blocks = text.trim().split(/\n{2,}/);
  return blocks.map((block) => {
    const lines = block.split("\n");
    if (lines.length && lines.every((line) => /^\s*[-•]\s+/.test(line))) {
      return el("ul", {}, lines.map((line) => el("li", {}, inline(line.replace(/^\s*[-•]\s+/, "")))));
    }
    return el("p", {}, lines.flatMap((line, index) => (index ? [el("br"), ...inline(line)] : inline(line))));
  });
}

function inline(line) {
  return line.split(MARKS).filter(Boolean).map((part) => {
    if (part.startsWith("**")) return el("strong", {}, part.slice(2, -2));
    if (part.startsWith("`")) return el("code", {}, part.slice(1, -1));
    if (/^https?:/.test(part)) return el("a", { href: part, rel: "noopener nofollow", target: "_blank" }, part);
    return document.createTextNode(part);
  });
}

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });

/** A moment with its zone: the reader's own. */
export const moment = new Intl.DateTimeFormat([], { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

/** A time of day with the full instant for machines. */
export function time(iso) {
  return el("time", { datetime: iso, class: "time" }, clock.format(new Date(iso)));
}

/** Where a list was scrolled to the end, it stays there after `change`. */
export function keepEnd(list, change) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  change();
  if (atEnd) list.scrollTop = list.scrollHeight;
}
