// A list whose order matters: dragged by its handle, moved by buttons or by the arrow keys on the handle.

import { el } from "./dom.js";

/**
 * `items`: an array that is changed in place; `row(item, index)`: what a line shows; `name(item)`: for readers;
 * `changed()`: after each change; `say(words)`: tells it; `removable(item)`: whether it may go.
 */
export function orderedList({ items, row, name, changed, say, empty = "", removable = () => true }) {
  const list = el("ol", { class: "order edit" });
  const move = (from, to, control) => {
    if (to < 0 || to >= items.length || from === to) return;
    items.splice(to, 0, ...items.splice(from, 1));
    draw();
    list.children[to].querySelector(`[data-act="${control}"]:not(:disabled), [data-act="handle"]`).focus();
    say(`${name(items[to])} is ${to + 1} of ${items.length} now`);
    changed();
  };
  const remove = (index) => {
    const [gone] = items.splice(index, 1);
    draw();
    (list.children[Math.min(index, items.length - 1)]?.querySelector("[data-act=handle]") ?? list.closest("section")?.querySelector("button"))?.focus();
    say(`${name(gone)} is taken out`);
    changed();
  };
  const draw = () => list.replaceChildren(...(items.length ? items.map((item, index) => line(item, index)) : [el("li", { class: "empty" }, empty)]));
  const line = (item, index) => {
    const told = name(item);
    const button = (act, words, sign, act_, off) => el("button", { type: "button", class: "icon", "data-act": act, "aria-label": words, title: words, disabled: off, onclick: act_ }, sign);
    const handle = button("handle", `Move ${told}, ${index + 1} of ${items.length}: drag, or arrow keys`, "⠿", null, false);
    handle.classList.add("handle");
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step) { event.preventDefault(); move(index, index + step, "handle"); }
    });
    const made = el("li", {}, handle, el("div", { class: "what" }, row(item, index)),
      el("div", { class: "acts" }, button("up", `${told}: one up`, "↑", () => move(index, index - 1, "up"), index === 0),
        button("down", `${told}: one down`, "↓", () => move(index, index + 1, "down"), index === items.length - 1),
        removable(item) ? button("remove", `Take ${told} out`, "×", () => remove(index), false) : null));
    drag(list, made, handle, (to) => move(index, to, "handle"));
    return made;
  };
  draw();
  return { list, draw };
}

/** The line follows the pointer among its neighbours; where it is let go it stays. */
function drag(list, line, handle, drop) {
  handle.addEventListener("pointerdown", (down) => {
    if (down.button) return;
    handle.setPointerCapture(down.pointerId);
    const lines = [...list.children];
    const middles = lines.map((one) => { const box = one.getBoundingClientRect(); return box.top + box.height / 2; });
    const from = lines.indexOf(line);
    let to = from;
    const moved = (event) => {
      line.classList.add("dragged");
      line.style.translate = `0 ${event.clientY - down.clientY}px`;
      to = middles.filter((middle, index) => index !== from && middle < event.clientY).length;
      lines.forEach((one, index) => {
        one.classList.toggle("after", index === to && to > from);
        one.classList.toggle("before", index === to && to < from);
      });
    };
    const ended = (event) => {
      handle.removeEventListener("pointermove", moved);
      lines.forEach((one) => one.classList.remove("after", "before"));
      line.classList.remove("dragged");
      line.style.translate = "";
      if (event.type === "pointerup" && to !== from) drop(to);
    };
    handle.addEventListener("pointermove", moved);
    handle.addEventListener("pointerup", ended, { once: true });
    handle.addEventListener("pointercancel", ended, { once: true });
  });
}
