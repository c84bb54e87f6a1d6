/**
 * Fields that are decoded when they are first read. A stored field is an accessor on the session object; reading it or assigning to
 * it turns it into a plain property, so at a commit every accessor that is still there is known to be unchanged.
 *
 * One accessor serves all sessions that have a field of its name: with accessors of their own, no two session objects would share
 * their hidden class, and making one would cost several times as much.
 */

/** Who knows what the lazy fields of an object hold. */
export interface LazyFields {
  /** Decodes a field and makes it a plain property. */
  materialise(name: string): unknown;
  /** Makes it a plain property with another value. */
  replace(name: string, value: unknown): void;
}

/** Finds it for an object; undefined for one that has none. */
type Finder = (object: object) => LazyFields | undefined;

/** Names come from stores, so the number of accessors kept must be bounded. */
const MAX_ACCESSORS = 4_096;

/** The accessors of one kind of object. */
export interface LazyAccessors {
  /** Puts the accessor of a field on an object. */
  show(object: object, name: string): void;
  /** True if the object has a field that nobody has read or assigned yet. */
  isUnread(object: object, name: string): boolean;
}

export function lazyAccessors(find: Finder): LazyAccessors {
  const accessors = new Map<string, PropertyDescriptor>();
  const getters = new WeakSet<object>();

  function accessor(name: string): PropertyDescriptor {
    let found = accessors.get(name);
    if (found !== undefined) return found;
    found = {
      get(this: object): unknown {
        return nearest(find, this)?.materialise(name);
      },
      set(this: object, value: unknown): void {
        nearest(find, this)?.replace(name, value);
      },
      enumerable: true,
      configurable: true,
    };
    getters.add(found.get!);
    if (accessors.size < MAX_ACCESSORS) accessors.set(name, found);
    return found;
  }

  return {
    show: (object, name) => void Object.defineProperty(object, name, accessor(name)),
    isUnread(object, name) {
      const get = Object.getOwnPropertyDescriptor(object, name)?.get;
      return get !== undefined && getters.has(get);
    },
  };
}

/** The object itself, or what it inherits from: `Object.create(session)` reads the session's fields. */
function nearest(find: Finder, object: object): LazyFields | undefined {
  for (let o: object | null = object; o !== null; o = Object.getPrototypeOf(o) as object | null) {
    const fields = find(o);
    if (fields !== undefined) return fields;
  }
  return undefined;
}
