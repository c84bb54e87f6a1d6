export { balance } from './balance.ts';
export { reportLoad } from './report-load.ts';
export type { ReportLoadOptions } from './report-load.ts';
export { session } from './session.ts';
export { cookieKey, firstKey, headerKey, queryKey, sourceIp } from '@evenkeel/proxy';
export type { RequestKey } from '@evenkeel/proxy';
