/**
 * Latency distributions as a small SVG: percentiles on an axis of nines, latency on a logarithmic one, a line per strategy. Readable on
 * light and dark pages.
 */
import type { Series } from './suite.ts';

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 64;
const RIGHT = 175;
const TOP = 40;
const BOTTOM = 44;
/** Okabe and Ito's colours, told apart by colour-blind readers too; those that vanish on white or on black are left out. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#d55e00', '#cc79a7', '#56b4e9', '#8c6bb1', '#7f7f7f'];
/** So that lines that run over one another can both be seen. */
const DASHES = ['', '7 4', '2 3'];
const MARKS = [0, 50, 90, 99, 99.9, 99.99];

/** 0 for the median's side, 1 per further nine. */
function nines(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

/** Draws the distributions up to the percentile that the smallest of them can still tell. */
export function plot(title: string, series: readonly Series[]): string {
  const fewest = Math.min(...series.map(({ latencies }) => latencies.count));
  const most = Math.min(4, Math.max(1, Math.log10(fewest) - 1));
  const lines = series.map(({ label, latencies }) => ({
    label,
    points: pointsOf(latencies.percentile.bind(latencies), most),
  }));
  const values = lines.flatMap(({ points }) => points.map(([, ms]) => ms));
  const [low, high] = [Math.log10(Math.min(...values)) - 0.05, Math.log10(Math.max(...values)) + 0.05];
  const x = (nine: number): number => LEFT + (nine / most) * (WIDTH - LEFT - RIGHT);
  const y = (ms: number): number => HEIGHT - BOTTOM - ((Math.log10(ms) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="12">`,
    `<title>${escape(title)}</title>`,
    '<style>text{fill:#24292f}.grid{stroke:#d0d7de}rect{fill:#ffffff}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#3d444d}rect{fill:#0d1117}}</style>',
    `<rect width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text x="${LEFT}" y="22" font-size="14" font-weight="bold">${escape(title)}</text>`,
    ...MARKS.filter((mark) => nines(mark) <= most).map((mark) =>
      verticalLine(x(nines(mark)), mark === 0 ? 'p0' : `p${mark}`),
    ),
    ...ticksBetween(10 ** low, 10 ** high).map((ms) => horizontalLine(y(ms), `${round(ms)} ms`)),
    ...lines.map(({ points }, index) => {
      const path = points.map(([nine, ms]) => `${x(nine).toFixed(1)},${y(ms).toFixed(1)}`).join(' ');
      return `<polyline fill="none" ${strokeOf(index)} points="${path}"/>`;
    }),
    ...lines.map(({ label }, index) => legend(label, index)),
    '</svg>\n',
  ].join('\n');
}

/** A point per 50th of the axis. */
function pointsOf(percentile: (percent: number) => number, most: number): [number, number][] {
  return Array.from({ length: 51 }, (_, step) => {
    const nine = (most * step) / 50;
    return [nine, Math.max(0.01, percentile(100 * (1 - 10 ** -nine)))];
  });
}

/** 1, 2 and 5 times the powers of ten. */
function ticksBetween(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); 10 ** exponent <= high; exponent++) {
    for (const step of [1, 2, 5]) ticks.push(step * 10 ** exponent);
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

function round(ms: number): string {
  return String(Number(ms.toPrecision(3)));
}

function verticalLine(x: number, label: string): string {
  const at = x.toFixed(1);
  return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text x="${at}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label}</text>`;
}

function horizontalLine(y: number, label: string): string {
  const at = y.toFixed(1);
  return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/><text x="${LEFT - 6}" y="${(y + 4).toFixed(1)}" text-anchor="end">${label}</text>`;
}

function legend(label: string, index: number): string {
  const x = WIDTH - RIGHT + 12;
  const y = TOP + 10 + index * 20;
  return `<line ${strokeOf(index)} x1="${x}" x2="${x + 22}" y1="${y}" y2="${y}"/><text x="${x + 28}" y="${y + 4}">${escape(label)}</text>`;
}

function strokeOf(index: number): string {
  const dash = DASHES[index % DASHES.length]!;
  return `stroke="${COLOURS[index % COLOURS.length]}" stroke-width="2"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
