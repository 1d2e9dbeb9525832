import type { Fault } from '../model.js'

const previousRelease: Fault = {
  id: 'previous-release',
  code: 'J2',
  family: 'skew',
  title: 'The previous release has filled the volumes',
  default: true,
  modes: ['upgrade'],
  aim: 'volumes',
  applies(_, { previous, volumes }) {
    if ('reason' in previous) return previous
    return volumes.length > 0
      ? true
      : { reason: 'there is no volume on which a release could leave anything' }
  },
  plant(_, { previous }) {
    const reference = 'reference' in previous ? previous.reference : '?'
    return {
      entries: [],
      previousRelease: true,
      summary: `the volumes as ${reference} left them, after it was ready and was stopped gracefully`
    }
  },
  expects: () => 'recover',
  signatures: [
    {
      pattern: String.raw`database version .* is incompatible|incompatible (with|version)|unsupported (schema|version|format|pickle protocol)|schema version|was created (by|with) (a|an) (newer|older)|no such (column|table)`,
      cause: 'The last release left its data in another version’s form.',
      remedy:
        'Write the version beside the data and migrate older ones at start-up; test the migration from every release that users may come from.'
    }
  ],
  evidence: ['meilisearch/meilisearch#5534', 'canonical/lxd#7643'],
  remedy:
    'Write a version beside what you store; at start-up migrate data of an older one, and throw away caches of another one.'
}

/** Section J of the catalogue, as far as it needs an image of another version. */
export const skewFaults: readonly Fault[] = [previousRelease]
