import assert from 'node:assert/strict';
import { seeded } from '@evenkeel/core/testing';
import { exponential } from './draws.ts';
import { Latencies } from './latencies.ts';
import { plot } from './plot.ts';

function latencies(mean: number): Latencies {
  const random = seeded(1);
  const values = new Latencies();
  for (let i = 0; i < 20_000; i++) values.push(exponential(mean, random));
  return values;
}

describe('plot', () => {
  const svg = plot('Fast <and> slow', [
    { label: 'fast', latencies: latencies(10) },
    { label: 'slow & late', latencies: latencies(100) },
  ]);
  const lines = [...svg.matchAll(/points="([^"]*)"/g)].map(([, points]) =>
    points!.split(' ').map((point) => point.split(',').map(Number) as [number, number]),
  );

  it('draws a line per series that never falls, the slower one above', () => {
    assert.equal(lines.length, 2);
    for (const line of lines) {
      line.slice(1).forEach(([x, y], i) => assert.ok(x > line[i]![0] && y <= line[i]![1]));
    }
    assert.ok(lines[1]!.at(-1)![1] < lines[0]!.at(-1)![1] - 50);
    lines[0]!.forEach(([, y], i) => assert.ok(lines[1]![i]![1] <= y));
  });

  it('ends at the percentile that the number of samples can tell', () => {
    assert.ok(svg.includes('>p99.9<') && !svg.includes('>p99.99<'));
  });

  it('is well-formed: names are escaped, nothing is NaN, and dark pages have their own colours', () => {
    assert.ok(svg.includes('Fast &lt;and&gt; slow') && svg.includes('slow &amp; late'));
    assert.ok(!svg.includes('NaN') && !svg.includes('Infinity'));
    assert.ok(svg.includes('prefers-color-scheme:dark'));
  });
});
