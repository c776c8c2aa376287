// The services' logs: the newest below, with filters, growing while one looks.

import { $, choose, element, fill, get, query, repeat, serviceMark, time } from './dom.js';

const filters = { service: 'log-service', level: 'log-level', text: 'log-text', trace: 'log-trace' };
const mostLines = 2000;
let updates = null;
let last = 0;

export function show(path, parameters) {
  for (const [name, id] of Object.entries(filters)) {
    if ($(id) instanceof HTMLSelectElement) choose($(id), parameters.get(name));
    else if (document.activeElement !== $(id)) $(id).value = parameters.get(name) ?? '';
  }
  restart();
}

export function hide() {
  updates?.end();
  updates = null;
}

const asked = () => Object.fromEntries(Object.entries(filters).map(([name, id]) => [name, $(id).value.trim()]));

function restart() {
  hide();
  last = 0;
  updates = repeat(update, 1000);
}

async function update(isCurrent) {
  if (last && !$('log-live').checked) return;
  const first = last === 0;
  const found = await get('/api/logs', { ...asked(), after: last });
  if (!isCurrent()) return;
  last = found.last;
  fill($('log-service'), 'all', found.services);

  const view = $('log-lines');
  // Who reads further up is not pulled down.
  const follows = first || view.scrollHeight - view.scrollTop - view.clientHeight < 40;
  if (first) view.replaceChildren();
  view.append(...found.records.map(line));
  while (view.childElementCount > mostLines) view.firstChild.remove();
  if (follows && (first || found.records.length)) view.scrollTop = view.scrollHeight;
  $('log-note').textContent = [
    view.childElementCount ? '' : 'No line is like that.',
    found.dropped ? `${found.dropped.toLocaleString('en')} older lines were dropped, to keep within the memory that they may take.` : '',
  ].filter(Boolean).join(' ');
}

function line(record) {
  const more = record.attributes.length
    ? [element('dl', { className: 'values' }, ...record.attributes.flatMap(([key, value]) => [element('dt', { textContent: key }), element('dd', { textContent: value })]))] : [];
  const first = element('summary', { className: `line ${record.level}` },
    element('time', { textContent: time(record.time), title: new Date(record.time).toLocaleString() }),
    element('span', { className: 'level', textContent: record.level }),
    serviceMark(record.service),
    element('span', { className: 'message', textContent: record.message }));
  if (record.trace) first.append(element('a', { href: `#/traces/${record.trace}`, textContent: 'trace' }));
  return element('details', {}, first,
    element('p', { className: 'origin', textContent: `${record.instance} · ${record.category}` }), ...more);
}

const keep = () => { history.replaceState(null, '', `#/logs${query(asked())}`); restart(); };
for (const id of Object.values(filters)) $(id).oninput = keep;
$('log-live').onchange = () => updates?.now();
