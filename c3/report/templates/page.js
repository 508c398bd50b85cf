"use strict";
// One clip at a time; the line shows where it is.
let sounding = null;
for (const exemplar of document.querySelectorAll(".exemplar")) {
  const button = exemplar.querySelector(".play"), head = exemplar.querySelector(".head");
  const audio = exemplar.querySelector("audio");
  if (!audio) continue;
  const follow = () => {
    head.style.left = `${100 * audio.currentTime / (audio.duration || Infinity)}%`;
    if (!audio.paused) requestAnimationFrame(follow);
  };
  audio.addEventListener("play", () => {
    if (sounding && sounding !== audio) sounding.pause();
    sounding = audio;
    button.setAttribute("aria-pressed", "true");
    follow();
  });
  audio.addEventListener("pause", () => button.setAttribute("aria-pressed", "false"));
  button.addEventListener("click", () => {
    if (!audio.paused) return audio.pause();
    audio.currentTime = 0;
    audio.play().catch(() => { button.disabled = true; });
  });
}
// A class picked from the list or pointed at stands out in all maps.
for (const map of document.querySelectorAll(".map")) {
  const pick = map.querySelector(".pick"), picked = map.querySelector(".picked");
  const dots = [...map.querySelectorAll("circle")], hint = picked.textContent;
  const show = (name) => {
    map.classList.toggle("one", name !== "");
    for (const dot of dots) dot.classList.toggle("on", name !== "" && dot.dataset.class === name);
  };
  pick.addEventListener("change", () => { show(pick.value); picked.textContent = hint; });
  for (const kind of ["pointerover", "click"]) {
    map.addEventListener(kind, (event) => {
      if (!event.target.matches("circle")) return;
      picked.textContent = event.target.querySelector("title").textContent;
      show(event.target.dataset.class || pick.value);
    });
  }
  map.addEventListener("pointerout", (event) => {
    if (event.target.matches("circle") && event.pointerType === "mouse") show(pick.value);
  });
}
