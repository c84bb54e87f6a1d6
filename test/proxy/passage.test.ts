import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { Passage } from '../../packages/proxy/src/passage.ts';
import { turn } from '../conformance/wire.ts';

async function taken(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

function passageOf(source: PassThrough, maxKeptBytes: number, maxBytes = Infinity): Passage {
  // As much of a request as a passage looks at.
  const req = source as unknown as IncomingMessage;
  return new Passage(req, [Buffer.from('ab')], maxKeptBytes, maxBytes, assert.fail);
}

describe('a body on its way', () => {
  it('begins again with all that has passed and all that comes, as often as it has to', async () => {
    const source = new PassThrough();
    const passage = passageOf(source, 10);
    passage.stream.resume();
    source.write('cd');
    await turn();
    for (let i = 0; i < 2; i++) {
      const again = passage.rewind();
      assert.ok(again !== undefined && again === passage.stream);
      if (i === 0) again.resume();
      await turn();
    }
    source.end('ef');
    assert.equal(await taken(passage.stream), 'abcdef');
    assert.equal(await taken(passage.rewind()!), 'abcdef');
  });

  it('does not begin again once too much of it has passed, or when it was told to forget', async () => {
    const source = new PassThrough();
    const passage = passageOf(source, 4);
    passage.stream.resume();
    source.write('cd');
    await turn();
    assert.notEqual(passage.rewind(), undefined);
    passage.stream.resume();
    source.write('e');
    await turn();
    assert.equal(passage.rewind(), undefined);
    const other = passageOf(new PassThrough(), 4);
    other.forget();
    assert.equal(other.rewind(), undefined);
  });
});
