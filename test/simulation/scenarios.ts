import { slowMiddle } from './scenarios/s01-slow-middle.ts';
import { largeLoadRamp, loadRamp } from './scenarios/s02-load-ramp.ts';
import { quantile } from './scenarios/s03-quantile.ts';
import { twoSlow } from './scenarios/s04-two-slow.ts';
import { rateRamp } from './scenarios/s05-rate-ramp.ts';
import { fewBusy } from './scenarios/s06-few-busy.ts';
import { movingHotSet } from './scenarios/s07-moving-hot-set.ts';
import { cleanContended } from './scenarios/s08-clean-contended.ts';
import { staleReports } from './scenarios/s09-stale-reports.ts';
import { supermarket } from './scenarios/s10-supermarket.ts';
import { erlang } from './scenarios/s11-erlang.ts';
import { tableFill } from './scenarios/s12-table-fill.ts';
import { weights } from './scenarios/s13-weights.ts';
import { order } from './scenarios/s14-order.ts';
import { spread } from './scenarios/s15-spread.ts';
import { fastAndSlow } from './scenarios/s16-fast-and-slow.ts';
import { manyKeys } from './scenarios/s17-many-keys.ts';
import { retryBurst } from './scenarios/s18-retry-burst.ts';
import { manyClients } from './scenarios/s19-many-clients.ts';
import { rollingDeploy } from './scenarios/s20-rolling-deploy.ts';
import type { SuiteScenario } from './suite.ts';

/** The suite, in the order of the table. */
export const SCENARIOS: readonly SuiteScenario[] = [
  slowMiddle,
  loadRamp,
  largeLoadRamp,
  quantile,
  twoSlow,
  rateRamp,
  fewBusy,
  movingHotSet,
  cleanContended,
  staleReports,
  supermarket,
  erlang,
  tableFill,
  weights,
  order,
  spread,
  fastAndSlow,
  manyKeys,
  retryBurst,
  manyClients,
  rollingDeploy,
];
