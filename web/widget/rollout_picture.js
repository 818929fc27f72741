// What is known of a rollout as pictures: SVG made here. Each has its words beside it, so nobody needs to see it.

import { el } from "./dom.js";
import { METRICS, boundsWords, count, percent } from "./rollout_words.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320;
const ROW = 46;
const SCALES = [0.05, 0.1, 0.25, 0.5, 1];

function draw(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function picture(width, height, words, ...parts) {
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words, class: "picture" }, ...parts);
}

/** Both releases by each metric: their means, where the difference lies, how near it is to being undone. */
export function metricRows(standing, evidence) {
  const known = Math.max(...evidence.bounds.flat().map(Math.abs).filter((one) => one < 1), evidence.margin ?? 0, 0.01);
  const scale = SCALES.find((one) => one >= known * 1.15) ?? 1;
  const last = evidence.path.at(-1);
  return el("ul", { class: "metrics" }, Object.entries(METRICS).map(([name, [title, what]], place) => {
    const [before, after] = [standing.installed.means[name] ?? 0, standing.candidate.means[name] ?? 0];
    const bounds = evidence.bounds[place];
    const words = boundsWords(bounds, evidence.margin);
    const near = last.worse[place];
    return el("li", {},
      el("div", {}, el("h4", {}, title), el("p", { class: "sub" }, what)),
      el("dl", { class: "arms" }, arm("installed", standing.rollout.installed_version, before, name), arm("candidate", standing.rollout.version, after, name)),
      el("div", {}, interval(bounds, evidence.margin, scale, [title, words, after - before, known < 1 && standing.candidate.conversations > 0]), el("p", { class: low(bounds) }, words)),
      el("div", { class: "near" }, el("span", { class: "sub", id: `near-${name}` }, "Evidence against it"),
        el("meter", { min: 0, max: 1, low: 0.5, high: 0.8, optimum: 0, value: near, "aria-labelledby": `near-${name}` }),
        el("strong", {}, `${percent(near)} of what undoes it`)));
  }));
}

function low([least]) {
  return least >= 0 ? "bad" : "sub";
}

function arm(name, version, mean, metric) {
  const shown = metric === "cost" ? mean.toFixed(2) : percent(mean);
  return [el("dt", { class: name }, version), el("dd", {}, shown)];
}

/** A line from better to worse with the bounds of the difference on it, nothing at 0, and what is allowed. */
function interval([least, most], margin, scale, [title, words, mean, shown]) {
  const x = (part) => WIDTH / 2 + (Math.max(-scale, Math.min(scale, part)) / scale) * (WIDTH / 2 - 8);
  const line = (at, kind) => draw("line", { x1: x(at), x2: x(at), y1: 4, y2: 30, class: kind });
  const text = (at, words, anchor) => draw("text", { x: at, y: 43, "text-anchor": anchor }, words);
  const parts = [
    draw("rect", { x: x(margin ?? scale), y: 4, width: Math.max(0, WIDTH - 8 - x(margin ?? scale)), height: 26, class: "too-much" }),
    draw("line", { x1: 8, x2: WIDTH - 8, y1: 17, y2: 17, class: "axis" }), line(0, "zero"),
    draw("rect", { x: x(least), y: 11, width: Math.max(3, x(most) - x(least)), height: 12, rx: 6, class: least >= 0 ? "bounds worse" : "bounds" }),
    text(8, "better", "start"), text(x(0), "the same", "middle"), text(WIDTH - 8, "worse", "end"),
  ];
  if (margin !== null) parts.push(line(margin, "margin"));
  if (shown) parts.push(draw("circle", { cx: x(mean), cy: 17, r: 4, class: "mean" }));
  return picture(WIDTH, ROW, `${title}: ${words}`, ...parts);
}

/** How the evidence grew: against the release (any metric undoes it), and for going on (it takes all of them). */
export function pathPicture(evidence) {
  const [width, height, left, top] = [440, 150, 4, 14];
  const all = Math.max(1, evidence.path.at(-1).conversations);
  const at = (point, part) => `${left + (point.conversations / all) * (width - 2 * left)},${height - 22 - part * (height - 22 - top)}`;
  const against = evidence.path.map((point) => at(point, Math.max(...point.worse))).join(" ");
  const fine = evidence.path.map((point) => at(point, Math.min(...point.fine))).join(" ");
  const now = evidence.path.at(-1);
  const words = `After ${count(now.conversations)} conversations: ${percent(Math.max(...now.worse))} of what undoes it, ${percent(Math.min(...now.fine))} of what lets it go on.`;
  return el("figure", {},
    picture(width, height, words,
      draw("line", { x1: left, x2: width - left, y1: top, y2: top, class: "enough" }), draw("text", { x: left, y: top - 3 }, "enough"),
      draw("line", { x1: left, x2: width - left, y1: height - 22, y2: height - 22, class: "axis" }),
      draw("polyline", { points: fine, class: "line-fine" }), draw("polyline", { points: against, class: "line-worse" }),
      draw("text", { x: left, y: height - 6 }, "0"), draw("text", { x: width - left, y: height - 6, "text-anchor": "end" }, `${count(all)} conversations`)),
    el("figcaption", { class: "legend" }, el("span", { class: "key worse" }, `Against it, strongest figure: ${percent(Math.max(...now.worse))}`), el("span", { class: "key fine" }, `For the next step, weakest figure: ${percent(Math.min(...now.fine))}`)));
}
