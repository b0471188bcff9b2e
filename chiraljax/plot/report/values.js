"use strict";

const D = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const AXES = new Map(D.axes.map((axis) => [axis.name, axis]));
const VARIABLES = new Map(D.variables.map((variable, i) => [variable.name, { ...variable, id: i }]));
const SEVERITY = { 0: 0, 1: 1, "-1": 2, 2: 3 };
const UNKNOWN = -1, OPEN = 1, FAILED = 2;
const INK = "#1a1a1a", FAINT = "#5c5c5c", GREY = "#8a8a8a";
const FONT = { family: '"Helvetica Neue", Helvetica, Arial, "DejaVu Sans", sans-serif', size: 13, color: INK };
const PLAIN = { responsive: true, displayModeBar: false };
const TOOLS = { responsive: true, displaylogo: false, modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]] };
const state = { index: new Map(D.axes.map((axis) => [axis.name, 0])) };

// Numbers and names

const superscript = (n) => String(n).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"["0123456789-".indexOf(c)]);

function format(v, digits = 4) {
  if (v === null || v === undefined || Number.isNaN(v)) return "—";
  if (typeof v !== "number") return String(v);
  if (v === 0) return "0";
  const [mantissa, power] = v.toExponential(digits - 1).split("e").map(Number);
  let text = String(Number(v.toPrecision(digits)));
  if (Number.isInteger(v) && Math.abs(v) < 1e6) text = String(v);
  else if (power < -3 || power > 4) {
    text = `${Math.abs(mantissa) === 1 ? (mantissa < 0 ? "-" : "") : mantissa + "×"}10${superscript(power)}`;
  }
  return text.replace("-", "−");
}

const spaced = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const withUnit = (text, unit) => (unit ? `${text} ${unit}` : text);
const titled = (thing) => (thing.unit ? `${thing.label} (${thing.unit})` : thing.label);
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function make(tag, text = "", attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(text, ...children);
  return element;
}

// Values

function values(v) {
  if (!v.values) {
    const element = $(`values-${v.id}`), text = atob(element.textContent);
    const bytes = Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
    v.values = v.isStatus ? new Int8Array(bytes.buffer) : new Float32Array(bytes.buffer);
    element.remove();
  }
  return v.values;
}

function positions(v) { // along each axis, where the nearest shown value is
  v.positions ??= v.shown.map((shown, k) => {
    const size = AXES.get(v.dims[k]).values.length;
    let p = 0;
    return Int32Array.from({ length: size }, (_, i) => {
      while (p + 1 < shown.length && Math.abs(shown[p + 1] - i) <= Math.abs(shown[p] - i)) p++;
      return p;
    });
  });
  return v.positions;
}

function at(v, index) {
  let flat = 0;
  positions(v).forEach((position, k) => { flat = flat * v.shown[k].length + position[index.get(v.dims[k])]; });
  const value = values(v)[flat];
  return Number.isFinite(value) ? value : null;
}

const worst = (codes) => codes.reduce((a, b) => (SEVERITY[b] > SEVERITY[a] ? b : a), 0);
const statusAt = (v, index) => worst((v.statuses ?? []).map((name) => at(VARIABLES.get(name), index)));
const errorAt = (v, index) => (v.error ? at(VARIABLES.get(v.error), index) : null);
const moved = (changes) => new Map([...state.index, ...changes]);
const shownAlong = (v, dim) => v.shown[v.dims.indexOf(dim)];

function coordinate(channel, i) {
  const axis = AXES.get(channel.dim);
  if (channel.coordinate) return axis.coordinates[channel.coordinate - 1].values[i];
  return axis.ordered ? axis.values[i] : i;
}

const describe = (channel) => {
  const axis = AXES.get(channel.dim);
  return channel.coordinate ? axis.coordinates[channel.coordinate - 1] : axis;
};

const place = (dim, i) => withUnit(format(AXES.get(dim).values[i], 5), AXES.get(dim).unit);

// What can be drawn against what

const isList = (dim) => AXES.get(dim).coordinates.some((c) => c.numeric);
const key = (channel) => `${channel.coordinate ?? 0}:${channel.dim}`;

function channels(v) {
  return v.dims.flatMap((dim) => [{ dim }, ...AXES.get(dim).coordinates.flatMap(
    (c, i) => (c.numeric ? [{ dim, coordinate: i + 1 }] : []))]);
}

function verticals(v, x) {
  return channels(v).filter((c) => (x.coordinate
    ? c.dim === x.dim && c.coordinate && c.coordinate !== x.coordinate
    : c.dim !== x.dim && !c.coordinate && AXES.get(c.dim).values.length > 1));
}

function usual(v) {
  const plain = v.dims.filter((dim) => !isList(dim) && AXES.get(dim).values.length > 1).map((dim) => ({ dim }));
  const time = plain.find((c) => c.dim === "time");
  if (time) return [time, plain.find((c) => c !== time)];
  if (plain.length > 1) return plain;
  const list = channels(v).filter((c) => c.coordinate);
  return list.length ? list : plain.length ? plain : channels(v);
}

function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, text]) => make("option", text, { value, selected: value === chosen })));
}
