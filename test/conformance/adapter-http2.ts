/**
 * The laws of the proxy (docs/proxy.md, numbered as there) over HTTP/2, as far as HTTP/2 leaves them a meaning, for any adapter. The
 * endpoints speak HTTP/1.1, so that all that HTTP/2 does by itself has to be translated.
 */
import { http2BodyLaws } from './adapter-http2-bodies.ts';
import { http2FaultLaws } from './adapter-http2-faults.ts';
import { http2HeadLaws } from './adapter-http2-heads.ts';
import { makeRig } from './adapter-rig.ts';
import type { Http2Law, Http2Rig } from './adapter-http2-rig.ts';
import type { MakeServer } from './adapter-rig.ts';
import { h2Client } from './http2-client.ts';
import type { H2Client } from './http2-client.ts';

/** @param isSecure the servers of `makeServer` speak TLS */
export function describeHttp2Adapter(name: string, makeServer: MakeServer, { isSecure = true } = {}): void {
  describe(`${name} as a proxy for HTTP/2`, () => {
    const inner = makeRig(makeServer);
    const clients: H2Client[] = [];
    const rig: Http2Rig = {
      async start(options) {
        const arrangement = await inner.start(options);
        const connect = async (): Promise<H2Client> => {
          const client = await h2Client(arrangement.front, { isSecure });
          clients.push(client);
          return client;
        };
        return { ...arrangement, client: await connect(), connect };
      },
    };
    afterEach(async () => {
      for (const client of clients.splice(0)) client.close();
      await inner.end();
    });
    const law: Http2Law = (number, sentence, run) => void it(`law ${number}: ${sentence}`, () => run(rig));
    http2HeadLaws(law, isSecure);
    http2BodyLaws(law);
    http2FaultLaws(law);
  });
}
