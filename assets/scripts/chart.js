// Draws the charts of a page with ECharts. Loaded only where there is one.
//
// The numbers stand in `<script type="application/json" class="chart-data">`; the shape is in
// `crates/web/templates/macros.html`. Drawn on a canvas, with a tooltip on the canvas too: ECharts'
// HTML tooltip needs inline styles, which the content security policy forbids.

import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";
import { lang, t } from "./language.js";

use([BarChart, LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, LabelLayout, CanvasRenderer]);

const COLORS = ["#0b5d66", "#b5651d", "#5b7f95", "#7a6a2f", "#6b4e71"];
const FONT = '"Noto Sans SC", "Source Han Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif';
const TEXT = { color: "#16262b", fontFamily: FONT, fontSize: 13 };
const AXIS = { axisLabel: TEXT, nameTextStyle: TEXT, axisLine: { lineStyle: { color: "#8fa0a5" } }, splitLine: { lineStyle: { color: "#e3e9eb" } } };
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const LONG_LABEL = 6;

function large(value) {
  if (lang === "zh" && Math.abs(value) >= 1e8) return `${Number((value / 1e8).toPrecision(4))} 亿`;
  if (lang === "zh" && Math.abs(value) >= 1e4) return `${Number((value / 1e4).toPrecision(4))} 万`;
  return value.toLocaleString("en");
}

function limitLine(data) {
  if (data.limit === null || data.limit === undefined) return undefined;
  return { silent: true, animation: false, symbol: "none", data: [{ yAxis: data.limit }], lineStyle: { color: "#b3261e", type: "dashed", width: 2 }, label: { ...TEXT, color: "#b3261e", formatter: t(`上限 ${data.limit}`, `limit ${data.limit}`), position: "insideEndTop" } };
}

function scatter(data) {
  const chosen = (point) => point.chosen;
  const dots = (points, extra) => ({
    type: "scatter",
    data: points.map((point) => ({ name: t(point.label), value: [point.x, point.y] })),
    ...extra,
  });
  const ranked = [...data.points].sort((a, b) => a.x - b.x);
  return {
    tooltip: { trigger: "item", formatter: (item) => `${item.name}\n${t(data.x_name)}: ${item.value[0]}\n${t(data.y_name)}: ${item.value[1]}` },
    xAxis: { ...AXIS, type: "value", scale: true, name: t(data.x_name), nameLocation: "middle", nameGap: 30 },
    yAxis: { ...AXIS, type: "value", name: t(data.y_name), nameLocation: "end", nameTextStyle: { ...TEXT, align: "left" } },
    series: [
      { type: "line", silent: true, symbol: "none", data: ranked.map((point) => [point.x, point.y]), lineStyle: { color: "#9fb8bb", width: 1.5 }, markLine: limitLine(data) },
      dots(data.points.filter((point) => !chosen(point)), { symbolSize: 11, itemStyle: { color: COLORS[0] } }),
      dots(data.points.filter(chosen), { symbol: "diamond", symbolSize: 22, itemStyle: { color: COLORS[1], borderColor: "#fff", borderWidth: 2 }, label: { show: true, ...TEXT, fontWeight: "bold", position: "top", formatter: (item) => item.name } }),
    ],
  };
}

function bars(data, width) {
  const flat = data.kind === "bar" && width < 560 && data.x.length > LONG_LABEL;
  const names = { ...AXIS, type: "category", data: flat ? [...data.x].reverse() : data.x, axisTick: { show: false }, axisLabel: { ...TEXT, interval: data.kind === "bar" && data.x.length <= 24 ? 0 : "auto", hideOverlap: true } };
  const numbers = { ...AXIS, type: "value", axisLabel: { ...TEXT, formatter: large } };
  return {
    tooltip: { trigger: "axis", axisPointer: { type: data.kind === "bar" ? "shadow" : "line" }, valueFormatter: large },
    legend: data.series.length > 1 ? { textStyle: TEXT, top: 0 } : undefined,
    xAxis: flat ? numbers : names,
    yAxis: flat ? names : numbers,
    series: data.series.map((series) => ({
      name: t(series.name),
      type: data.kind,
      data: flat ? [...series.values].reverse() : series.values,
      barMaxWidth: 46,
      symbolSize: 6,
      markLine: limitLine(data),
    })),
  };
}

function options(data, width) {
  return {
    color: COLORS,
    animation: !still,
    textStyle: TEXT,
    grid: { left: 8, right: 16, top: data.kind === "scatter" || data.series.length > 1 ? 40 : 16, bottom: data.kind === "scatter" ? 34 : 8, containLabel: true },
    ...(data.kind === "scatter" ? scatter(data) : bars(data, width)),
  };
}

function withCanvasTooltip(drawn) {
  return { ...drawn, tooltip: { ...drawn.tooltip, renderMode: "richText", confine: true, textStyle: TEXT } };
}

function draw(figure) {
  const data = JSON.parse(figure.querySelector(".chart-data").textContent);
  const box = figure.querySelector(".fh-chart__canvas");
  box.hidden = false;
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", t(data.title));
  box.setAttribute("aria-describedby", `${data.id}-summary`);
  const chart = init(box, null, { renderer: "canvas" });
  const redraw = () => chart.setOption(withCanvasTooltip(options(data, box.clientWidth)), true);
  redraw();
  new ResizeObserver(() => {
    chart.resize();
    redraw();
  }).observe(box);

  const save = figure.querySelector("[data-chart-image]");
  save.hidden = false;
  save.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: "#fff" });
    link.download = `${data.id}.png`;
    link.click();
  });
}

for (const figure of document.querySelectorAll("[data-chart]")) draw(figure);
