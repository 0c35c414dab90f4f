// Comfort only: everything can be read and heard without it. No state is kept, nothing is loaded.
"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const make = (tag, set = {}, children = []) => {
    const made = Object.assign(document.createElement(tag), set);
    made.append(...children);
    return made;
  };
  for (const hidden of all(".controls, [data-toggle]")) hidden.hidden = false;

  // The table: filter and sort.
  const body = document.querySelector("#items tbody");
  const rows = all("tr", body);
  const search = document.getElementById("search");
  const verdict = document.getElementById("verdict");
  const family = document.getElementById("family");
  const shown = document.getElementById("shown");
  const haystack = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits =
        (!verdict.value || row.dataset.verdict === verdict.value) &&
        (!family.value || row.dataset.family === family.value) &&
        words.every((word) => haystack.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = count === rows.length ? `${count} items` : `${count} of ${rows.length} items`;
  };
  for (const control of [search, verdict, family]) control.addEventListener("input", filter);
  filter();

  const letters = new Intl.Collator(undefined, { numeric: true }); // localeCompare takes ten times as long
  for (const heading of all("#items th[data-sort]")) {
    const key = heading.dataset.sort;
    const isNumber = key === "rank" || key === "size";
    const button = make("button", { type: "button", textContent: heading.textContent });
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const current = heading.getAttribute("aria-sort");
      // A size is asked for from the top, everything else from the bottom; a second click turns it round.
      const down = current ? current === "ascending" : key === "size";
      for (const other of all("#items th")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (a, b) =>
        isNumber ? a.dataset[key] - b.dataset[key] : letters.compare(a.dataset[key], b.dataset[key]);
      body.append(...rows.sort((a, b) => (down ? order(b, a) : order(a, b))));
    });
  }

  // Cards: open all at once, open the one that a link points into, open everything for the printer.
  for (const button of all("[data-toggle]")) {
    const cards = all("details.card", document.querySelector(button.dataset.toggle));
    const label = () => (button.textContent = cards.every((card) => card.open) ? "Close all" : "Open all");
    button.addEventListener("click", () => {
      const open = !cards.every((card) => card.open);
      for (const card of cards) card.open = open;
    });
    for (const card of cards) card.addEventListener("toggle", label);
    label();
  }
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    const card = target.closest("details");
    if (card) card.open = true;
    if (target.hidden) {
      search.value = verdict.value = family.value = "";
      filter();
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });

  // Players: the voices of a card become one, which keeps its place in the phrase from voice to voice. A place is a
  // number from 0 to 1; the curve of a voice says which of its seconds lies there.
  const between = (curve, place) => {
    const at = Math.min(Math.max(place, 0), 1) * (curve.length - 1);
    const low = Math.floor(at);
    const high = Math.min(low + 1, curve.length - 1);
    return curve[low] + (curve[high] - curve[low]) * (at - low);
  };
  const placeOf = (curve, second) => {
    let low = 0;
    let high = curve.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (curve[middle] <= second) low = middle;
      else high = middle;
    }
    const step = curve[high] - curve[low];
    const part = step > 0 ? Math.min(Math.max((second - curve[low]) / step, 0), 1) : 0;
    return (low + part) / (curve.length - 1);
  };
  const names = { candidate: "Candidate", golden: "Golden", control: "Control" };
  const decks = [];

  const build = (listen, number) => {
    const voices = all(".player", listen)
      .filter((figure) => figure.querySelector("audio"))
      .map((figure) => ({
        kind: figure.dataset.kind,
        title: figure.querySelector("figcaption").textContent,
        audio: figure.querySelector("audio"),
        curve: figure.dataset.times.split(" ").map(Number),
      }));
    if (!voices.length) return;
    let voice = voices[0];
    let place = 0;
    const button = make("button", { type: "button", className: "play" });
    const clock = make("output", { className: "clock" });
    const slider = make("input", { type: "range", min: 0, max: 1, step: 0.001, value: 0, className: "place" });
    slider.setAttribute("aria-label", "Place in the phrase");
    const choice = make("div", { className: "voices" });
    choice.setAttribute("role", "radiogroup");
    choice.setAttribute("aria-label", "Voice");
    const picture = listen.querySelector(".stack");
    const head = listen.querySelector(".head");

    const draw = () => {
      slider.value = place;
      clock.textContent = `${between(voice.curve, place).toFixed(2)} s`;
      if (head) for (const end of ["x1", "x2"]) head.setAttribute(end, `${place * 100}%`);
    };
    const label = () => {
      const playing = !voice.audio.paused;
      button.classList.toggle("playing", playing);
      button.setAttribute("aria-label", playing ? "Pause" : "Play");
    };
    const seek = (to) => {
      place = to;
      voice.audio.currentTime = between(voice.curve, place);
      draw();
    };
    const tick = () => {
      if (voice.audio.paused) return;
      place = placeOf(voice.curve, voice.audio.currentTime);
      draw();
      requestAnimationFrame(tick);
    };
    const play = () => {
      for (const other of decks) if (other !== deck) other.pause();
      if (place > 0.995) seek(0);
      for (const one of voices) one.audio.preload = "auto";
      voice.audio.play().catch(() => {}); // refused or replaced by the next press: the button shows what holds
    };
    const deck = { pause: () => voice.audio.pause() };
    decks.push(deck);
    button.addEventListener("click", () => (voice.audio.paused ? play() : voice.audio.pause()));
    slider.addEventListener("input", () => seek(Number(slider.value)));
    if (picture) {
      picture.addEventListener("pointerdown", (event) => {
        const box = picture.getBoundingClientRect();
        seek((event.clientX - box.left) / box.width);
      });
    }
    for (const one of voices) {
      one.audio.controls = false;
      for (const kind of ["play", "pause"]) one.audio.addEventListener(kind, label);
      one.audio.addEventListener("play", tick);
      one.audio.addEventListener("ended", () => {
        if (one !== voice) return;
        place = 1;
        draw();
      });
      const radio = make("input", { type: "radio", name: `voice-${number}`, checked: one === voice });
      radio.addEventListener("change", () => {
        const playing = !voice.audio.paused;
        if (playing) place = placeOf(voice.curve, voice.audio.currentTime);
        voice.audio.pause();
        voice = one;
        seek(place);
        if (playing) play();
        label();
      });
      choice.append(make("label", { title: one.title }, [radio, make("span", { textContent: names[one.kind] })]));
    }
    const silent = all(".player", listen).filter((figure) => !figure.querySelector("audio"));
    for (const figure of all(".player", listen)) figure.hidden = !silent.includes(figure);
    const deckElement = make("div", { className: "deck" }, [button, choice, clock, slider]);
    listen.prepend(deckElement);
    listen.classList.add("one");
    label();
    draw();
  };
  all(".listen").forEach(build);

  // Commands: a button to copy them, where the browser lets a page do that.
  if (navigator.clipboard) {
    for (const command of all(".command")) {
      const button = make("button", { type: "button", textContent: "Copy" });
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(command.querySelector("code").textContent);
          button.textContent = "Copied";
        } catch {
          button.textContent = "Not allowed";
        }
        setTimeout(() => (button.textContent = "Copy"), 1500);
      });
      command.append(button);
    }
  }
})();
