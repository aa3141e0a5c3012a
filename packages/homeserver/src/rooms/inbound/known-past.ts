import { prevEventIds } from '@soma/protocol';
import type { Pdu } from '@soma/protocol';

import type { Reader } from '../../storage/sql.ts';
import { readOutliers, readOutliersInGaps } from '../gap-store.ts';
import { outliersInGapsMax, pastStepsMax } from './limits.ts';

/**
 * IDs of events that accepted ones stand on by way of events which are known without a place in the room, such as those of
 * a state that another server told: these have no edges in the graph.
 */
export async function readKnownPast(reader: Reader, roomNid: number): Promise<ReadonlySet<string>> {
  const past = new Set<string>();
  let texts = await readOutliersInGaps(reader, roomNid, outliersInGapsMax);
  for (let step = 0; step < pastStepsMax && texts.length > 0; step += 1) {
    const fresh = texts
      .flatMap((text): string[] => {
        const pdu: Pdu = JSON.parse(text);
        return prevEventIds(pdu);
      })
      .filter((id) => !past.has(id));
    for (const id of fresh) past.add(id);
    texts = await readOutliers(reader, fresh);
  }
  return past;
}
