/**
 * One field's value under AES-256-GCM: `$`, one character that names the key, then base64url of nonce (12 bytes), ciphertext and tag
 * (16 bytes). What is authenticated with it is the digest of the session's id and the field's name, so that a value works in its own
 * place only. Its length tells the length of the value: nothing is padded.
 *
 * The nonce is random. Such nonces are good for 2^32 values under one key (the chance that any two are equal is then below 2^-32), which
 * a busy fleet would reach within weeks under a common key. So each session has a key of its own, HMAC-SHA-256 of its digest under the
 * configured one: the limit is 2^32 changed fields in one session, and even 10,000 per second take five days to get there.
 * @see NIST SP 800-38D, 8.2.2 and 8.3; NIST SP 800-108
 */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { BalancerError } from '@evenkeel/core';
import { corruptError } from '../store-error.ts';

const ALGORITHM = 'aes-256-gcm';
const MARK = '$';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_KEYS = 16;
/** 32 bytes in base64 or base64url, padded or not. */
const BASE64_KEY = /^[A-Za-z0-9+/_-]{43}=?$/;

/** A configured key, and the character that tells which one a value was written with. */
interface RingKey {
  readonly name: string;
  readonly secret: KeyObject;
}

/** The keys of one `encrypted()`: the first encrypts, all decrypt. */
export type KeyRing = readonly [RingKey, ...RingKey[]];

/**
 * Checks keys. Their values never get into a message.
 * @throws INVALID_OPTIONS
 */
export function keyRing(where: string, keys: unknown): KeyRing {
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw refused(where, 'keys', `a list of 1 to ${MAX_KEYS} keys`);
  const [first, ...rest] = keys.map((key, i) => ringKey(where, `keys[${i}]`, key));
  if (first === undefined) throw refused(where, 'keys', `a list of 1 to ${MAX_KEYS} keys`);
  return [first, ...rest];
}

function ringKey(where: string, path: string, key: unknown): RingKey {
  const bytes = typeof key === 'string' && BASE64_KEY.test(key) ? Buffer.from(key, 'base64') : key;
  if (!(bytes instanceof Uint8Array) || bytes.byteLength !== KEY_BYTES) {
    throw refused(where, path, `${KEY_BYTES} bytes, as a Buffer or in base64`);
  }
  const secret = createSecretKey(bytes);
  return { name: derived(secret, 'evenkeel field key name').toString('base64url').charAt(0), secret };
}

function refused(where: string, path: string, expectation: string): BalancerError {
  return new BalancerError('INVALID_OPTIONS', `${where}: \`${path}\` must be ${expectation}`);
}

function derived(secret: KeyObject, purpose: string): Buffer {
  return createHmac('sha256', secret).update(purpose).digest();
}

/** Encrypts and decrypts the fields of one session. Deriving its key takes about 3 us, and happens once, at the first use. */
export class FieldCipher {
  readonly #ring: KeyRing;
  readonly #sessionKey: string;
  readonly #isPlaintextAllowed: boolean;
  readonly #derived = new Map<RingKey, KeyObject>();

  /** @param sessionKey the digest of the session's id */
  constructor(ring: KeyRing, sessionKey: string, isPlaintextAllowed: boolean) {
    this.#ring = ring;
    this.#sessionKey = sessionKey;
    this.#isPlaintextAllowed = isPlaintextAllowed;
  }

  /** Never twice the same text. O(length). */
  seal(field: string, text: string): string {
    const [key] = this.#ring;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#keyFrom(key), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#placeOf(field));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return MARK + key.name + sealed.toString('base64url');
  }

  /** O(length). @throws SESSION_CORRUPT unless `seal` has made the text for the same session and field, with one of the keys */
  open(field: string, text: string): string {
    if (!text.startsWith(MARK)) {
      if (this.#isPlaintextAllowed) return text;
      throw this.#corrupt(field, 'it is not encrypted, and `allowPlaintext` is off');
    }
    const sealed = Buffer.from(text.slice(2), 'base64url');
    // Node reads over characters that are not base64; they would be a second spelling of the same value.
    const isWhole = sealed.length >= NONCE_BYTES + TAG_BYTES && sealed.toString('base64url') === text.slice(2);
    for (const key of isWhole ? this.#ring : []) {
      const opened = key.name === text.charAt(1) ? this.#openWith(key, field, sealed) : undefined;
      if (opened !== undefined) return opened;
    }
    throw this.#corrupt(field, 'none of the keys has made it for this field of this session');
  }

  #openWith(key: RingKey, field: string, sealed: Buffer): string | undefined {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(ALGORITHM, this.#keyFrom(key), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#placeOf(field));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    try {
      // Two texts are only put together when the tag has proved to be right.
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  #keyFrom(key: RingKey): KeyObject {
    let secret = this.#derived.get(key);
    if (secret === undefined) {
      // As a KeyObject: Node needs ten times as long for a cipher whose key is bytes.
      secret = createSecretKey(derived(key.secret, `evenkeel fields of ${this.#sessionKey}`));
      this.#derived.set(key, secret);
    }
    return secret;
  }

  /** The digest has a fixed length: no two places have the same bytes. */
  #placeOf(field: string): Buffer {
    return Buffer.from(`${this.#sessionKey}.${field}`, 'utf8');
  }

  #corrupt(field: string, what: string): BalancerError {
    return corruptError(`The field ${JSON.stringify(field)} of ${this.#sessionKey}`, what);
  }
}
