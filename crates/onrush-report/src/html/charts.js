'use strict';
// Numbers as the text summary has them, scales, and charts along time or along nines.
const digits = value => value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
const count = value => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ',');
const clock = seconds => {
  const all = Math.round(seconds), two = value => String(value).padStart(2, '0');
  return all < 60 ? `${all} s` : all < 3600 ? `${Math.floor(all / 60)} m ${two(all % 60)} s`
    : `${Math.floor(all / 3600)} h ${two(Math.floor(all / 60) % 60)} m`;
};
const time = us => us === null ? '–' : us < .5 ? '<1 µs' : us < 999.5 ? `${us.toFixed(0)} µs`
  : us < 999500 ? `${digits(us / 1e3)} ms` : us < 99.95e6 ? `${digits(us / 1e6)} s` : clock(us / 1e6);
const rate = value => value === null ? '–' : value === 0 ? '0/s' : value < .0995 ? `${value.toFixed(3)}/s`
  : value < 99.995 ? `${value.toFixed(2)}/s` : value < 999.95 ? `${value.toFixed(1)}/s` : `${count(value)}/s`;
const whole = value => value === null ? '–' : count(value);
const share = value => value === null ? '–' : `${(value * 100).toFixed(0)} %`;
const short = value => String(+value.toPrecision(3));
const brief = value => value >= 1e6 ? `${short(value / 1e6)}M` : value >= 1e4 ? `${short(value / 1e3)}k` : short(value);
const scaled = value => {
  const step = Math.min(5, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3 + 1e-9)));
  return [value / 1000 ** step, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'][step]];
};
const amount = (value, after = '') => {
  const [size, unit] = scaled(value);
  return `${unit === 'B' ? size.toFixed(0) : digits(size)} ${unit}${after}`;
};
const figure = value => Math.abs(value) < 999.5 ? short(value) : (value < 0 ? '-' : '') + count(Math.abs(value));
// What has no sense below zero is a mere number there.
const known = format => value => value === null ? '–' : value < 0 ? figure(value) : format(value);
// Figures of the service's own, by their unit.
const own = {
  number: value => value === null ? '–' : figure(value), bytes: known(value => amount(value)), seconds: known(value => time(value * 1e6)),
  part: known(value => `${figure(value * 100)} %`), rate: known(rate), byterate: known(value => amount(value, '/s')),
};
const ticked = {
  time: us => us === 0 ? '0' : us < 1e3 ? `${short(us)} µs` : us < 1e6 ? `${short(us / 1e3)} ms` : `${short(us / 1e6)} s`,
  rate: value => brief(value), whole: value => brief(value), share: value => share(value),
  number: value => brief(value), seconds: value => ticked.time(value * 1e6), part: value => `${short(value * 100)} %`,
  bytes: value => value === 0 ? '0' : `${short(scaled(value)[0])} ${scaled(value)[1]}`, byterate: value => ticked.bytes(value),
};
const percentOf = nines => nines < .001 ? '0 %' : `${+(100 * (1 - 10 ** -nines)).toFixed(Math.max(0, Math.ceil(nines) - 1) + (nines % 1 ? 1 : 0))} %`;

const make = (name, attributes = {}, ...inner) => {
  const svg = ['svg', 'path', 'line', 'rect', 'text', 'g', 'circle'].includes(name);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inner);
  return element;
};

// Round steps between 0 and the largest value, about as many as asked for.
const evenTicks = (most, number) => {
  const raw = most / number, size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].find(one => one * size >= raw * .999) * size;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, place) => place * step);
};
const logTicks = (least, most) => {
  const decades = Math.log10(most / least);
  const steps = decades > 4 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power++) ticks.push(...steps.map(step => step * 10 ** power));
  return ticks.filter(tick => tick >= least * .999 && tick <= most * 1.001);
};
const timeTicks = (most, number) => {
  const steps = [...(most < 3 ? [.1, .2, .5] : []), 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
  const step = steps.find(step => most / step <= number) || 86400 * Math.ceil(most / number / 86400);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, place) => place * step);
};
const moment = seconds => {
  const all = Math.round(seconds), two = value => String(value).padStart(2, '0');
  // Intervals begin a little after the second.
  if (Math.abs(seconds - all) > .05 && seconds < 10) return `${short(seconds)} s`;
  return all < 3600 ? `${Math.floor(all / 60)}:${two(all % 60)}` : `${Math.floor(all / 3600)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
};

// Charts along time share where the reader looks.
const charts = [];
const look = (chart, place) => {
  const at = place === null ? null : chart.shape.x[place];
  for (const other of charts) {
    if (other === chart) other.mark(place);
    else if (other.shape && other.shape.along === 'time' && chart.shape.along === 'time') other.mark(at === null ? null : other.nearest(at));
  }
};

// What a chart shows is its shape: {along, x, from, until, lines: [{name, values, class}], areas: [{low, high, class}],
// heat, format, unit, log, stages, warmup, end, about}.
class Chart {
  constructor(host, title, height) {
    Object.assign(this, { host, title, height, shape: null, place: null, row: null });
    this.keys = make('ul', { class: 'keys' });
    this.when = make('span', { class: 'when' });
    this.note = make('p', { class: 'quiet' });
    this.plot = make('div', { class: 'plot', tabindex: '0', role: 'group', 'aria-roledescription': 'chart' });
    this.spoken = make('p', { class: 'unseen', 'aria-live': 'polite' });
    this.table = make('details', {}, make('summary', {}, 'Data as a table'));
    host.replaceChildren(make('figure', { class: 'chart' },
      make('figcaption', {}, this.head = make('h3', {}, title), this.when), this.keys, this.plot, this.note, this.spoken, this.table));
    this.plot.addEventListener('pointermove', event => this.point(event));
    this.plot.addEventListener('pointerdown', event => this.point(event));
    this.plot.addEventListener('pointerleave', () => look(this, null));
    this.plot.addEventListener('blur', () => look(this, null));
    this.plot.addEventListener('keydown', event => this.key(event));
    this.table.addEventListener('toggle', () => this.tabulate());
    charts.push(this);
    new ResizeObserver(() => this.plot.clientWidth !== this.width && this.draw()).observe(this.plot);
  }

  rename(title) {
    this.title = this.head.textContent = title;
  }

  show(shape) {
    this.shape = shape;
    this.draw();
    if (this.table.open) this.tabulate();
  }

  scales() {
    const { shape } = this;
    const width = this.width = this.plot.clientWidth || 600;
    const height = width < 480 ? Math.min(this.height, 210) : this.height;
    const box = { left: 52, right: width - 8, top: shape.last ? 6 : 18, bottom: height - 24 };
    const end = shape.end, across = box.right - box.left, down = box.bottom - box.top;
    const xOf = value => box.left + value / end * across;
    const values = (shape.lines || []).flatMap(line => line.values).filter(value => value !== null);
    let least = Math.min(...[1e300, ...values.filter(value => value > 0)]), most = Math.max(0, ...values);
    if (shape.heat) [least, most] = [shape.heat.least, shape.heat.most];
    if (!(most > 0)) [least, most] = [1, 1];
    if (shape.log && !shape.heat) [least, most] = [Math.min(least, most / 10) / 1.15, most * 1.15];
    if (!shape.log) most *= 1.06;
    if (shape.atLeast) most = Math.max(most, shape.atLeast);
    // Few things are below zero; where one is, its least value is the bottom.
    const floor = shape.log ? 0 : Math.min(0, ...values);
    const yOf = shape.log
      ? value => box.bottom - Math.log(Math.max(value, least) / least) / Math.log(most / least) * down
      : value => box.bottom - (value - floor) / (most - floor) * down;
    return { box, xOf, yOf, least, most, floor, width, height };
  }

  draw() {
    const { shape } = this;
    const some = shape && (shape.heat ? shape.heat.columns.some(rows => rows.length) : shape.lines.some(line => line.values.some(value => value !== null)));
    this.table.hidden = !some;
    if (!some) {
      this.scale = null;
      this.keys.replaceChildren();
      return this.plot.replaceChildren(make('p', { class: 'quiet' }, 'Nothing to show.'));
    }
    const scale = this.scale = this.scales();
    const { box, xOf, yOf } = scale;
    const svg = make('svg', { viewBox: `0 0 ${scale.width} ${scale.height}`, height: scale.height, role: 'img', 'aria-label': `${this.title}. ${shape.about}` });
    this.axes(svg, scale);
    if (shape.heat) this.heat(svg, scale);
    if (shape.last) this.gaps(svg, scale);
    for (const area of shape.areas || []) svg.append(make('path', { class: `area ${area.class}`, d: this.band(area, xOf, yOf) }));
    for (const line of shape.lines || []) svg.append(make('path', { class: `line ${line.class}`, d: this.curve(line.values, xOf, yOf) }));
    svg.append(make('line', { class: 'base', x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
    this.cross = make('g');
    svg.append(this.cross);
    this.plot.replaceChildren(svg);
    this.plot.setAttribute('aria-label', `${this.title}. ${shape.about} Arrow keys move along it.`);
    this.note.textContent = shape.note || '';
    this.note.hidden = !shape.note;
    this.mark(this.place !== null && this.place < shape.x.length ? this.place : null);
  }

  axes(svg, { box, xOf, yOf, least, most, floor, width }) {
    const { shape } = this;
    if (shape.warmup) {
      svg.append(make('rect', { class: 'warmup', x: box.left, y: box.top, width: xOf(Math.min(shape.warmup, shape.end)) - box.left, height: box.bottom - box.top }));
      svg.append(make('text', { x: box.left + 4, y: box.bottom - 6, class: 'stage-name' }, 'warm-up'));
    }
    const ticks = shape.log ? logTicks(least, most) : evenTicks(most, shape.last ? 2 : 4);
    if (floor < 0) ticks.push(floor);
    for (const tick of ticks) {
      const y = yOf(tick);
      svg.append(make('line', { class: 'grid-line', x1: box.left, x2: box.right, y1: y, y2: y }));
      svg.append(make('text', { x: box.left - 8, y: y + 4, 'text-anchor': 'end' }, ticked[shape.unit](tick)));
    }
    if (shape.along === 'time') {
      const seconds = timeTicks(shape.end, Math.max(2, Math.floor(width / 90)));
      for (const tick of seconds) {
        const x = xOf(tick), anchor = tick === 0 ? 'start' : x > box.right - 16 ? 'end' : 'middle';
        svg.append(make('text', { x, y: box.bottom + 18, 'text-anchor': anchor }, moment(tick)));
      }
    } else {
      const ticks = [0, ...(xOf(Math.log10(2)) - box.left > 48 ? [Math.log10(2)] : []), 1, 2, 3, 4, 5, 6, 7, 8].filter(tick => tick <= shape.end + .05);
      for (const [number, tick] of ticks.entries()) {
        const x = xOf(tick);
        svg.append(make('line', { class: 'grid-line', x1: x, x2: x, y1: box.top, y2: box.bottom }));
        svg.append(make('text', { x, y: box.bottom + 18, 'text-anchor': number === 0 ? 'start' : x > box.right - 20 ? 'end' : 'middle' }, tick > 1 || tick === 1 ? percentOf(tick) : tick ? '50 %' : '0 %'));
      }
    }
    this.stages(svg, box, xOf);
  }

  stages(svg, box, xOf) {
    const stages = this.shape.stages || [];
    for (const [number, stage] of stages.entries()) {
      const x = xOf(stage.from), next = stages.slice(number + 1).find(other => other.from > stage.from);
      if (stages.findIndex(other => other.from === stage.from) !== number) continue;
      if (stage.from > 0) svg.append(make('line', { class: 'stage', x1: x, x2: x, y1: 4, y2: box.bottom }));
      const room = Math.floor(((next ? xOf(next.from) : box.right) - x - 8) / 6.6);
      if (room >= 6) svg.append(make('text', { class: 'stage-name', x: x + 4, y: 11 }, stage.text.length > room ? `${stage.text.slice(0, room - 1)}…` : stage.text));
    }
  }

  // Where there was no figure at all; that the first needs two readings is no gap.
  gaps(svg, { box, xOf }) {
    const { lines, from, until } = this.shape;
    const isGap = from.map((_, place) => lines.every(line => (line.values[place] ?? null) === null));
    const begin = isGap.slice(0, 2).includes(false) ? isGap.indexOf(false) : 0;
    for (let place = begin; place < isGap.length; place++) {
      if (!isGap[place]) continue;
      const left = xOf(from[place]);
      while (isGap[place + 1]) place++;
      const wide = xOf(until[place]) - left;
      svg.append(make('rect', { class: 'gap', x: left, y: box.top, width: wide, height: box.bottom - box.top }));
      if (wide > 60) svg.append(make('text', { class: 'stage-name', x: left + wide / 2, y: (box.top + box.bottom) / 2 + 4, 'text-anchor': 'middle' }, 'no figure'));
    }
  }

  curve(values, xOf, yOf) {
    let path = '', down = false;
    for (const [place, value] of values.entries()) {
      if (value === null) { down = false; continue; }
      const y = yOf(value).toFixed(1);
      // One that stands alone is as wide as its time.
      if (!down && (values[place + 1] ?? null) === null) path += this.alone(place, xOf).map((x, end) => `${end ? 'L' : 'M'}${x} ${y}`).join('');
      else path += `${down ? 'L' : 'M'}${xOf(this.shape.x[place]).toFixed(1)} ${y}`;
      down = true;
    }
    return path;
  }

  alone(place, xOf) {
    const { from, until, x } = this.shape;
    return (from ? [from[place], until[place]] : [x[place], x[place]]).map(at => xOf(at).toFixed(1));
  }

  band({ low, high }, xOf, yOf) {
    let path = '', run = [];
    const close = () => {
      if (run.length) {
        const xs = run.length === 1 ? this.alone(run[0], xOf) : run.map(place => xOf(this.shape.x[place]).toFixed(1));
        const places = xs.map((x, number) => [x, run[Math.min(number, run.length - 1)]]);
        const there = places.map(([x, place]) => `${x} ${yOf(high[place]).toFixed(1)}`);
        const back = places.reverse().map(([x, place]) => `${x} ${yOf(low ? low[place] : 0).toFixed(1)}`);
        path += `M${there.concat(back).join('L')}Z`;
      }
      run = [];
    };
    for (let place = 0; place < high.length; place++) high[place] === null || low && low[place] === null ? close() : run.push(place);
    close();
    return path;
  }

  heat(svg, { xOf, yOf }) {
    const { heat, from, until } = this.shape;
    const paths = Array(10).fill('');
    for (const [place, rows] of heat.columns.entries()) {
      const left = xOf(from[place]), right = xOf(until[place]) + .3;
      for (const [row, number] of rows) {
        const level = Math.min(9, 1 + Math.floor(9 * Math.log1p(number / (until[place] - from[place])) / Math.log1p(heat.peak)));
        const top = yOf(2 ** ((row + 1) / 4)), bottom = yOf(2 ** (row / 4));
        paths[level] += `M${left.toFixed(1)} ${top.toFixed(1)}H${right.toFixed(1)}V${(bottom + .3).toFixed(1)}H${left.toFixed(1)}Z`;
      }
    }
    paths.forEach((path, level) => path && svg.append(make('path', { class: `heat heat${level}`, d: path })));
  }

  nearest(at) {
    const { x } = this.shape;
    if (!x.length) return null;
    let [low, high] = [0, x.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      x[middle] < at ? low = middle : high = middle;
    }
    return Math.abs(x[low] - at) <= Math.abs(x[high] - at) ? low : high;
  }

  point(event) {
    if (!this.scale || !this.shape.x.length) return;
    const { box } = this.scale, bounds = this.plot.getBoundingClientRect();
    const across = (event.clientX - bounds.left - box.left) / (box.right - box.left);
    if (this.shape.heat) {
      const { least, most } = this.scale, up = (box.bottom - (event.clientY - bounds.top)) / (box.bottom - box.top);
      this.row = Math.floor(4 * Math.log2(least * (most / least) ** up) + 1e-9);
    }
    look(this, this.nearest(across * this.shape.end));
  }

  key(event) {
    const last = this.scale ? this.shape.x.length - 1 : -1;
    if (last < 0) return;
    const far = Math.max(1, Math.round(last / 10));
    const here = this.place === null ? -1 : this.place;
    const moves = { ArrowRight: here + 1, ArrowLeft: this.place === null ? last : here - 1, PageDown: here + far, PageUp: here - far, Home: 0, End: last };
    if (event.key === 'Escape') { look(this, null); return; }
    if (this.shape.heat && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      this.row = (this.row ?? this.busiest(Math.max(here, 0))) + (event.key === 'ArrowUp' ? 1 : -1);
    } else if (!(event.key in moves)) return;
    event.preventDefault();
    look(this, Math.min(last, Math.max(0, moves[event.key] ?? here)));
    this.spoken.textContent = `${this.when.textContent}: ${[...this.keys.children].map(key => key.textContent).join(', ')}`;
  }

  busiest(place) {
    const rows = this.shape.heat.columns[place] || [];
    return rows.reduce((best, row) => row[1] > best[1] ? row : best, [0, 0])[0];
  }

  // The values at a place, or the names alone.
  mark(place) {
    this.place = place;
    const { shape, scale } = this;
    if (!shape || !shape.x.length || !scale) return;
    this.cross.replaceChildren();
    if (place !== null) {
      const x = scale.xOf(shape.x[place]);
      this.cross.append(make('line', { class: 'cross', x1: x, x2: x, y1: scale.box.top, y2: scale.box.bottom }));
      for (const line of shape.lines || []) {
        const value = line.values[place] ?? null;
        if (value !== null) this.cross.append(make('circle', { class: `cross-dot ${line.class}`, fill: 'currentColor', r: 4, cx: x, cy: scale.yOf(value) }));
      }
    }
    this.when.textContent = place === null ? '' : shape.along === 'time'
      ? `${moment(shape.from[place])} – ${moment(shape.until[place])}` : percentOf(shape.x[place]);
    if (shape.heat) return this.markHeat(place);
    this.keys.replaceChildren(...shape.lines.map(line => {
      const swatch = make('svg', { class: `swatch ${line.class}`, viewBox: '0 0 16 10', 'aria-hidden': 'true' });
      swatch.append(make('path', { class: `line ${line.class}`, d: 'M1 5H15' }));
      const item = make('li', {}, swatch, line.name);
      if (place !== null) item.append(' ', make('b', {}, shape.format(line.values[place] ?? null)));
      else if (shape.last) item.append(' last ', make('b', {}, shape.format(line.values.findLast(value => value !== null) ?? null)));
      return item;
    }));
  }

  markHeat(place) {
    const { shape, scale } = this;
    if (place === null) {
      this.row = null;
      const swatch = make('svg', { class: 'scale', viewBox: '0 0 108 10', 'aria-hidden': 'true' });
      for (let level = 1; level < 10; level++) swatch.append(make('path', { class: `heat heat${level}`, d: `M${level * 12 - 12} 0h11v10h-11z` }));
      return this.keys.replaceChildren(make('li', {}, 'few ', swatch, ' many requests (log scale)'));
    }
    const row = this.row ?? this.busiest(place);
    const number = (shape.heat.columns[place].find(one => one[0] === row) || [0, 0])[1];
    const [low, high] = [2 ** (row / 4), 2 ** ((row + 1) / 4)];
    const top = scale.yOf(high), left = scale.xOf(shape.from[place]);
    if (high <= scale.most * 1.001 && low >= scale.least * .999) {
      this.cross.append(make('rect', { class: 'cell', x: left - 1, y: top - 1, width: Math.max(3, scale.xOf(shape.until[place]) - left + 2), height: scale.yOf(low) - top + 2 }));
    }
    this.keys.replaceChildren(make('li', {}, `${time(low)} to ${time(high)}: `, make('b', {}, `${count(number)} requests`)));
  }

  tabulate() {
    this.table.querySelector('.scroll')?.remove();
    const { shape } = this;
    if (!this.table.open || !shape) return;
    const lines = shape.heat ? [{ name: 'requests', values: shape.heat.columns.map(rows => rows.reduce((sum, row) => sum + row[1], 0)) },
      { name: 'most around', values: shape.heat.columns.map((rows, place) => rows.length ? 2 ** ((this.busiest(place) + .5) / 4) : null) }] : shape.lines;
    const format = (line, value) => shape.heat && line === lines[0] ? whole(value) : shape.format(value);
    const head = make('tr', {}, make('th', { scope: 'col' }, shape.along === 'time' ? 'from' : 'share'), ...lines.map(line => make('th', { scope: 'col', class: 'figure' }, line.name || 'figure')));
    const rows = shape.x.map((x, place) => make('tr', {}, make('th', { scope: 'row' }, shape.along === 'time' ? moment(shape.from[place]) : percentOf(x)),
      ...lines.map(line => make('td', { class: 'figure' }, format(line, line.values[place] ?? null)))));
    this.table.append(make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${this.title}, data` },
      make('table', {}, make('caption', { class: 'unseen' }, this.title), make('thead', {}, head), make('tbody', {}, ...rows))));
  }
}
