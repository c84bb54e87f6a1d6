/**
 * A client that keeps cookies as a browser does, and what the test applications tell about a visit.
 */
import { once } from 'node:events';
import http from 'node:http';
import { createProxy } from '@evenkeel/proxy';
import type { ProxyOptions } from '@evenkeel/proxy';
import { createCluster } from '@evenkeel/core';
import type { ClusterOptions } from '@evenkeel/core';
import { listen } from '../conformance/adapter-rig.ts';
import type { AdapterServer } from '../conformance/adapter-rig.ts';

/** One answer, with the cookies that the client has after it. */
export interface Visit {
  readonly status: number;
  readonly body: string;
  readonly setCookies: readonly string[];
}

export interface Visitor {
  /** By name, values as they are. */
  readonly cookies: Map<string, string>;
  get(path: string): Promise<Visit>;
}

/** @param keepsCookies false for one that ignores `Set-Cookie` */
export function visitor(port: number, keepsCookies = true): Visitor {
  const cookies = new Map<string, string>();
  return {
    cookies,
    async get(path) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const request = http.get({
        host: '127.0.0.1',
        port,
        path,
        agent: false,
        headers: cookie === '' ? {} : { cookie },
      });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.setEncoding('utf8');
      let body = '';
      for await (const chunk of response) body += chunk as string;
      const setCookies = response.headers['set-cookie'] ?? [];
      for (const text of keepsCookies ? setCookies : []) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(text)!;
        cookies.set(name!, value!);
      }
      return { status: response.statusCode!, body, setCookies };
    },
  };
}

/** A proxy over a cluster on a port of its own. */
export async function startProxy(cluster: ClusterOptions, options: ProxyOptions): Promise<AdapterServer> {
  const endpoints = createCluster(cluster);
  const proxy = createProxy(endpoints, options);
  const server = await listen(http.createServer((req, res) => proxy.web(req, res)));
  return {
    port: server.port,
    async close() {
      await server.close();
      await proxy.close();
      await endpoints.close();
    },
  };
}
