import assert from 'node:assert/strict';
import { formatLoadReport, parseLoadReport } from '@evenkeel/core';
import type { LoadReport } from '@evenkeel/core';
import { LOAD_REPORT_FIELD, loadReportIn } from '../../packages/core/src/load-report.ts';

const NOTHING: LoadReport = {
  receivedAt: 7,
  inflight: NaN,
  latencyMs: NaN,
  utilization: NaN,
  requestsPerSecond: NaN,
  errorsPerSecond: NaN,
  loopUtilization: NaN,
  loopDelayMs: NaN,
  queueAgeMs: NaN,
  isDraining: false,
};

function reads(value: string, expected: Partial<LoadReport>): void {
  assert.deepEqual(parseLoadReport(value, 7), { ...NOTHING, ...expected }, value);
}

function ignores(value: string): void {
  assert.equal(parseLoadReport(value, 7), undefined, value.slice(0, 80));
}

describe('a load report', () => {
  it('is read from text with all that it can say', () => {
    reads(
      'TEXT application_utilization=0.42,cpu_utilization=0.1,rps_fractional=812.5,eps=0.25,named_metrics.rif=12,' +
        'named_metrics.latency_ms=4.2,named_metrics.loop_utilization=0.4,named_metrics.loop_delay_ms=1.5,' +
        'named_metrics.queue_age_ms=3,named_metrics.draining=1',
      {
        inflight: 12,
        latencyMs: 4.2,
        utilization: 0.42,
        requestsPerSecond: 812.5,
        errorsPerSecond: 0.25,
        loopUtilization: 0.4,
        loopDelayMs: 1.5,
        queueAgeMs: 3,
        isDraining: true,
      },
    );
  });

  it('is read from JSON in both spellings of its fields', () => {
    reads('JSON {"cpu_utilization":0.3,"rps_fractional":10,"eps":1,"named_metrics":{"rif":2,"latency_ms":9}}', {
      utilization: 0.3,
      requestsPerSecond: 10,
      errorsPerSecond: 1,
      inflight: 2,
      latencyMs: 9,
    });
    reads('JSON {"applicationUtilization":1.5,"rpsFractional":10,"namedMetrics":{"rif":2,"latencyMs":9}}', {
      utilization: 1.5,
      requestsPerSecond: 10,
      inflight: 2,
    });
    reads('JSON {"rps":"12","named_metrics":{"rif":"3"}}', { requestsPerSecond: 12, inflight: 3 });
  });

  it('may have names and its format in any case, spaces, and colons as Envoy once had them', () => {
    reads(' text  CPU_Utilization = 0.5 ,\tnamed_metrics.RIF: 3 , ', { utilization: 0.5, inflight: 3 });
  });

  it('takes the utilization of the application first, and that of the CPU if there is none above 0', () => {
    reads('TEXT application_utilization=0,cpu_utilization=0.5', { utilization: 0.5 });
    reads('TEXT cpu_utilization=0.5', { utilization: 0.5 });
    reads('TEXT application_utilization=NaN,cpu_utilization=0.5', { utilization: 0.5 });
    reads('TEXT application_utilization=0,eps=0', { errorsPerSecond: 0 });
  });

  it('takes the old field for the rate if the new one is missing', () => {
    reads('TEXT rps=12', { requestsPerSecond: 12 });
    reads('TEXT rps=12,rps_fractional=12.5', { requestsPerSecond: 12.5 });
  });

  it('reads numbers however they are written', () => {
    for (const [text, value] of [
      ['0', 0],
      ['0.001', 0.001],
      ['.5', 0.5],
      ['5.', 5],
      ['+5', 5],
      ['1e3', 1_000],
      ['2.5E-1', 0.25],
      ['00012', 12],
      ['0.3000000000000000', 0.3],
      ['0000000123456789.5', 123456789.5],
    ] as const) {
      reads(`TEXT eps=${text}`, { errorsPerSecond: value });
    }
  });

  it('does not say what is no number in its range', () => {
    for (const bad of [
      'NaN',
      'nan',
      'Infinity',
      'inf',
      '-1',
      '-0.5',
      '1e308',
      '1e999',
      '1e10',
      '0x10',
      '1_000',
      '1 2',
      '1.2.3',
      '.',
      '',
      'e5',
      '1e',
      '--1',
      '"1"',
      '\u0661',
    ]) {
      reads(`TEXT cpu_utilization=0.5,named_metrics.rif=${bad}`, { utilization: 0.5 });
      ignores(`TEXT named_metrics.rif=${bad}`);
    }
    for (const bad of [
      'null',
      'true',
      '-1',
      '1e308',
      '"NaN"',
      '"Infinity"',
      '""',
      '" 1"',
      '[1]',
      '{}',
      '{"valueOf":1}',
    ]) {
      reads(`JSON {"eps":1,"named_metrics":{"rif":${bad}}}`, { errorsPerSecond: 1 });
    }
    reads('TEXT eps=1,named_metrics.loop_utilization=1.01', { errorsPerSecond: 1 });
    reads('TEXT eps=1,cpu_utilization=1001', { errorsPerSecond: 1 });
    reads('TEXT eps=1,named_metrics.latency_ms=86400001', { errorsPerSecond: 1 });
  });

  it('does not say what it says twice', () => {
    reads('TEXT eps=1,named_metrics.rif=1,named_metrics.rif=1', { errorsPerSecond: 1 });
    reads('TEXT eps=1,named_metrics.rif=1,NAMED_METRICS.RIF=9,named_metrics.rif=9', { errorsPerSecond: 1 });
    reads('JSON {"eps":1,"cpu_utilization":0.5,"cpuUtilization":0.6}', { errorsPerSecond: 1 });
  });

  it('may say more than is understood', () => {
    reads('TEXT mem_utilization=0.8,named_metrics.kv_cache_usage_perc=0.4,request_cost.x=1,eps=1,eps2=3,ep=2,junk,=,', {
      errorsPerSecond: 1,
    });
  });

  it('is nothing if it says nothing', () => {
    for (const value of [
      '',
      ' ',
      'TEXT',
      'TEXT ',
      'TEXT named_metrics.other=1',
      'TEXT a=b=c',
      'TEXT ,,,===,:::',
      'eps=1',
      'TEXTeps=1',
      'XML <eps>1</eps>',
      'JSON',
      'JSON ',
      'JSON {',
      'JSON null',
      'JSON 1',
      'JSON "eps"',
      'JSON [{"eps":1}]',
      'JSON {"named_metrics":[1,2]}',
      'JSON {"named_metrics":{"eps":1}}',
    ]) {
      ignores(value);
    }
  });

  it('is not read as a serialized message', () => {
    ignores('BIN CQAAAAAAAOA/');
    ignores('BIN ');
  });

  it('is not looked at if it is longer than 8 KiB', () => {
    const long = `TEXT eps=1,${'x'.repeat(8_192 - 11)}`;
    assert.equal(long.length, 8_192);
    reads(long, { errorsPerSecond: 1 });
    ignores(`${long}x`);
  });

  it('cannot reach beyond itself', () => {
    ignores('JSON {"__proto__":{"eps":1}}');
    ignores('JSON {"constructor":{"eps":1},"named_metrics":{"__proto__":{"rif":1}}}');
    ignores(`JSON ${'['.repeat(4_000)}${']'.repeat(4_000)}`);
    ignores(`JSON ${'{"eps":'.repeat(1_000)}1${'}'.repeat(1_000)}`);
    ignores('TEXT __proto__=1,constructor=2');
    assert.equal(parseLoadReport('TEXT eps=1', 7)!.errorsPerSecond, 1);
    ignores('TEXT rif=1');
  });
});

describe('formatLoadReport()', () => {
  it('says what is known, in about 100 bytes', () => {
    const text = formatLoadReport({ utilization: 0.42, requestsPerSecond: 812, inflight: 12, latencyMs: 4.2 });
    assert.equal(
      text,
      'TEXT application_utilization=0.42,rps_fractional=812,named_metrics.rif=12,named_metrics.latency_ms=4.2',
    );
    assert.equal(text.length, 102);
  });

  it('leaves out what is not known or not in range', () => {
    assert.equal(formatLoadReport({}), '');
    assert.equal(formatLoadReport({ utilization: 0, inflight: NaN, latencyMs: -1, loopUtilization: 2 }), '');
    assert.equal(formatLoadReport({ isDraining: false, errorsPerSecond: 0 }), 'TEXT eps=0');
    assert.equal(formatLoadReport({ isDraining: true }), 'TEXT named_metrics.draining=1');
  });
});

describe('loadReportIn()', () => {
  it('finds the field among those of the wire, in any case, as text or bytes', () => {
    for (const make of [String, Buffer.from] as const) {
      const other = ['Content-Type', 'text/plain', 'X-Endpoint-Load-Metric', 'x', 'endpoint-load-metricz', 'y'];
      const fields = [...other, 'Endpoint-Load-METRICS', 'TEXT eps=1', LOAD_REPORT_FIELD, 'TEXT eps=2'];
      assert.equal(loadReportIn(fields.map((text) => make(text))), 'TEXT eps=1');
      assert.equal(loadReportIn(other.map((text) => make(text))), undefined);
    }
    assert.equal(loadReportIn([]), undefined);
    assert.equal(loadReportIn([LOAD_REPORT_FIELD]), undefined);
  });
});
