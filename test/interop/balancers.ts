/**
 * The balancers that people have in front: Apache httpd with mod_proxy_balancer, and HAProxy.
 */
import { systemTool } from '../core/transport/system-tool.ts';
import { freePorts, startProgram } from './program.ts';
import type { Program } from './program.ts';

/** What it balances over. */
export interface Member {
  readonly name: string;
  readonly port: number;
}

const APACHE_MODULES: readonly string[] = [
  ...['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'proxy_balancer', 'slotmem_shm', 'lbmethod_byrequests'],
];

/** @param isSticky by `JSESSIONID`, cookie or path parameter, with the members' names for routes */
export async function startHttpd(
  context: Mocha.Context,
  members: readonly Member[],
  isSticky: boolean,
): Promise<Program> {
  const program = systemTool(context, 'apache2', 'apache2-bin');
  const [port] = (await freePorts(1)) as [number];
  const modules = APACHE_MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
  const list = members.map(({ name, port: at }) => `BalancerMember http://127.0.0.1:${at} route=${name}`);
  return startProgram({
    program,
    port,
    endWith: 'SIGTERM',
    args: (folder) => ['-D', 'FOREGROUND', '-d', folder, '-f', 'httpd.conf'],
    files: (folder) => ({
      'httpd.conf': [
        ...modules,
        `Listen 127.0.0.1:${port}`,
        `PidFile ${folder}/pid`,
        `DefaultRuntimeDir ${folder}`,
        `ErrorLog ${folder}/error.log`,
        'ServerName a.example',
        ...['StartServers 1', 'ThreadsPerChild 25', 'MaxRequestWorkers 25', 'ServerLimit 1'],
        ...['<Proxy balancer://app>', ...list, '</Proxy>'],
        `ProxyPass / balancer://app/${isSticky ? ' stickysession=JSESSIONID|jsessionid' : ''}`,
        '',
      ].join('\n'),
    }),
  });
}

/** @param cookie the arguments of HAProxy's `cookie`; undefined for none */
export async function startHaproxy(
  context: Mocha.Context,
  members: readonly Member[],
  cookie: string | undefined,
): Promise<Program> {
  const program = systemTool(context, 'haproxy', 'haproxy');
  const [port] = (await freePorts(1)) as [number];
  const servers = members.map(
    ({ name, port: at }) => `server ${name} 127.0.0.1:${at} ${cookie ? `cookie ${name}` : ''}`,
  );
  return startProgram({
    program,
    port,
    args: () => ['-db', '-f', 'haproxy.cfg'],
    files: () => ({
      'haproxy.cfg': [
        'defaults',
        ...['mode http', 'timeout connect 1s', 'timeout client 10s', 'timeout server 10s'],
        ...['retries 1', 'option redispatch 1', 'retry-on conn-failure'],
        'listen app',
        `bind 127.0.0.1:${port}`,
        ...['balance roundrobin', ...(cookie === undefined ? [] : [`cookie ${cookie}`]), ...servers],
        '',
      ].join('\n'),
    }),
  });
}
