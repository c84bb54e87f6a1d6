/**
 * What each octet may be part of (RFC 9110 sections 5.5 and 5.6.2), as one table for bytes and for latin1 strings.
 */

/** Of a method or a field name. */
export const TOKEN = 1;
/** Of a field value or a reason phrase: HTAB, SP, visible characters, and the upper half. */
export const TEXT = 2;
/** Of a request target: no white space, no control characters. */
export const TARGET = 4;

export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;

export const OCTETS: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => {
  const isVisible = octet > 0x20 && octet !== 0x7f;
  const isToken = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(octet));
  return (isToken ? TOKEN : 0) | (isVisible || octet === SP || octet === HTAB ? TEXT : 0) | (isVisible ? TARGET : 0);
});

/** True if the text is made of such octets only. The empty text is. */
export function isMadeOf(kind: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff || (OCTETS[code]! & kind) === 0) return false;
  }
  return true;
}

/** The same for `TEXT`, of which there may be much: a regular expression takes a while to start, and then a third of the time for each character. */
export function isText(text: string): boolean {
  return text.length < 16 ? isMadeOf(TEXT, text) : ONLY_TEXT.test(text);
}

const ONLY_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;
