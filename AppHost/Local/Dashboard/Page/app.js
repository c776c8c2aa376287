// The page: which view is shown, and light or dark. A view is a module with show(path, parameters), called whenever the address
// changes within it, and hide(). The address has all that a view shows, so that it can be kept and sent on.

import { $ } from './dom.js';
import * as resources from './resources.js';
import * as traces from './traces.js';
import * as logs from './logs.js';
import * as metrics from './metrics.js';

const views = { resources, traces, logs, metrics };
let shown = null;

function navigate() {
  const [path, parameters] = location.hash.replace(/^#\//, '').split('?');
  const [name, ...rest] = path.split('/');
  const known = name in views ? name : 'resources';
  if (shown !== known) {
    if (shown) views[shown].hide();
    shown = known;
    for (const section of document.querySelectorAll('main > section')) section.hidden = section.id !== known;
    for (const link of document.querySelectorAll('header nav a')) {
      if (link.hash === `#/${known}`) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }
  views[known].show(rest.join('/'), new URLSearchParams(parameters));
}

addEventListener('hashchange', navigate);
navigate();

const theme = localStorage.getItem('theme');
if (theme) document.documentElement.dataset.theme = theme;
$('theme').onclick = () => {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  localStorage.setItem('theme', document.documentElement.dataset.theme = dark ? 'light' : 'dark');
};
