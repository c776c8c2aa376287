// Finding a trace: the filters, what they find as dots over time and as rows, and the way to the one that is opened.

import { $, choose, duration, element, fill, get, query, repeat, serviceMark, time } from './dom.js';
import { scatter } from './chart.js';
import * as waterfall from './waterfall.js';

// Of each filter the name in the address, which is also the server's.
const filters = { tool: 'trace-tool', service: 'trace-service', status: 'trace-status', min: 'trace-min', max: 'trace-max', minutes: 'trace-minutes', id: 'trace-id' };
let search = null;
// The list as it was left, for the way back to it.
let list = '#/traces';

export function show(path, parameters) {
  hide();
  $('trace-list').hidden = path !== '';
  $('trace-view').hidden = path === '';
  if (path) {
    waterfall.show(path, list);
    return;
  }

  for (const [name, id] of Object.entries(filters)) {
    if ($(id) instanceof HTMLSelectElement) choose($(id), parameters.get(name));
    else if (document.activeElement !== $(id)) $(id).value = parameters.get(name) ?? '';
  }
  $('trace-background').checked = parameters.has('background');
  list = `#/traces${query(asked())}`;
  search = repeat(find, 2000);
}

export function hide() {
  search?.end();
  search = null;
  waterfall.hide();
}

const asked = () => ({ ...Object.fromEntries(Object.entries(filters).map(([name, id]) => [name, $(id).value.trim()])), background: $('trace-background').checked && 'yes' });

async function find(isCurrent) {
  if (!$('trace-live').checked && $('trace-rows').dataset.asked === query(asked())) return;
  const parameters = asked();
  const found = await get('/api/traces', parameters);
  if (!isCurrent()) return;
  $('trace-rows').dataset.asked = query(parameters);
  fill($('trace-tool'), 'any', found.tools);
  fill($('trace-service'), 'any', found.services);
  showRows(found.traces);
  scatter($('trace-map'), found.traces, trace => { location.hash = `#/traces/${trace.id}`; });
  $('trace-note').textContent = [
    found.total === 0 ? 'No trace is like that. They appear a second or two after they happened.'
      : found.total > found.traces.length ? `The newest ${found.traces.length} of ${found.total}; narrow the search to see others.` : '',
    found.dropped ? `${found.dropped.toLocaleString('en')} older traces were dropped, to keep within the memory that they may take.` : '',
  ].filter(Boolean).join(' ');
}

function showRows(traces) {
  const focused = document.activeElement?.closest('#trace-rows tr')?.dataset.id;
  const longest = Math.max(...traces.map(trace => trace.duration), 1);
  $('trace-rows').replaceChildren(...traces.map(trace => row(trace, longest)));
  if (focused) [...$('trace-rows').children].find(tr => tr.dataset.id === focused)?.querySelector('a').focus({ preventScroll: true });
}

function row(trace, longest) {
  const bar = element('span', { className: `took ${trace.status}` });
  bar.style.setProperty('--share', trace.duration / longest);
  const [first, ...others] = trace.tools;
  const made = element('tr', { onclick: () => { location.hash = `#/traces/${trace.id}`; } },
    element('td', { className: 'dim', textContent: time(trace.start), title: new Date(trace.start).toLocaleString() }),
    element('td', {},
      element('a', { className: 'name', href: `#/traces/${trace.id}`, textContent: first ?? trace.name }),
      element('span', { className: 'kind', textContent: others.length ? `and ${others.length} more` : first ? trace.name : '' })),
    element('td', {}, element('span', { className: `outcome ${trace.status}`, textContent: trace.status })),
    element('td', { className: 'duration' }, bar, element('span', { textContent: duration(trace.duration) })),
    element('td', { className: 'services' }, ...trace.services.map(serviceMark)),
    element('td', { className: 'number dim', textContent: trace.spans }));
  made.dataset.id = trace.id;
  return made;
}

function keep() {
  list = `#/traces${query(asked())}`;
  history.replaceState(null, '', list);
  search?.now();
}
for (const id of [...Object.values(filters), 'trace-background']) $(id).oninput = keep;
$('trace-live').onchange = () => search?.now();
