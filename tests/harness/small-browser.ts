/** Where a browser came to rest. */
export interface Visited {
  readonly url: string;
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

const REDIRECTS_MAX = 20;

/**
 * Follows redirects and keeps cookies, as a browser does, on 127.0.0.1; an address elsewhere is where it comes to
 * rest. Without scripts.
 */
export class SmallBrowser {
  readonly cookies = new Map<string, string>();

  get(url: string): Promise<Visited> {
    return this.#visit(url, undefined);
  }

  post(url: string, form: Readonly<Record<string, string>>): Promise<Visited> {
    return this.#visit(url, new URLSearchParams(form));
  }

  /** The next address alone, without going there. */
  async peek(url: string): Promise<string> {
    const answer = await this.#send(url, undefined);
    await answer.body?.cancel();
    return new URL(answer.headers.get('location') ?? '', url).href;
  }

  async #visit(start: string, form: URLSearchParams | undefined): Promise<Visited> {
    let url = start;
    let body = form;
    for (let redirects = 0; redirects < REDIRECTS_MAX; redirects += 1) {
      const answer = await this.#send(url, body);
      const location = answer.headers.get('location');
      const text = await answer.text();
      if (location === null) {
        return { url, status: answer.status, body: text, headers: answer.headers };
      }
      url = new URL(location, url).href;
      body = undefined;
      if (!url.startsWith('http://127.0.0.1:')) {
        return { url, status: answer.status, body: text, headers: answer.headers };
      }
    }
    throw new Error(`more than ${REDIRECTS_MAX} redirects from ${start}`);
  }

  async #send(url: string, body: URLSearchParams | undefined): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: cookie === '' ? {} : { cookie },
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    for (const header of answer.headers.getSetCookie()) this.#keep(header);
    return answer;
  }

  #keep(header: string): void {
    const [pair = '', ...attributes] = header.split(/;\s*/);
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    const isGone = attributes.some(
      (each) =>
        /^max-age=0$/i.test(each) ||
        (/^expires=/i.test(each) && Date.parse(each.slice('expires='.length)) < Date.now()),
    );
    if (isGone) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(equals + 1));
  }
}
