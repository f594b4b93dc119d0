// Search and "Try it" on the page of calls, which can be read without. A token that is
// typed in stays in this page: in no store, no address and no cookie; it goes with the page.
(() => {
  'use strict';
  const el = (tag, props, ...kids) => {
    const e = Object.assign(document.createElement(tag), props);
    e.append(...kids);
    return e;
  };
  const nav = document.querySelector('nav');
  const main = document.querySelector('main');
  const base = location.pathname.replace(/\/docs\/?$/, ''); // a proxy may have put this server below a path
  const all = (sel, root) => Array.from(root.querySelectorAll(sel));

  // Where the list stands above the text, its parts are closed at first.
  if (matchMedia('(max-width: 55rem)').matches) all('details', nav).forEach((d) => { d.open = false; });

  // Search: every word has to stand in what is said of a call or a type.
  const plain = (text) => text.toLowerCase().replace(/\s+/g, ' ');
  const entries = all('li', nav).map((li) => {
    const section = document.getElementById(li.querySelector('a').hash.slice(1));
    return { li, group: li.closest('details'), words: plain(li.textContent + ' ' + all('h3, p, td', section).map((x) => x.textContent).join(' ')) };
  });
  const groups = all('details', nav).map((d) => ({ d, open: d.open }));
  const box = el('input', { type: 'search', id: 'search', placeholder: 'Search', autocomplete: 'off', spellcheck: false });
  box.setAttribute('aria-label', 'Search calls and types');
  box.setAttribute('aria-keyshortcuts', '/');
  const found = el('p', { className: 'found', role: 'status' });
  const search = () => {
    const words = plain(box.value).split(' ').filter(Boolean);
    let n = 0;
    for (const e of entries) {
      e.li.hidden = !words.every((w) => e.words.includes(w));
      if (!e.li.hidden) n++;
    }
    for (const g of groups) {
      g.d.hidden = words.length > 0 && all('li', g.d).every((li) => li.hidden);
      g.d.open = words.length > 0 ? !g.d.hidden : g.open;
    }
    found.textContent = words.length === 0 ? '' : n === 0 ? 'Nothing has all of these words.' : n + ' found';
  };
  box.addEventListener('input', search);
  box.addEventListener('keydown', (ev) => {
    if (ev.key === 'Escape') { box.value = ''; search(); }
    if (ev.key !== 'Enter' || box.value === '') return;
    const first = entries.find((e) => !e.li.hidden);
    if (first) first.li.querySelector('a').click();
  });
  document.addEventListener('keydown', (ev) => {
    if (ev.key !== '/' || ev.ctrlKey || ev.metaKey || ev.altKey || /^(input|textarea|select)$/i.test(ev.target.tagName)) return;
    ev.preventDefault();
    box.focus();
  });
  document.getElementById('find').append(box, found);

  // The token, once for all calls.
  let number = 0;
  const labelled = (name, input, note) => {
    input.id = 'try-' + (++number);
    const label = el('label', { htmlFor: input.id, textContent: name });
    if (!note) return el('div', { className: 'field' }, label, input);
    const hint = el('small', { id: input.id + '-note', textContent: note });
    input.setAttribute('aria-describedby', hint.id);
    return el('div', { className: 'field' }, label, input, hint);
  };
  const typed = (props) => el('input', Object.assign({ type: 'text', autocomplete: 'off', spellcheck: false, autocapitalize: 'off' }, props));
  const token = typed({ type: 'password', className: 'token' });
  document.getElementById('token').append(
    labelled('Token for “Try it”', token, 'It stays in this page alone, and is gone when you leave or reload it. What you try is done, on this server.'));

  // A call as it is sent. An address is made of what was typed in, part by part.
  const part = /\{([A-Za-z_]+)(\.\.\.)?\}/g;
  const tryIt = (section, details) => {
    const { method, path, type, body, access } = section.dataset;
    const fill = {};
    const asks = {};
    const form = el('form', {});
    for (const [, name] of path.matchAll(part)) {
      fill[name] = typed({ required: true });
      form.append(labelled(name, fill[name]));
    }
    for (const name of (section.dataset.query || '').split(' ').filter(Boolean)) {
      asks[name] = typed({});
      form.append(labelled(name, asks[name]));
    }
    const text = type && el('textarea', { defaultValue: body, rows: Math.min(body.split('\n').length + 1, 16), spellcheck: false });
    if (text) form.append(labelled('Body', text, type));
    const send = el('button', { type: 'submit', textContent: method === 'GET' ? 'Send' : 'Send ' + method });
    const status = el('p', { role: 'status' });
    const heads = el('pre', { tabIndex: 0, hidden: true });
    const answer = el('pre', { tabIndex: 0, hidden: true });
    heads.setAttribute('aria-label', 'Headers of the answer');
    answer.setAttribute('aria-label', 'Answer');
    form.append(send, status, heads, answer);
    details.append(form);
    const quiet = () => { heads.hidden = answer.hidden = true; heads.textContent = answer.textContent = ''; };
    addEventListener('pagehide', () => { form.reset(); quiet(); status.textContent = ''; });

    form.addEventListener('submit', async (ev) => {
      ev.preventDefault();
      quiet();
      if (access !== 'public' && token.value.trim() === '') {
        status.textContent = 'This call needs a token: paste one above.';
        token.focus();
        return;
      }
      const query = new URLSearchParams(Object.entries(asks).map(([k, x]) => [k, x.value.trim()]).filter(([, v]) => v !== ''));
      const to = base + path.replace(part, (_, name, rest) => fill[name].value.trim().split(rest ? '/' : '\0').map(encodeURIComponent).join('/')) + (query.size ? '?' + query : '');
      const headers = {};
      if (text) headers['Content-Type'] = type;
      try {
        if (token.value.trim() !== '') headers.Authorization = 'Bearer ' + token.value.trim();
        send.disabled = true;
        status.textContent = 'Waiting…';
        const began = performance.now();
        const r = await fetch(to, { method, headers, body: text ? text.value : undefined, credentials: 'omit', cache: 'no-store', redirect: 'manual', referrerPolicy: 'no-referrer', signal: AbortSignal.timeout(30000) });
        const said = await r.text();
        status.textContent = r.status + ' ' + r.statusText + ' in ' + Math.round(performance.now() - began) + ' ms';
        heads.textContent = Array.from(r.headers, ([k, v]) => k + ': ' + v).join('\n');
        let shown = said;
        try { shown = JSON.stringify(JSON.parse(said), null, 2); } catch { /* it is no JSON */ }
        const most = 200000;
        answer.textContent = shown.length > most ? shown.slice(0, most) + '\n… cut here; ' + shown.length + ' characters in all' : shown;
        heads.hidden = heads.textContent === '';
        answer.hidden = shown === '';
      } catch (e) {
        status.textContent = e.name === 'TimeoutError' ? 'No answer within 30 seconds.' : 'It could not be sent: ' + e.message;
      } finally {
        send.disabled = false;
      }
    });
  };
  for (const details of all('details.try', main)) {
    details.addEventListener('toggle', () => tryIt(details.parentElement, details), { once: true });
  }
  addEventListener('pagehide', () => { token.value = ''; }); // a page that is come back to has forgotten it
})();
