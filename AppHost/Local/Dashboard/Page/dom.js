// What all views share: elements, requests, times. Whatever came from a service gets into the page as text alone.

export const $ = id => document.getElementById(id);

export const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

export const option = (value, text = value) => element('option', { value, textContent: text });

/** Fills a select with a first option and these values, and keeps what is chosen; what a link asked for may not have come yet. */
export function fill(select, first, values) {
  const chosen = select.value;
  const all = [...new Set([...values, chosen])].filter(Boolean).sort();
  if (select.dataset.values === all.join('\n') && select.childElementCount) return;
  select.dataset.values = all.join('\n');
  select.replaceChildren(option('', first), ...all.map(value => option(value)));
  select.value = chosen;
}

/** Sets a select's value, also to one that it does not have yet. */
export function choose(select, value) {
  if (value && ![...select.options].some(one => one.value === value)) select.append(option(value));
  select.value = value ?? '';
}

export const query = parameters => {
  const given = Object.entries(parameters).filter(([, value]) => value !== '' && value !== null && value !== undefined && value !== false);
  return given.length ? `?${new URLSearchParams(given)}` : '';
};

export async function get(path, parameters = {}) {
  const response = await fetch(path + query(parameters));
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${path} answered ${response.status}.`);
  return response.json();
}

/** Does something now, and again a pause after it has ended, while the page is looked at. Returns what ends it, and what does it at once. */
export function repeat(action, pause) {
  let [timer, run] = [0, 0];
  const next = async () => {
    const mine = ++run;
    clearTimeout(timer);
    try {
      if (!document.hidden) {
        await action(() => mine === run);
        $('lost').hidden = true;
      }
    } catch (error) {
      console.warn(error);
      $('lost').hidden = false;
    }
    if (mine === run) timer = setTimeout(next, pause);
  };
  next();
  return {
    now: next,
    end: () => {
      run++;
      clearTimeout(timer);
    },
  };
}

export const duration = milliseconds => milliseconds === null || milliseconds === undefined ? '–'
  : milliseconds === 0 ? '0'
  : milliseconds < 1 ? `${milliseconds.toFixed(2)} ms`
  : milliseconds < 10 ? `${milliseconds.toFixed(1)} ms`
  : milliseconds < 1000 ? `${Math.round(milliseconds)} ms`
  : milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(2)} s`
  : `${Math.floor(milliseconds / 60_000)} min ${Math.round(milliseconds % 60_000 / 1000)} s`;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 });
const clockBySeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const time = milliseconds => clock.format(milliseconds);
export const timeBySeconds = milliseconds => clockBySeconds.format(milliseconds);

// A service has the same colour everywhere.
const services = ['gateway', 'identity', 'hospital', 'clinical', 'billing', 'analytics', 'chat'];
export function tone(service) {
  if (!services.includes(service)) services.push(service);
  return `tone-${services.indexOf(service) % 8}`;
}

export const serviceMark = service => element('span', { className: `service ${tone(service)}`, textContent: service });

/** What is said where there is nothing to see, or not all. */
export const note = (text, className = 'note') => element('p', { className, textContent: text });
