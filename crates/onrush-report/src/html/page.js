// The page: its charts from the data, its tables sorted, and what comes while the run goes on.
(() => {
  const byId = id => document.getElementById(id);
  const read = id => JSON.parse(byId(id).textContent);
  const data = read('data');
  let live = read('live');

  const chosen = name => document.querySelector(`input[name=${name}]:checked`)?.value;
  const middle = track => track.at.map((at, place) => (at + track.until[place]) / 2);
  const some = values => values.some(value => value !== null);
  const most = values => Math.max(0, ...values.filter(value => value !== null));

  const drawn = {
    rate: new Chart(byId('chart-rate'), 'Rate', 240),
    times: new Chart(byId('chart-times'), 'Response time', 300),
    heat: new Chart(byId('chart-heat'), 'Response time, how often', 280),
    shares: new Chart(byId('chart-shares'), 'Response time by percentile', 280),
    users: new Chart(byId('chart-users'), 'Users and requests in flight', 180),
    cpu: new Chart(byId('chart-cpu'), 'CPU of the generator', 180),
    lag: new Chart(byId('chart-lag'), 'Lateness of the generator', 180),
  };

  // What all charts along time have in common.
  const along = (track, rest) => ({
    along: 'time', x: middle(track), from: track.at, until: track.until, end: track.until.at(-1) || 1, warmup: data.warmup,
    stages: data.stages.filter((stage, _, all) => all.length > 1 && stage.from !== null && stage.from < (track.until.at(-1) || 0)).sort((one, other) => one.from - other.from), ...rest,
  });

  const rates = (track, series) => {
    const line = (name, values, style) => ({ name, values, class: style });
    const lines = [];
    const what = data.iterations ? 'iterations ' : '';
    if (!series && data.scheduled) lines.push(line(`${what}intended`, track.intended, 'grey dashed'));
    if (!series && (data.scheduled || data.iterations)) lines.push(line(`${what}started`, track.started, data.iterations ? 'three' : 'four thin'));
    lines.push(line(data.iterations && !series ? 'requests ended' : 'ended', track.ended, 'one'));
    if (most(track.failed)) lines.push(line('failed', track.failed, 'two'));
    if (track.dropped && most(track.dropped)) lines.push(line('dropped', track.dropped, 'two thin dashed'));
    const areas = most(track.failed) ? [{ high: track.failed, class: 'two a5' }] : [];
    return along(track, { lines, areas, format: rate, unit: 'rate', about: `Up to ${rate(most(track.ended))} ended.` });
  };

  const times = (track, which, isLog) => {
    const from = track[which], names = ['p50', 'p90', 'p95', 'p99', 'max'].filter(name => some(from[name]));
    const styles = { p50: 'one', p90: 'one thin', p95: 'one thin dashed', p99: 'four thin', max: 'two thin dotted' };
    const label = name => track.over[name] > 1 && from.at !== null ? `${name}*` : name;
    const areas = names.slice(1).map((name, place) => ({ low: from[names[place]], high: from[name], class: `${name === 'max' ? 'two' : 'one'} a${place + 1}` }));
    const wide = names.filter(name => track.over[name] > 1);
    const seconds = name => Math.round((track.until[Math.min(track.over[name], track.at.length) - 1] || 0) - track.at[0]);
    const note = wide.length ? `* ${wide.map(name => `${name} of ${clock(seconds(name))}`).join(', ')} together: one point has too few requests for it.` : '';
    return along(track, {
      lines: names.map(name => ({ name: label(name), values: from[name], class: styles[name] })), areas, format: time, unit: 'time', log: isLog, note,
      about: names.length ? `p50 up to ${time(most(from.p50))}, max ${time(most(from.max))}.` : 'No answers.',
    });
  };

  const heat = track => {
    // No more columns than can be told apart.
    const step = Math.ceil(track.at.length / 240), columns = [], from = [], until = [];
    for (let place = 0; place < track.at.length; place += step) {
      const sums = new Map();
      for (const flat of track.heat.slice(place, place + step)) {
        for (let at = 0; at < flat.length; at += 2) sums.set(flat[at], (sums.get(flat[at]) || 0) + flat[at + 1]);
      }
      columns.push([...sums].sort((one, other) => one[0] - other[0]));
      from.push(track.at[place]);
      until.push(track.until[Math.min(place + step, track.at.length) - 1]);
    }
    const rows = columns.flat().map(row => row[0]);
    const [low, high] = rows.length ? [rows.reduce((a, b) => Math.min(a, b)), rows.reduce((a, b) => Math.max(a, b)) + 1] : [0, 4];
    const peak = columns.reduce((peak, rows, place) => rows.reduce((peak, row) => Math.max(peak, row[1] / (until[place] - from[place])), peak), 1);
    return {
      ...along(track, {}), x: from.map((at, place) => (at + until[place]) / 2), from, until, log: true, unit: 'time', format: time,
      heat: { columns, peak, least: 2 ** (low / 4), most: 2 ** (high / 4) },
      about: `Times from ${time(2 ** (low / 4))} to ${time(2 ** (high / 4))}.`,
    };
  };

  const shares = (sets, isLog) => {
    const [first] = sets, x = first.pairs.map(pair => pair[0]);
    const at = (pairs, nines) => {
      const next = pairs.findIndex(pair => pair[0] >= nines - 1e-6);
      return next < 0 ? null : pairs[next][1];
    };
    return {
      along: 'nines', x, end: Math.max(1, x.at(-1) || 1), format: time, unit: 'time', log: isLog,
      lines: sets.map(set => ({ name: set.name, values: x.map(nines => at(set.pairs, nines)), class: set.style })),
      about: `The largest is ${time(most(first.pairs.map(pair => pair[1])))}.`,
    };
  };

  // Under the times, on their axis: what the service told of itself.
  const curves = ['one', 'two', 'three', 'four', 'grey'], ownCharts = new Map(), ownWords = make('p', { class: 'quiet' });
  const cause = run => {
    const host = byId('chart-observed');
    host.hidden = !data.observed.length;
    if (!ownWords.parentElement) host.append(ownWords);
    ownWords.textContent = `The service’s own figures, on the same axis.${data.unseen ? ` ${count(data.unseen)} more have no chart; they are in the table.` : ''}`;
    for (const family of data.observed) {
      if (!ownCharts.has(family.title)) ownCharts.set(family.title, new Chart(host.appendChild(make('div')), family.title, 118));
      const lines = family.lines.map((line, place) => ({ name: line.name, values: run.observed[line.place] || [], class: curves[place] }));
      const format = own[family.unit], values = lines.flatMap(line => line.values).filter(value => value !== null);
      ownCharts.get(family.title).show(along(run, {
        lines, areas: lines.length === 1 ? [{ high: lines[0].values, class: 'one a5' }] : [], format, unit: family.unit, last: true,
        about: values.length ? `From ${format(values.reduce((a, b) => Math.min(a, b)))} to ${format(values.reduce((a, b) => Math.max(a, b)))}.` : '',
        stages: along(run, {}).stages.map(stage => ({ ...stage, text: '' })),
      }));
    }
  };

  const isWide = track => {
    const [low, high] = [track.response.p50.find(value => value), most(track.response.max)];
    return low && high / low > 50;
  };

  const draw = () => {
    const place = +byId('of').value, series = place >= 0 ? data.series[place] : null;
    const track = series ? series.track : data.whole, which = series ? 'response' : chosen('time');
    document.querySelectorAll('input[name=time]').forEach(input => { input.disabled = !!series; });
    if (!chosen('scale')) document.querySelector(`input[value=${isWide(data.whole) ? 'log' : 'linear'}]`).checked = true;
    const isLog = chosen('scale') === 'log';
    drawn.times.rename(`${which === 'service' ? 'Service' : 'Response'} time`);
    drawn.rate.show(rates(track, series));
    drawn.times.show(times(track, which, isLog));
    cause(data.whole);
    drawn.heat.host.hidden = !!series;
    if (!series) drawn.heat.show(heat(data.whole));
    const sets = series ? [{ name: 'response', pairs: series.shares, style: 'one' }]
      : [{ name: 'response', pairs: data.shares.response, style: 'one' }, { name: 'service', pairs: data.shares.service, style: 'three dashed' }];
    drawn.shares.show(shares(sets, isLog));
    const run = data.whole, gauge = (name, style) => ({ name: name.replace('_', ' '), values: run[name], class: style });
    const gauges = [gauge('users', 'grey'), gauge('in_flight', 'one'), gauge('waiting', 'two')].filter(line => line.name !== 'waiting' || most(line.values));
    drawn.users.show(along(run, { lines: gauges, format: whole, unit: 'whole', about: `Up to ${count(most(run.users))} users.`, stages: [] }));
    drawn.cpu.show(along(run, { lines: [{ name: `of ${data.threads} ${data.threads === 1 ? 'thread' : 'threads'}`, values: run.cpu, class: 'one' }], areas: [{ high: run.cpu, class: 'one a5' }],
      format: share, unit: 'share', about: `Up to ${share(most(run.cpu))} of a core.`, stages: [], atLeast: .2 }));
    const lines = [{ name: 'start lag p99', values: run.lag, class: 'one' }, { name: 'loop delay p99', values: run.delay, class: 'three dashed' }].filter(line => some(line.values));
    drawn.lag.show(along(run, { lines, format: time, unit: 'time', about: `Start lag up to ${time(most(run.lag))}.`, stages: [] }));
  };

  // Which series can be chosen; the choice stays.
  const offer = () => {
    const select = byId('of'), before = select.value;
    const name = one => one.kind === 'iterations' ? `${one.name}, whole` : `${one.scenario}: ${one.name}`;
    const options = data.series.map((one, place) => [place, one]).filter(([, one]) => one.shares.length);
    if (select.options.length === options.length + 1) return;
    select.replaceChildren(new Option('all requests', '-1'), ...options.map(([place, one]) => new Option(name(one), place)));
    if (before && [...select.options].some(option => option.value === before)) select.value = before;
    select.parentElement.hidden = !options.length;
  };

  // Tables: a button in each head; once up, once down, then as it was.
  const sorts = {};
  const arrange = (table, { column, way }) => {
    const body = table.tBodies[0], rows = [...body.rows];
    const key = row => {
      const cell = row.cells[column];
      return cell.dataset.key === undefined ? cell.textContent.trim().toLowerCase() : +cell.dataset.key;
    };
    rows.sort((one, other) => {
      if (!way) return one.dataset.place - other.dataset.place;
      const [a, b] = [key(one), key(other)];
      return way * (a < b ? -1 : a > b ? 1 : 0);
    });
    body.append(...rows);
    [...table.tHead.rows[0].cells].forEach((cell, place) => {
      if (way && place === column) cell.setAttribute('aria-sort', way > 0 ? 'ascending' : 'descending');
      else cell.removeAttribute('aria-sort');
    });
  };
  const sortable = section => {
    const table = section.querySelector('table.sortable');
    if (!table) return;
    [...table.tBodies[0].rows].forEach((row, place) => { row.dataset.place = place; });
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const button = make('button', { type: 'button' }, ...cell.childNodes);
      if (button.textContent === 'over time') { cell.append(...button.childNodes); return; }
      button.addEventListener('click', () => {
        const now = sorts[section.id], first = cell.classList.contains('figure') ? -1 : 1;
        const way = now && now.column === column ? (now.way === first ? -first : 0) : first;
        sorts[section.id] = { column, way };
        arrange(table, sorts[section.id]);
      });
      cell.append(button);
    });
    if (sorts[section.id]) arrange(table, sorts[section.id]);
  };

  // Puts new markup in place of old, and the reader back where he was.
  const replace = (element, markup) => {
    if (element.was === markup) return;
    const can = 'button, [tabindex], summary, a';
    const focused = [...element.querySelectorAll(can)].indexOf(document.activeElement);
    const scrolled = [...element.querySelectorAll('.scroll, .plan')].map(one => [one.scrollLeft, one.scrollTop]);
    element.innerHTML = element.was = markup;
    sortable(element);
    element.querySelectorAll('.scroll, .plan').forEach((one, place) => { if (scrolled[place]) [one.scrollLeft, one.scrollTop] = scrolled[place]; });
    if (focused >= 0) element.querySelectorAll(can)[focused]?.focus({ preventScroll: true });
  };

  // New values of a column, from a place on; columns lie in columns.
  const extend = (mine, theirs, from) => {
    for (const [name, values] of Object.entries(theirs)) {
      if (Array.isArray(values)) mine[name] = (mine[name] || []).slice(0, from).concat(values);
      else if (values && typeof values === 'object' && name !== 'over') mine[name] = extend(mine[name] || {}, values, from);
      else mine[name] = values;
    }
    return mine;
  };
  const take = update => {
    const fresh = update.data, { whole, series } = data;
    Object.assign(data, fresh, { whole: extend(whole, fresh.whole, fresh.whole.from) });
    data.series = fresh.series.map((one, place) => ({ ...one, track: extend(series[place]?.track || {}, one.track, one.track.from) }));
    for (const [name, markup] of Object.entries(update.parts)) replace(byId(name), markup);
    offer();
    requestAnimationFrame(draw);
  };

  const tell = (text, isLost = false) => {
    // What is said again would be read out again.
    if (byId('link').textContent !== text) byId('link').textContent = text;
    byId('link').classList.toggle('lost', isLost);
  };
  const listen = () => {
    const source = new EventSource(`events?after=${encodeURIComponent(live)}`);
    source.onopen = () => tell('live');
    source.onerror = () => tell('The connection is lost. This is the last that came.', true);
    source.onmessage = event => {
      const update = JSON.parse(event.data);
      // Another run is played at this address.
      if (update.number.split('-')[0] !== live.split('-')[0]) return location.reload();
      live = update.number;
      take(update);
      if (!data.over) return tell('live');
      source.close();
      tell('The run is over. This is its result.');
    };
  };

  byId('charts').hidden = false;
  document.querySelectorAll('main > section').forEach(sortable);
  document.querySelectorAll('.controls input, .controls select').forEach(input => input.addEventListener('change', draw));
  offer();
  draw();
  if (live !== null && data.over) tell('The run is over. This is its result.');
  else if (live !== null) listen();
})();
