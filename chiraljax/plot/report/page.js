// The controls, and what the page says besides its plots

function draw() {
  const v = VARIABLES.get(state.variable), { x, y } = state;
  $("cuts").hidden = !y;
  $("readout").textContent = `${v.label}: ${hover(v, state.index, at(v, state.index))}`;
  v.dims.forEach((dim, k) => {
    const i = state.index.get(dim), slider = state.sliders.get(dim);
    slider.input.value = positions(v)[k][i];
    slider.input.setAttribute("aria-valuetext", place(dim, i));
    slider.output.textContent = place(dim, i);
    slider.note.textContent = samples(dim, i).join(", ");
    slider.role.textContent = dim === x.dim && !x.coordinate ? " (horizontal)" : y && dim === y.dim && !y.coordinate ? " (vertical)" : "";
  });
  if (x.coordinate) {
    scatter("map", v, x, y, false);
    if (y) [[x, "cut-x"], [y, "cut-y"]].forEach(([along, target]) => {
      scatter(target, v, along, null, true);
      $(`${target}-title`).textContent = `${v.label} against ${describe(along).label}`;
    });
  } else if (y) drawMap(v, x, y);
  else {
    drawLine("map", v, x.dim, false);
    const open = shownAlong(v, x.dim).some((i) => statusAt(v, moved([[x.dim, i]])) === OPEN);
    drawMarks(open ? [OPEN] : [], "left out");
  }
}

let waiting = false;
function later() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

function chooseX(wanted, wantedY) {
  const v = VARIABLES.get(state.variable), all = channels(v);
  state.x = all.find((c) => key(c) === wanted) ?? usual(v)[0];
  fill($("x"), all.map((c) => [key(c), titled(describe(c))]), key(state.x));
  const possible = verticals(v, state.x), standard = usual(v)[1];
  state.y = possible.find((c) => key(c) === wantedY) ?? possible.find((c) => standard && key(c) === key(standard)) ?? possible[0];
  if (wantedY === "") state.y = undefined; // the variable itself
  fill($("y"), [["", `${v.label} itself`], ...possible.map((c) => [key(c), titled(describe(c))])], state.y ? key(state.y) : "");
}

function chooseVariable(name) {
  state.variable = name;
  const v = VARIABLES.get(name);
  state.sliders = new Map();
  $("sliders").replaceChildren(...v.dims.map((dim, k) => {
    const axis = AXES.get(dim), shown = v.shown[k];
    state.index.set(dim, shown[positions(v)[k][state.index.get(dim)]]);
    const input = make("input", "", { type: "range", min: 0, max: shown.length - 1, step: 1, name: dim, disabled: shown.length < 2 });
    const role = make("span"), output = make("output"), note = make("small");
    const partial = shown.length < axis.values.length ? make("small", `${shown.length} of ${axis.values.length} values shown`) : "";
    input.setAttribute("aria-label", titled(axis));
    input.addEventListener("input", () => { state.index.set(dim, shown[input.valueAsNumber]); later(); });
    state.sliders.set(dim, { input, output, note, role });
    return make("div", "", { className: "slider" }, make("label", "", {}, make("span", axis.label, {}, role), output), input, note, partial);
  }));
  $("x").disabled = v.dims.length < 2 && !v.dims.some(isList);
  const usualX = usual(v);
  chooseX(key(usualX[0]), usualX[1] ? key(usualX[1]) : undefined);
  drawBest(v);
  draw();
}

function drawBest(v) {
  const best = v.best, pulse = best?.pulse;
  $("best-title").textContent = best ? `Largest |${v.label}|` : `${v.label} has no finite value`;
  $("go").disabled = !best;
  $("best-table").replaceChildren();
  $("pulse-time").hidden = $("pulse-polar").hidden = !pulse;
  if (!best) return;
  const row = (name, text) => make("tr", "", {}, make("th", name, { scope: "row" }), make("td", text));
  const number = format(best.value, 5) + (best.error === null ? "" : ` ± ${format(best.error, 2)}`);
  $("best-table").append(row(v.label, withUnit(number, v.unit)));
  v.dims.forEach((dim, k) => {
    const i = best.index[k], axis = AXES.get(dim);
    $("best-table").append(row(axis.label, place(dim, i)));
    axis.coordinates.forEach((c) => $("best-table").append(row(c.label, withUnit(format(c.values[i], 5), c.unit))));
  });
  if (v.statuses.length) $("best-table").append(row("status", D.statuses[worst(best.statuses)]));
  if (pulse) drawPulse(pulse);
}

function goToBest() {
  const { dims, best } = VARIABLES.get(state.variable);
  best?.index.forEach((i, k) => state.index.set(dims[k], i));
}

function drawStatic() {
  if (D.unfinished) {
    $("unfinished").hidden = false;
    $("unfinished").textContent = `This sweep is not finished: ${D.unfinished}. What is missing is left out.`;
  }
  const total = (of) => Object.values(of).reduce((a, b) => a + b, 0);
  $("summary").textContent = [
    [...AXES.values()].map((axis) => `${axis.label} (${spaced(axis.values.length)})`).join(" × "),
    ...D.counts.map(({ label, of }) => `${label}: ${spaced(total(of) - of[-1])} of ${spaced(total(of))} points done, `
      + `${spaced(of[1])} not converged, ${spaced(of[2])} failed`),
  ].join("\n");
  const partial = D.variables.filter((v) => v.shown.some((s, k) => s.length < AXES.get(v.dims[k]).values.length));
  if (partial.length) {
    const part = (v) => v.dims.flatMap((dim, k) => {
      const full = AXES.get(dim).values.length, some = v.shown[k].length;
      return some < full ? [`${spaced(some)} of ${spaced(full)} values of ${AXES.get(dim).label}`] : [];
    }).join(", ");
    const parts = new Map();
    partial.forEach((v) => parts.set(part(v), [...(parts.get(part(v)) ?? []), v.label]));
    $("thinned").hidden = false;
    $("thinned").textContent = `This page is thinned: it holds ${spaced(D.numbersShown)} of the ${spaced(D.numbers)} numbers of the sweep. `
      + "Best points, ranges and counts are those of all numbers.\n" + [...parts].map(([text, labels]) => `${text}: ${labels.join(", ")}`).join("\n");
  }
  $("status-section").hidden = !D.counts.length;
  const cells = (tag, list) => make("tr", "", {}, ...list.map((text, i) => make(i ? tag : "th", text, i ? { className: "number" } : {})));
  $("status").append(make("thead", "", {}, cells("th", ["", "points", "converged", "not converged", "failed", "not computed yet"])),
    make("tbody", "", {}, ...D.counts.map(({ label, of }) => cells("td",
      [label, total(of), of[0], of[1], of[2], of[-1]].map((n, i) => (i ? spaced(n) : n))))));
  $("attributes").append(...D.attributes.flatMap(([name, text]) => [make("dt", name), make("dd", "", {}, make("pre", text))]));
  if (!D.attributes.length) document.querySelector("details").hidden = true;
}

function start() {
  drawStatic();
  const names = D.variables.filter((v) => !v.isStatus);
  const first = (names.find((v) => v.best) ?? names[0]).name; // of an unfinished sweep the first with any value
  fill($("variable"), names.map((v) => [v.name, titled(v)]), first);
  $("variable").addEventListener("change", (e) => chooseVariable(e.target.value));
  $("x").addEventListener("change", (e) => { chooseX(e.target.value, undefined); draw(); });
  $("y").addEventListener("change", (e) => { chooseX(key(state.x), e.target.value); draw(); });
  ["log", "common"].forEach((id) => $(id).addEventListener("change", (e) => { state[id] = e.target.checked; draw(); }));
  $("go").addEventListener("click", () => { goToBest(); draw(); });
  state.variable = first;
  goToBest();
  chooseVariable(first);
  $("map").on("plotly_click", ({ points: [p] }) => {
    const v = VARIABLES.get(state.variable), { x, y } = state;
    if (x.coordinate) state.index.set(x.dim, p.customdata);
    else if (y) [[x, 1], [y, 0]].forEach(([c, k]) => state.index.set(c.dim, shownAlong(v, c.dim)[p.pointIndex[k]]));
    else state.index.set(x.dim, shownAlong(v, x.dim)[p.pointIndex]);
    draw();
  });
}

start();
