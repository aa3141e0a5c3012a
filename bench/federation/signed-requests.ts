import { once } from 'node:events';
import { Agent, request } from 'node:https';

import { formatXMatrix, signedRequestText, type JsonObject } from '@soma/protocol';

import type { TestPeer } from '../../tests/harness/peer.ts';
import type { TestAuthority } from '../../tests/harness/test-certificates.ts';

/** A played server's keep-alive connection to another server. */
export class SignedRequests {
  readonly #agent: Agent;
  readonly #peer: TestPeer;
  readonly #destination: string;

  constructor(authority: TestAuthority, peer: TestPeer, destination: string) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.certificate });
    this.#peer = peer;
    this.#destination = destination;
  }

  /** A request that can be sent later: signing takes its time. */
  prepare(uri: string, body: JsonObject): () => Promise<string> {
    const { serverName: origin, key } = this.#peer;
    const destination = this.#destination;
    const signed = signedRequestText({ method: 'PUT', uri, origin, destination }, body);
    const authorization = formatXMatrix({
      origin,
      destination,
      keyId: key.keyId,
      signature: key.sign(signed),
    });
    const payload = Buffer.from(JSON.stringify(body));
    return () => this.#send(uri, authorization, payload);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(path: string, authorization: string, payload: Buffer): Promise<string> {
    const [host, port] = this.#destination.split(':');
    const outgoing = request({
      agent: this.#agent,
      host,
      port,
      path,
      method: 'PUT',
      headers: { authorization, 'content-length': payload.length },
    });
    const answered = once(outgoing, 'response');
    outgoing.end(payload);
    const [incoming] = await answered;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString('utf8');
    if (incoming.statusCode !== 200) throw new Error(`a transaction gave ${text}`);
    return text;
  }
}
