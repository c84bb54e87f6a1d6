/**
 * Short strings, integers and booleans without the codec: telling whether a field is unchanged, or what it holds, costs less here than
 * putting it off. Says nothing about any other value.
 */

/** Beyond this a text is decoded only when somebody reads it. */
const MAX_LENGTH = 256;

// No escapes, so that the text between the quotes is the value.
const BARE_STRING = /^"[^"\\\p{Cc}\p{Cs}]*"$/u;
const INTEGER = /^(?:0|-?[1-9][0-9]{0,14})$/;

/** The value of an encoded field; undefined for one that is not as plain as that. */
export function plainValue(text: string): string | number | boolean | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const first = text.charCodeAt(0);
  if (first === 0x22) return BARE_STRING.test(text) ? text.slice(1, -1) : undefined;
  if (first <= 0x39) return INTEGER.test(text) ? Number(text) : undefined;
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** True if the encoded text of `value` is known to be `text`. */
export function isPlainTextOf(value: unknown, text: string): boolean {
  if (typeof value === 'string') {
    return text.length === value.length + 2 && text.startsWith(value, 1) && BARE_STRING.test(text);
  }
  return (typeof value === 'number' || typeof value === 'boolean') && String(value) === text;
}
