import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatLoadReport, parseLoadReport } from '@evenkeel/core';
import type { LoadReport } from '@evenkeel/core';

const LIMITS: Readonly<Record<string, number>> = {
  inflight: 1e9,
  latencyMs: 86_400_000,
  utilization: 1_000,
  requestsPerSecond: 1e9,
  errorsPerSecond: 1e9,
  loopUtilization: 1,
  loopDelayMs: 86_400_000,
  queueAgeMs: 86_400_000,
};

function assertSound(report: LoadReport | undefined): void {
  if (report === undefined) return;
  assert.equal(report.receivedAt, 5);
  assert.equal(typeof report.isDraining, 'boolean');
  for (const [name, max] of Object.entries(LIMITS)) {
    const value = report[name as keyof LoadReport] as number;
    assert.ok(Number.isNaN(value) || (value >= 0 && value <= max), `${name} is ${value}`);
  }
}

const name = fc.constantFrom(
  'application_utilization',
  'cpu_utilization',
  'cpuUtilization',
  'eps',
  'rps',
  'named_metrics',
  'named_metrics.rif',
  'named_metrics.latency_ms',
  'rif',
  'draining',
  '__proto__',
  'toString',
);
const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom('NaN', '-Infinity', '1e400', '', '0x1', ' '));

describe('a load report', () => {
  it('is sound or nothing, whatever is sent', () => {
    const entry = fc.tuple(name, fc.constantFrom('=', ':', ' = ', '=='), anyNumber).map((parts) => parts.join(''));
    const text = fc
      .array(fc.oneof(entry, fc.string()), { maxLength: 12 })
      .map((entries) => `TEXT ${entries.join(',')}`);
    const nested = fc.dictionary(
      name,
      fc.oneof(anyNumber, fc.jsonValue({ maxDepth: 2 }), fc.dictionary(name, anyNumber)),
    );
    const json = nested.map((message) => `JSON ${JSON.stringify(message)}`);
    const anything = fc.oneof(
      text,
      json,
      fc.string(),
      fc.string({ unit: 'binary' }).map((rest) => `TEXT ${rest}`),
    );
    fc.assert(fc.property(anything, (value) => assertSound(parseLoadReport(value, 5))));
  });

  it('comes out as it went in, to three decimals', () => {
    const figure = (max: number): fc.Arbitrary<number | undefined> =>
      fc.option(fc.double({ min: 0, max, noNaN: true }), { nil: undefined });
    const figures = fc.record(Object.fromEntries(Object.entries(LIMITS).map(([key, max]) => [key, figure(max)])));
    fc.assert(
      fc.property(figures, fc.boolean(), (given, isDraining) => {
        const report = parseLoadReport(formatLoadReport({ ...given, isDraining }), 5);
        for (const [key, value] of Object.entries(given)) {
          const read = report?.[key as keyof LoadReport] as number | undefined;
          const isSaid = value !== undefined && !(key === 'utilization' && value < 0.0005);
          if (isSaid) assert.ok(Math.abs(read! - value) <= 0.0005 + value * 1e-12, `${key}: ${value} became ${read}`);
          else assert.ok(read === undefined || Number.isNaN(read), `${key} was not said`);
        }
        assert.equal(report?.isDraining ?? false, isDraining);
      }),
    );
  });
});
