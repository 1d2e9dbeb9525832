import type { Fault } from '../model.js'

const killed: Fault = {
  id: 'killed',
  code: 'A9',
  family: 'crash',
  title: 'The healthy container was killed with SIGKILL',
  default: true,
  modes: ['restart', 'recreate'],
  aim: 'container',
  applies: (_, context) =>
    context.isJob
      ? { reason: 'a container that is ready when it has ended cannot be killed while healthy' }
      : true,
  plant: () => ({ entries: [], kill: true, summary: 'SIGKILL to the healthy container; nothing else' }),
  expects: () => 'recover',
  signatures: [
    {
      pattern: String.raw`already (running|in use|exists|active)|[Ll]ock(file)? .*(exists|held)|Pidfile .* already exists|could not acquire|resource temporarily unavailable`,
      cause: 'A lock or pid file of the killed process is still there.',
      remedy:
        'Use locks that die with their holder (flock), or check that the recorded process is alive and is yours before refusing to start.'
    }
  ],
  evidence: ['mozilla-ai/clawbolt#1499', 'Suwayomi/Suwayomi-Server-docker#139'],
  remedy:
    'Use locks that die with their holder (flock), and compare more than a pid before you call a lock held.'
}

/** The crash itself as a fault: every other fault stops its container gracefully. */
export const crashFaults: readonly Fault[] = [killed]
