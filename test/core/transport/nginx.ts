/**
 * A private nginx: loopback ports of its own, a temporary folder, and it ends with the test.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refusedUrl } from '../dispatch/upstream.ts';

export const FIXTURES: string = join(import.meta.dirname, '../dispatch/fixtures');

export interface Nginx extends AsyncDisposable {
  readonly url: string;
  readonly tlsUrl: string;
}

/** Its pages: `/up` says `fine`, `/sick` is a 503, `/moved` a 302, `/host` says which host and `X-Probe` it was asked for. */
export async function startNginx(program: string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-nginx-'));
  const url = await refusedUrl();
  const tlsUrl = (await refusedUrl()).replace('http:', 'https:');
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, configOf(folder, new URL(url).host, new URL(tlsUrl).host));
  const child = spawn(program, ['-e', 'stderr', '-p', folder, '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`nginx ended with ${code}: ${said}`)));
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('start worker process ')) resolve();
    });
  });
  return {
    url,
    tlsUrl,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configOf(folder: string, address: string, tlsAddress: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    daemon off;
    worker_processes 1;
    pid ${folder}/pid;
    error_log stderr notice;
    events {}
    http {
      access_log off;
      ${kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n')}
      server {
        listen ${address};
        listen ${tlsAddress} ssl;
        ssl_certificate ${FIXTURES}/cert.pem;
        ssl_certificate_key ${FIXTURES}/key.pem;
        location / { return 404; }
        location /up { return 200 fine; }
        location /sick { return 503; }
        location /moved { return 302 /up; }
        location /host { return 200 "$http_host $http_x_probe $ssl_server_name"; }
      }
    }`;
}
