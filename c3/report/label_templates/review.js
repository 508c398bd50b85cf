// Review: the question about a class, and how often it is answered with yes.
const THRESHOLDS = [0.5, 0.7, 0.9];

function judge(is) {
  change(() => {
    const { segment_id: id } = segment(), name = DATA.items[at].class, labels = labelsOf(id);
    const others = labels.filter((one) => one !== name && one !== UNSURE && !(is && one === NOTHING));
    set(is ? [...others, name] : others);
    if (!is) state.no[id][name] = true;
  });
  goOn();
}
function wilson(right, n, z = 1.959964) { // bounds of the 95 % interval of a share (E. B. Wilson, 1927)
  const share = right / n, middle = (share + z * z / (2 * n)) / (1 + z * z / n);
  const half = z * Math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
function precision(name, threshold) {
  const judged = DATA.items.filter((item) => item.class === name && item.groups.includes("random") && item.probability >= threshold && verdictOf(item) !== undefined && !state.loaded[idOf(item)]);
  if (!judged.length) return "–";
  const right = judged.filter((item) => verdictOf(item)).length, bounds = wilson(right, judged.length).map((bound) => bound.toFixed(2));
  return `${(right / judged.length).toFixed(2)} (${bounds.join("–")}), ${right} of ${judged.length}`;
}
function showReview(item) {
  const verdict = verdictOf(item);
  $("#question strong").textContent = `Is ${item.class} heard?`;
  $("#question span").textContent = `Probability ${item.probability.toFixed(2)}; ${item.groups.join(", ")}.`;
  $("#verdict").textContent = verdict === undefined ? "" : verdict ? "You said yes." : "You said no.";
  $("#precision tbody").replaceChildren(...DATA.classes.map(([name]) =>
    make("tr", {}, make("th", { scope: "row", textContent: name }), ...THRESHOLDS.map((threshold) => make("td", { textContent: precision(name, threshold) })))));
}
$("#precision thead tr").append(...THRESHOLDS.map((threshold) => make("th", { scope: "col", textContent: `from ${threshold} on` })));
$("#confirm").addEventListener("click", () => judge(true));
$("#reject").addEventListener("click", () => judge(false));
