/** An entry of the catalogue that is not planted, and what stands for it. */
export interface NotPlantable {
  readonly id: string
  readonly code: string
  readonly title: string
  /** Why nothing is planted, in a sentence. */
  readonly reason: string
  /** What looks for the same bug, in a sentence. */
  readonly instead: string
}

/** What the catalogue knows and no fault plants, in the order of the codes. */
export const notPlantable: readonly NotPlantable[] = [
  {
    id: 'start-twice',
    code: 'A4',
    title: 'The image starts once and not twice',
    reason: 'There is nothing to plant: two healthy boots are the fault.',
    instead: 'The control of every run boots the image again on what its first boot left, and fails the run.'
  },
  {
    id: 'modules-race',
    code: 'D10',
    title: 'Several processes fill one directory of downloaded modules',
    reason: 'It is a race and no state.',
    instead: 'The boot mode concurrent starts several containers at once on one volume.'
  },
  {
    id: 'stale-machine-code',
    code: 'E3',
    title: 'Machine code of numba whose callee has changed answers wrongly',
    reason: 'It needs two versions of a program, and only the first can write that cache.',
    instead:
      'Run with the image of the last release as previous state, and a smoke test that knows the right answer.'
  },
  {
    id: 'gradle-lock',
    code: 'H7',
    title: 'Two containers wait for the lock of one Gradle home',
    reason:
      'The lock is held by a live process that answers through a socket; a file alone is taken for stale.',
    instead: 'The boot mode concurrent on the volume that holds the Gradle home.'
  },
  {
    id: 'postgres-live-pid',
    code: 'H2',
    title: 'The pid in postmaster.pid is that of another live process of the same user',
    reason: 'Which pids will be alive when the server starts cannot be known before.',
    instead: 'The faults postgres-pid and killed: a restart gives the same pids to other processes.'
  },
  {
    id: 'destructive-heal',
    code: 'K4',
    title: 'Start-up repairs by removing what it should have kept',
    reason: 'It is what start-up does and no state.',
    instead: 'After every trial the files of users are compared with what they were: data-lost.'
  }
]
