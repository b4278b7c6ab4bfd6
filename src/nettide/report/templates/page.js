"use strict";
(() => {
  const charts = new Map();
  for (const source of document.querySelectorAll("script[data-chart]")) {
    charts.set(source.dataset.chart, JSON.parse(source.textContent));
  }

  // "--name" or "--name/0.3" becomes the colour of that variable in the theme that is shown now
  function colour(text) {
    const [name, opacity] = text.split("/");
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    if (!opacity) return hex;
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${red}, ${green}, ${blue}, ${opacity})`;
  }

  function themed(value, key) {
    if (Array.isArray(value)) return value.map((one) => (one !== null && typeof one === "object" ? themed(one, "") : one));
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, themed(one, name)]));
    }
    return typeof value === "string" && /color$/.test(key) && value.startsWith("--") ? colour(value) : value;
  }

  function draw(id) {
    const chart = charts.get(id);
    const place = document.getElementById(id);
    const traces = chart.data.map((trace) => {
      const { at, ...rest } = trace;
      if (at) rest.x = at.map((position) => (position === null ? null : chart.times[position]));
      else if (!rest.x) rest.x = chart.times;
      return themed(rest, "");
    });
    const font = { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("--ink") };
    const layout = themed(
      {
        font,
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        hoverlabel: { bgcolor: "--panel", bordercolor: "--line", font: { color: "--ink" }, namelength: 40 },
        modebar: { color: "--muted", activecolor: "--ink", bgcolor: "rgba(0,0,0,0)" },
        ...chart.layout,
      },
      "",
    );
    if (place.layout) { // keep what was zoomed and hidden when the theme changes
      traces.forEach((trace, number) => { trace.visible = place.data[number].visible; });
      for (const axis of ["xaxis", "yaxis"]) {
        if (place.layout[axis].autorange !== true) layout[axis].range = place.layout[axis].range;
      }
    }
    const first = !place.layout;
    Plotly.react(place, traces, layout, {
      responsive: true,
      displaylogo: false,
      showTips: false,
      // named one by one: the set that comes by default has one that sends the chart to a server
      modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
      displayModeBar: chart.layout.xaxis.type === "date" ? "hover" : false,
    });
    if (first && layout.xaxis.range && layout.xaxis.type === "date") {
      fitHeight(place);
      place.on("plotly_restyle", () => fitHeight(place));
      place.on("plotly_relayout", (change) => {
        const names = Object.keys(change);
        const moved = names.some((name) => name.startsWith("xaxis") || name === "yaxis.autorange");
        if (moved && !names.some((name) => name.startsWith("yaxis.range"))) fitHeight(place);
      });
    }
  }

  // plotly.js scales y to all that is drawn; scale it to what is seen of it
  function fitHeight(place) {
    const [from, to] = place.layout.xaxis.range;
    let most = 0;
    for (const trace of place.data) {
      if (trace.visible === "legendonly" || trace.visible === false) continue;
      trace.y.forEach((value, number) => {
        // times are written largest unit first, so that they compare as texts
        if (value > most && trace.x[number] >= from && trace.x[number] <= to) most = value;
      });
    }
    if (most > 0) Plotly.relayout(place, { "yaxis.range": [0, 1.05 * most] });
  }

  function drawShown(again) {
    for (const id of charts.keys()) {
      const place = document.getElementById(id);
      if (place.offsetParent !== null && (again || !place.layout)) draw(id);
    }
  }

  for (const choice of document.querySelectorAll("select[data-choice]")) {
    const choose = () => {
      for (const option of document.querySelectorAll("[data-option]")) {
        if (option.dataset.option === choice.dataset.choice) option.hidden = option.dataset.shows !== choice.value;
      }
      drawShown(false);
    };
    choice.addEventListener("change", choose);
    choose();
  }
  drawShown(false);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawShown(true));
})();
