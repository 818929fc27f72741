// The bundle a merchant is writing: kept in this browser at every change, told by the server what
// is wrong with it and what it would do. Nothing here judges a bundle.

const TYPING_MS = 350;
const AGAIN_MS = 5_000;
const REQUIRED = ["id", "version", "title", "description"];

/** What serves, and the draft: the one kept here, or what serves as a draft. */
export async function openDraft(shop) {
  const now = await shop.call("/bundles/now");
  const draft = new Draft(shop, now);
  await draft.start();
  return draft;
}

export class Draft extends EventTarget {
  #shop; #key; #timer = 0; #asked = 0;

  constructor(shop, now) {
    super();
    this.#shop = shop;
    this.#key = `hp:bundle:${now.tenant}`;
    this.now = now;
    Object.assign(this, { bundle: null, source: now.source, lock: "", text: null, keptAt: null, isTouched: false, names: {} });
    Object.assign(this, { problems: [], hours: {}, people: null, plan: null, state: "asking", isReadable: true });
  }

  async start() {
    const kept = read(this.#key);
    if (kept) Object.assign(this, kept, { keptAt: new Date(kept.keptAt) });
    if (!this.bundle) await this.#parse({ source: this.text ?? this.source });
    if (!this.bundle && this.text === null) throw new Error("what serves cannot be read as a bundle; open one from a file");
    this.#ask();
  }

  /** Something of `bundle` was changed: keep it now, ask soon. */
  changed() {
    Object.assign(this, { text: null, lock: "", isTouched: true });
    this.#keep();
    this.#soon();
  }

  /** The text was written by hand. */
  wrote(text) {
    Object.assign(this, { text, source: text, lock: "" });
    this.#keep();
    this.#soon();
  }

  /** What was written by hand is the draft's parts from now on; whether it could be read. */
  adopt() {
    if (this.text === null || this.state === "asking" || !this.isReadable) return false;
    Object.assign(this, { text: null, isTouched: false });
    this.#keep();
    return true;
  }

  /** Take another bundle in its place. */
  async take(source, lock = "") {
    await this.#parse({ source });
    Object.assign(this, { text: this.bundle ? null : source, lock, isTouched: false });
    this.#keep();
    this.#ask();
  }

  /** Forget the draft: what serves is the draft again. */
  forget() {
    localStorage.removeItem(this.#key);
  }

  /** Once the server has said how it stands. */
  settled() {
    if (this.state !== "asking") return Promise.resolve();
    return new Promise((done) => {
      const look = () => { if (this.state !== "asking") { this.removeEventListener("told", look); done(); } };
      this.addEventListener("told", look);
    });
  }

  get isKept() { return this.keptAt !== null; }

  async #parse(ask) {
    const found = await this.#shop.call("/bundles/draft", { method: "POST", body: ask });
    this.#told(found);
    if (found.bundle) this.bundle = found.bundle;
    return found;
  }

  #told(found) {
    Object.assign(this, { source: found.source || this.source, problems: found.problems, hours: found.hours, people: found.people, isReadable: Boolean(found.bundle) });
  }

  #keep() {
    this.keptAt = new Date();
    const { bundle, source, lock, text, keptAt, isTouched, names } = this;
    try {
      localStorage.setItem(this.#key, JSON.stringify({ bundle, source, lock, text, keptAt, isTouched, names }));
    } catch {
      this.keptAt = null;                        // no room, or not allowed: said where it would be said to be kept
    }
    this.dispatchEvent(new Event("kept"));
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#asked++;
    this.#timer = setTimeout(() => this.#ask(), TYPING_MS);
  }

  async #ask() {
    const mine = ++this.#asked;
    this.#is("asking");
    try {
      // A text that nobody changed here stays as its author wrote it, comments and all.
      const asked = this.text === null && this.isTouched ? { bundle: cleaned(this.bundle) } : { source: this.text ?? this.source };
      const found = await this.#shop.call("/bundles/draft", { method: "POST", body: asked });
      if (mine !== this.#asked) return;
      if (this.text !== null && found.bundle) this.bundle = found.bundle;
      this.#told(found);
      if (found.problems.length) { this.plan = null; this.#is("faulty"); return; }
      const plan = await this.#shop.call("/bundles/plan", { method: "POST", body: { source: this.source, lock: this.lock } });
      if (mine !== this.#asked) return;
      this.plan = plan;
      for (const step of plan.steps) this.names[step.plugin_id] = step.title;
      this.#is(plan.fits ? "fits" : "does not fit");
    } catch (error) {
      if (mine !== this.#asked) return;
      this.error = error;
      this.#is(error.status ? "refused" : "away");
      if (!error.status) this.#timer = setTimeout(() => this.#ask(), AGAIN_MS);
    }
  }

  #is(state) {
    this.state = state;
    this.dispatchEvent(new Event("told"));
  }
}

/** Without what says nothing, so that the text stays short. What must be there stays, empty or not. */
export function cleaned(bundle) {
  const kept = Object.entries(bundle).filter(([name, value]) => REQUIRED.includes(name) || !isEmpty(value));
  const tables = { voice: (one) => one, people: (one) => one, ceilings: (one) => one };
  return Object.fromEntries(kept.map(([name, value]) => {
    if (tables[name]) return [name, without(value)];
    if (["agents", "needs"].includes(name)) return [name, value.map(without)];
    return [name, value];
  }));
}

function without(table) {
  return Object.fromEntries(Object.entries(table).filter(([name, value]) => name === "plugin" || !(isEmpty(value) || (name === "version" && value === "*"))));
}

function isEmpty(value) {
  return value === "" || value === null || value === undefined || (Array.isArray(value) && !value.length);
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
