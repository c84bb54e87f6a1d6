/**
 * A session as other libraries keep it, one JSON document, and as our stores keep it, one text per field.
 *
 * What JSON changes is changed here as well: a Date comes back as a text and a Map as an empty object, since that is what users of
 * those libraries live with. Fields that this package's `session()` has stored keep what they hold for as long as nobody changes them.
 */
import { decodeValue, encodeValue } from '../fields/codec.ts';
import { isFieldName } from '../fields/fields.ts';
import type { FieldChanges } from '../fields/merge.ts';

/** A session with its own data as own enumerable properties. */
export type SessionDocument = Record<string, unknown>;

/** Names of fields that are not the application's begin with it. */
const INTERNAL = '*';

/** Holds as one field all properties whose names no field may have. */
const UNFIT_NAMES = '*';

/** What the text of a value starts with that holds more than JSON knows: see `codec.ts`. */
const TAGGED = '~';

const NOBODY_CAN_ADD: FieldChanges['add'] = new Map();

/** The document that has these fields. O(size). @throws SESSION_CORRUPT */
export function documentOf(fields: ReadonlyMap<string, string>): SessionDocument {
  const document: SessionDocument = {};
  for (const [name, stored] of fields) {
    if (name === UNFIT_NAMES) addUnfit(document, decodeValue(name, stored));
    else if (!name.startsWith(INTERNAL)) document[name] = valueOf(name, stored);
  }
  return document;
}

/**
 * What turns `fields` into those of `document`. Fields that are not the application's stay as they are. O(size).
 * @throws SESSION_FIELD naming the path, for a value that is too large or would reach a prototype
 * @throws TypeError from JSON, for a cycle or a BigInt
 */
export function changesTo(document: object, fields: ReadonlyMap<string, string>): FieldChanges {
  const texts = textsOf(document);
  const set = new Map<string, string>();
  for (const [name, text] of texts) {
    const stored = fields.get(name);
    if (stored === text || (stored?.startsWith(TAGGED) === true && JSON.stringify(valueOf(name, stored)) === text))
      continue;
    // What could not be read again must not be written. A text of JSON is one of the codec as well, where it takes it at all.
    set.set(name, encodeValue(name, JSON.parse(text)));
  }
  const remove = [...fields.keys()].filter((name) => !texts.has(name) && isOfDocument(name));
  return { set, remove, add: NOBODY_CAN_ADD };
}

/** True for the fields that a document is made of. */
export function isOfDocument(name: string): boolean {
  return name === UNFIT_NAMES || !name.startsWith(INTERNAL);
}

/** The JSON text of each field of a document. What JSON leaves out is left out. */
function textsOf(document: object): Map<string, string> {
  const texts = new Map<string, string>();
  const unfit: SessionDocument = {};
  for (const [name, value] of Object.entries(document)) {
    const text = jsonOf(name, value);
    if (text === undefined || name === '__proto__') continue;
    if (isFieldName(name) && !name.startsWith(INTERNAL)) texts.set(name, text);
    else unfit[name] = JSON.parse(text);
  }
  if (Object.keys(unfit).length > 0) texts.set(UNFIT_NAMES, JSON.stringify(unfit));
  return texts;
}

/** As JSON does it for a property: `toJSON` is told its name. Undefined for what JSON leaves out. */
function jsonOf(name: string, value: unknown): string | undefined {
  const text = JSON.stringify({ [name]: value });
  return text === '{}' ? undefined : text.slice(JSON.stringify(name).length + 2, -1);
}

/** A value as JSON has it. JSON refuses integers beyond numbers; as text they do no harm. */
function valueOf(name: string, stored: string): unknown {
  const value = decodeValue(name, stored);
  if (!stored.startsWith(TAGGED)) return value;
  const text: string | undefined = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? String(part) : part,
  );
  return text === undefined ? undefined : JSON.parse(text);
}

function addUnfit(document: SessionDocument, unfit: unknown): void {
  if (typeof unfit !== 'object' || unfit === null) return;
  for (const [name, value] of Object.entries(unfit)) if (name !== '__proto__') document[name] = value;
}
