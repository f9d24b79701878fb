/** Tells listeners what changed. Looks through the folder only while somebody listens. */

import { setTimeout as sleep } from 'node:timers/promises';

import type { CampaignRow, Changes, Listing, RunRow, StudyRow } from './api.js';
import type { Scanner } from './scan.js';

export interface Live {
  /** @returns stops listening */
  listen(onChange: (changes: Changes) => void): () => void;
}

const interval = 1000;

export function live(scanner: Scanner): Live {
  const listeners = new Set<(changes: Changes) => void>();
  let looking = false;

  /** Looks every second until nobody listens. */
  const follow = async (): Promise<void> => {
    looking = true;
    // A page that opens is handed the last look, so what changed since then is news.
    let before = await scanner.last();
    // Its own questions come first.
    await sleep(interval / 2, undefined, { ref: false });
    while (listeners.size > 0) {
      const now = await scanner.list();
      const changes = changesBetween(before, now);
      before = now;
      if (changes !== undefined) for (const tell of listeners) tell(changes);
      await sleep(interval, undefined, { ref: false });
    }
    looking = false;
  };

  return {
    listen(onChange) {
      listeners.add(onChange);
      if (!looking) void follow();
      return () => void listeners.delete(onChange);
    },
  };
}

/** Undefined if nothing changed. An unchanged row is the same object, so identity tells. */
export function changesBetween(before: Listing, now: Listing): Changes | undefined {
  const runs = fresh<RunRow>(before.runs, now.runs);
  const studies = fresh<StudyRow>(before.studies, now.studies);
  const campaigns = fresh<CampaignRow>(before.campaigns, now.campaigns);
  const idsOf = (listing: Listing): string[] =>
    [...listing.runs, ...listing.studies, ...listing.campaigns].map(({ id }) => id);
  const there = new Set(idsOf(now));
  const gone = idsOf(before).filter((id) => !there.has(id));
  const none = runs.length + studies.length + campaigns.length + gone.length === 0;
  return none ? undefined : { runs, studies, campaigns, gone };
}

function fresh<Row>(before: readonly Row[], now: readonly Row[]): Row[] {
  const old = new Set(before);
  return now.filter((row) => !old.has(row));
}
