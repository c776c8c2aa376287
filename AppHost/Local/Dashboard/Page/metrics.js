// Figures over time: calls of tools and how long they take, what waits in the outboxes, who listens, and any other metric.

import { $, choose, duration, element, fill, get, query, repeat } from './dom.js';
import { chart } from './chart.js';

const filters = { minutes: 'metric-minutes', tool: 'metric-tool', name: 'metric-name' };
let updates = null;

export function show(path, parameters) {
  for (const [name, id] of Object.entries(filters)) choose($(id), parameters.get(name) ?? (name === 'minutes' ? '5' : ''));
  hide();
  updates = repeat(update, 2500);
}

export function hide() {
  updates?.end();
  updates = null;
}

const asked = () => Object.fromEntries(Object.entries(filters).map(([name, id]) => [name, $(id).value]));

async function update(isCurrent) {
  const parameters = asked();
  if (!$('metric-live').checked && $('metrics').dataset.asked === query(parameters)) return;
  const { minutes, tool, name } = parameters;
  const all = await get('/api/metrics');
  const metric = name => all.metrics.some(one => one.name === name) ? get(`/api/metrics/${encodeURIComponent(name)}`, { minutes }) : null;
  const [calls, outbox, listeners, other] = await Promise.all([get('/api/calls', { minutes, tool }), metric('medcor.outbox.age'), metric('medcor.listeners'), metric(name)]);
  if (!isCurrent()) return;
  $('metrics').dataset.asked = query(parameters);

  fill($('metric-tool'), 'all', calls.tools.map(one => one.tool));
  fill($('metric-name'), 'none', all.metrics.map(one => one.name));
  showTiles(calls, minutes);
  showTools(calls.tools);
  const of = tool ? ` of ${tool}` : '';
  const perMinute = values => values.map(value => value * 60_000 / calls.part);
  chart($('chart-calls'), {
    title: `Calls${of}`, unit: 'per minute', kind: 'bars', begin: calls.begin, part: calls.part, format: count,
    series: [{ name: 'ok', tone: 'good', values: perMinute(calls.ok) }, { name: 'refused', tone: 'busy', values: perMinute(calls.refused) }, { name: 'failed', tone: 'bad', values: perMinute(calls.failed) }],
  });
  chart($('chart-latency'), {
    title: `Latency${of}`, unit: 'estimated from buckets', kind: 'lines', begin: calls.begin, part: calls.part, format: duration,
    series: [{ name: 'p50', tone: 'tone-0', values: calls.p50 }, { name: 'p95', tone: 'tone-4', values: calls.p95 }, { name: 'p99', tone: 'tone-5', values: calls.p99 }],
  });
  showGauge($('chart-outbox'), 'Oldest event that waits in an outbox', outbox, value => duration(value * 1000));
  showGauge($('chart-listeners'), 'Listeners to live events', listeners, count);
  $('chart-other').hidden = !other;
  if (other) showGauge($('chart-other'), other.name, other, { s: value => duration(value * 1000), ms: duration, By: bytes }[other.unit] ?? count);
  $('metric-note').textContent = all.dropped ? `${all.dropped.toLocaleString('en')} values were dropped before their hour, to keep within the memory that they may take.` : '';
}

function showGauge(figure, title, metric, format) {
  const meaning = { counter: 'per second', histogram: '95th percentile', gauge: '' }[metric?.kind] ?? '';
  const ofThem = metric && metric.total > metric.series.length ? `the largest ${metric.series.length} of ${metric.total}` : '';
  chart(figure, {
    title, unit: [meaning, ofThem].filter(Boolean).join(', '), description: metric?.description, kind: 'lines', begin: metric?.begin ?? 0, part: metric?.part ?? 1, format,
    series: (metric?.series ?? []).map((one, index) => ({ name: [one.instance, one.labels].filter(Boolean).join(' '), tone: `tone-${index % 8}`, values: one.values })),
  });
}

function showTiles({ total, tools }, minutes) {
  const slow = [...tools].sort((one, other) => (other.p95 ?? 0) - (one.p95 ?? 0))[0];
  const tile = (name, value, more = '', tone = '') => element('div', { className: `tile ${tone}` }, element('span', { textContent: name }), element('strong', { textContent: value }), element('small', { textContent: more }));
  const portion = value => total.calls ? `${(value / total.calls * 100).toFixed(value && value / total.calls < 0.1 ? 1 : 0)} %` : '–';
  $('metric-tiles').replaceChildren(
    tile('Calls', count(total.calls), `${count(total.calls / minutes)} a minute`),
    tile('Failed', portion(total.failed), `${count(total.failed)} by MedCor's own fault`, total.failed ? 'bad' : ''),
    tile('Refused', portion(total.refused), `${count(total.refused)} that callers can mend`),
    tile('p95', duration(total.p95), `p50 ${duration(total.p50)}, p99 ${duration(total.p99)}`),
    tile('Slowest tool', slow?.tool ?? '–', slow ? `p95 ${duration(slow.p95)}` : ''));
}

function showTools(tools) {
  const most = Math.max(...tools.map(one => one.p95 ?? 0), 1);
  $('metric-tools').replaceChildren(...tools.map(one => {
    const bar = element('span', { className: 'took ok' });
    bar.style.setProperty('--share', (one.p95 ?? 0) / most);
    return element('tr', {},
      element('td', {}, element('a', { className: 'name', href: `#/metrics${query({ ...asked(), tool: one.tool })}`, textContent: one.tool })),
      element('td', { className: 'number', textContent: count(one.calls) }),
      element('td', { className: one.refused ? 'number' : 'number dim', textContent: count(one.refused) }),
      element('td', { className: one.failed ? 'number failed' : 'number dim', textContent: count(one.failed) }),
      element('td', { className: 'number', textContent: duration(one.p50) }),
      element('td', { className: 'number duration' }, bar, element('span', { textContent: duration(one.p95) })),
      element('td', { className: 'number', textContent: duration(one.p99) }),
      element('td', { className: 'number' }, element('a', { href: `#/traces${query({ tool: one.tool })}`, textContent: 'traces', ariaLabel: `Traces of ${one.tool}` })));
  }));
}

const count = value => value === null ? '–' : value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString('en') : value.toFixed(value < 1 ? 2 : 1);

// By tens, so that the marks of an axis are round.
const bytes = value => value === null ? '–' : value < 1e3 ? `${count(value)} B` : value < 1e6 ? `${count(value / 1e3)} kB` : `${count(value / 1e6)} MB`;

for (const id of Object.values(filters)) {
  $(id).oninput = () => {
    history.replaceState(null, '', `#/metrics${query(asked())}`);
    updates?.now();
  };
}
$('metric-live').onchange = () => updates?.now();
