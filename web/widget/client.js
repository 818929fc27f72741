// The connection of one conversation: opens it, resumes it from a cursor, sends each message until
// it is acknowledged. Messages get their id here, so sending one twice is one message.

const WAIT_MS_MAX = 30_000;
const TYPING_EVERY_MS = 2_000;

export class ChatClient extends EventTarget {
  #server; #storage; #socket = null; #tries = 0; #timer = 0; #typedAt = 0; #stopped = false;

  /**
   * @param {{server?: string, storageKey: string, open: () => Promise<{token: string, conversation_id: string}>}} options
   *   `open` makes a new session; it is called only when none is stored or the stored one ended.
   */
  constructor({ server = location.origin, storageKey, open }) {
    super();
    this.#server = server;
    this.openSession = open;
    this.#storage = storageKey;
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? "null");
    this.session = kept?.session ?? null;
    this.waiting = kept?.waiting ?? [];
    this.cursor = 0;
    addEventListener("online", () => this.#connectNow());
  }

  async start() {
    this.#stopped = false;
    this.cursor = 0;
    if (!this.session) {
      try {
        this.session = await this.openSession();
        this.#keep();
      } catch (error) {
        this.#emit("problem", { detail: error.message });
        this.#retry();
        return;
      }
    }
    this.#emit("session", this.session);
    this.#connect();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  /** Ends this conversation here and begins a new one. */
  async restart() {
    this.stop();
    Object.assign(this, { session: null, waiting: [], cursor: 0 });
    localStorage.removeItem(this.#storage);
    await this.start();
  }

  say(text) {
    const message = { type: "message", id: crypto.randomUUID(), text };
    this.waiting.push(message);
    this.#keep();
    this.#emit("sent", message);
    this.#send(message);
    return message.id;
  }

  typing() {
    if (Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = Date.now();
    this.#send({ type: "typing" });
  }

  #connect() {
    clearTimeout(this.#timer);
    const url = this.#server.replace(/^http/, "ws") + "/v1/chat/socket";
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => this.#send({ type: "open", token: this.session.token, after: this.cursor });
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(socket, code);
  }

  #receive(frame) {
    if (frame.type === "ready") {
      this.#tries = 0;
      this.#emit("state", "online");
      this.waiting.forEach((message) => this.#send(message));
    } else if (frame.type === "ack") {
      this.waiting = this.waiting.filter((message) => message.id !== frame.id);
      this.#keep();
      this.#emit("ack", frame);
    } else if (frame.type === "events") {
      const fresh = frame.events.filter((event) => event.offset > this.cursor);
      this.cursor = Math.max(this.cursor, frame.newest);
      fresh.forEach((event) => this.#emit("event", event));
    } else if (frame.type === "draft") {
      if (this.cursor <= frame.after) this.#emit("draft", frame);      // else a reply is there already
    } else if (frame.type === "problem" && frame.id && frame.retry_after_s) {
      const message = this.waiting.find((one) => one.id === frame.id);      // not now: once more, later
      if (message) setTimeout(() => this.#send(message), 1000 * frame.retry_after_s * (1 + Math.random() / 2));
      this.#emit("later", frame);
    } else if (frame.type === "problem" && frame.id && frame.status < 500) {
      this.waiting = this.waiting.filter((message) => message.id !== frame.id);
      this.#keep();
      this.#emit("refused", frame);
    } else {
      this.#emit(frame.type, frame);
    }
  }

  #closed(socket, code) {
    if (socket !== this.#socket || this.#stopped) return;
    this.#emit("state", "offline");
    if (code === 4401) {                        // the session ended: a new one begins
      this.session = null;
      localStorage.removeItem(this.#storage);
    }
    this.#retry();
  }

  #retry() {
    const wait = Math.min(WAIT_MS_MAX, 500 * 2 ** this.#tries++) * (0.5 + Math.random());
    this.#timer = setTimeout(() => this.#connectNow(), wait);
  }

  #connectNow() {
    if (this.#stopped || this.#socket?.readyState === WebSocket.OPEN) return;
    if (this.session) this.#connect();
    else this.start();
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #keep() {
    localStorage.setItem(this.#storage, JSON.stringify({ session: this.session, waiting: this.waiting }));
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** One JSON request; a problem (RFC 9457) becomes an Error with its detail as the message. */
export async function request(path, { method = "GET", body, bearer } = {}) {
  const headers = { accept: "application/json" };
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  if (body) headers["content-type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const value = response.status === 204 ? null : await response.json();
  if (!response.ok) throw Object.assign(new Error(value?.detail ?? value?.title ?? response.statusText), { status: response.status, reason: value?.facts?.reason });
  return value;
}
