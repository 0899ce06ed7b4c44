// The versions of a resource, each with the one before it.
import type { HistoryEntry } from '../api/types';

export interface Version extends HistoryEntry {
  /** The version before it; absent for the first. */
  before?: HistoryEntry;
}

/**
 * Newest first. Where `more` are to come, the oldest one waits for them: without the one before it, it would look as if
 * it had made everything that it holds.
 */
export function versionsOf(entries: HistoryEntry[], more: boolean): Version[] {
  const versions = entries.map((entry, index) => ({ ...entry, before: entries[index + 1] }));
  return more ? versions.slice(0, -1) : versions;
}
