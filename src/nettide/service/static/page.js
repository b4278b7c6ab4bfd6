"use strict";

const field = (id) => document.getElementById(id);
const MOST_SHOWN = 336;

function say(text, isWrong) {
  field("said").textContent = text;
  field("said").className = isWrong ? "wrong" : "";
}

function example() {
  const values = [];
  for (let hour = 0; hour < 14 * 24; hour += 1) {
    const day = Math.floor(hour / 24) % 7;
    const level = day > 4 ? 0.6 : 1;
    values.push(Math.round(level * (6e8 - 4e8 * Math.cos((hour % 24 - 3) / 24 * 2 * Math.PI)) * (1 + 0.05 * Math.sin(hour * 7.3))));
  }
  field("values").value = values.join(", ");
}

function parsed(text) {
  return text.replace(/,\s*$/, "").split(/[,;\n]/).map((part) => {
    const plain = part.trim();
    if (plain === "") return null;
    const value = Number(plain);
    if (!Number.isFinite(value)) throw new Error(`"${plain.slice(0, 40)}" is not a number`);
    return value;
  });
}

function short(value) {
  for (const [size, prefix] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= size) return `${(value / size).toPrecision(3)} ${prefix}`;
  }
  return value.toPrecision(3);
}

function drawn(name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  field("chart").append(node);
}

function path(points) {
  let text = "";
  let isPen = false;
  for (const [x, y] of points) {
    if (y === null) { isPen = false; continue; }
    text += `${isPen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    isPen = true;
  }
  return text;
}

function draw(history, answer) {
  field("chart").replaceChildren();
  const past = history.slice(-MOST_SHOWN);
  const series = answer.series[0];
  const low = series.quantiles["0.1"] || series.point;
  const high = series.quantiles["0.9"] || series.point;
  const top = Math.max(1e-9, ...past.concat(high).filter((value) => value !== null)) * 1.05;
  const count = past.length + series.point.length;
  const x = (place) => 60 + 830 * place / Math.max(1, count - 1);
  const y = (value) => value === null ? null : 290 - 270 * value / top;
  for (let line = 0; line <= 4; line += 1) {
    const value = top * line / 4;
    drawn("line", { class: "grid", x1: 60, x2: 890, y1: y(value), y2: y(value) });
    drawn("text", { class: "told", x: 52, y: y(value) + 4, "text-anchor": "end" }, short(value));
  }
  const ahead = (values) => values.map((value, place) => [x(past.length + place), y(value)]);
  if (low.every((value) => value !== null)) {
    drawn("path", { class: "band", d: `${path(ahead(high).concat(ahead(low).reverse()))}Z` });
  }
  drawn("path", { class: "past", d: path(past.map((value, place) => [x(place), y(value)])) });
  drawn("path", { class: "ahead", d: path(ahead(series.point)) });
  const now = x(past.length - 0.5);
  drawn("line", { class: "now", x1: now, x2: now, y1: 10, y2: 290 });
  drawn("text", { class: "told", x: now, y: 310, "text-anchor": "middle" }, `after ${answer.cutoff}`);
}

async function ask(event) {
  event.preventDefault();
  try {
    const values = parsed(field("values").value);
    say("Asking …");
    const response = await fetch("/api/v1/forecast", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${field("key").value.trim()}` },
      body: JSON.stringify({
        model: field("model").value,
        step: field("step").value,
        horizon: Number(field("horizon").value),
        series: [{ id: "series", values }],
      }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail);
    draw(values, answer);
    say(`${answer.series[0].point.length} steps ahead by model ${answer.model}; the band holds 80 % of what comes.`);
  } catch (error) {
    say(error.message, true);
  }
}

field("form").addEventListener("submit", ask);
field("example").addEventListener("click", example);
