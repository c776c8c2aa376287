// Charts, drawn as SVG at the size that they have: lines, stacked bars, and dots of traces over time.

import { duration, element, time, timeBySeconds } from './dom.js';

const margin = { top: 12, right: 14, bottom: 24, left: 58 };

const shape = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

// Charts are drawn anew when their room changes.
const drawn = new WeakMap();
const room = new ResizeObserver(entries => entries.forEach(entry => drawn.get(entry.target)?.()));

function draw(figure, paint) {
  if (!drawn.has(figure)) room.observe(figure);
  drawn.set(figure, () => { if (figure.clientWidth > 0) paint(figure.clientWidth - 32); });
  drawn.get(figure)();
}

/** Steps of 1, 2 or 5 by a power of ten, so that about that many reach the largest. */
function ticks(largest, many) {
  const rough = largest / many;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find(factor => factor * power >= rough) * power;
  return Array.from({ length: Math.ceil(largest / step - 1e-9) + 1 }, (_, index) => index * step);
}

/** A chart of series over time; values are null where there is none. What is beneath the pointer, or reached by arrow keys, is read out. */
export function chart(figure, { title, unit = '', description = '', kind, begin, part, series, format }) {
  const parts = series[0]?.values.length ?? 0;
  const any = series.some(one => one.values.some(value => value !== null)) && (kind === 'lines' || series.some(one => one.values.some(value => value > 0)));
  const total = at => series.reduce((sum, one) => sum + (one.values[at] ?? 0), 0);
  const largest = Math.max(...(kind === 'bars' ? Array.from({ length: parts }, (_, at) => total(at)) : series.flatMap(one => one.values.map(value => value ?? 0))), 1e-9);
  const focused = figure.contains(document.activeElement);
  const height = 210;

  draw(figure, width => {
    const scale = ticks(largest > 1e-6 ? largest : 1, 4);
    const x = at => margin.left + (width - margin.left - margin.right) * at / Math.max(parts, 1);
    const y = value => height - margin.bottom - (height - margin.top - margin.bottom) * value / scale.at(-1);
    const svg = shape('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', tabindex: 0, 'aria-label': any ? `${title}: ${summary()}` : `${title}: nothing yet` });

    for (const value of scale) {
      svg.append(shape('line', { class: 'grid', x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }));
      svg.append(shape('text', { class: 'tick', x: margin.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, format(value)));
    }
    const steps = width < 480 ? 2 : 4; // on a telephone four times would run into each other
    for (let step = 0; step <= steps && parts; step++) {
      const anchor = step === 0 ? 'start' : step === steps ? 'end' : 'middle';
      svg.append(shape('text', { class: 'tick', x: x(parts * step / steps), y: height - 6, 'text-anchor': anchor }, timeBySeconds(begin + part * parts * step / steps)));
    }

    if (kind === 'bars') bars();
    else lines();
    const cursor = shape('line', { class: 'cursor', y1: margin.top, y2: height - margin.bottom, visibility: 'hidden' });
    svg.append(cursor);
    if (!any) svg.append(shape('text', { class: 'nothing', x: (width + margin.left) / 2, y: height / 2, 'text-anchor': 'middle' }, 'nothing yet'));

    const readout = element('output', { className: 'readout' });
    let place = parts - 1;
    const read = at => {
      place = Math.min(Math.max(at, 0), parts - 1);
      cursor.setAttribute('x1', x(place + 0.5));
      cursor.setAttribute('x2', x(place + 0.5));
      cursor.setAttribute('visibility', 'visible');
      readout.textContent = `${timeBySeconds(begin + part * place)}  ${series.filter(one => one.values[place] !== null).map(one => `${one.name} ${format(one.values[place])}`).join(' · ')}`;
    };
    const leave = () => {
      cursor.setAttribute('visibility', 'hidden');
      readout.textContent = unit;
    };
    leave();
    if (any) {
      svg.onpointermove = event => read(Math.floor((event.clientX - svg.getBoundingClientRect().left - margin.left) / (width - margin.left - margin.right) * parts));
      svg.onpointerleave = leave;
      svg.onblur = leave;
      svg.onkeydown = event => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        event.preventDefault();
        read(place + (event.key === 'ArrowLeft' ? -1 : 1));
      };
    }

    figure.replaceChildren(element('figcaption', {}, element('strong', { textContent: title, title: description }), readout), svg, legend());
    if (focused) svg.focus({ preventScroll: true });

    function bars() {
      const wide = Math.max(1, x(1) - x(0) - 1.5);
      for (let at = 0; at < parts; at++) {
        let below = 0;
        for (const one of series) {
          const value = one.values[at] ?? 0;
          if (value > 0) svg.append(shape('rect', { class: one.tone, x: x(at), width: wide, y: y(below + value), height: Math.max(0.5, y(below) - y(below + value)) }));
          below += value;
        }
      }
    }

    function lines() {
      for (const one of series) {
        let path = '';
        one.values.forEach((value, at) => {
          if (value === null) return;
          const goesOn = at > 0 && one.values[at - 1] !== null;
          path += `${goesOn ? 'L' : 'M'}${x(at + 0.5).toFixed(1)},${y(value).toFixed(1)}`;
          // A value alone makes no line.
          if (!goesOn && (one.values[at + 1] ?? null) === null) svg.append(shape('circle', { class: one.tone, cx: x(at + 0.5), cy: y(value), r: 2.5 }));
        });
        svg.append(shape('path', { class: `line ${one.tone}`, d: path }));
      }
    }
  });

  function summary() {
    return series.map(one => [one.name, one.values.filter(value => value !== null).at(-1)]).filter(([, value]) => value !== undefined).map(([name, value]) => `${name} ${format(value)}`).join(', ');
  }

  function legend() {
    const most = 8;
    const shown = series.slice(0, most).map(one => element('span', { className: one.tone, textContent: one.name }));
    if (series.length > most) shown.push(element('span', { className: 'more', textContent: `and ${series.length - most} more` }));
    return element('div', { className: 'legend' }, ...shown);
  }
}

/** Traces as dots: the later the further right, the longer the higher, by powers of ten. For the pointer alone: the rows beneath say the same. */
export function scatter(figure, traces, open) {
  figure.hidden = traces.length < 2;
  const height = 130;
  draw(figure, width => {
    const [first, last] = [Math.min(...traces.map(trace => trace.start)), Math.max(...traces.map(trace => trace.start))];
    const power = milliseconds => Math.log10(Math.max(milliseconds, 0.1));
    const [low, high] = [Math.floor(Math.min(...traces.map(trace => power(trace.duration)))), Math.ceil(Math.max(...traces.map(trace => power(trace.duration))) + 0.01)];
    const x = start => margin.left + 6 + (width - margin.left - margin.right - 12) * (start - first) / Math.max(last - first, 1);
    const y = milliseconds => height - margin.bottom - (height - margin.top - margin.bottom) * (power(milliseconds) - low) / (high - low);
    const svg = shape('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
    for (let tick = low; tick <= high; tick++) {
      svg.append(shape('line', { class: 'grid', x1: margin.left, x2: width - margin.right, y1: y(10 ** tick), y2: y(10 ** tick) }));
      svg.append(shape('text', { class: 'tick', x: margin.left - 8, y: y(10 ** tick) + 4, 'text-anchor': 'end' }, duration(10 ** tick).replace(/\.0+ /, ' ')));
    }
    svg.append(shape('text', { class: 'tick', x: margin.left, y: height - 6 }, timeBySeconds(first)));
    svg.append(shape('text', { class: 'tick', x: width - margin.right, y: height - 6, 'text-anchor': 'end' }, timeBySeconds(last)));
    // The oldest first, so that what is new is on top.
    for (const trace of [...traces].reverse()) {
      const dot = shape('circle', { class: `dot ${trace.status}`, cx: x(trace.start), cy: y(trace.duration), r: 4.5 }, shape('title', {}, `${trace.tools[0] ?? trace.name}, ${duration(trace.duration)}, ${time(trace.start)}`));
      dot.onclick = () => open(trace);
      svg.append(dot);
    }
    figure.replaceChildren(svg);
  });
}
