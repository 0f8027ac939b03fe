// As much of a page as abx.js asks for: a listener who gives the answers of argv[3] to the rounds of argv[2].
"use strict";
class Node {
  constructor(tag) { this.tag = tag; this.children = []; this.listeners = {}; this.attributes = {}; this.own = ""; }
  set textContent(text) { this.own = text; this.children = []; }
  get textContent() { return [this.own, ...this.children.map((one) => (typeof one === "string" ? one : one.textContent))].join(" "); }
  append(...more) { this.children.push(...more); }
  replaceChildren(...more) { this.children = more; }
  setAttribute(name, value) { this.attributes[name] = value; }
  addEventListener(name, act) { this.listeners[name] = act; }
  createTHead() { return this.part("thead"); }
  createTBody() { return this.part("tbody"); }
  insertRow() { return this.part("tr"); }
  insertCell() { return this.part("td"); }
  part(tag) { const one = new Node(tag); this.append(one); return one; }
  all(tag) { return this.children.flatMap((one) => (one instanceof Node ? [...(one.tag === tag ? [one] : []), ...one.all(tag)] : [])); }
}
const [, , script, rounds, answers] = process.argv;
const data = new Node("script"), place = new Node("div");
data.textContent = rounds;
global.document = {
  createElement: (tag) => new Node(tag),
  getElementById: (id) => ({ "abx-data": data, "abx-test": place })[id],
};
global.FormData = class {
  constructor(form) { this.form = form; }
  get(name) { return this.form.chosen[name] ?? null; }
};
require(script);
const seen = [];
for (const answer of JSON.parse(answers)) {
  const form = place.children[0], next = form.all("button")[0];
  const step = (chosen) => { form.chosen = chosen; form.listeners.change(); return next.disabled; };
  const blocked = [next.disabled, step({ bird: answer.bird }), step({ bird: answer.bird, least: answer.bird })];
  step({ bird: String(answer.bird), least: String(answer.least) });
  seen.push({ sounds: form.all("audio").map((one) => one.src), blocked, open: !next.disabled, words: form.textContent });
  form.listeners.submit({ preventDefault() {} });
}
const rows = place.all("tr").map((row) => row.children.map((cell) => cell.textContent.trim()));
console.log(JSON.stringify({ seen, said: place.children[0].textContent, rows }));
