/**
 * One worker, keep-alive to all four endpoints, no log, and buffers large enough that no body of the bench goes through a file.
 */
import { CERTIFICATE_FILE, KEY_FILE } from '../listen.ts';
import { startNative, writeIn } from '../native.ts';
import type { NativeProxy } from '../native.ts';
import type { Usage } from '../usage.ts';
import type { Protocol } from '../scenarios.ts';

let running: NativeProxy | undefined;

export async function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  running = await startNative('nginx', (port, folder) => {
    const file = writeIn(folder, 'nginx.conf', configuration(port, folder, origins, protocol));
    return ['-p', folder, '-c', file, '-e', 'stderr'];
  });
  return running.port;
}

export function usage(): Usage | undefined {
  return running?.usage();
}

function configuration(port: number, folder: string, origins: readonly string[], protocol: Protocol): string {
  const isHttp2 = protocol === 'http/2';
  const isWebSocket = protocol === 'websocket';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr emerg;
events { worker_connections 4096; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_buffer_size 64k;
  upstream endpoints {
    ${origins.map((origin) => `server ${new URL(origin).host};`).join(' ')}
    keepalive 256;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
  }
  server {
    listen 127.0.0.1:${port}${isHttp2 ? ' ssl http2' : ''} backlog=4096;
    ${isHttp2 ? `ssl_certificate ${CERTIFICATE_FILE}; ssl_certificate_key ${KEY_FILE};` : ''}
    location / {
      proxy_pass http://endpoints;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffers 16 32k;
      proxy_max_temp_file_size 0;
      proxy_read_timeout 600s;
      ${isWebSocket ? 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;' : 'proxy_set_header Connection "";'}
    }
  }
}
`;
}
