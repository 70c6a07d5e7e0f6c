(() => {
  // The course's one script: explorers, questions and predictions of the page that have no life yet. Fetches nothing.
  const make = (tag, set = {}, attributes = {}, ...inside) => {
    const node = Object.assign(document.createElement(tag), set);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...inside);
    return node;
  };
  const waiting = kind => [...document.querySelectorAll(`.course-${kind}:not([data-live])`)];
  const copies = node => [...node.childNodes].map(n => n.cloneNode(true));
  const stores = ["localStorage", "sessionStorage"]; // private windows and some file:// pages have none, or lose one
  const memory = {
    get: key => {
      for (const store of stores) try { const found = window[store].getItem(key); if (found !== null) return found; } catch { /* next */ }
      return null;
    },
    set: (key, value) => {
      for (const store of stores) try { window[store].setItem(key, value); } catch { /* the answer lasts until reload */ }
    },
  };
  const keepKeys = root => { // JupyterLab's shortcuts stay away from the focused control, but for those with Ctrl or Cmd
    const keep = e => {
      for (const one of root.querySelectorAll("input, select, button, summary"))
        one.toggleAttribute("data-lm-suppress-shortcuts", !(e?.ctrlKey || e?.metaKey));
    };
    for (const type of ["keydown", "keyup", "focusin"]) root.addEventListener(type, keep);
    root.addEventListener("keydown", e => { // Escape gives the keyboard back to the notebook
      if (e.key === "Escape") root.closest(".jp-Cell")?.focus();
    });
    keep();
  };

  // ---------------------------------------------------------------- explorers

  const slider = (spec, changed) => {
    const { values, start, uneven } = spec, last = values.length - 1;
    const step = uneven ? 1 : (values[last] - values[0]) / last; // an even grid: the slider's own value is the value
    const place = k => uneven ? k : +values[k], at = () => uneven ? +field.value : Math.round((field.value - values[0]) / step);
    const field = make("input", { type: "range", min: place(0), max: place(last), step: +step.toFixed(9), value: place(start) });
    const shown = make("span", {}, { "aria-hidden": "true" });
    const write = () => {
      shown.textContent = values[at()];
      field.setAttribute("aria-valuetext", shown.textContent);
    };
    field.addEventListener("input", () => { write(); changed(); });
    write();
    return { spec, field, after: shown, at };
  };
  const list = (spec, changed) => {
    const field = make("select", {}, {}, ...spec.values.map(v => make("option", { textContent: v })));
    field.selectedIndex = spec.start;
    field.addEventListener("input", changed);
    return { spec, field, after: make("span"), at: () => field.selectedIndex };
  };
  const box = (spec, changed) => {
    const field = make("input", { type: "checkbox", checked: Boolean(spec.start) });
    field.addEventListener("input", changed);
    return { spec, field, after: make("span"), at: () => Number(field.checked) };
  };
  const unpack = async text => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const [lines, rows, alts] = JSON.parse(await new Response(stream).text());
    return { alts, svg: n => rows[n].map(k => lines[k]).join("\n") };
  };
  const fill = (drawing, result, places) => { // a formula's numbers into the one frame
    for (const [id, value] of Object.entries(result)) {
      const part = drawing.getElementById(id);
      if (!part) continue;
      if (typeof value === "string") {
        part.querySelector("text").textContent = value;
        continue;
      }
      const { a, b, c, d, xs } = places[id], own = Array.isArray(value[0]);
      const x = own ? value[0] : xs, y = own ? value[1] : value;
      const path = y.map((v, k) => `${k ? "L" : "M"}${(a * x[k] + b).toFixed(2)} ${(c * v + d).toFixed(2)}`);
      part.querySelector("path").setAttribute("d", path.join(""));
    }
    return new XMLSerializer().serializeToString(drawing);
  };
  const player = (root, field) => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches; // then each press is one step
    const button = make("button", { type: "button", textContent: still ? "▶ next step" : "▶ play" });
    let timer = 0;
    const stop = () => { clearInterval(timer); timer = 0; button.textContent = "▶ play"; };
    const go = value => { field.value = value; field.dispatchEvent(new Event("input")); };
    button.addEventListener("click", () => {
      if (timer) return stop();
      if (+field.value >= +field.max) go(field.min);
      else if (still) go(+field.value + +field.step);
      if (still) return;
      button.textContent = "⏸ pause";
      timer = setInterval(() => (root.isConnected && +field.value < +field.max ? go(+field.value + +field.step) : stop()), 1200);
    });
    return button;
  };
  for (const root of waiting("explorer")) {
    const store = root.querySelector("script[type='text/x-frames']");
    if (!store || !window.DecompressionStream) continue; // the still picture stays
    root.dataset.live = "";
    const cut = store.textContent.indexOf("\n"), image = root.querySelector("img");
    const spec = JSON.parse(store.textContent.slice(0, cut));
    let frames, drawing, wanted, speak;
    const load = () => frames ??= unpack(store.textContent.slice(cut).trim());
    const now = async () => {
      const n = wanted = controls.reduce((at, c) => at * c.spec.values.length + c.at(), 0);
      const all = await load(), formula = window.courseFormulas?.[spec.formula]; // its script may have run after this one
      if (wanted !== n) return null; // a later step of the same drag draws
      if (!formula) return { svg: all.svg(n), alt: all.alts[n] };
      drawing ??= new DOMParser().parseFromString(all.svg(0), "image/svg+xml");
      const result = formula(Object.fromEntries(controls.map(c => [c.spec.key, c.spec.numbers[c.at()]])));
      return { svg: fill(drawing, result, spec.places), alt: result.alt };
    };
    const draw = async () => {
      const frame = await now();
      if (!frame) return;
      image.src = "data:image/svg+xml," + encodeURIComponent(frame.svg);
      image.alt = frame.alt;
      clearTimeout(speak);
      speak = setTimeout(() => { told.textContent = image.alt; }, 600);
    };
    const told = make("div", { className: "told" }, { role: "status", "aria-live": "polite" });
    const form = make("form", { autocomplete: "off" });
    form.addEventListener("submit", e => e.preventDefault());
    const controls = spec.controls.map(one => ({ slider, list, box })[one.kind](one, draw));
    for (const { spec: { label }, field, after } of controls)
      form.append(make("label", {}, {}, make("span", { textContent: label }), field), after);
    const run = controls.find(c => c.spec.key === spec.play)?.field;
    if (run) form.append(player(root, run));
    root.addEventListener("focusin", load, { once: true });
    root.querySelector(".still")?.remove();
    root.prepend(form);
    root.append(told);
    keepKeys(root);
  }

  // ---------------------------------------------------------------- questions

  for (const root of waiting("quiz")) {
    root.dataset.live = "";
    const key = "course " + root.id, options = [...root.querySelectorAll("details")];
    const right = options.map(d => d.classList.contains("right"));
    const tell = i => { // the kernel's progress board, where a kernel is there
      const relay = document.querySelector(`.relay-${root.id} input`);
      if (!relay) return;
      relay.value = `${i} ${right[i] ? "right" : "wrong"}`;
      for (const type of ["input", "change"]) relay.dispatchEvent(new Event(type, { bubbles: true }));
    };
    const legend = make("legend", {}, {}, ...root.querySelector("p").childNodes);
    legend.querySelector(".how")?.remove();
    const group = "q" + Math.random().toString(36).slice(2);
    const radios = options.map((d, i) => make("input", { type: "radio", name: group, value: String(i), autocomplete: "off" }));
    const labels = options.map((d, i) => make("label", {}, {}, radios[i], " ", ...copies(d.querySelector("summary"))));
    const lock = make("button", { type: "button", textContent: "Lock my answer" });
    const verdict = make("div", { className: "verdict" }, { role: "status" });
    const others = make("details", { className: "all" }, {}, make("summary", { textContent: "All answers explained" }));
    const field = make("fieldset", {}, {}, legend, ...labels, lock, verdict);
    const close = i => {
      verdict.replaceChildren(...copies(options[i].querySelector(".why")));
      verdict.classList.add(right[i] ? "yes" : "no");
      labels[i].classList.add("chosen", right[i] ? "yes" : "no");
      radios.forEach((r, k) => { r.checked = k === i; r.disabled = k !== i; });
      lock.textContent = "Answer locked";
      lock.setAttribute("aria-disabled", "true"); // stays in the tab order: the focus is not lost
      others.append(...options);
      field.append(others);
      let tries = 0; // the relay is drawn a moment after this output
      const again = setInterval(() => (document.querySelector(`.relay-${root.id} input`) || ++tries > 20
        ? (clearInterval(again), tell(i)) : null), 250);
    };
    lock.addEventListener("click", () => {
      const i = radios.findIndex(r => r.checked);
      if (lock.getAttribute("aria-disabled")) return;
      if (i < 0) { verdict.textContent = "Choose an answer first."; return; }
      memory.set(key, String(i));
      close(i);
    });
    options.forEach(d => d.remove());
    root.querySelector("p").remove();
    root.prepend(field);
    keepKeys(root);
    const before = memory.get(key);
    if (before !== null && options[before]) close(+before);
  }

  // ---------------------------------------------------------------- predictions

  for (const root of waiting("predict")) {
    root.dataset.live = "";
    const key = "course " + root.id, answer = root.querySelector("details"), value = +root.querySelector("data").value;
    const field = make("input", { type: "number", step: "any" }, { "aria-label": "your guess" });
    const button = make("button", { type: "submit", textContent: "Compare" });
    const verdict = make("span", { className: "verdict" }, { role: "status" });
    const form = make("form", {}, {}, make("label", {}, {}, "Your guess ", field), " ", button, " ", verdict);
    const compare = () => {
      const off = +field.value - value, size = +Math.abs(off).toPrecision(3);
      verdict.textContent = off ? `${size} too ${off > 0 ? "high" : "low"}` : "exactly right";
      answer.open = true;
    };
    form.addEventListener("submit", e => {
      e.preventDefault();
      if (field.value === "") { verdict.textContent = "Type a number first."; return; }
      memory.set(key, field.value);
      compare();
    });
    answer.before(form);
    keepKeys(root);
    const before = memory.get(key);
    if (before !== null) { field.value = before; compare(); }
  }
})();
