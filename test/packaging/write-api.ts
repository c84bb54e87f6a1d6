/** `pnpm api`: writes the API report of every package. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { apiReport, reportPath } from './api-report.ts';
import { build, PACKAGES } from './workspace.ts';

await build();
for (const each of PACKAGES) {
  mkdirSync(dirname(reportPath(each)), { recursive: true });
  writeFileSync(reportPath(each), apiReport(each));
}
