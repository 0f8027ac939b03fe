// the chance of `least` or more successes in n independent trials of chance p
function atLeast(least, n, p) {
  let sum = 0;
  for (let k = least; k <= n; k++) {
    let log = k * Math.log(p) + (n - k) * Math.log1p(-p);
    for (let i = 1; i <= k; i++) log += Math.log((n - k + i) / i);
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}
// twice the smaller tail of a fair coin
function twoSided(k, n) {
  return Math.min(1, 2 * atLeast(Math.max(k, n - k), n, 0.5));
}
// answers: per trial the places (0, 1, 2) that were taken for the bird and for the least like one
function verdict(trials, answers) {
  let found = 0, ours = 0;
  trials.forEach((trial, n) => {
    const bird = trial.key[answers[n].bird], least = trial.key[answers[n].least];
    if (bird === "bird") found += 1;
    if (bird === "ours" || least === "theirs") ours += 1; // ours stands before theirs in the order that was given
  });
  const n = trials.length;
  return { n, found, ours, foundByChance: atLeast(found, n, 1 / 3), oursByChance: twoSided(ours, n) };
}
function abxTest(data, place) {
  const answers = [], names = { bird: "the bird", ours: data.ours, theirs: data.theirs };
  const element = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text }, more);
  const share = (k, n) => `${k} of ${n} (${Math.round((100 * k) / n)} %)`;
  const shown = (p) => (p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`);
  function choice(name, legend) {
    const box = element("fieldset", "");
    box.append(element("legend", legend));
    for (let n = 0; n < 3; n++) {
      const label = element("label", "");
      label.append(element("input", "", { type: "radio", name, value: String(n) }), ` sound ${n + 1}`);
      box.append(label);
    }
    return box;
  }
  function round(number) {
    const trial = data.trials[number], form = element("form", ""), players = element("div", "", { className: "players" });
    trial.sounds.forEach((uri, n) => {
      const figure = element("figure", "");
      const audio = element("audio", "", { controls: true, preload: "auto", src: uri });
      audio.setAttribute("aria-label", `sound ${n + 1} of round ${number + 1}`);
      figure.append(element("figcaption", `sound ${n + 1}`), audio);
      players.append(figure);
    });
    const next = element("button", number + 1 < data.trials.length ? "next round" : "show the key", { type: "submit", disabled: true });
    form.append(
      element("p", `Round ${number + 1} of ${data.trials.length}`, { className: "line" }), players,
      choice("bird", "Which is the bird?"), choice("least", "Which is the least like a bird?"), next,
    );
    const given = () => {
      const [bird, least] = ["bird", "least"].map((name) => new FormData(form).get(name));
      return bird !== null && least !== null && bird !== least ? { bird: Number(bird), least: Number(least) } : null;
    };
    form.addEventListener("change", () => { next.disabled = given() === null; });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const answer = given();
      if (answer === null) return;
      answers.push(answer);
      if (number + 1 < data.trials.length) round(number + 1); else end();
    });
    place.replaceChildren(form);
  }
  function end() {
    const found = verdict(data.trials, answers), result = element("output", "");
    result.id = "abx-result";
    result.append(
      element("p", `You found the bird in ${share(found.found, found.n)} rounds; who guesses finds it in a third, and does as well or better with ${shown(found.foundByChance)}.`),
      element("p", `You put ${data.ours} before ${data.theirs} in ${share(found.ours, found.n)} rounds; were they alike to you, so uneven a count would come with ${shown(found.oursByChance)} (two-sided).`),
    );
    const table = element("table", ""), head = table.createTHead().insertRow(), body = table.createTBody();
    for (const text of ["round", "clip", "sound 1", "sound 2", "sound 3", "you took for the bird", "and for the least like one"])
      head.append(element("th", text, { scope: "col" }));
    data.trials.forEach((trial, n) => {
      const row = body.insertRow(), said = [answers[n].bird, answers[n].least].map((where) => names[trial.key[where]]);
      for (const text of [n + 1, trial.clip, ...trial.key.map((kind) => names[kind]), ...said]) row.insertCell().textContent = text;
    });
    const scroll = element("div", "", { className: "scroll", tabIndex: 0 });
    scroll.append(table);
    const again = element("button", "once more", { type: "button" });
    again.addEventListener("click", () => { answers.length = 0; round(0); });
    place.replaceChildren(result, scroll, again);
  }
  round(0);
}
if (typeof document !== "undefined")
  abxTest(JSON.parse(document.getElementById("abx-data").textContent), document.getElementById("abx-test"));
if (typeof module !== "undefined") module.exports = { atLeast, twoSided, verdict };
