/**
 * PROXY heads, written out by hand and made up by chance.
 */
import fc from 'fast-check';

export const V2_SIGNATURE: Buffer = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A version 1 head of any text. */
export function line(text: string): Buffer {
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** A version 2 head. @param command as its byte: 0x20 LOCAL, 0x21 PROXY @param family as its byte: 0x11 TCP over IPv4, ... */
export function block(command: number, family: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length);
  return Buffer.concat([V2_SIGNATURE, Buffer.from([command, family]), length, content]);
}

/** One type-length-value field. */
export function field(type: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value as string, 'latin1');
  return Buffer.concat([Buffer.from([type, bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** 203.0.113.7:4711 to 198.51.100.1:443. */
export const V4_ENDS: Buffer = Buffer.from([203, 0, 113, 7, 198, 51, 100, 1, 4711 >> 8, 4711 & 255, 1, 187]);

const V1_TEXT = 'PROXY TCP4 203.0.113.7 198.51.100.1 4711 443';
export const V1: Buffer = line(V1_TEXT);
export const V2: Buffer = block(0x21, 0x11, V4_ENDS);

const port = fc.integer({ min: 0, max: 65_535 });

/** Heads of all shapes, most of them whole. */
export const anyHead: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(fc.constantFrom('TCP4', 'TCP6', 'UNKNOWN', 'TCP5'), fc.ipV4(), fc.ipV4(), port, port)
    .map((words) => line(['PROXY', ...words].join(' '))),
  fc.tuple(fc.ipV6(), fc.ipV6(), port, port).map((words) => line(['PROXY', 'TCP6', ...words].join(' '))),
  fc.string({ maxLength: 120 }).map((text) => line(`PROXY ${text}`)),
  fc
    .tuple(
      fc.constantFrom(0x20, 0x21, 0x22, 0x11),
      fc.constantFrom(0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32, 0x10, 0x41, 0x13),
      fc.constantFrom(0, 12, 36, 216).chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
      fc.array(
        fc
          .tuple(fc.constantFrom(1, 2, 3, 4, 5, 0x20, 0x30, 0xe0, 0xff), fc.uint8Array({ maxLength: 12 }))
          .map(([type, value]) => field(type, value)),
        { maxLength: 4 },
      ),
    )
    .map(([command, family, ends, fields]) => block(command, family, ends, ...fields)),
);

/** Heads with bytes changed, left out and put in, and plain noise. */
export const hostileHead: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(
      anyHead,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'put')), {
        maxLength: 4,
      }),
    )
    .map(([head, changes]) => {
      const bytes = [...head];
      for (const [where, value, change] of changes) {
        const at = where % (bytes.length + 1);
        bytes.splice(at, change === 'put' ? 0 : 1, ...(change === 'cut' ? [] : [value]));
      }
      return Buffer.from(bytes);
    }),
);
