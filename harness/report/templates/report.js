// Comfort only: everything can be read without it. No state is kept, nothing is loaded.
"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
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

  for (const heading of all("#items th[data-sort]")) {
    const key = heading.dataset.sort;
    const isNumber = key === "rank" || key === "size";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const current = heading.getAttribute("aria-sort");
      // A size is asked for from the top, everything else from the bottom; a second click turns it round.
      const down = current ? current === "ascending" : key === "size";
      for (const other of all("#items th")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (a, b) =>
        isNumber ? a.dataset[key] - b.dataset[key] : a.dataset[key].localeCompare(b.dataset[key]);
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

  // One voice at a time: comparing two clips is hard enough.
  const players = all("audio");
  for (const player of players) {
    player.addEventListener("play", () => {
      for (const other of players) if (other !== player) other.pause();
    });
  }

  // Commands: a button to copy them, where the browser lets a page do that.
  if (navigator.clipboard) {
    for (const command of all(".command")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
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
