import { connect, type Socket } from 'node:net';

import { AnswerReader, type Answer } from './answer-reader.ts';

export const host = '127.0.0.1';

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** A keep-alive connection to a port of this machine, one request at a time. */
export class HttpConnection {
  readonly port: number;
  readonly #socket: Socket;
  readonly #reader = new AnswerReader();
  #waiting: Waiting | undefined;
  #ended: Error | undefined;

  constructor(port: number) {
    this.port = port;
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('data', (data: Buffer) => this.#take(data));
    this.#socket.once('error', (error) => this.#end(error));
    this.#socket.once('close', () => this.#end(new Error('the server closed the connection')));
  }

  /** Sends a request as it is (see `requestText`) and resolves to its complete answer. */
  request(text: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#socket.write(text, 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    let answer: Answer | undefined;
    try {
      answer = this.#reader.push(data);
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
      this.#socket.destroy();
      return;
    }
    if (answer === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#waiting?.reject(this.#ended);
    this.#waiting = undefined;
  }
}
