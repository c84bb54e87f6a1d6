import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FrameTracker, closeFrame } from '../../packages/proxy/src/websocket-frames.ts';

/** A frame as it is on the wire. */
function frame(opcode: number, length: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const head = [0x80 | opcode];
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 0xff);
  else head.push(mask | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff);
  if (isMasked) head.push(0x88, 0x08, 0xff, 0x81);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, 0x88)]);
}

const frames = fc.array(
  fc.record({
    opcode: fc.constantFrom(0, 1, 2, 9, 10),
    length: fc.oneof(fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536), fc.nat(300)),
    isMasked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('FrameTracker', () => {
  it('finds the end of each frame, however the bytes come', () => {
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 50 }),
        (specs, cuts) => {
          const parts = specs.map(({ opcode, length, isMasked }) => frame(opcode, length, isMasked));
          const bytes = Buffer.concat(parts);
          const ends = new Set<number>([0]);
          let end = 0;
          for (const part of parts) ends.add((end += part.length));
          const tracker = new FrameTracker();
          let at = 0;
          for (let i = 0; at < bytes.length; i++) {
            const chunk = bytes.subarray(at, at + cuts[i % cuts.length]!);
            assert.equal(tracker.take(chunk, false), chunk.length);
            at += chunk.length;
            assert.equal(tracker.isAtBoundary, ends.has(at), `at ${at}`);
          }
          assert.equal(tracker.hasClose, false);
        },
      ),
    );
  });

  it('stops at the end of the frame that it is in', () => {
    fc.assert(
      fc.property(frames, fc.nat(), (specs, seed) => {
        const parts = specs.map(({ opcode, length, isMasked }) => frame(opcode, length, isMasked));
        const [first = Buffer.alloc(0)] = parts;
        const begun = 1 + (seed % first.length);
        const tracker = new FrameTracker();
        tracker.take(first.subarray(0, begun), false);
        assert.equal(tracker.take(Buffer.concat(parts).subarray(begun), true), first.length - begun);
        assert.ok(tracker.isAtBoundary);
        assert.equal(tracker.take(first, true), 0);
      }),
    );
  });

  it('notices a Close', () => {
    const tracker = new FrameTracker();
    tracker.take(Buffer.concat([frame(1, 5, true), closeFrame(1000, true)]), false);
    assert.ok(tracker.hasClose && tracker.isAtBoundary);
  });

  it('is in a frame for ever if its length is absurd', () => {
    const tracker = new FrameTracker();
    tracker.take(Buffer.from([0x82, 0xff, ...Array.from({ length: 12 }, () => 0xff)]), false);
    tracker.take(Buffer.alloc(1_000_000), false);
    assert.equal(tracker.isAtBoundary, false);
  });
});

describe('closeFrame', () => {
  it('is masked for servers, each time in another way', () => {
    assert.deepEqual([...closeFrame(1012, false)], [0x88, 2, 0x03, 0xf4]);
    const [first, second] = [closeFrame(1001, true), closeFrame(1001, true)];
    for (const masked of [first, second]) {
      assert.deepEqual([...masked.subarray(0, 2)], [0x88, 0x82]);
      assert.equal(((masked[2]! ^ masked[6]!) << 8) | (masked[3]! ^ masked[7]!), 1001);
    }
    assert.notDeepEqual(first.subarray(2, 6), second.subarray(2, 6));
  });
});
