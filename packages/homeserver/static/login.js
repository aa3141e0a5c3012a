// Client-server API, "Login Fallback": logs in, and hands the answer to the client that shows the page.

const form = document.querySelector('form');
const status = document.querySelector('#status');
const problem = document.querySelector('#problem');
const providers = document.querySelector('#providers');
const texts = document.querySelector('main').dataset;
const endpoint = '/_matrix/client/v3/login';
const given = new URLSearchParams(location.search);

/** A client replaces `onLogin`; without one, the page says that it is done. */
window.matrixLogin = { onLogin() {}, ...window.matrixLogin };

function say(text) {
  problem.textContent = text;
}

function textFor(answerStatus, errcode) {
  if (answerStatus === 429) return texts.limited;
  if (errcode === 'M_USER_DEACTIVATED') return texts.deactivated;
  if (errcode === 'M_USER_LOCKED') return texts.locked;
  return answerStatus === 403 ? texts.refused : texts.failed;
}

/** What the client wants of the session: all it gave but what proves who logs in. */
function wishes() {
  const all = Object.fromEntries(given);
  delete all.loginToken;
  return 'refresh_token' in all ? { ...all, refresh_token: all.refresh_token === 'true' } : all;
}

async function logIn(proof) {
  say('');
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...wishes(), ...proof }),
  });
  const body = await answer.json();
  if (!answer.ok) {
    say(textFor(answer.status, body.errcode));
    return false;
  }
  form.hidden = true;
  providers.hidden = true;
  status.textContent = texts.done;
  window.matrixLogin.onLogin(body);
  return true;
}

async function submit() {
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    const { user, password } = form.elements;
    const isDone = await logIn({
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: user.value },
      password: password.value,
    });
    if (!isDone) password.focus();
  } catch {
    say(texts.failed);
  } finally {
    button.disabled = false;
  }
}

/** Providers lead back here with a token; what the client wants of the session stays in the address. */
function offerProviders(flow) {
  const back = new URL(location.href);
  back.searchParams.delete('loginToken');
  for (const { id, name } of flow.identity_providers ?? []) {
    const link = document.createElement('a');
    link.className = 'button';
    link.textContent = texts.with.replace('{}', () => name);
    const query = new URLSearchParams({ redirectUrl: back.href });
    link.href = `${endpoint}/sso/redirect/${encodeURIComponent(id)}?${query}`;
    const item = document.createElement('li');
    item.append(link);
    providers.append(item);
  }
  providers.hidden = false;
}

async function start() {
  try {
    const token = given.get('loginToken');
    if (token !== null && (await logIn({ type: 'm.login.token', token }))) return;
    const { flows = [] } = await (await fetch(endpoint)).json();
    const takesPasswords = flows.some(({ type }) => type === 'm.login.password');
    const sso = flows.find(({ type }) => type === 'm.login.sso');
    form.hidden = !takesPasswords;
    if (sso !== undefined) offerProviders(sso);
    if (takesPasswords || sso !== undefined) status.textContent = '';
    else status.textContent = texts.unavailable;
  } catch {
    say(texts.failed);
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});
void start();
