// Forms that a passkey answers: the browser is asked, and what it says is posted.
(() => {
  'use strict';
  const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (b) => (b ? btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '') : undefined);
  const listed = (all) => (all || []).map((c) => ({ ...c, id: bytes(c.id) }));

  const ask = async (verb, { publicKey: o }) => {
    const key = { ...o, challenge: bytes(o.challenge) };
    if (verb === 'create') {
      key.user = { ...o.user, id: bytes(o.user.id) };
      key.excludeCredentials = listed(o.excludeCredentials);
      return navigator.credentials.create({ publicKey: key });
    }
    key.allowCredentials = listed(o.allowCredentials);
    return navigator.credentials.get({ publicKey: key });
  };

  const written = (c) => {
    const r = c.response;
    const response = { clientDataJSON: text(r.clientDataJSON) };
    if (r.attestationObject) {
      response.attestationObject = text(r.attestationObject);
      if (r.getTransports) response.transports = r.getTransports();
    } else {
      response.authenticatorData = text(r.authenticatorData);
      response.signature = text(r.signature);
      response.userHandle = text(r.userHandle);
    }
    return JSON.stringify({
      id: c.id, rawId: text(c.rawId), type: c.type, response,
      authenticatorAttachment: c.authenticatorAttachment || undefined, clientExtensionResults: c.getClientExtensionResults(),
    });
  };

  const trouble = {
    NotAllowedError: 'Nothing was done: it was cancelled, or took too long.',
    InvalidStateError: 'This device has a passkey for your account already.',
    SecurityError: 'Passkeys do not work at this address. Open the server by the name in its base URL.',
    NotSupportedError: 'This device cannot make such a passkey.',
  };

  document.querySelectorAll('form[data-passkey]').forEach((form) => {
    if (!window.PublicKeyCredential) return;
    form.hidden = false;
    form.addEventListener('submit', async (e) => {
      e.preventDefault();
      e.stopPropagation();
      const say = form.querySelector('[data-trouble]');
      const button = form.querySelector('button[type=submit]');
      say.hidden = true;
      button.disabled = true;
      try {
        form.elements.answer.value = written(await ask(form.dataset.passkey, JSON.parse(form.dataset.options)));
        form.submit();
      } catch (err) {
        say.textContent = trouble[err.name] || 'The passkey could not be used.';
        say.hidden = false;
        button.disabled = false;
      }
    });
  });
})();
