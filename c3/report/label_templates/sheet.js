// The sheet: as text, kept in the browser, saved, loaded, and sent to the server of scripts/label_server.py.
const COLUMNS = ["sound", "segment_id", "file", "start", "end", "labels"];
const ANNOTATOR = location.protocol.startsWith("http") ? new URLSearchParams(location.search).get("annotator") : null;
const ANSWERS = `answers?annotator=${encodeURIComponent(ANNOTATOR)}`;
const SHEETS = `c3 ${DATA.kind} ${DATA.experiment} ${DATA.row} ${ANNOTATOR || ""} `, KEY = SHEETS + DATA.key;
let unsaved = false, version = null, sending = false, file = null;

function csv() { // of a review only what has a label
  const own = DATA.segments.map((one) => COLUMNS.map((column) => (column === "labels" ? labelsOf(one.segment_id).join(" | ") : String(one[column]))));
  const quote = (cell) => (/[",;\t\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return [COLUMNS, ...own.filter((row) => !REVIEW || row[5]), ...state.others].map((row) => row.map(quote).join(",") + "\n").join("");
}
function parse(text) { // rows of cells; separated by commas, semicolons or tabs, as spreadsheets write them
  const head = text.split("\n", 1)[0], separator = [",", ";", "\t"].reduce((a, b) => (head.split(b).length > head.split(a).length ? b : a));
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^${separator}\n]*))(${separator}|\n|$)`, "y"), rows = [[]];
  text = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  for (let match; cell.lastIndex < text.length && (match = cell.exec(text));) {
    rows.at(-1).push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (match[3] === "\n") rows.push([]);
  }
  return rows;
}
function merge(text, mine = false) { // labels of a sheet into the state; how many, or -1 for what is no sheet. mine: what is there stays
  const [head = [], ...rows] = parse(text), place = COLUMNS.map((column) => head.indexOf(column));
  if (place[1] < 0 || place[5] < 0) return -1;
  let taken = 0;
  for (const row of rows) {
    const cells = place.map((n) => row[n] ?? ""), id = cells[1];
    const labels = [...new Set(cells[5].split("|").map(tidy).filter(Boolean))];
    if (!labels.length || (mine && state.labels[id])) continue;
    taken += 1;
    if (String(labels) === String(labelsOf(id))) continue;
    if (byId.has(id)) [state.labels[id], state.loaded[id]] = [labels, true];
    else state.others = [...state.others.filter((other) => other[1] !== id), cells];
  }
  for (const name of classes()) if (slots.length < 9 && !slots.includes(name)) slots.push(name);
  return taken;
}
function keep(changed) {
  unsaved ||= changed;
  try {
    localStorage.setItem(KEY, JSON.stringify({ csv: csv(), no: state.no, loaded: state.loaded, unsaved, version }));
  } catch { tell("This browser keeps no labels by itself: save often."); }
  if (changed) send();
}
function recall(text) { // what was kept
  const kept = JSON.parse(text);
  state = { labels: {}, no: {}, loaded: {}, others: [] };
  merge(kept.csv);
  Object.assign(state, { no: kept.no, loaded: kept.loaded });
  unsaved = kept.unsaved;
  return kept.version;
}
const saved = (text) => { unsaved = csv() !== text; keep(false); };
function download(text, name) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
async function save() {
  const text = csv(), name = `${DATA.row}${REVIEW ? ".reviewed" : ""}-${DATA.key.slice(0, 4)}.csv`;
  if (ANNOTATOR) await send();
  try {
    if (!window.showSaveFilePicker) throw new Error("not in this browser");
    file ??= await showSaveFilePicker({ suggestedName: name, types: [{ description: "Sheet", accept: { "text/csv": [".csv"] } }] });
    const stream = await file.createWritable();
    await stream.write(text);
    await stream.close();
    tell(`Saved as ${file.name}.`);
  } catch (error) {
    file = null;
    if (error.name === "AbortError") return tell("Not saved.");
    download(text, name);
    tell(`Saved as ${name} where your browser puts downloads.`);
  }
  saved(text);
}
async function send() { // the newest, one at a time; refused if someone else has saved since
  if (!ANNOTATOR || sending || version === null) return;
  sending = true;
  const text = csv();
  try {
    const answer = await fetch(ANSWERS, { method: "PUT", body: text, headers: { "If-Match": version } });
    if (!answer.ok) throw new Error(answer.status === 412 ? "another tab has saved since. Load this page again: labels of both are kept." : await answer.text());
    version = answer.headers.get("ETag");
    saved(text);
    tell(`Saved on the server for ${ANNOTATOR}.`);
  } catch (error) { tell(`Not saved on the server: ${error.message}`); return; } finally { sending = false; }
  if (unsaved) await send();
}
$("#load").addEventListener("change", async ({ target }) => {
  const text = await target.files[0].text(), name = target.files[0].name;
  let taken;
  change(() => { taken = merge(text); return taken > 0; });
  tell(taken < 0 ? `${name} is no sheet: it lacks the columns segment_id and labels.` : `${taken} labelled rows of ${name}.`);
  target.value = "";
});
window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
window.addEventListener("storage", (event) => { // another tab with the same sheet
  if (event.key === KEY && event.newValue) { version = recall(event.newValue); undos = []; show(); }
});
async function start() {
  try {
    if (localStorage.getItem(KEY)) recall(localStorage.getItem(KEY));
    for (const key of Object.keys(localStorage)) { // an earlier sheet of this row
      const older = key.startsWith(SHEETS) && key !== KEY && JSON.parse(localStorage.getItem(key));
      if (!older?.unsaved) continue;
      const button = make("button", { type: "button", textContent: "Save the labels of an earlier sheet, which are in this browser alone" });
      button.addEventListener("click", () => {
        download(older.csv, `${DATA.row}-${key.slice(SHEETS.length, SHEETS.length + 4)}.csv`);
        localStorage.setItem(key, JSON.stringify({ ...older, unsaved: false }));
        button.remove();
      });
      $("header").append(button);
    }
  } catch { tell("This browser keeps no labels by itself: save often."); }
  for (const [n, item] of DATA.items.entries()) {
    const before = DATA.items[n - 1], group = item.groups?.[0];
    if (REVIEW && item.class !== before?.class) $("#all").append(make("h3", { textContent: item.class }));
    if (REVIEW && (item.class !== before?.class || group !== before.groups[0])) $("#all").append(make("h4", { textContent: group }));
    const button = make("button", { type: "button", textContent: REVIEW ? item.probability.toFixed(2) : n + 1, ariaLabel: `Segment ${n + 1}` });
    button.addEventListener("click", () => { go(n); scrollTo(0, 0); });
    $("#all").append(button);
  }
  at = Math.max(0, DATA.items.findIndex((item) => !isDone(item)));
  show();
  if (!ANNOTATOR) return;
  const answer = await fetch(ANSWERS).catch(() => null);
  if (!answer?.ok) return tell("The server does not answer: save, and start it again.");
  version = answer.headers.get("ETag");
  merge(await answer.text(), unsaved); // what was not saved here is newer
  show();
  if (unsaved) send();
}
