// numbers that were put into 16 bits: base64 of little-endian integers, -32768 for none, the others from low to high
function decoded(packed) {
  const bytes = Uint8Array.from(atob(packed.data), (c) => c.charCodeAt(0));
  const whole = new DataView(bytes.buffer), values = new Float64Array(bytes.length / 2);
  for (let i = 0; i < values.length; i++) {
    const n = whole.getInt16(2 * i, true);
    values[i] = n === -32768 ? NaN : packed.low + ((n + 32767) / 65534) * (packed.high - packed.low);
  }
  return values;
}
// pairs of numbers as points
function points(values, from = 0, to = values.length) {
  const found = [];
  for (let i = from; i + 1 < to; i += 2) found.push([values[i], values[i + 1]]);
  return found;
}
// which of rising times lies nearest
function nearest(times, time) {
  let low = 0, high = times.length - 1;
  while (high - low > 1) { const middle = (low + high) >> 1; if (times[middle] <= time) low = middle; else high = middle; }
  return time - times[low] <= times[high] - time ? low : high;
}
// the data of a clip, unpacked once
function unpacked(clip) {
  const state = points(decoded(clip.state)), orbits = decoded(clip.orbits), others = decoded(clip.others);
  const lines = decoded(clip.nullclines.points), each = clip.orbit_points * 2;
  let at = 0;
  const nullclines = clip.nullclines.lengths.map((lengths) => lengths.map((n) => points(lines, at, (at += 2 * n))));
  const cut = (values, n) => (isNaN(values[n * each]) || !each ? [] : points(values, n * each, (n + 1) * each));
  const orbit = clip.times.map((_, n) => cut(orbits, n));
  const other = clip.times.map((_, n) => Array.from({ length: clip.others_each }, (_, k) => cut(others, n * clip.others_each + k)).filter((one) => one.length));
  return { ...clip, state, nullclines, orbit, other };
}
// what is to be seen at a time in ms
function seen(clip, time) {
  const n = nearest(clip.times, time), last = Math.min(clip.state.length, Math.round((time * clip.state_rate) / 1e3) + 1);
  const first = Math.max(0, last - Math.round((clip.trail_ms * clip.state_rate) / 1e3));
  const fixed = clip.branches.map((b) => ({ x: b.x[n], trace: b.trace[n], determinant: b.determinant[n], kind: b.kinds[n] })).filter((one) => one.kind);
  return { n, fixed, trail: clip.state.slice(first, last), orbit: clip.orbit[n], other: clip.other[n], nullclines: clip.nullclines[n] };
}
// one plane on a canvas, with the page's own colours
function plane(canvas, box, labels) {
  const style = getComputedStyle(document.documentElement), color = (name) => style.getPropertyValue(`--${name}`).trim() || "#888";
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth || 300, height = Math.round(0.8 * width);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d"), left = 46, right = width - 8, top = 8, bottom = height - 34;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px system-ui, sans-serif";
  const [x0, x1, y0, y1] = box;
  const px = (x) => left + ((x - x0) / (x1 - x0)) * (right - left), py = (y) => bottom - ((y - y0) / (y1 - y0)) * (bottom - top);
  const written = (value) => String(Number(value.toPrecision(3)));
  pen.strokeStyle = color("line");
  pen.strokeRect(left, top, right - left, bottom - top);
  pen.fillStyle = color("quiet");
  pen.textAlign = "center";
  pen.fillText(labels[0], (left + right) / 2, height - 4);
  for (const x of [x0, (x0 + x1) / 2, x1]) pen.fillText(written(x), Math.min(Math.max(px(x), left + 12), right - 14), bottom + 14);
  pen.textAlign = "right";
  for (const y of [y0, (y0 + y1) / 2, y1]) pen.fillText(written(y), left - 4, Math.min(Math.max(py(y) + 4, top + 10), bottom));
  pen.save();
  pen.translate(10, (top + bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  pen.fillText(labels[1], 0, 0);
  pen.restore();
  const within = (draw) => { pen.save(); pen.beginPath(); pen.rect(left, top, right - left, bottom - top); pen.clip(); draw(); pen.restore(); };
  return {
    color,
    line(list, name, wide = 1, dash = [], closed = false) {
      within(() => {
        pen.strokeStyle = color(name); pen.lineWidth = wide; pen.setLineDash(dash); pen.beginPath();
        let down = false;
        for (const [x, y] of list) { if (isNaN(x + y) || x === null || y === null) { down = false; continue; } if (down) pen.lineTo(px(x), py(y)); else pen.moveTo(px(x), py(y)); down = true; }
        if (closed) pen.closePath();
        pen.stroke();
      });
    },
    // time as colour, from violet over green to yellow
    timed(list) {
      within(() => {
        pen.lineWidth = 2.5;
        pen.setLineDash([]);
        for (let n = 0; n + 1 < list.length; n++) {
          const [[a, b], [c, d]] = [list[n], list[n + 1]];
          if ([a, b, c, d].some((value) => value === null || isNaN(value))) continue;
          pen.strokeStyle = `hsl(${280 - (225 * n) / (list.length - 1)}, 65%, 48%)`;
          pen.beginPath();
          pen.moveTo(px(a), py(b));
          pen.lineTo(px(c), py(d));
          pen.stroke();
        }
      });
    },
    dot(x, y, name, full = true, size = 4) {
      if (x === null || y === null || isNaN(x + y)) return;
      within(() => { pen.beginPath(); pen.arc(px(x), py(y), size, 0, 7); pen.lineWidth = 1.6; pen.strokeStyle = pen.fillStyle = color(name); if (full) pen.fill(); pen.stroke(); });
    },
    word(x, y, text) { within(() => { pen.fillStyle = color("ink"); pen.textAlign = "left"; pen.fillText(text, px(x) + 6, py(y) - 5); }); },
  };
}
const POINT_COLORS = { stable: "blue", unstable: "vermillion", saddle: "purple" };
const CURVE_COLORS = ["vermillion", "blue", "purple", "green", "orange", "sky"];
function drawPhase(canvas, clip, view) {
  const on = plane(canvas, clip.window, ["x", "v"]);
  on.line([[clip.window[0], 0], [clip.window[1], 0]], "sky");
  for (const line of view.nullclines) on.line(line, "orange");
  for (const line of view.other) on.line(line, "green", 1.2, [4, 3], true);
  on.line(view.orbit, "green", 2, [], true);
  for (const one of view.fixed) on.dot(one.x, 0, POINT_COLORS[one.kind], one.kind !== "unstable");
  on.line(view.trail, "ink", 1);
  if (view.trail.length) on.dot(...view.trail[view.trail.length - 1], "ink", true, 3);
}
function drawTrace(canvas, clip, view) {
  const box = clip.trace_window, on = plane(canvas, box, ["trace", "determinant"]);
  const steps = Array.from({ length: 81 }, (_, i) => box[0] + ((box[1] - box[0]) * i) / 80);
  on.line(steps.map((t) => [t, (t * t) / 4]), "quiet", 1, [4, 3]);
  on.line([[box[0], 0], [box[1], 0]], "quiet");
  on.line([[0, box[2]], [0, box[3]]], "quiet");
  for (const branch of clip.branches) on.timed(branch.trace.map((t, n) => [t, branch.determinant[n]]));
  for (const one of view.fixed) on.dot(one.trace, one.determinant, POINT_COLORS[one.kind], one.kind !== "unstable");
}
function drawMap(canvas, clip, view) {
  const map = clip.map, on = plane(canvas, map.window, map.labels), kinds = [...new Set(map.curves.map((one) => one.kind))];
  for (const curve of map.curves) on.line(curve.points, CURVE_COLORS[kinds.indexOf(curve.kind) % CURVE_COLORS.length], 1.6);
  on.timed(map.path);
  for (const one of map.crossings) { on.dot(...one.at, "ink", false, 5); if (one.event) on.word(...one.at, one.event); }
  on.dot(...map.path[view.n], "ink");
}
// the panels of one clip, a slider and a button
function player(data, place) {
  const clip = unpacked(data), find = (name) => place.querySelector(`[data-part=${name}]`);
  const slider = find("time"), said = find("said"), button = find("play"), lasts = find("lasts");
  const end = clip.duration_ms;
  let time = clip.start_ms, running = false, before = 0;
  function draw() {
    const view = seen(clip, time);
    slider.value = String(time);
    drawPhase(find("phase"), clip, view);
    drawTrace(find("trace"), clip, view);
    if (clip.map) drawMap(find("map"), clip, view);
    said.textContent = `${time.toFixed(1)} ms: ${clip.said[view.n]}`;
  }
  function step(now) {
    if (!running) return;
    time += ((now - before) * end) / (1e3 * Number(lasts.value));
    before = now;
    if (time >= end) { time = end; stop(); }
    draw();
    if (running) requestAnimationFrame(step);
  }
  function stop() { running = false; button.textContent = "play"; }
  button.addEventListener("click", () => {
    if (running) { stop(); return; }
    if (time >= end) time = 0;
    running = true;
    button.textContent = "stop";
    requestAnimationFrame((now) => { before = now; step(now); });
  });
  slider.addEventListener("input", () => { time = Number(slider.value); draw(); });
  draw();
  return draw;
}
// dark, light, or what the machine says: the page's own rule for dark is switched
function themes(button, sheets, root, redraw) {
  const rules = [...sheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule.media && rule.media.mediaText.includes("prefers-color-scheme"));
  const own = rules.map((rule) => rule.media.mediaText), order = ["as the machine", "dark", "light"];
  let at = 0;
  button.addEventListener("click", () => {
    at = (at + 1) % order.length;
    rules.forEach((rule, n) => { rule.media.mediaText = at === 0 ? own[n] : at === 1 ? "all" : "not all"; });
    root.style.colorScheme = at === 0 ? "" : order[at];
    button.textContent = `colours: ${order[at]}`;
    redraw();
  });
}
function startPage() {
  const draws = [...document.querySelectorAll(".player")].map((place) => player(JSON.parse(document.getElementById(place.id + "-data").textContent), place));
  const redraw = () => draws.forEach((draw) => draw());
  themes(document.getElementById("theme"), document.styleSheets, document.documentElement, redraw);
  window.addEventListener("resize", redraw);
  if (window.matchMedia) window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
if (typeof document !== "undefined") startPage();
if (typeof module !== "undefined") module.exports = { decoded, points, nearest, unpacked, seen, player, themes };
