/**
 * Attributes of endpoints' cookies, as they have to be for the client. Names and values stay byte for byte, and so does what the proxy's
 * own stickiness adds afterwards.
 */

/** What becomes of the attributes that an endpoint's `Set-Cookie` has; an attribute that it lacks is not added. */
export interface CookieRewrite {
  /** The new `Domain`; `''` takes it off; or new ones by old ones, with `*` for all others. @default unchanged */
  readonly domain?: string | Readonly<Record<string, string>>;
  /**
   * The new `Path`; `''` takes it off; or new ones by old ones, with `*` for all others. True puts the mount path in front, for
   * `stripMountPath`. @default unchanged
   */
  readonly path?: true | string | Readonly<Record<string, string>>;
  /** True adds `Secure`, false takes it off. @default unchanged */
  readonly secure?: boolean;
}

/** Changes the `Set-Cookie` fields in place. */
export function rewriteCookies(fields: string[], rewrite: CookieRewrite, mountPath: string): void {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.length !== SET_COOKIE_LENGTH || fields[i]!.toLowerCase() !== 'set-cookie') continue;
    fields[i + 1] = rewriteCookie(fields[i + 1]!, rewrite, mountPath);
  }
}

const SET_COOKIE_LENGTH = 'set-cookie'.length;

function rewriteCookie(field: string, rewrite: CookieRewrite, mountPath: string): string {
  const [pair, ...attributes] = field.split(';') as [string, ...string[]];
  const name = pair.trim().toLowerCase();
  // Browsers refuse such a cookie without what its name promises (RFC 6265bis section 4.1.3).
  const isHostBound = name.startsWith('__host-');
  const isSecureBound = isHostBound || name.startsWith('__secure-');
  let kept = pair;
  for (const attribute of attributes) {
    const equals = attribute.indexOf('=');
    const key = (equals < 0 ? attribute : attribute.slice(0, equals)).trim().toLowerCase();
    const value = equals < 0 ? '' : attribute.slice(equals + 1).trim();
    let next: string | undefined = value;
    if (key === 'domain') next = domainOf(value, rewrite.domain);
    else if (key === 'path' && !isHostBound) next = newPath(value, rewrite.path, mountPath);
    else if (key === 'secure' && rewrite.secure !== undefined && !isSecureBound) continue;
    if (next === value) kept += `;${attribute}`;
    else if (next !== '') kept += `; ${key === 'domain' ? 'Domain' : 'Path'}=${next}`;
  }
  return rewrite.secure === true && !isSecureBound ? `${kept}; Secure` : kept;
}

function domainOf(value: string, rewrite: CookieRewrite['domain']): string {
  if (rewrite === undefined || typeof rewrite === 'string') return rewrite ?? value;
  const bare = value.toLowerCase().replace(/^\./, '');
  const match = Object.keys(rewrite).find((key) => key.toLowerCase().replace(/^\./, '') === bare);
  return rewrite[match ?? '*'] ?? value;
}

function newPath(value: string, rewrite: CookieRewrite['path'], mountPath: string): string {
  if (rewrite === undefined || typeof rewrite === 'string') return rewrite ?? value;
  // A semicolon in it would start another attribute.
  if (rewrite === true) return mountPath === '' || mountPath.includes(';') ? value : belowMount(mountPath, value);
  return Object.hasOwn(rewrite, value) ? rewrite[value]! : (rewrite['*'] ?? value);
}

function belowMount(mountPath: string, path: string): string {
  return path === '/' || !path.startsWith('/') ? mountPath : mountPath + path;
}
