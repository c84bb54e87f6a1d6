/**
 * HTTP/2 over TLS by Node's own client: a session, and in each of several places on it one stream after the other.
 */
import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Scenario } from '../scenarios.ts';
import { http2Fields } from '../scenarios.ts';
import type { LoadClient, LoadListener } from './load-client.ts';

class Session {
  readonly #origin: string;
  #session: ClientHttp2Session | undefined = undefined;

  constructor(port: number) {
    this.#origin = `https://127.0.0.1:${port}`;
  }

  request(fields: Record<string, string>): ClientHttp2Stream {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      // The certificate of the bench is its own.
      this.#session = connect(this.#origin, { rejectUnauthorized: false });
      // Its streams hear of it as well, and they count the errors.
      this.#session.on('error', () => {});
    }
    return this.#session.request(fields, { endStream: true });
  }

  close(): void {
    this.#session?.destroy();
  }
}

class StreamClient implements LoadClient {
  readonly #session: Session;
  readonly #scenario: Scenario;
  readonly #listener: LoadListener;
  readonly #fields: Record<string, string>;
  #isClosed = false;

  constructor(session: Session, scenario: Scenario, listener: LoadListener) {
    this.#session = session;
    this.#scenario = scenario;
    this.#listener = listener;
    this.#fields = http2Fields(scenario);
  }

  start(): void {
    const sentAt = performance.now();
    const stream = this.#session.request(this.#fields);
    let status = 0;
    let bytes = 0;
    let failure: string | undefined;
    stream.on('response', (fields) => {
      status = fields[':status'] ?? 0;
    });
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('error', (error) => {
      failure = error.message;
    });
    stream.on('close', () => {
      if (!this.#isClosed) this.#ended(sentAt, failure ?? this.#complaint(status, bytes));
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#session.close();
  }

  #complaint(status: number, bytes: number): string | undefined {
    if (status !== 200) return `status ${status}`;
    return bytes === this.#scenario.receivedBytes ? undefined : `a body of ${bytes} bytes`;
  }

  /** After an error the place stays empty until the next turn. */
  #ended(sentAt: number, complaint: string | undefined): void {
    this.#listener.onAnswer(performance.now() - sentAt);
    if (complaint !== undefined) this.#listener.onError(complaint);
    if (this.#listener.isGoing && complaint === undefined) this.start();
    else this.#listener.onIdle();
  }
}

/** @returns as many clients as there can be streams */
export function http2Clients(
  port: number,
  scenario: Scenario,
  listener: LoadListener,
  streams: number,
  streamsPerSession: number,
): LoadClient[] {
  const sessions = Array.from({ length: Math.ceil(streams / streamsPerSession) }, () => new Session(port));
  return Array.from(
    { length: streams },
    (_, i) => new StreamClient(sessions[i % sessions.length]!, scenario, listener),
  );
}
