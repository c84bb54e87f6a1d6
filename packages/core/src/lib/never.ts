/** Long before anything: half a month. A small integer, where -Infinity would be a fraction in a box of its own. */
export const NEVER: number = -(2 ** 30);
