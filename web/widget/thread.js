// The messages of a conversation as a list that screen readers follow.

import { el, keepEnd, rich, time } from "./dom.js";

const NAMES = { contact: "You", agent: "Assistant", member: "Staff", system: "" };
const PATIENCE_MS = 30_000;

export class Thread {
  #list; #items; #names; #typing; #timer = 0; #mine = new Map(); #draft = null;

  /** `list` is an element of role "log"; `names` says who `contact`, `agent` and `member` are here. */
  constructor(list, names = {}) {
    this.#list = list;
    this.#names = { ...NAMES, ...names };
    this.#typing = el("li", { class: "typing", hidden: true },
      el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), el("span", { class: "who" }));
    this.#items = el("ol", {}, this.#typing);
    list.append(this.#items);
  }

  clear() {
    this.#mine.clear();
    this.#draft = null;
    this.#items.replaceChildren(this.#typing);
    this.quiet();
  }

  /** What was typed here, before the server has it. */
  pending(message) {
    const item = this.#item("contact", message.text, new Date().toISOString());
    item.classList.add("waiting");
    item.querySelector(".meta").append(el("span", { class: "mark" }, "sending…"));
    this.#mine.set(message.id, item);
    this.#add(item);
  }

  acknowledged(id) {
    const item = this.#mine.get(id);
    item?.classList.remove("waiting");
    item?.querySelector(".mark")?.remove();
  }

  /** Not taken for now; it is sent again by itself. */
  later(id) {
    this.#mine.get(id)?.querySelector(".mark")?.replaceChildren("sending later…");
  }

  refused(id, reason) {
    const item = this.#mine.get(id);
    item?.classList.add("refused");
    item?.querySelector(".mark")?.replaceChildren(`not sent: ${reason}`);
  }

  /** An event of the timeline; an own message that is already shown is only confirmed. */
  event(event) {
    if (this.#mine.has(event.external_id)) {
      this.acknowledged(event.external_id);
      return;
    }
    this.#endDraft();
    if (event.source !== "contact") this.quiet();
    if (event.kind === "message") this.#add(this.#item(event.source, event.text, event.at, event.author));
    else if (event.kind === "note") this.#add(this.#item("note", event.text, event.at, event.author));
    else if (event.text) this.#add(el("li", { class: "event" }, el("span", {}, event.text)));
  }

  /** An answer that is still being written: all of it so far. The next event takes its place. */
  draft(text) {
    if (!this.#draft) {
      this.#draft = this.#item("agent", "", new Date().toISOString());
      this.#draft.classList.add("draft");
      this.#draft.setAttribute("aria-hidden", "true");                 // read aloud once it is whole
      this.#add(this.#draft);
    }
    keepEnd(this.#list, () => this.#draft.querySelector(".bubble").replaceChildren(...rich(text)));
  }

  #endDraft() {
    this.#draft?.remove();
    this.#draft = null;
  }

  typing(source) {
    this.#typing.querySelector(".who").textContent = `${this.#names[source] || source} is writing`;
    keepEnd(this.#list, () => { this.#typing.hidden = false; });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.quiet(), source === "agent" ? PATIENCE_MS : 4_000);
  }

  quiet() {
    clearTimeout(this.#timer);
    this.#typing.hidden = true;
  }

  #add(item) {
    keepEnd(this.#list, () => this.#items.insertBefore(item, this.#typing));
    if (item.classList.contains("contact")) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #item(source, text, at, author) {
    const name = author || this.#names[source] || "Note";
    return el("li", { class: `message ${source}` },
      el("div", { class: "meta" }, el("span", { class: "author" }, name), time(at)),
      el("div", { class: "bubble" }, rich(text)));
  }
}
