import { v } from '../options.ts';
import type { Probe } from './probe.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

const PROBE = 'a probe such as httpProbe() (an object with name, check() and its timing)';

const timing = v.object(timingEntries);

const probeSchema = v.custom<Probe>((value) => {
  if (typeof value !== 'object' || value === null) return false;
  if (typeof Reflect.get(value, 'check') !== 'function' || typeof Reflect.get(value, 'name') !== 'string') return false;
  const result = v.safeParse(timing, value);
  // All of it: what is not there has no default, and an interval that is no number would be none.
  return result.success && Object.keys(timingOf(result.output)).every((key) => Reflect.has(value, key));
}, PROBE);

const listSchema = v.array(probeSchema);

/** The schema of one probe or several; gives a list. */
export const probesSchema: v.GenericSchema<Probe | readonly Probe[], readonly Probe[]> = v.pipe(
  v.lazy((value) => (Array.isArray(value) ? listSchema : probeSchema)),
  v.transform((given) => [given].flat()),
);
