// As much of a page as dynamics.js asks for. argv[2] the script, argv[3] the file with the clip's data; what is drawn and said is printed.
"use strict";
const fs = require("fs");
const dynamics = require(process.argv[2]), data = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
const colors = { ink: "#111111", line: "#dddddd", quiet: "#777777", green: "#00855f", orange: "#b87d00", blue: "#0072b2", vermillion: "#d55e00", purple: "#b3588f", sky: "#2f8fc4" };
let theme = "light";
global.document = { documentElement: { style: {} } };
global.window = { devicePixelRatio: 2 };
global.getComputedStyle = () => ({ getPropertyValue: (name) => (theme === "light" ? "" : "dark ") + colors[name.slice(2)] });
let wake = null;
global.requestAnimationFrame = (act) => { wake = act; };
class Pen {
  constructor() { this.strokes = []; this.at = []; this.words = []; this.arcs = []; }
  beginPath() { this.at = []; }
  moveTo(x, y) { this.at.push([x, y]); }
  lineTo(x, y) { this.at.push([x, y]); }
  closePath() { this.at.push("closed"); }
  arc(x, y, size) { this.arcs.push({ x, y, size, color: this.strokeStyle, full: false }); }
  fill() { this.arcs[this.arcs.length - 1].full = true; }
  stroke() { if (this.at.length) this.strokes.push({ color: this.strokeStyle, points: this.at }); }
  fillText(text) { this.words.push(text); }
}
for (const name of ["setTransform", "clearRect", "strokeRect", "save", "restore", "rect", "clip", "translate", "rotate", "setLineDash"]) Pen.prototype[name] = () => {};
class Part {
  constructor() { this.listeners = {}; this.value = ""; this.textContent = ""; this.clientWidth = 400; this.pens = []; }
  addEventListener(name, act) { this.listeners[name] = act; }
  getContext() { const pen = new Pen(); this.pens.push(pen); return pen; }
  get last() { return this.pens[this.pens.length - 1]; }
}
const parts = Object.fromEntries(["time", "said", "play", "lasts", "phase", "trace", "map"].map((name) => [name, new Part()]));
parts.lasts.value = "5";
const redraw = dynamics.player(data, { querySelector: (selector) => parts[selector.match(/data-part=(\w+)/)[1]] });
const state = () => ({
  time: Number(parts.time.value), said: parts.said.textContent, button: parts.play.textContent,
  phase: parts.phase.last, trace: parts.trace.last, map: data.map ? parts.map.last : null, frames: parts.phase.pens.length,
});
const seen = [state()];
parts.time.value = "5";
parts.time.listeners.input();
seen.push(state());
parts.play.listeners.click(); // runs from 5 ms: 500 ms of the clock are 10 of the clip
let act = wake; wake = null; act(1000);
act = wake; wake = null; act(1500);
seen.push(state());
parts.play.listeners.click();
act = wake; wake = null; act(2000);
seen.push(state());
parts.play.listeners.click();
act = wake; wake = null; act(3000);
act = wake; wake = null; act(9e6); // to the end
seen.push(state());
const button = new Part(), rule = { media: { mediaText: "(prefers-color-scheme: dark)" } }, root = { style: {} }, themes = [];
let drawn = 0;
dynamics.themes(button, [{ cssRules: [rule, {}] }], root, () => { drawn += 1; });
for (let n = 0; n < 3; n++) { button.listeners.click(); themes.push([rule.media.mediaText, root.style.colorScheme, button.textContent]); }
theme = "dark";
redraw();
const near = [-5, 4, 6, 19, 21, 40].map((time) => dynamics.nearest([0, 10, 30], time));
console.log(JSON.stringify({ near, seen, themes, drawn, dark: parts.phase.last.strokes.map((one) => one.color), ratio: parts.phase.width }));
