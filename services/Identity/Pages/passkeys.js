// Passkeys need a script: the browser asks the authenticator, and the form sends its answer. Without one, the form stays hidden.
for (const form of document.querySelectorAll('form[data-passkey]')) {
  const creates = form.dataset.passkey === 'create';
  const parse = window.PublicKeyCredential?.[creates ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON'];
  if (!parse) continue;
  form.hidden = false;
  form.addEventListener('submit', async event => {
    event.preventDefault();
    try {
      const publicKey = parse.call(PublicKeyCredential, JSON.parse(form.dataset.options));
      const credential = await navigator.credentials[creates ? 'create' : 'get']({ publicKey });
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      // The user has cancelled, or the device has no passkey for this site.
      form.querySelector('[role=status]').hidden = false;
    }
  });
}
