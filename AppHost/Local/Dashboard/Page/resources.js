// The resources: what runs, in which state, what each writes to its console, its environment. State comes as server-sent events; the
// only calls that change something carry a header that another site's form could not send.

import { $, element } from './dom.js';

const mostLines = 3000;

let resources = [];
let chosen = null;
let logStream = null;

// ---- resources -----------------------------------------------------------------------------------------------------

const states = {
  Waiting: ['busy', 'waiting'],
  Starting: ['busy', 'starting'],
  Restarting: ['busy', 'starting again'],
  Stopping: ['busy', 'stopping'],
  Stopped: ['', 'stopped'],
};

function state(resource) {
  const [tone, text] = resource.state === 'Running'
    ? resource.healthy ? ['good', 'healthy'] : ['bad', 'not healthy']
    : states[resource.state];
  const title = resource.state === 'Waiting' && resource.waitsFor.length ? `for ${resource.waitsFor.join(', ')}` : '';
  return element('span', { className: `state ${tone}`, textContent: text, title });
}

function since(instant) {
  if (!instant) return '';
  const seconds = Math.max(0, Math.round((Date.now() - new Date(instant)) / 1000));
  return seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
}

function address(resource) {
  if (!resource.address?.startsWith('http')) return [resource.address ?? ''];
  const link = (href, text) => element('a', { href, textContent: text, target: '_blank', rel: 'noreferrer', onclick: event => event.stopPropagation() });
  return [link(resource.address, resource.address.replace('http://', '')), ...resource.links.map(other => link(other.url, other.text))];
}

function actions(resource) {
  const stopped = resource.state === 'Stopped';
  const button = (command, label, enabled) => element('button', {
    textContent: label,
    disabled: !enabled,
    onclick: async event => {
      event.stopPropagation();
      event.target.disabled = true;
      await fetch(`/api/resources/${encodeURIComponent(resource.name)}/${command}`, { method: 'POST', headers: { 'X-MedCor-Dashboard': '1' } });
    },
  });
  const settled = resource.state !== 'Stopping';
  return [stopped ? button('start', 'Start', true) : button('stop', 'Stop', settled), button('restart', 'Restart', settled && !stopped)];
}

function row(resource) {
  const made = element('tr', { className: resource.name === chosen ? 'chosen' : '', onclick: () => choose(resource.name) },
    element('td', {}, element('button', { className: 'name', textContent: resource.name }), element('span', { className: 'kind', textContent: resource.kind })),
    element('td', {}, state(resource)),
    element('td', {}, ...address(resource)),
    element('td', { className: 'dim', textContent: since(resource.since) }),
    element('td', { className: resource.restarts ? 'number' : 'number dim', textContent: resource.restarts }),
    element('td', { className: 'number dim', textContent: resource.exitCode ?? '–' }),
    element('td', { className: 'number dim', textContent: resource.pid ?? '–' }),
    element('td', { className: 'actions' }, ...actions(resource)));
  made.dataset.name = resource.name;
  return made;
}

function showResources() {
  const focused = document.activeElement?.closest('tr')?.dataset.name;
  const index = focused ? [...document.activeElement.closest('tr').querySelectorAll('button, a')].indexOf(document.activeElement) : -1;
  $('rows').replaceChildren(...resources.map(row));
  if (focused) [...$('rows').children].find(tr => tr.dataset.name === focused)?.querySelectorAll('button, a')[index]?.focus();

  const healthy = resources.filter(resource => resource.healthy).length;
  $('summary').textContent = healthy === resources.length ? `all ${healthy} healthy` : `${healthy} of ${resources.length} healthy`;
  $('summary').className = healthy === resources.length ? 'all' : '';
}

/** Telemetry that the host was told to send elsewhere is not here. */
function tellWhereTelemetryGoes(address) {
  $('elsewhere').hidden = !address;
  $('elsewhere').textContent = `Telemetry goes to ${address}, as the host was told when it was started; what is shown here is of before.`;
}

const stateStream = new EventSource('/api/resources');
stateStream.onmessage = event => {
  const message = JSON.parse(event.data);
  resources = message.resources;
  $('lost').hidden = true;
  showResources();
  tellWhereTelemetryGoes(message.telemetryGoesTo);
};
stateStream.onerror = () => { $('lost').hidden = false; };
setInterval(() => {
  for (const [index, tr] of [...$('rows').children].entries()) tr.children[3].textContent = since(resources[index].since);
}, 1000);

// ---- one resource: console and environment -------------------------------------------------------------------------

function choose(name) {
  chosen = name;
  for (const tr of $('rows').children) tr.classList.toggle('chosen', tr.dataset.name === name);
  $('detail').hidden = !name;
  logStream?.close();
  logStream = null;
  if (!name) return;

  $('detail-name').textContent = name;
  $('console').replaceChildren();
  logStream = new EventSource(`/api/resources/${encodeURIComponent(name)}/log`);
  logStream.onopen = () => $('console').replaceChildren();
  logStream.onmessage = event => addLines(JSON.parse(event.data));
  loadEnvironment(name);
}

let tone = '';
function toneOf(line) {
  if (line.startsWith('(host)')) return 'host';
  if (/^(fail|crit)\b|\[error\]|\b(ERROR|FATAL|PANIC):/.test(line)) return tone = 'fail';
  if (/^warn\b|\[warning\]|\bWARNING:/.test(line)) return tone = 'warn';
  // .NET writes a message indented beneath its level.
  return line.startsWith('      ') ? tone : tone = '';
}

function addLines(lines) {
  const view = $('console');
  const plain = lines.map(line => line.replace(/\x1b\[[0-9;]*[A-Za-z]/g, ''));
  view.append(...plain.map(line => element('div', { textContent: line || ' ', className: toneOf(line), hidden: !matches(line) })));
  while (view.childElementCount > mostLines) view.firstChild.remove();
  if ($('follow').checked) view.scrollTop = view.scrollHeight;
}

async function loadEnvironment(name) {
  const response = await fetch(`/api/resources/${encodeURIComponent(name)}/environment`);
  if (!response.ok || name !== chosen) return;
  const variables = await response.json();
  $('environment').querySelector('tbody').replaceChildren(...variables.map(variable => element('tr', { hidden: !matches(variable.name) },
    element('td', { textContent: variable.name }),
    variable.isSecret ? element('td', { className: 'dim', textContent: '••••••••', title: 'secret: it does not leave the host' }) : element('td', { textContent: variable.value }))));
}

const matches = text => text.toLowerCase().includes($('filter').value.toLowerCase());

$('filter').oninput = () => {
  for (const line of $('console').children) line.hidden = !matches(line.textContent);
  for (const tr of $('environment').querySelectorAll('tr')) tr.hidden = !matches(tr.firstChild.textContent);
};
$('close').onclick = () => choose(null);
$('console').onwheel = event => { if (event.deltaY < 0) $('follow').checked = false; };
$('follow').onchange = () => { if ($('follow').checked) $('console').scrollTop = $('console').scrollHeight; };

// ---- tabs ----------------------------------------------------------------------------------------------------------

for (const tab of $('detail').querySelectorAll('[role=tab]')) {
  tab.onclick = () => {
    for (const other of tab.parentElement.children) {
      other.setAttribute('aria-selected', other === tab);
      $(other.getAttribute('aria-controls')).hidden = other !== tab;
    }
    $('follow-label').hidden = $('console').hidden;
    if (tab.id === 'tab-environment') loadEnvironment(chosen);
  };
}

const asked = new URLSearchParams(location.search).get('resource');
if (asked) choose(asked);

export function show() {}

export function hide() {}
