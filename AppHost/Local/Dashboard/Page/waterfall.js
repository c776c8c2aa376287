// One trace: its spans as bars over time, each beneath the one that caused it, with the logs of each; and what took the time.

import { $, duration, element, get, note, repeat, serviceMark, time, tone } from './dom.js';

let trace = null;
let rows = [];
let chosen = null;
let closed = new Set();
let updates = null;
let back = '#/traces';

/** Shows a trace, with the way back to the list that it was found in. */
export function show(id, list) {
  [trace, chosen, closed, back] = [null, null, new Set(), list];
  $('trace-view').replaceChildren();
  // Spans come when they end, from each process by itself: the first that are seen are seldom all.
  updates = repeat(async isCurrent => {
    const found = await get(`/api/traces/${encodeURIComponent(id)}`);
    if (!isCurrent() || !found && trace) return;
    if (!found) $('trace-view').replaceChildren(head('This trace is not here.'), note('It has not come yet, or it was dropped to keep within the memory that traces may take.'));
    else if (found.spans.length !== trace?.spans.length || found.logs.length !== trace?.logs.length) open(found);
  }, 1500);
}

export function hide() {
  updates?.end();
  updates = null;
}

function open(found) {
  const focused = document.activeElement?.closest('.waterfall') ? chosen?.id : null;
  trace = found;
  const root = arrange(trace);
  const culprit = slowest(root);
  chosen = trace.spans.find(span => span.id === chosen?.id) ?? culprit;

  const detail = element('div', { className: 'span-detail', id: 'span-detail' });
  $('trace-view').replaceChildren(
    head(root.tool ?? trace.spans.find(span => span.tool)?.tool ?? label(root), element('span', { className: `outcome ${worst(trace.spans)}`, textContent: worst(trace.spans) })),
    facts(root),
    explanation(root, culprit),
    element('div', { className: 'split' },
      element('div', { className: 'waterfall-frame' }, axis(), element('div', { className: 'waterfall', role: 'treegrid', ariaLabel: 'Spans' }), logList()),
      detail));
  draw();
  showDetail();
  if (focused) rowOf(chosen)?.focus({ preventScroll: true });
}

// ---- what there is -------------------------------------------------------------------------------------------------

/** Makes a tree of the spans, with each one's logs and the time that it took itself, and returns its root. */
function arrange({ spans, logs }) {
  const byId = new Map(spans.map(span => [span.id, span]));
  for (const span of spans) Object.assign(span, { end: span.start + span.duration, children: [], logs: logs.filter(line => line.span === span.id) });
  const roots = spans.filter(span => !byId.has(span.parent) || span.parent === span.id);
  for (const span of spans) if (!roots.includes(span)) byId.get(span.parent).children.push(span);
  for (const span of spans) span.own = own(span);
  trace.roots = roots;
  trace.start = Math.min(...spans.map(span => span.start));
  trace.end = Math.max(...spans.map(span => span.end), trace.start + 0.001);
  return spans[0];
}

/** The time of a span in which none of its children ran. */
function own(span) {
  let [covered, until] = [0, span.start];
  for (const child of span.children) {
    const [begin, end] = [Math.max(child.start, until), Math.min(child.end, span.end)];
    if (end > begin) [covered, until] = [covered + end - begin, end];
  }
  return span.duration - covered;
}

/** The span that took the most time by itself, of those that the root waited for. */
const slowest = root => trace.spans.filter(span => span.start < root.end).reduce((one, other) => other.own > one.own ? other : one, root);

const worst = spans => ['failed', 'refused'].find(status => spans.some(span => span.status === status)) ?? 'ok';

const attribute = (span, name) => span.attributes.find(([key]) => key === name)?.[1];

const statement = span => attribute(span, 'db.query.text') ?? attribute(span, 'db.statement');

/** What a span is, in a few words. */
function label(span) {
  const sql = statement(span);
  // The statement that opens the hospital's rows goes ahead of others and says nothing of them.
  if (sql) return sql.replace(/^SELECT set_config\('medcor\.hospital'[^;]*;\s*(?=\S)/, '').replace(/\s+/g, ' ').slice(0, 160);
  const url = attribute(span, 'url.full');
  if (url && span.kind === 'client') return `${span.name} ${url.replace(/^https?:\/\/[^/]+/, '').split('?')[0]}`;
  return span.name.replace(/^MedCor\.Contracts\.\w+:/, '');
}

// ---- the frame around it -------------------------------------------------------------------------------------------

const head = (title, ...more) => element('div', { className: 'trace-head' },
  element('a', { href: back, className: 'back', textContent: '← Traces' }),
  element('h2', { textContent: title }), ...more);

/** A term and what it is here. */
const fact = (name, value, title = '') => element('div', { title }, element('dt', { textContent: name }), element('dd', {}, value));

function facts(root) {
  const services = [...new Set(trace.spans.map(span => span.service))];
  return element('dl', { className: 'facts' },
    fact('Took', duration(root.duration)),
    fact('Begun', time(root.start)),
    fact('Spans', String(trace.spans.length)),
    fact('Services', element('span', { className: 'services' }, ...services.map(serviceMark))),
    fact('Trace', element('code', { textContent: trace.id })),
    ...(trace.requestId ? [fact('Request', element('code', { textContent: trace.requestId }))] : []),
    ...(trace.dropped ? [fact('Left out', `${trace.dropped} spans, to keep within the memory that a trace may take`)] : []));
}

function explanation(root, culprit) {
  if (trace.spans.length < 2) return '';
  const share = Math.round(Math.min(culprit.own, root.duration) / Math.max(root.duration, 0.001) * 100);
  return element('p', { className: 'explanation' },
    element('span', {}, element('strong', { textContent: duration(culprit.own) }), `, ${share} % of what the caller waited, went into`),
    element('button', { className: 'link', id: 'slowest', onclick: () => { select(culprit); rowOf(culprit)?.focus(); } }, serviceMark(culprit.service), element('code', { textContent: label(culprit) })));
}

function axis() {
  const made = element('div', { className: 'axis' }, element('span', { className: 'axis-name', textContent: 'Span' }));
  const scale = element('div', { className: 'scale' });
  for (let part = 0; part <= 4; part++) {
    const tick = element('span', { textContent: duration((trace.end - trace.start) * part / 4) });
    tick.style.left = `${part * 25}%`;
    scale.append(tick);
  }
  made.append(scale);
  return made;
}

function logList() {
  if (!trace.logs.length) return '';
  return element('div', { className: 'trace-logs' }, element('h3', { textContent: 'Logs of this trace' }), ...trace.logs.map(logLine));
}

const logLine = line => element('div', { className: `line ${line.level}` },
  element('time', { textContent: `+${duration(Math.max(0, line.time - trace.start))}` }),
  element('span', { className: 'level', textContent: line.level }),
  serviceMark(line.service),
  element('span', { className: 'message', textContent: line.message }));

// ---- the spans -----------------------------------------------------------------------------------------------------

function draw() {
  rows = [];
  const visit = (span, level) => {
    rows.push({ span, level });
    if (!closed.has(span.id)) for (const child of span.children) visit(child, level + 1);
  };
  for (const root of trace.roots) visit(root, 1);
  document.querySelector('.waterfall').replaceChildren(...rows.map(({ span, level }) => row(span, level)));
}

const share = milliseconds => `${milliseconds / (trace.end - trace.start) * 100}%`;

function row(span, level) {
  const parent = span.children.length > 0;
  const twist = element('span', { className: 'twist', textContent: parent ? closed.has(span.id) ? '▸' : '▾' : '', ariaHidden: 'true', onclick: event => { event.stopPropagation(); if (parent) toggle(span); } });
  const name = element('div', { className: 'span-name', role: 'gridcell' }, twist, serviceMark(span.service),
    element('span', { className: 'what', textContent: label(span), title: label(span) }));
  name.style.setProperty('--level', level - 1);
  if (span.logs.length) name.append(element('span', { className: 'log-count', textContent: `${span.logs.length} log${span.logs.length > 1 ? 's' : ''}` }));

  const bar = element('div', { className: `bar-of-span ${tone(span.service)}${span.isError || span.status === 'failed' ? ' error' : ''}` });
  [bar.style.left, bar.style.width] = [share(span.start - trace.start), share(span.duration)];
  const text = element('span', { className: 'bar-text', textContent: duration(span.duration) });
  text.style.left = share(span.end - trace.start);
  const marks = span.logs.map(line => {
    const mark = element('i', { className: `log-mark ${line.level}`, title: `${line.level}: ${line.message}` });
    mark.style.left = share(Math.min(Math.max(line.time, trace.start), trace.end) - trace.start);
    return mark;
  });

  const made = element('div', {
    className: 'span-row', role: 'row', ariaLevel: level, ariaSelected: span === chosen, tabIndex: span === chosen ? 0 : -1,
    ariaLabel: `${span.service}: ${label(span)}, ${duration(span.duration)}`, onclick: () => select(span), onkeydown: event => steer(event, span),
  }, name, element('div', { className: 'span-time', role: 'gridcell' }, bar, ...marks, text));
  if (parent) made.ariaExpanded = String(!closed.has(span.id));
  made.dataset.span = span.id;
  return made;
}

const rowOf = span => document.querySelector(`.span-row[data-span="${CSS.escape(span.id)}"]`);

function select(span) {
  chosen = span;
  for (const other of document.querySelectorAll('.span-row')) {
    other.ariaSelected = String(other.dataset.span === span.id);
    other.tabIndex = other.dataset.span === span.id ? 0 : -1;
  }
  showDetail();
}

function toggle(span) {
  if (!closed.delete(span.id)) closed.add(span.id);
  draw();
}

function steer(event, span) {
  const at = rows.findIndex(other => other.span === span);
  const open = span.children.length > 0 && !closed.has(span.id);
  const to = {
    ArrowDown: () => rows[at + 1]?.span,
    ArrowUp: () => rows[at - 1]?.span,
    Home: () => rows[0].span,
    End: () => rows.at(-1).span,
    ArrowRight: () => { if (span.children.length && !open) toggle(span); return span; },
    ArrowLeft: () => {
      if (!open) return trace.spans.find(other => other.id === span.parent) ?? span;
      toggle(span);
      return span;
    },
  }[event.key];
  if (!to) return;
  event.preventDefault();
  const next = to();
  if (!next) return;
  select(next);
  rowOf(next)?.focus();
}

// ---- one span ------------------------------------------------------------------------------------------------------

function showDetail() {
  const span = chosen;
  const table = pairs => element('table', { className: 'attributes' }, element('tbody', {}, ...pairs.map(([key, value]) => element('tr', {}, element('th', { scope: 'row', textContent: key }), element('td', { textContent: value })))));
  const sql = statement(span);
  const part = (title, ...children) => [element('h4', { textContent: title }), ...children];
  $('span-detail').replaceChildren(
    element('h3', {}, serviceMark(span.service), ' ', span.tool ?? span.name),
    element('dl', { className: 'facts' },
      fact('Took', duration(span.duration)),
      fact('By itself', duration(span.own), 'without what it waited for beneath it'),
      fact('After', duration(span.start - trace.start)),
      fact('Process', span.instance),
      fact('Kind', span.kind)),
    ...(span.isError ? [element('p', { className: 'failure', textContent: span.statusMessage || 'It ended with an error.' })] : []),
    ...(sql ? part('Statement', element('pre', { textContent: sql, tabIndex: 0 })) : []),
    ...(span.logs.length ? part('Logs', ...span.logs.map(logLine)) : []),
    ...(span.attributes.length ? part('Attributes', table(span.attributes.filter(([key]) => key !== 'db.query.text'))) : []),
    ...(span.events.length ? part('Events', table(span.events.map(event => [`+${duration(event.time - span.start)}`, [event.name, ...event.attributes.map(([key, value]) => `${key}: ${value}`)].join('\n')]))) : []));
}
