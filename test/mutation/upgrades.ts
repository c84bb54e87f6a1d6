/** The law about connections that change protocols. */
import type { Mutation } from './mutation.ts';

const RELAY = 'packages/proxy/src/upgrade-relay.ts';
const FRAMES = 'packages/proxy/src/websocket-frames.ts';

export const upgradeMutations: readonly Mutation[] = [
  {
    law: 15,
    what: 'the client is told 101 before the endpoint has agreed',
    file: 'packages/proxy/src/upgrade-client.ts',
    from: "socket.on('end', this.onEnd);",
    to: "socket.on('end', this.onEnd).write('HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n');",
  },
  {
    law: 15,
    what: 'what the client has said early is lost',
    file: 'packages/proxy/src/upgrade.ts',
    from: 'this.relay.begin(early);',
    to: '',
  },
  {
    law: 15,
    what: 'a refusal is not passed on',
    file: 'packages/proxy/src/upgrade.ts',
    from: 'this.inbound?.onHead(status, statusText, headers, endpoint);',
    to: "this.inbound?.onError(new BalancerError('BAD_RESPONSE', 'refused'));",
  },
  {
    law: 15,
    what: 'an endpoint may change to whatever it likes',
    file: 'packages/proxy/src/upgrade-offer.ts',
    from: '!known.includes(name.trim().toLowerCase())',
    to: "name === ''",
  },
  {
    law: 15,
    what: 'h2c is offered to endpoints',
    file: 'packages/proxy/src/upgrade-offer.ts',
    from: ' && !OF_THE_CONNECTION.test(protocol)',
    to: '',
  },
  {
    law: 15,
    what: "a client's end is not told to the endpoint",
    file: RELAY,
    from: "client.on('end', () => this.up.end());",
    to: "client.on('end', () => undefined);",
  },
  {
    law: 15,
    what: 'a reset of an endpoint is a clean end',
    file: RELAY,
    from: 'else reset(client);',
    to: 'else client.end();',
  },
  {
    law: 15,
    what: 'a reset of a client is a clean end',
    file: RELAY,
    from: 'else reset(upstream);',
    to: 'else upstream.end();',
  },
  {
    law: 15,
    what: 'a drain ends a WebSocket as if all were said',
    file: FRAMES,
    from: 'SERVICE_RESTART = 1012',
    to: 'SERVICE_RESTART = 1000',
  },
  {
    law: 15,
    what: 'a drain tells the endpoint the word of a server',
    file: FRAMES,
    from: 'GOING_AWAY = 1001',
    to: 'GOING_AWAY = 1012',
  },
  {
    law: 15,
    what: 'a Close is put into the middle of a frame',
    file: FRAMES,
    from: 'return this.seen === 0 && this.left === 0;',
    to: 'return true;',
  },
];
