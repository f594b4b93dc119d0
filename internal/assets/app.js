// What this file adds is comfort: every page works without it.
(() => {
  'use strict';
  const all = (sel, root) => Array.from((root || document).querySelectorAll(sel));
  const live = document.getElementById('live');
  const say = (text) => {
    if (!live) return;
    const p = document.createElement('p');
    p.className = 'sr';
    p.textContent = text;
    live.append(p);
    setTimeout(() => p.remove(), 4000);
  };

  const show = (text) => {
    if (!live) return;
    const p = document.createElement('p');
    p.className = 'notice warn';
    p.textContent = text;
    live.replaceChildren(p);
  };

  // Times in the reader's own zone and way of writing.
  const localTimes = (root) => all('time[datetime]', root).forEach((el) => {
    const d = new Date(el.getAttribute('datetime'));
    if (isNaN(d)) return;
    el.title = d.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' });
    if ('exact' in el.dataset) el.textContent = d.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  });

  const copied = (button, what) => {
    const label = button.querySelector('[data-label]') || button;
    const was = label.textContent;
    label.textContent = 'Copied';
    button.classList.add('did');
    say(what + ' copied');
    setTimeout(() => { label.textContent = was; button.classList.remove('did'); }, 1800);
  };
  const put = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    throw new Error('no clipboard');
  };
  document.addEventListener('click', async (e) => {
    const b = e.target.closest('[data-copy],[data-copy-from],[data-copy-reveal]');
    if (!b) return;
    e.preventDefault();
    const what = b.dataset.what || 'Text';
    try {
      if (b.dataset.copyReveal) {
        const r = await fetch(b.dataset.copyReveal, { method: 'POST', headers: { Accept: 'text/plain' } });
        if (!r.ok) throw new Error('refused');
        await put(await r.text());
      } else if (b.dataset.copyFrom) {
        await put(document.querySelector(b.dataset.copyFrom).textContent.trim());
      } else {
        await put(b.dataset.copy);
      }
      copied(b, what);
    } catch {
      const from = b.dataset.copyFrom && document.querySelector(b.dataset.copyFrom);
      if (from) getSelection().selectAllChildren(from);
      say('Could not copy; select the text and copy it yourself');
    }
  });

  // A secret leaves the page with its reader.
  const secret = document.querySelector('[data-secret-page]');
  if (secret) {
    history.replaceState(null, '', secret.dataset.secretPage);
    addEventListener('pagehide', () => all('[data-secret]').forEach((el) => { el.textContent = ''; }));
    addEventListener('pageshow', (e) => { if (e.persisted) location.reload(); });
  }

  // What a row of a list does is answered in place: the list, and what is said of it, are those
  // of the page that would follow. Any other answer takes the place of the page.
  document.addEventListener('submit', async (e) => {
    const f = e.target;
    const list = document.getElementById('list');
    if (!f.matches('[data-in-place]') || !list || !live || f.dataset.sent) return;
    e.preventDefault();
    const r = await fetch(f.action, { method: 'POST', body: new URLSearchParams(new FormData(f)) }).catch(() => null);
    if (!r) { delete f.dataset.sent; show('The server did not answer. Try it again.'); return; }
    const page = new DOMParser().parseFromString(await r.text(), 'text/html');
    const rows = page.getElementById('list');
    if (!r.ok || !rows) {
      document.querySelector('main').replaceWith(page.querySelector('main'));
      document.querySelector('main').focus();
      return;
    }
    list.replaceWith(rows);
    if (window.htmx) window.htmx.process(rows);
    live.replaceChildren(...page.getElementById('live').childNodes);
    localTimes(rows);
    selection();
    const next = live.querySelector('button') || live.firstElementChild;
    if (!next) return;
    next.tabIndex = next.tabIndex < 0 ? -1 : next.tabIndex;
    next.focus({ preventScroll: true });
  });

  // What a field cannot take is said beside it, in the words of the page: the bubble of a browser
  // goes away by itself, speaks its own language and is not read out everywhere.
  const lack = (el) => {
    const v = el.validity;
    if (v.valueMissing) return el.type === 'radio' || el.type === 'checkbox' || el.tagName === 'SELECT' ? 'Choose one.' : 'Fill this in.';
    if (v.typeMismatch) return el.type === 'url' ? 'This is not an address. It begins with https://' : 'This is not an e-mail address.';
    if (v.rangeUnderflow) return 'At least ' + el.min + '.';
    if (v.rangeOverflow) return 'At most ' + el.max + '.';
    if (v.tooLong) return 'At most ' + el.maxLength + ' characters.';
    if (v.patternMismatch && 'slug' in el.dataset) return 'Lower case letters, digits and hyphens, beginning with a letter or a digit.';
    if (v.badInput || v.stepMismatch) return 'This is not a value that the field takes.';
    return 'This does not look as it must.';
  };
  const settle = (el) => {
    const said = el.id && document.getElementById('lack-' + el.id);
    if (!said) return;
    said.remove();
    el.removeAttribute('aria-invalid');
    if (el.dataset.described) el.setAttribute('aria-describedby', el.dataset.described); else el.removeAttribute('aria-describedby');
  };
  let fields = 0;
  document.addEventListener('invalid', (e) => {
    const el = e.target;
    e.preventDefault();
    if (!el.id) el.id = 'field-' + ++fields;
    if (!document.getElementById('lack-' + el.id)) {
      const said = document.createElement('small');
      said.className = 'wrong';
      said.id = 'lack-' + el.id;
      el.dataset.described = el.getAttribute('aria-describedby') || '';
      el.setAttribute('aria-describedby', (said.id + ' ' + el.dataset.described).trim());
      el.setAttribute('aria-invalid', 'true');
      (el.closest('.secret-field') || el.closest('label') || el).after(said);
    }
    document.getElementById('lack-' + el.id).textContent = lack(el);
    const first = el.form && el.form.querySelector(':invalid:not(fieldset)');
    if (first === el || !el.form) el.focus();
  }, true);
  document.addEventListener('input', (e) => settle(e.target));
  document.addEventListener('change', (e) => settle(e.target));

  // A name becomes what a short name may be while it is typed, and fills one that was not touched.
  const slugOf = (text, also) => text.replace(/ß/g, 'ss').normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase()
    .replace(also ? /[^a-z0-9._]+/g : /[^a-z0-9]+/g, '-').replace(/^[^a-z0-9]+/, '').slice(0, 63);
  document.addEventListener('input', (e) => {
    const el = e.target;
    if (e.isComposing || !el.dataset) return;
    if ('slug' in el.dataset) {
      const at = el.selectionStart, was = el.value, also = el.dataset.slug !== '';
      el.value = slugOf(was, also);
      const to = slugOf(was.slice(0, at), also).length;
      el.setSelectionRange(to, to);
      el.dataset.own = el.value ? '1' : '';
    }
    const into = el.dataset.slugFor && document.getElementById(el.dataset.slugFor);
    if (into && !into.dataset.own) { into.value = slugOf(el.value).replace(/-$/, ''); settle(into); }
  });

  // A password can be looked at by whoever types it, until it is sent.
  all('input[type="password"]').forEach((box) => {
    const wrap = document.createElement('span');
    wrap.className = 'secret-field';
    box.replaceWith(wrap);
    const eye = document.createElement('button');
    eye.type = 'button';
    eye.className = 'secondary small';
    const turn = (open) => {
      box.type = open ? 'text' : 'password';
      eye.textContent = open ? 'Hide' : 'Show';
      eye.setAttribute('aria-pressed', open);
    };
    eye.setAttribute('aria-label', 'Show the password');
    eye.addEventListener('click', () => turn(box.type === 'password'));
    if (box.form) box.form.addEventListener('submit', () => turn(false));
    turn(false);
    const had = box === document.activeElement;
    wrap.append(box, eye);
    if (had || box.autofocus) box.focus();
  });

  // One click is enough.
  document.addEventListener('submit', (e) => {
    const f = e.target;
    if (f.method !== 'post') return;
    if (f.dataset.sent) { e.preventDefault(); return; }
    f.dataset.sent = '1';
    setTimeout(() => delete f.dataset.sent, 8000);
  });
  addEventListener('pageshow', () => all('form[data-sent]').forEach((f) => delete f.dataset.sent));

  document.addEventListener('change', (e) => {
    const t = e.target;
    if (t.closest('[data-autosubmit]')) t.form.requestSubmit();
    if (t.matches('[data-select-all]')) {
      all('input[name="id"]').forEach((box) => { if (!box.disabled) box.checked = t.checked; });
    }
    if (t.matches('[data-select-all],[data-all],input[name="id"]')) selection();
  });
  const selection = () => {
    const n = all('input[name="id"]:checked').length;
    const every = !!document.querySelector('[data-all]:checked');
    all('[data-selected]').forEach((el) => { el.textContent = every ? 'All selected' : n ? n + ' selected' : 'Select tokens to act on several at once'; });
    all('[data-needs-selection]').forEach((el) => { el.disabled = n === 0 && !every; });
  };
  if (document.querySelector('[data-needs-selection]')) selection();

  // A token that is pasted into a search never becomes part of an address: it is taken out of the
  // field before anything reads it, and sent to the desk that looks it up.
  const secretLike = /[a-z0-9]{3,}_[0-9A-Za-z]{24,}/;
  const inAddress = (box) => box.form ? box.form.method === 'get' : false;
  document.addEventListener('input', (e) => {
    const box = e.target;
    if (!box.matches || !box.matches('input') || !inAddress(box) || !secretLike.test(box.value)) return;
    e.stopImmediatePropagation();
    const text = box.value;
    const at = box.dataset.noToken || (document.querySelector('[data-no-token]') || { dataset: {} }).dataset.noToken;
    box.value = '';
    if (!at) { show('That is a token: it was taken out of the field and sent nowhere. Give it to nobody.'); return; }
    say('That is a token: it is looked up, and not searched for');
    const f = document.createElement('form');
    f.method = 'post';
    f.action = at;
    f.hidden = true;
    const t = document.createElement('textarea');
    t.name = 'text';
    t.value = text;
    f.append(t);
    document.body.append(f);
    f.submit();
  }, true);

  // Find a scope while typing.
  all('[data-filter]').forEach((box) => {
    box.closest('.field').hidden = false;
    box.addEventListener('keydown', (e) => { if (e.key === 'Enter') e.preventDefault(); }); // it finds, and sends nothing
    box.addEventListener('input', () => {
      const want = box.value.trim().toLowerCase();
      all(box.dataset.filter).forEach((el) => { el.hidden = want !== '' && !el.textContent.toLowerCase().includes(want); });
      all('fieldset.group').forEach((g) => {
        g.hidden = !all('[data-scope]', g).some((el) => !el.hidden);
        const d = g.closest('details');
        if (d && want) d.open = true;
      });
    });
  });

  // Parts of a form that a choice brings up.
  const is = (asked) => {
    const [name, value] = asked.split('=');
    return all('[name="' + name + '"]').some((i) => (i.type === 'radio' ? i.checked && i.value === value : i.value === value));
  };
  const follow = () => {
    all('[data-when]').forEach((el) => { el.hidden = !is(el.dataset.when); });
    all('[data-unless]').forEach((el) => { el.hidden = is(el.dataset.unless); });
  };
  document.addEventListener('change', follow);
  follow();

  // What the token in the form would do, in a sentence that the server writes.
  const draft = document.querySelector('form[data-summary]');
  let asked = 0;
  if (draft) draft.addEventListener('change', async () => {
    const mine = ++asked;
    const r = await fetch(draft.dataset.summary, { method: 'POST', body: new URLSearchParams(new FormData(draft)) });
    if (!r.ok) return;
    const html = await r.text();
    if (mine === asked) document.getElementById('sum').innerHTML = html;
  });

  // One menu at a time; Escape and a click elsewhere close it.
  const close = (but) => all('details.menu[open]').forEach((d) => { if (d !== but) d.open = false; });
  document.addEventListener('click', (e) => close(e.target.closest('details.menu')));
  document.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape') return;
    const open = document.querySelector('details.menu[open]');
    if (open) { open.open = false; open.querySelector('summary').focus(); }
  });

  const go = document.querySelector('a[data-go]');
  if (go) location.replace(go.href);

  // What a page is about has the focus as it opens: a field that is wrong, what went wrong, a
  // new secret, or what was done; a keyboard begins there, and a screen reader reads it.
  const about = document.querySelector('[aria-invalid="true"],[data-bad]') || document.querySelector('main .notice.bad[role="alert"],[data-first]')
    || (document.querySelector('[autofocus]') ? null : live && live.firstElementChild);
  if (about) {
    if (about.tabIndex < 0) about.tabIndex = -1;
    about.focus();
  }
  // A link that says it is a button answers to Space as one.
  document.addEventListener('keydown', (e) => {
    if (e.key !== ' ' || !e.target.matches('a[role="button"]')) return;
    e.preventDefault();
    e.target.click();
  });
  const current = document.querySelector('nav.side [aria-current]');
  if (current) current.scrollIntoView({ block: 'nearest', inline: 'center' });
  localTimes();
  // After a part of the page was fetched anew: the address follows the filter,
  // so that going back, reloading and the forms beside it keep it.
  document.addEventListener('htmx:after:swap', () => {
    localTimes();
    selection();
    const f = document.querySelector('form[data-filters]');
    if (!f) return;
    const q = new URLSearchParams([...new FormData(f)].filter(([, value]) => value !== ''));
    const to = location.pathname + (q.size ? '?' + q : '');
    if (to !== location.pathname + location.search) history.replaceState(null, '', to);
    all('[data-here]').forEach((el) => { el.value = to; });
    const rows = all('#list tbody tr').length;
    if (rows) say(rows + ' shown'); else say('Nothing matches');
  });
  document.documentElement.classList.add('js');
})();
