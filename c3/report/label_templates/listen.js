"use strict";
// What is shown and heard, and the labels: state that changes by `change` alone, so that all of it can be undone.
const DATA = JSON.parse(document.getElementById("data").textContent);
const $ = (selector) => document.querySelector(selector);
const REVIEW = DATA.kind === "review", NOTHING = "nothing of interest", UNSURE = "unsure";
const audio = $("#audio"), search = $("#search"), found = $("#found"), byId = new Map(DATA.segments.map((one) => [one.segment_id, one]));
// Segment → its labels; → class → true where it is not heard; → true if another browser said so; rows of other sheets.
let state = { labels: {}, no: {}, loaded: {}, others: [] };
let at = 0, slots = DATA.classes.map(([name]) => name).filter((name) => name !== NOTHING).slice(0, 9), undos = [], slow = false, sounding = null;

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
const tell = (text) => { $("#told").textContent = text; };
const segment = () => DATA.segments[DATA.items[at].segment];
const labelsOf = (id) => state.labels[id] || [];
const idOf = (item) => DATA.segments[item.segment].segment_id;
const verdictOf = (item) => (labelsOf(idOf(item)).includes(item.class) ? true : state.no[idOf(item)]?.[item.class] ? false : undefined);
function isDone(item) {
  const labels = labelsOf(idOf(item));
  return REVIEW ? verdictOf(item) !== undefined || labels.includes(UNSURE) : labels.length > 0;
}
function counts() { // class → how often it was used, in earlier sheets and in this one
  const all = new Map(DATA.classes);
  for (const name of Object.values(state.labels).flat()) all.set(name, (all.get(name) || 0) + 1);
  return all;
}
const classes = () => [...counts().keys()].filter((name) => name !== UNSURE && name !== NOTHING);

// Labels.
function change(edit) {
  const before = JSON.stringify([state, at]);
  if (edit() === false) return;
  undos.push(before);
  keep(true);
  show();
}
function undo() {
  if (!undos.length) return tell("There is nothing to undo.");
  [state, at] = JSON.parse(undos.pop());
  keep(true);
  show();
}
function set(labels) { // of the segment shown: all that is heard, so that it answers what is asked
  const id = segment().segment_id, no = (state.no[id] ||= {}), asked = DATA.items[at].class;
  delete state.loaded[id];
  if (labels.length) state.labels[id] = labels; else delete state.labels[id];
  if (REVIEW && labels.length && !labels.includes(UNSURE)) no[asked] = true; else delete no[asked];
  for (const name of labels) delete no[name];
}
function toggle(name) {
  change(() => {
    const labels = labelsOf(segment().segment_id), alone = name === UNSURE || name === NOTHING;
    if (labels.includes(name)) set(labels.filter((one) => one !== name));
    else set(alone ? [name] : [...labels.filter((one) => one !== UNSURE && one !== NOTHING), name]);
    if (alone || slots.includes(name)) return;
    const used = counts(), least = slots.reduce((a, b) => (used.get(b) < used.get(a) ? b : a), slots[0]);
    if (slots.length < 9) slots.push(name); // a class keeps its key as long as it has one
    else if (used.get(name) > used.get(least)) slots[slots.indexOf(least)] = name;
  });
}

// Sound: one player for all clips.
function play(button, part = null) {
  const clip = button.clip, source = DATA.media + (slow && clip.slow ? clip.slow : clip.sound);
  const other = sounding !== button || audio.getAttribute("src") !== source;
  if (!other && part === null && !audio.paused) return audio.pause();
  if (other) {
    stop();
    audio.src = source;
    sounding = button;
  }
  if (part !== null) audio.currentTime = part * clip.seconds * (slow && clip.slow ? 10 : 1);
  audio.play().catch((error) => error.name === "AbortError" || tell(`${source} cannot be played: it must lie beside this page.`));
}
function stop() {
  audio.pause();
  sounding?.setAttribute("aria-pressed", "false");
  sounding = null;
}
function follow() {
  if (!sounding) return;
  sounding.querySelector(".head").style.left = `${100 * audio.currentTime / (audio.duration || Infinity)}%`;
  if (!audio.paused) requestAnimationFrame(follow);
}
for (const kind of ["play", "pause"]) {
  audio.addEventListener(kind, () => { sounding?.setAttribute("aria-pressed", String(!audio.paused)); follow(); });
}
audio.addEventListener("seeked", follow);

// The picture of a clip as a button that plays it.
function draw(button, clip, text) {
  button.clip = clip;
  Object.assign(button.querySelector(".spectrogram"), { src: DATA.media + clip.spectrogram, alt: `Spectrogram: ${text}` });
  Object.assign(button.querySelector(".window").style, { left: `${100 * clip.mark[0]}%`, width: `${100 * clip.mark[1]}%` });
  button.querySelector(".head").style.left = 0;
}
const edge = (place) => (place < 0.02 ? 0 : place > 0.98 ? 100 : 50); // a tick's text is centred, but stays within the picture
function show() {
  if (!DATA.items.length) return;
  const item = DATA.items[at], { clip, near, segment_id: id } = segment(), used = counts();
  if ($("#main").clip !== clip) {
    stop();
    draw($("#main"), clip, clip.place);
    $(".seen .frame").hidden = !clip.frame;
    if (clip.frame) $(".seen .frame").src = DATA.media + clip.frame;
    $(".pitches").replaceChildren(...clip.pitches.map(([place, text], n) => make("span", { style: `bottom: ${100 * place}%; translate: 0 ${edge(place)}%`, textContent: n ? text : "kHz 0" })));
    $(".times").replaceChildren(...clip.times.map(([place, text]) => make("span", { style: `left: ${100 * place}%; translate: -${edge(place)}%`, textContent: text })));
    $("#slowed").hidden = !clip.slow;
    $("#near")?.toggleAttribute("hidden", !near.length);
    $("#near .exemplars")?.replaceChildren(...near.map((other, n) => {
      const button = make("button", { type: "button", className: "play", ariaLabel: `Play what sounds alike, ${n + 1}`, ariaPressed: "false" },
        make("img", { className: "spectrogram" }), make("span", { className: "window", hidden: true }), make("span", { className: "head" }));
      draw(button, other, other.place);
      button.addEventListener("click", () => play(button));
      return make("figure", { className: "exemplar" }, make("div", { className: "sight" }, button), make("figcaption", {}, make("kbd", { textContent: `Shift ${n + 1}` }), ` ${other.place}`));
    }));
  }
  $("#place").replaceChildren(`${at + 1}. ${clip.place}`, make("small", { textContent: clip.begun && ` (${clip.begun})` }));
  $("#slowed").ariaPressed = String(slow);
  const labels = labelsOf(id);
  $("#given").replaceChildren(...labels.map((name) => {
    const chip = make("button", { type: "button", textContent: `${name} ✕`, ariaLabel: `Take away ${name}` });
    chip.addEventListener("click", () => toggle(name));
    return chip;
  }), labels.length ? "" : make("span", { className: "small", textContent: "No label yet." }));
  $("#classes").replaceChildren(...[...slots.map((name, n) => [name, n + 1]), [NOTHING, 0], [UNSURE, "?"]].map(([name, key]) => {
    const button = make("button", { type: "button", ariaPressed: String(labels.includes(name)) }, make("kbd", { textContent: key }), ` ${name} `, make("small", { textContent: used.get(name) || "" }));
    button.addEventListener("click", () => toggle(name));
    return button;
  }));
  const left = DATA.items.filter((one) => !isDone(one)).length;
  $("#left").textContent = `${left} of ${DATA.items.length} left`;
  document.querySelectorAll("#all button").forEach((button, n) => {
    const one = DATA.items[n], no = verdictOf(one) === false;
    button.className = no ? "no" : isDone(one) ? "done" : "";
    button.ariaCurrent = n === at ? "true" : null;
  });
  if (REVIEW) showReview(item);
}
function go(place) {
  at = Math.max(0, Math.min(place, DATA.items.length - 1));
  show();
}
function goOn() { // to the next that is not done, from the first again after the last
  const order = [...DATA.items.keys()].map((n) => (at + 1 + n) % DATA.items.length);
  const next = order.find((n) => !isDone(DATA.items[n]));
  if (next === undefined) tell("All done. Save, and the next run knows.");
  else go(next);
}

// Search: classes that begin so, then those that hold it; what no class is called becomes one.
let options = [], chosen = 0;
const tidy = (text) => text.normalize("NFC").replaceAll("|", " ").replace(/\s+/g, " ").trim();
function find() {
  const text = tidy(search.value), low = text.toLowerCase(), all = [...classes(), NOTHING, UNSURE];
  const begin = all.filter((name) => name.toLowerCase().startsWith(low)), within = all.filter((name) => !begin.includes(name) && name.toLowerCase().includes(low));
  const isNew = text && !all.some((name) => name.toLowerCase() === low);
  if (text) begin.sort((a, b) => a.length - b.length);
  options = [...begin, ...(isNew ? [text] : []), ...within];
  chosen = 0;
  list(isNew ? text : null);
}
function list(fresh) {
  found.replaceChildren(...options.map((name, n) => {
    const option = make("li", { role: "option", id: `option-${n}`, textContent: name === fresh ? `“${name}”: a new class` : name, ariaSelected: String(n === chosen) });
    option.addEventListener("pointerdown", (event) => { event.preventDefault(); take(name); });
    return option;
  }));
  opened(options.length > 0);
}
function opened(is) {
  found.hidden = !is;
  search.ariaExpanded = String(is);
  if (is) search.setAttribute("aria-activedescendant", `option-${chosen}`); else search.removeAttribute("aria-activedescendant");
}
function take(name) {
  search.value = "";
  search.blur();
  if (!labelsOf(segment().segment_id).includes(name)) toggle(name);
}
search.addEventListener("input", find);
search.addEventListener("focus", find);
search.addEventListener("blur", () => opened(false));
search.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { search.value = ""; search.blur(); }
  else if (event.key === "Enter" && options.length && tidy(search.value)) take(options[chosen]);
  else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : options.length - 1)) % options.length;
    [...found.children].forEach((option, n) => { option.ariaSelected = String(n === chosen); });
    found.children[chosen].scrollIntoView({ block: "nearest" });
    opened(true);
  } else return;
  event.preventDefault();
});

// Keys. By place for digits, which some keyboards have on the second level.
document.addEventListener("keydown", (event) => {
  const { key, target } = event, digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if ((event.ctrlKey || event.metaKey) && !event.altKey && (key === "s" || (key === "z" && target !== search))) (key === "s" ? save : undo)();
  else if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input") || !DATA.items.length) return;
  else if (target.matches("button, summary") && (key === " " || key === "Enter")) return;
  else if (key === " ") play($("#main"));
  else if (key === "ArrowRight" || key === "ArrowLeft") go(at + (key === "ArrowRight" ? 1 : -1));
  else if (key === "Enter") REVIEW ? judge(true) : goOn();
  else if (REVIEW && (key === "Backspace" || key === "Delete")) judge(false);
  else if (key === "?") toggle(UNSURE);
  else if (key === ".") setSlow();
  else if (digit && event.shiftKey) { const near = document.querySelectorAll("#near .play")[digit - 1]; if (near) play(near); }
  else if (digit === "0") toggle(NOTHING);
  else if (digit && slots[digit - 1]) toggle(slots[digit - 1]);
  else { if (/^\p{L}$/u.test(key)) search.focus(); return; } // the letter itself then falls into the box
  event.preventDefault();
});
function setSlow() {
  slow = !slow;
  stop();
  show();
}
// After a click the keys belong to the page again; who comes by Tab keeps the focus.
document.addEventListener("click", (event) => event.detail && event.target.closest("button")?.blur());
$("#main").addEventListener("click", (event) => {
  const box = $("#main").getBoundingClientRect();
  play($("#main"), event.detail ? (event.clientX - box.left) / box.width : null);
});
$("#playing").addEventListener("click", () => play($("#main")));
$("#previous").addEventListener("click", () => go(at - 1));
$("#next").addEventListener("click", () => go(at + 1));
$("#undo").addEventListener("click", undo);
$("#slowed").addEventListener("click", setSlow);
$("#save").addEventListener("click", () => save());
