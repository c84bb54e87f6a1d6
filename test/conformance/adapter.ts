/**
 * The laws of the proxy (docs/proxy.md, numbered as there) for any adapter: bare node:http, Express, Koa, or one of your own.
 */
import { answerLaws } from './adapter-answers.ts';
import { bodyLaws } from './adapter-bodies.ts';
import { faultLaws } from './adapter-faults.ts';
import { headLaws } from './adapter-heads.ts';
import { hostileLaws } from './adapter-hostile.ts';
import { interimLaws } from './adapter-interim.ts';
import { makeRig } from './adapter-rig.ts';
import type { Law, MakeServer, SkippedLaw } from './adapter-rig.ts';
import { smugglingLaws } from './adapter-smuggling.ts';
import { splittingLaws } from './adapter-splitting.ts';
import { upgradeLaws } from './adapter-upgrades.ts';

export type { AdapterServer, MakeServer } from './adapter-rig.ts';

export function describeAdapter(
  name: string,
  makeServer: MakeServer,
  { skip = [] }: { skip?: readonly SkippedLaw[] } = {},
): void {
  describe(`${name} as a proxy`, () => {
    const rig = makeRig(makeServer);
    afterEach(() => rig.end());

    const law: Law = (number, sentence, run) => {
      const skipped = skip.find((entry) => entry.law === number);
      if (skipped !== undefined) it.skip(`law ${number}: ${sentence} (${skipped.reason})`);
      else it(`law ${number}: ${sentence}`, () => run(rig));
    };
    headLaws(law);
    bodyLaws(law);
    faultLaws(law);
    interimLaws(law);
    answerLaws(law);
    hostileLaws(law);
    smugglingLaws(law);
    splittingLaws(law);
    upgradeLaws(law);
  });
}
