// Plots of the chosen variable, and of its best pulse

const shortened = (text) => (text.length > 16 ? `${text.slice(0, 15)}…` : text);

function axisLayout(channel, extra = {}) {
  const axis = AXES.get(channel.dim), positional = !channel.coordinate && !axis.ordered;
  const step = Math.ceil(axis.values.length / 12);
  const ticks = axis.values.map((_, i) => i).filter((i) => i % step === 0);
  const names = positional
    ? { tickmode: "array", tickvals: ticks, ticktext: ticks.map((i) => escaped(shortened(format(axis.values[i])))), range: [-0.5, axis.values.length - 0.5] } : {};
  return { ...valueLayout(escaped(titled(describe(channel)))), ...names, ...extra };
}

function valueLayout(title, extra = {}) {
  return {
    title: { text: title, standoff: 8, font: FONT }, automargin: true, ticks: "inside", showline: true, mirror: true, zeroline: false,
    linecolor: INK, tickcolor: INK, gridcolor: "#ececec", exponentformat: "power", ...extra,
  };
}

const layout = (extra) => ({
  font: FONT, margin: { l: 60, r: 16, t: 32, b: 48 }, paper_bgcolor: "#fff", plot_bgcolor: "#fff", showlegend: false,
  hoverlabel: { bgcolor: "#fff", font: FONT }, ...extra,
});

function rule(orientation, at, strong = true) { // a cross-hair seen on light and dark
  const end = orientation === "x" ? { x0: at, x1: at, yref: "paper", y0: 0, y1: 1 } : { y0: at, y1: at, xref: "paper", x0: 0, x1: 1 };
  const shape = (color, width, dash) => ({ type: "line", ...end, line: { color, width, dash } });
  return strong ? [shape("rgba(255,255,255,0.75)", 3, "solid"), shape(INK, 1, "dot")] : [shape(FAINT, 1, "dot")];
}

function hover(v, index, value) {
  const error = errorAt(v, index), status = statusAt(v, index);
  const number = withUnit(format(value) + (error === null ? "" : ` ± ${format(error, 2)}`), v.unit);
  return number + (status ? ` (${D.statuses[status]})` : "");
}

const TOO_SMALL = 1e-6; // of the largest: what a logarithmic scale leaves out

function logarithmic(v) { // of a line: only where no value is negative
  return state.log && v.low >= 0 && v.high > 0 ? { type: "log" } : {};
}

function runs(points) { // of neighbours that all have a value
  const all = [[]];
  points.forEach((p) => (p.y === null || p.error === null ? all.push([]) : all.at(-1).push(p)));
  return all.filter((run) => run.length);
}

function lineTraces(v, dim) {
  const points = shownAlong(v, dim).map((i) => {
    const index = moved([[dim, i]]);
    const y = at(v, index);
    return { x: coordinate({ dim }, i), y, error: errorAt(v, index), status: statusAt(v, index), text: hover(v, index, y) };
  });
  const positive = logarithmic(v).type; // an axis on which an error as large as the value has no lower end
  const lower = (p) => (positive ? Math.max(p.y - p.error, p.y * 1e-3) : p.y - p.error);
  const joined = AXES.get(dim).ordered;
  const band = v.error && joined ? runs(points).flatMap((run) => [
    ...run.map((p) => [p.x, p.y + p.error]), ...[...run].reverse().map((p) => [p.x, lower(p)]), [null, null]]) : [];
  const open = points.map((p) => p.status === OPEN);
  return [
    { x: band.map((b) => b[0]), y: band.map((b) => b[1]), mode: "lines", fill: "toself", line: { width: 0 },
      fillcolor: "rgba(0,114,178,0.2)", hoverinfo: "skip" },
    { x: points.map((p) => p.x), y: points.map((p) => p.y), text: points.map((p) => escaped(p.text)),
      mode: !joined ? "markers" : points.length > 80 && !open.includes(true) ? "lines" : "lines+markers",
      error_y: v.error && !joined ? { array: points.map((p) => p.error ?? 0), color: FAINT, thickness: 1, width: 0 } : undefined,
      hovertemplate: "%{x}<br>%{text}<extra></extra>",
      line: { color: D.colors.blue, width: 1.6 }, connectgaps: false,
      marker: { size: open.map((o) => (o ? 8 : !joined ? 6 : points.length > 80 ? 0 : 4.5)), color: open.map((o) => (o ? "#fff" : D.colors.blue)),
        line: { width: open.map((o) => (o ? 1.5 : 0)), color: D.colors.vermilion } } },
  ];
}

function drawLine(target, v, dim, small) {
  const rules = rule("x", coordinate({ dim }, state.index.get(dim)), false);
  Plotly.react(target, lineTraces(v, dim), layout({
    shapes: rules, margin: { l: 60, r: 16, t: small ? 8 : 32, b: 44 },
    xaxis: axisLayout({ dim }), yaxis: valueLayout(escaped(small ? v.unit : titled(v)), logarithmic(v)),
  }), small ? PLAIN : TOOLS);
}

function colours(v, cells) {
  const known = cells.filter((z) => z !== null), sizes = known.map(Math.abs).filter((z) => z > 0);
  const range = (list, pick, start) => list.reduce((a, b) => pick(a, b), start);
  const low = state.common ? v.low : range(known, Math.min, Infinity);
  const high = state.common ? v.high : range(known, Math.max, -Infinity);
  const smallest = (state.common ? v.smallest : range(sizes, Math.min, Infinity)) ?? 1;
  const signed = v.low < 0, top = Math.max(Math.abs(low), Math.abs(high));
  const colorscale = signed ? D.diverging : D.sequential;
  const name = titled(v).length < 45 ? titled(v) : v.unit;
  const bar = { title: { text: escaped(name), side: "right", font: FONT }, thickness: 16, exponentformat: "power", ticks: "inside", outlinewidth: 0.6 };
  if (!known.length || !(top > 0)) return { of: (z) => z, zmin: signed ? -1 : 0, zmax: 1, colorscale, bar };
  if (!state.log) {
    const flat = low === high ? Math.abs(high) * 1e-3 : 0;
    return { of: (z) => z, zmin: signed ? -top : low - flat, zmax: signed ? top : high + flat, colorscale, bar };
  }
  const floor = Math.max(Math.min(smallest, top / 2), top * TOO_SMALL), span = Math.log10(top / floor);
  const tens = [];
  for (let p = Math.ceil(Math.log10(floor) - 1e-9); p <= Math.log10(top) + 1e-9; p++) tens.push(10 ** p);
  const marks = tens.length > 1 ? tens : [floor, Math.sqrt(floor * top), top];
  const of = (z) => (z === null ? null : Math.sign(z) * Math.max(0, Math.log10(Math.abs(z) / floor)));
  const apart = signed ? marks.filter((m) => of(m) > 0.12 * span) : marks;
  const ticks = signed ? [...apart.map((m) => -m), 0, ...apart] : apart;
  return { of, zmin: signed ? -span : 0, zmax: span, colorscale,
    bar: { ...bar, tickmode: "array", tickvals: ticks.map(of), ticktext: ticks.map((t) => format(t, 2)) } };
}

function edges(centres) {
  const n = centres.length, half = (i) => (centres[i + 1] - centres[i]) / 2;
  if (n === 1) return [centres[0] - 0.5, centres[0] + 0.5];
  return Array.from({ length: n + 1 }, (_, i) => (i === 0 ? centres[0] - half(0) : i === n ? centres[n - 1] + half(n - 2) : centres[i - 1] + half(i - 1)));
}

function hatch(grid, wanted, xe, ye, line, falling) {
  const x = [], y = [];
  grid.forEach((row, j) => row.forEach((code, i) => {
    if (code !== wanted) return;
    x.push(xe[i], xe[i + 1], null);
    y.push(falling ? ye[j + 1] : ye[j], falling ? ye[j] : ye[j + 1], null);
  }));
  return { type: "scatter", mode: "lines", x, y, line, hoverinfo: "skip" };
}

function drawMap(v, x, y) {
  const xs = shownAlong(v, x.dim), ys = shownAlong(v, y.dim);
  const points = ys.map((j) => xs.map((i) => moved([[x.dim, i], [y.dim, j]])));
  const cells = points.map((row) => row.map((index) => at(v, index)));
  const codes = points.map((row, j) => row.map((index, i) => {
    const code = statusAt(v, index);
    return cells[j][i] === null && code !== UNKNOWN ? FAILED : code;
  }));
  const scale = colours(v, cells.flat());
  const xe = edges(xs.map((i) => coordinate(x, i))), ye = edges(ys.map((j) => coordinate(y, j)));
  const text = points.map((row, j) => row.map((index, i) => escaped(
    `${describe(x).label}: ${place(x.dim, xs[i])}\n${describe(y).label}: ${place(y.dim, ys[j])}\n${hover(v, index, cells[j][i])}`).replaceAll("\n", "<br>")));
  const failed = codes.map((row, j) => row.map((c, i) => (c === FAILED && cells[j][i] === null ? 1 : null)));
  Plotly.react("map", [
    { type: "heatmap", x: xe, y: ye, z: failed, colorscale: [[0, GREY], [1, GREY]], showscale: false, hoverinfo: "skip" },
    { type: "heatmap", x: xe, y: ye, z: cells.map((row) => row.map(scale.of)), text, zmin: scale.zmin, zmax: scale.zmax,
      colorscale: scale.colorscale, colorbar: scale.bar, hovertemplate: "%{text}<extra></extra>" },
    hatch(codes, OPEN, xe, ye, { color: "rgba(255,255,255,0.7)", width: 3 }, false),
    hatch(codes, OPEN, xe, ye, { color: INK, width: 1 }, false),
    hatch(codes, UNKNOWN, xe, ye, { color: "#b5b5b5", width: 1 }, true),
  ], layout({
    shapes: [...rule("x", coordinate(x, state.index.get(x.dim))), ...rule("y", coordinate(y, state.index.get(y.dim)))],
    xaxis: axisLayout(x, { range: [xe[0], xe.at(-1)], showgrid: false }),
    yaxis: axisLayout(y, { range: [ye[0], ye.at(-1)], showgrid: false }),
  }), TOOLS);
  drawMarks(codes.flat());
  [[x, y, "cut-x"], [y, x, "cut-y"]].forEach(([along, fixed, target]) => {
    drawLine(target, v, along.dim, true);
    $(`${target}-title`).textContent = `${v.label} at ${describe(fixed).label} = ${place(fixed.dim, state.index.get(fixed.dim))}`;
  });
}

function scatter(target, v, x, y, small) {
  const points = shownAlong(v, x.dim).map((i) => {
    const index = moved([[x.dim, i]]), value = at(v, index);
    return { i, x: coordinate(x, i), y: y ? coordinate(y, i) : value, value, status: statusAt(v, index), error: errorAt(v, index),
      text: [`${AXES.get(x.dim).label}: ${place(x.dim, i)}`, ...samples(x.dim, i), hover(v, index, value)].map(escaped).join("<br>") };
  });
  const known = points.filter((p) => p.value !== null), lost = points.filter((p) => p.value === null);
  const scale = colours(v, known.map((p) => p.value));
  const chosen = points[positions(v)[v.dims.indexOf(x.dim)][state.index.get(x.dim)]];
  const dots = (list, marker, extra = {}) => ({
    mode: "markers", x: list.map((p) => p.x), y: list.map((p) => p.y), text: list.map((p) => p.text),
    customdata: list.map((p) => p.i), hovertemplate: "%{text}<extra></extra>", marker, ...extra });
  const color = y
    ? { color: known.map((p) => scale.of(p.value)), cmin: scale.zmin, cmax: scale.zmax, colorscale: scale.colorscale, showscale: true, colorbar: scale.bar }
    : { color: D.colors.blue };
  const line = { width: known.map((p) => (p.status === OPEN ? 2 : 0.5)), color: known.map((p) => (p.status === OPEN ? D.colors.vermilion : "#fff")) };
  const bars = !y && v.error ? { error_y: { array: known.map((p) => p.error ?? 0), color: FAINT, thickness: 1, width: 0 } } : {};
  Plotly.react(target, [
    dots(known, { size: small ? 5 : 10, line, ...color }, bars),
    dots(y ? lost : [], { symbol: "x-thin", size: 8, line: { width: 2, color: GREY } }),
    dots([chosen], { symbol: "circle-open", size: small ? 11 : 18, color: INK, line: { width: 2 } }, { hoverinfo: "skip", hovertemplate: null }),
  ], layout({
    margin: { l: 60, r: 16, t: small ? 8 : 32, b: 44 },
    xaxis: axisLayout(x), yaxis: y ? axisLayout(y) : valueLayout(escaped(small ? v.unit : titled(v)), logarithmic(v)),
  }), small ? PLAIN : TOOLS);
  if (!small) drawMarks(points.map((p) => (p.value === null && p.status !== UNKNOWN ? FAILED : p.status)), y ? "grey cross" : "left out");
}

function drawMarks(codes, lost) { // `lost`: how a point without a value is drawn among dots
  const stripes = (angle, color) => `repeating-linear-gradient(${angle}deg, #fff 0 4px, ${color} 4px 5px)`;
  const kinds = lost
    ? [[OPEN, "red outline: not converged"], [FAILED, `${lost}: failed or not a number`], [UNKNOWN, `${lost}: not computed yet`]]
    : [[OPEN, "not converged", stripes(135, INK)], [FAILED, "failed or not a number", GREY], [UNKNOWN, "not computed yet", stripes(45, "#b5b5b5")]];
  $("marks").replaceChildren(...kinds.filter(([code]) => codes.includes(code)).map(([, text, background]) => {
    const swatch = background ? [make("i")] : [];
    swatch.forEach((i) => { i.style.background = background; });
    return make("span", "", {}, ...swatch, text);
  }));
}

const samples = (dim, i) => AXES.get(dim).coordinates.map((c) => `${c.label} = ${withUnit(format(c.values[i], 5), c.unit)}`);

function drawPulse({ times, x, y }) {
  const line = (name, color, a, b) => ({ x: a, y: b, name, mode: "lines", line: { color, width: 1.5 } });
  Plotly.react("pulse-time", [line("E<sub>x</sub>", D.colors.blue, times, x), line("E<sub>y</sub>", D.colors.vermilion, times, y)], layout({
    xaxis: valueLayout("time (ps)"), yaxis: valueLayout("field (MV/cm)"), showlegend: true,
    margin: { l: 60, r: 16, t: 28, b: 48 }, legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
  }), PLAIN);
  const reach = 1.08 * Math.max(...[...x, ...y].map(Math.abs)) || 1;
  Plotly.react("pulse-polar", [{ ...line("", INK, x, y), hovertemplate: "%{x:.3g}, %{y:.3g} MV/cm<extra></extra>" }], layout({
    margin: { l: 60, r: 16, t: 28, b: 48 }, xaxis: valueLayout("E<sub>x</sub> (MV/cm)", { range: [-reach, reach], constrain: "domain" }),
    yaxis: valueLayout("E<sub>y</sub> (MV/cm)", { range: [-reach, reach], scaleanchor: "x", constrain: "domain" }),
  }), PLAIN);
}
