// Client-server API, "Fallback": tells the client that opened the page that the stage is done.
if (typeof window.onAuthDone === 'function') {
  window.onAuthDone();
} else if (window.opener) {
  window.opener.postMessage('authDone', '*');
}
