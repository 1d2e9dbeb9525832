/**
 * The words of the project as types. This file imports nothing: every other module may import it.
 *
 * Units: durations that end in `Ms` are milliseconds, those that end in `Seconds` are seconds (fractions allowed),
 * sizes are bytes, `mtime` is whole seconds since 1970 (an archive's precision).
 */

// ---------------------------------------------------------------- inputs

/** Where the image under test comes from. */
export type ImageSource = { readonly kind: 'reference'; readonly reference: string } | BuildSource

/** A build as `docker build` understands it; paths are absolute on the runner. */
export interface BuildSource {
  readonly kind: 'build'
  /** Build context: an absolute directory, or a URL that the builder understands. */
  readonly context: string
  /** Absolute path of the Dockerfile. */
  readonly file: string
  readonly target?: string
  /** `KEY=VALUE`, or `KEY` to take the value from the environment. */
  readonly buildArgs: readonly string[]
  /** Build secrets by id; the values are masked in every log and report. */
  readonly secrets: Readonly<Record<string, string>>
  readonly cacheFrom: readonly string[]
  readonly cacheTo: readonly string[]
}

/** One readiness check, as written in the input `ready`. */
export type ProbeSpec =
  | { readonly kind: 'healthcheck' }
  | { readonly kind: 'http'; readonly port: number; readonly path: string }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'log'; readonly pattern: string; readonly flags: string }
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  | { readonly kind: 'exit'; readonly code: number }

/** What a container of the image under test is created with, beside its volumes. */
export interface ContainerInputs {
  readonly env: Readonly<Record<string, string>>
  /** Container ports to publish on the loopback interface. */
  readonly ports: readonly number[]
  /** Flags of `docker create`, split as a POSIX shell splits words. */
  readonly options: readonly string[]
  /** Replaces the image's CMD; undefined keeps it. */
  readonly command: readonly string[] | undefined
}

/** What decides when a boot counts as healthy. */
export interface HealthInputs {
  /** Empty means: choose automatically. All must pass. */
  readonly ready: readonly ProbeSpec[]
  /** Undefined means: derived from the control. */
  readonly startupTimeoutMs: number | undefined
  readonly stableForMs: number
  /** A script that runs on the runner after ready. */
  readonly smokeTest: string | undefined
  /** Regular expressions, in the order given. */
  readonly forbidLogs: readonly { readonly pattern: string; readonly flags: string }[]
}

/** What decides which scenarios are planned. */
export interface PlanInputs {
  /** Declared mount points; undefined means the image's VOLUMEs. */
  readonly volumes: readonly string[] | undefined
  readonly cachePaths: readonly string[]
  readonly dataPaths: readonly string[]
  readonly faults: FaultSelection
  readonly bootModes: readonly BootMode[] | 'auto'
  readonly replicas: number
  readonly shard: { readonly index: number; readonly total: number } | undefined
  /** Into how many shards a plan is parted; undefined lets the estimate decide. */
  readonly shards: number | undefined
  /** The plan that another job made, which this one runs a part of. */
  readonly planFile: PlannedPart | undefined
  /** What the repository adds and rules; undefined without a scenario file. */
  readonly scenarioFile: ScenarioFile | undefined
}

/** A scenario file: faults and scenarios of a repository's own, and what it says of any. */
export interface ScenarioFile {
  /** As it is named to users: relative to the workspace where it is in it. */
  readonly name: string
  readonly faults: readonly OwnFault[]
  readonly scenarios: readonly OwnScenario[]
  /** In order: where several match and contradict each other, the last one holds. */
  readonly rules: readonly ScenarioRule[]
}

/** What a scenario file says of scenarios, where it says anything. */
export interface ScenarioTerms {
  readonly expect?: Expectation
  readonly timeoutMs?: number
  /** Why they fail today. */
  readonly knownToFail?: string
}

/** A fault at a path, beside those that the inputs ask for, and what holds for the scenarios that it leads to. */
export interface OwnScenario extends ScenarioTerms {
  readonly fault: FaultId
  /** Absolute; `container` for faults that have no path. */
  readonly path: string
  /** Undefined leaves them to `boot-modes`. */
  readonly modes: readonly BootMode[] | undefined
}

/** What holds for the scenarios whose id matches. */
export interface ScenarioRule extends ScenarioTerms {
  /** An id in which `*` stands for any characters. */
  readonly match: string
  /** Why they are not run. */
  readonly leaveOut?: string
}

/** A fault that a repository declares. */
export interface OwnFault {
  readonly id: FaultId
  readonly title: string
  /** Where it is planted; undefined for every cache and data path. */
  readonly paths: readonly string[] | undefined
  readonly default: boolean
  readonly modes: readonly BootMode[] | undefined
  readonly expect: Expectation | undefined
  readonly remedy: string | undefined
  readonly readOnly: boolean
  readonly plant: readonly OwnEntry[]
}

/** What can be said of anything that is planted; undefined keeps what is there, or takes a default. */
interface OwnAttributes {
  readonly mode: number | undefined
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
  /** Whole seconds since 1970. */
  readonly mtime: number | undefined
}

/** One thing that an own fault plants. `path` is relative to the target, which is itself `.`. */
export type OwnEntry =
  | ({ readonly type: 'file'; readonly path: string; readonly content: Buffer | undefined } & OwnAttributes)
  | ({ readonly type: 'directory' | 'fifo'; readonly path: string } & OwnAttributes)
  | ({ readonly type: 'link'; readonly path: string; readonly to: string } & OwnAttributes)
  | { readonly type: 'missing'; readonly path: string }

/** What is binding of a plan that was handed over: which scenarios run, in which order, and which shard runs each. */
export interface PlannedPart {
  readonly shards: number
  readonly scenarios: readonly { readonly id: string; readonly shard: number }[]
}

/** Where the content of a volume before the first boot comes from. */
export interface SeedSource {
  /** Absolute path in the container, at or below a volume. */
  readonly place: string
  readonly from: 'directory' | 'tar' | 'gzipped-tar'
  /** Absolute on the runner. */
  readonly file: string
  /** As the user wrote it. */
  readonly text: string
}

/** Fault ids that were selected, in catalogue order, after packs, families and `!id` were resolved. */
export type FaultSelection = readonly FaultId[]

/** What a run is for: testing an image, planning how, or joining the reports of runs that tested parts of one plan. */
export type RunMode = 'test' | 'plan' | 'merge'

/** When a pull request is commented on. */
export type CommentRequest =
  | { readonly when: 'never' }
  | {
      /** `on-failure` writes no first comment for a run that did not fail, but brings one that is there up to date. */
      readonly when: 'on-failure' | 'always'
      /** What GitHub knows us by; a secret. */
      readonly token: string
    }

/** Which job of a workflow's matrix this is. */
export interface Leg {
  /** What tells it from the other jobs of the matrix, its shard aside; undefined when nothing does. */
  readonly name: string | undefined
  /** Jobs of the matrix; undefined when that is not known. */
  readonly jobs: number | undefined
}

/** What becomes of a report, wherever it comes from. */
export interface ReportInputs {
  /** Absolute directory on the runner that receives the reports. */
  readonly reportDir: string
  readonly comment: CommentRequest
}

/** Everything that joining reports is asked to do. */
export interface MergeInputs extends ReportInputs {
  /** Absolute directory that holds the reports to join. */
  readonly reports: string
  readonly strict: boolean
}

/** Everything a run is asked to do. */
export interface Inputs extends ReportInputs, ContainerInputs, HealthInputs, PlanInputs {
  readonly mode: RunMode
  readonly image: ImageSource
  /** The image of the last release, which fills the volumes in the mode `upgrade`. */
  readonly previousImage: string | undefined
  readonly seedState: readonly SeedSource[]
  readonly secondBoot: boolean
  readonly expectFailures: readonly string[]
  readonly strict: boolean
  readonly maxParallel: number
  readonly failFast: boolean
  /** Seeds everything that is chosen at random, so that two runs do the same. */
  readonly seed: string
  readonly leg: Leg
  /** Absolute directory where scripts run: the checkout. */
  readonly workspace: string
  /** Leave a failing container for inspection (command line only). */
  readonly keep: boolean
}

// ---------------------------------------------------------------- image

/** A user as the image names it and as the kernel sees it. */
export interface ImageUser {
  /** `USER` of the image, or what `--user` says; empty means root. */
  readonly spec: string
  readonly uid: number
  readonly gid: number
}

/** What the image's own Python interpreter says of itself. */
export interface PythonFacts {
  /** The interpreter as it was run, e.g. `python3` or `/opt/venv/bin/python`. */
  readonly executable: string
  /** e.g. `3.11.2` */
  readonly version: string
  /** `sys.implementation.cache_tag`, e.g. `cpython-311`. */
  readonly cacheTag: string
  readonly sysPath: readonly string[]
  /** `sys.pycache_prefix`, where bytecode goes instead of `__pycache__`. */
  readonly pycachePrefix: string | undefined
  /** Directories of the standard library. */
  readonly stdlib: readonly string[]
}

/** What is known of the image before anything is booted. */
export interface ImageFacts {
  /** `sha256:…` */
  readonly id: string
  /** What the user would type to name it. */
  readonly reference: string
  readonly os: string
  readonly architecture: string
  readonly user: ImageUser
  /** HOME as the container's process sees it; `/` when nothing says more (Docker 20.10 with an unknown uid). */
  readonly home: string
  readonly workdir: string
  /** `VOLUME` of the image, absolute and sorted. */
  readonly volumes: readonly string[]
  /** EXPOSEd TCP ports, ascending. */
  readonly ports: readonly number[]
  readonly hasHealthcheck: boolean
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Those of them that the image does not bring: they are of the user's `env` and `options`. */
  readonly givenEnv: Readonly<Record<string, string>>
  /** Environment variables that move a cache, with the absolute path they move it to. */
  readonly cacheEnv: readonly { readonly name: string; readonly path: string }[]
  /** A uid that the image's /etc/passwd does not know, as a platform assigns one to a deployment. */
  readonly strangerUid: number
  /** True when root's usual power to ignore mode bits is there: uid 0 with CAP_DAC_OVERRIDE. */
  readonly ignoresModeBits: boolean
  readonly python: PythonFacts | undefined
  /** Whether start-up names one that does not answer as Python 3 does. */
  readonly hasSilentPython: boolean
}

// ---------------------------------------------------------------- state in a container

export type EntryType =
  'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'character-device' | 'block-device'

/** One file system entry of a container, to plant or as read back. */
export interface TreeEntry {
  /** Absolute in the container, without a trailing slash. */
  readonly path: string
  readonly type: EntryType
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Whole seconds since 1970. */
  readonly mtime: number
  /** Bytes of a file; 0 for everything else. */
  readonly size: number
  /** Target of a symlink, or the absolute path that a hard link shares. */
  readonly linkTarget?: string
  /** A file's content, where it was kept. */
  readonly content?: Buffer
  /** Hex digest of a file's content. */
  readonly sha256?: string
}

/** Entries by absolute path; a directory comes before what is in it. */
export type Tree = ReadonlyMap<string, TreeEntry>

/** A tree that was read back under bounds. */
export interface BoundedTree {
  readonly entries: Tree
  /**
   * True when a bound was met and the rest is missing, or an entry was left out that no string can name: nothing may be
   * concluded from an absence.
   */
  readonly truncated: boolean
}

/** What a trial read back. */
export interface ReadBack {
  readonly entries: Tree
  /** That of the volumes: of an absence nothing may be concluded, since what is gone may be on any of them. */
  readonly truncated: boolean
  /** The roots in the container's own layer, where one was not read whole: of what is gone from them nothing may be concluded. */
  readonly cutRoots: readonly string[]
}

// ---------------------------------------------------------------- faults and plan

export type Role = 'cache' | 'data'
export type BootMode = 'recreate' | 'restart' | 'concurrent' | 'upgrade'
export type FaultId = string
export type Family =
  | 'shape'
  | 'access'
  | 'bytecode'
  | 'crash'
  | 'state'
  | 'download'
  | 'jit'
  | 'database'
  | 'lock'
  | 'resource'
  | 'skew'
  | 'concurrency'
  /** What the repository itself declares in its scenario file. */
  | 'own'

/** A set of faults for images that use certain software; opt-in, since its faults need that software's files. */
export type Pack =
  | 'huggingface'
  | 'torch'
  | 'models'
  | 'jit'
  | 'python-data'
  | 'database'
  | 'browser'
  | 'celery'
  | 'git'
  | 'node'
  | 'ruby'

/** A path that faults are planted at. */
export interface Target {
  /** Absolute in the container; for faults that have no path `container`, or `volumes` where it is all of several. */
  readonly path: string
  readonly role: Role
  /** How we came by it, in words for the report: `declared`, `HF_HOME`, `HOME/.cache`, … */
  readonly source: string
  /** The mount point of the volume that holds the path; undefined for the container's own layer. */
  readonly volume: string | undefined
  /** What the control left at the path; undefined when nothing is there. */
  readonly entry: TreeEntry | undefined
  /** What the control left below the path, the path itself included. */
  readonly tree: Tree
  /** Whether the directory that holds the path exists; without it nothing can be planted. */
  readonly parentExists: boolean
  /** Whether the control wrote at or below the path. */
  readonly used: boolean
  /** Whether the image itself brings the path, so that every new container has it. */
  readonly inImage: boolean
  /** Whether all of the tree was read back; where not, its content cannot be given to another container. */
  readonly complete: boolean
  /**
   * Regular files at or below the path that start-up itself wrote, with content, in the order of their paths: what learned
   * faults damage. Those below a deeper target belong to that one; sentinels, and what has a second name, are not in it.
   */
  readonly learned: readonly TreeEntry[]
}

/** Stale or damaged bytecode of one module, compiled by the image's own interpreter. */
export interface ModuleBytecode {
  /** Dotted name, e.g. `app.loader`. */
  readonly module: string
  /** Absolute path of the source. */
  readonly source: string
  /** Where the interpreter looks for its bytecode. */
  readonly cached: string
  /** Valid bytecode of the canary variant under a header equal to the source's mtime and size (PEP 3147). */
  readonly timestamp: Buffer
  /** The same under an unchecked-hash header (PEP 552). */
  readonly uncheckedHash: Buffer
}

/** What reconnaissance learned of the imports of the real start-up. */
export type PythonImports =
  | { readonly kind: 'known'; readonly bytecode: readonly ModuleBytecode[] }
  | { readonly kind: 'unknown'; readonly reason: string }

/** What a plant may depend on, beside its target. */
export interface PlantContext {
  readonly facts: ImageFacts
  /** Mount points of the run, absolute. */
  readonly volumes: readonly VolumeState[]
  readonly imports: PythonImports
  /** Locks and pid files that were there while the container ran; see ControlKnowledge. */
  readonly locks: Tree
  /** What start-up made or the user gave (seed-state), as opposed to what the image brings. */
  readonly addedPaths: readonly string[]
  /** Whether ready means that the container has ended, as a batch job does. */
  readonly isJob: boolean
  readonly rehearsed: Rehearsed
  /** The image of the last release, as the user names it; otherwise why there is none to come from. */
  readonly previous: { readonly reference: string } | NotApplicable
  /** Printed by planted code when it runs. */
  readonly canary: string
  readonly seed: string
}

/**
 * What boots on healthy state showed beside the control: conditions that some scenarios need, and that an image need not
 * stand. Where it does not, the fault could not be told from the condition.
 */
export interface Rehearsed {
  /** Several containers at once on one volume. */
  readonly concurrent: true | NotApplicable
  /** A user whom the image does not know, on volumes that belong to that user, with a home that can be written. */
  readonly stranger: true | NotApplicable
}

/** A volume as the control left it. */
export interface VolumeState {
  readonly mount: string
  /** The control's own state after its second boot, with content. */
  readonly tree: Tree
  readonly truncated: boolean
}

/** A file system of its own that is full. */
export interface FullMount {
  readonly path: string
  /** What there is none of: bytes to write, or inodes to make files and directories with. */
  readonly outOf: 'space' | 'inodes'
  /** Owner and permission bits of its root: those of the directory that it takes the place of. */
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** What to do to the state before the container starts. */
export interface Plant {
  /** Entries to write, a directory before what is in it. */
  readonly entries: readonly TreeEntry[]
  /** Paths to leave out of the seeded state, children included. */
  readonly remove?: readonly string[]
  /** Mount the path read-only. */
  readonly readOnlyMount?: string
  /** Mount a file system at the path on which nothing more fits than what is seeded and planted there. */
  readonly fullMount?: FullMount
  /** Run as this user, whom the image does not know, with group 0 and whatever HOME then is. */
  readonly runAs?: { readonly uid: number }
  /** Let the previous release fill the volumes first. */
  readonly previousRelease?: true
  /** Kill the healthy container with SIGKILL instead of stopping it. */
  readonly kill?: true
  /** One sentence for the report: what exactly was planted. */
  readonly summary: string
  /** Data files that the plant itself damages or replaces, with the bytes that survive of each. */
  readonly damaged?: readonly { readonly path: string; readonly surviving: Buffer }[]
  /** Set where the healthy files of the cache must outlive the repair of the damaged one. */
  readonly sparesHealthyFiles?: true
  /** Set where the times of the entries are the damage, and not their content. */
  readonly byTime?: true
  /**
   * Set where every planted or removed file would be a fault of the same kind by itself, so that the smallest set that is
   * enough can be looked for: what is said of one such file (`is cut in half`) and of several.
   */
  readonly perFile?: { readonly one: string; readonly many: string }
}

/** What start-up must do about a fault. */
export type Expectation = 'recover' | 'recover-or-refuse' | 'leave-alone'

export interface Signature {
  /** Source of a regular expression that is matched against a log line. */
  readonly pattern: string
  readonly cause: string
  readonly remedy: string
}

/** Why a fault does not apply to a target; the reason is shown to users. */
export interface NotApplicable {
  readonly reason: string
}

/** One kind of corruption: data plus pure functions. */
export interface Fault {
  readonly id: FaultId
  /** Code in the catalogue, e.g. `A1`; several forms of one fault share it. */
  readonly code: string
  /** A second code, of a fault that two sections of the catalogue list. */
  readonly alsoCode?: string
  readonly family: Family
  readonly title: string
  /** Whether it is in the default set. */
  readonly default: boolean
  /** Opt-in packs that include it. */
  readonly packs?: readonly Pack[]
  /** Boot modes that `boot-modes: auto` uses; undefined leaves it to where the path lives. */
  readonly modes?: readonly BootMode[]
  /** The only paths that it is planted at, whatever `cache-paths` and `data-paths` say; undefined for any. */
  readonly paths?: readonly string[]
  /**
   * What the fault is aimed at: a path (never a mount point, which cannot be replaced), a path that can be mounted over,
   * the files that start-up wrote at or below a path, all files of a volume or path whoever wrote them, those and what was
   * there while the container ran (locks), a place that holds bytecode, the container as a whole, the user that it runs as, or
   * all volumes together.
   */
  readonly aim: 'path' | 'mount' | 'state' | 'files' | 'lock' | 'bytecode' | 'container' | 'user' | 'volumes'
  /** What it needs to find, where it needs more than a path: ends a sentence that begins with `looks for`. */
  readonly looksFor?: string
  applies(target: Target, context: PlantContext): true | NotApplicable
  plant(target: Target, context: PlantContext): Plant
  expects(role: Role): Expectation
  readonly signatures: readonly Signature[]
  /** Public threads where it happened, as `owner/repo#number` or a URL. */
  readonly evidence: readonly string[]
  /** What well-behaved start-up code does about it. */
  readonly remedy: string
}

/** One fault × one path × one boot mode. */
export interface Scenario {
  /** `fault@path/mode`, stable between runs. */
  readonly id: string
  readonly fault: FaultId
  readonly mode: BootMode
  readonly target: Target
  readonly plant: Plant
  readonly expectation: Expectation
  /** How long a boot may take, where it is not what holds for the run. */
  readonly timeoutMs?: number
  /** Why it fails today, by the scenario file. */
  readonly knownToFail?: string
}

/** A (fault, path) that was left out, and why. */
export interface Omission {
  readonly fault: FaultId
  readonly path: string
  readonly reason: string
}

export interface Plan {
  readonly scenarios: readonly Scenario[]
  readonly omissions: readonly Omission[]
  /** What users should know of it. */
  readonly notes: readonly string[]
}

// ---------------------------------------------------------------- observations

/** What a terminal can do to text, as far as it is kept; a line has at most one colour at a time. */
export type TextStyle =
  | 'bold'
  | 'faint'
  | 'italic'
  | 'underline'
  | 'black'
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'magenta'
  | 'cyan'
  | 'white'

/** A part of a line that a terminal would have shown in a style. */
export interface StyledRange {
  /** Index of the line in the head followed by the tail. */
  readonly line: number
  /** UTF-16 units, the end excluded. */
  readonly start: number
  readonly end: number
  readonly styles: readonly TextStyle[]
}

/** What was kept of a container's output: head and tail of a flood, never all of it. */
export interface LogCapture {
  /** Complete lines, stdout and stderr in order of arrival. */
  readonly head: readonly string[]
  readonly tail: readonly string[]
  /** Lines and bytes that were dropped between head and tail. */
  readonly omittedLines: number
  readonly totalBytes: number
  /** What a container that has ended said last was not handed out by the engine: what is here is not how it ended. */
  readonly endMissing?: true
  /** The looks of the lines, which are plain text; left out where nothing was styled. */
  readonly styled?: readonly StyledRange[]
}

/** How a boot ended as far as readiness is concerned. */
export type BootOutcome =
  | { readonly kind: 'ready'; readonly seconds: number }
  | {
      readonly kind: 'exited'
      readonly seconds: number
      readonly exitCode: number
      readonly oomKilled: boolean
      /** The engine's words when the process could not even be started. */
      readonly error?: string
    }
  | {
      readonly kind: 'timed-out'
      readonly seconds: number
      readonly deadlineSeconds: number
      /** What each probe that had not passed said last. */
      readonly waitingFor: readonly string[]
    }
  | { readonly kind: 'engine-error'; readonly message: string }

/** What happened between ready and the end of `stable-for`. */
export type Stability =
  | { readonly kind: 'stable' }
  | { readonly kind: 'exited'; readonly exitCode: number; readonly oomKilled: boolean }
  | { readonly kind: 'restarted'; readonly count: number }
  | { readonly kind: 'unhealthy' }

export interface SmokeTestResult {
  /** Null when a signal or the deadline ended it. */
  readonly exitCode: number | null
  readonly timedOut: boolean
  readonly seconds: number
  /** Last lines of its output, bounded. */
  readonly output: string
}

/** One boot of one container. */
export interface BootObservation {
  readonly container: string
  readonly outcome: BootOutcome
  readonly stability: Stability | undefined
  readonly smokeTest: SmokeTestResult | undefined
  readonly forbiddenLog: { readonly pattern: string; readonly line: string } | undefined
  /** Planted code ran. */
  readonly canary: boolean
  readonly log: LogCapture
  /** Whether the kernel killed any of the container's processes for memory, as far as the engine tells. */
  readonly outOfMemory?: boolean
  /**
   * Why nothing follows from how it ended: it is something that the machine may have done, and it was seen only once. What was
   * found in its output counts all the same; where it went as far as it wanted, so does what it left on the volumes.
   */
  readonly unconfirmed?: { readonly why: string; readonly isOver: boolean }
}

/** What a trial does, in this order. `wait` is for a place among the boots that run at the same time. */
export type PhaseName =
  | 'create'
  | 'plant'
  | 'verify'
  | 'wait'
  | 'start'
  | 'ready'
  | 'stable'
  | 'smoke-test'
  | 'read-back'
  | 'stop'
  | 'remove'

/** A part of a trial or of the control, with offsets in whole milliseconds from its beginning. */
export interface Phase {
  readonly name: PhaseName
  /** The boot that it belongs to, in words: `boot`, `replica 2`, `second boot`; null for what belongs to none. */
  readonly boot: string | null
  readonly startMs: number
  readonly endMs: number
}

/** How the boots on clean state went, whether or not they were healthy. */
export interface ControlTrace {
  /** In the order in which they were made. */
  readonly boots: readonly { readonly label: string; readonly observation: BootObservation }[]
  readonly phases: readonly Phase[]
}

/** A file of another release whose code ran instead of the image's own. */
export interface OldCode {
  /** The bytecode or source that was loaded. */
  readonly file: string
  /** The image's own source of the same module. */
  readonly own: string
}

/** It could not be found out whose code start-up runs. */
export const UNKNOWN_CODE = 'unknown'

/** Everything recorded during a trial, before anyone judges it. */
export interface Observation {
  /** Why the trial could not be carried out as planned; undefined when it was. */
  readonly problem: string | undefined
  /** A boot that was no trial of the fault and that the problem is about, such as the clean one before it. */
  readonly preparation?: BootObservation | undefined
  /** First boots on the planted state: one, or one a replica. */
  readonly boots: readonly BootObservation[]
  readonly secondBoot: BootObservation | undefined
  /** Code of the previous release that start-up ran from the volumes although the image has newer; undefined where nobody looked. */
  readonly oldCode: readonly OldCode[] | typeof UNKNOWN_CODE | undefined
  /** The planted path after the first boot; `missing` when nothing is there, undefined when not read. */
  readonly pathAfter: TreeEntry | 'missing' | undefined
  /** Whether what was planted is still exactly there after the first boot. */
  readonly plantInPlace: boolean
  /** Whether anything at or below the planted path differs from what was planted. */
  readonly pathTouched: boolean
  /** Data on the volumes before the first boot on the planted state. */
  readonly dataBefore: Tree
  /** Data on the volumes at the end; undefined when it could not be read. */
  readonly dataAfter: ReadBack | undefined
  /** Seconds from the start of the trial to its end. */
  readonly seconds: number
}

/** What the boots on clean state taught. */
export interface ControlKnowledge {
  readonly readySeconds: number
  readonly secondReadySeconds: number
  /** True when the image ignores its stop signal and had to be killed after the grace period. */
  readonly ignoresStopSignal: boolean
  /** Absolute paths that start-up wrote, in the container's layer and on volumes. */
  readonly writtenPaths: readonly string[]
  /** Those of them that were not there before. */
  readonly addedPaths: readonly string[]
  /** Files and links that `seed-state` put on the volumes: state as real as what start-up wrote. */
  readonly seededPaths: readonly string[]
  readonly volumes: readonly VolumeState[]
  /** Absolute paths of data files that did not change between the control's two boots. */
  readonly stableFiles: readonly string[]
  /** The same for files of cache paths on volumes. */
  readonly stableCacheFiles: readonly string[]
  /**
   * Files and links whose name is that of a lock or a pid file, as they were while a healthy container ran: a graceful stop
   * takes most of them away.
   */
  readonly locks: Tree
  /** Sentinels by absolute path; empty when the image does not stand foreign files on its volumes. */
  readonly sentinels: Tree
  /** Things the control found out that users should know. */
  readonly notes: readonly string[]
}

// ---------------------------------------------------------------- verdicts

export type FailureReason =
  | 'data-lost'
  | 'stale-code'
  | 'wrong-answer'
  | 'crashed'
  | 'timed-out'
  | 'unstable'
  | 'forbidden-log'
  | 'second-boot'
  | 'replica'

/** What the judge says of an observation. */
export type Verdict =
  | { readonly kind: 'recovered' | 'tolerated' | 'refused'; readonly detail: string }
  | {
      readonly kind: 'failed'
      /** The gravest reason. */
      readonly reason: FailureReason
      readonly detail: string
      /** Every other reason that holds, gravest first. */
      readonly also: readonly FailureReason[]
    }
  | { readonly kind: 'inconclusive'; readonly detail: string }

/** What the log says about a failure, where the catalogue knows it. */
export interface Diagnosis {
  readonly cause: string
  readonly remedy: string
  /** The log lines that matched, verbatim and untrusted. */
  readonly lines: readonly string[]
}

/** Languages whose failures name files and lines. */
export type Language = 'python' | 'node' | 'go' | 'java' | 'shell'

/** A line of the repository that a failure points at. The file was read from the container, and its bytes are the checkout's. */
export interface SourceLocation {
  /** Relative to the top of the repository, with `/`. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly function: string | undefined
  readonly language: Language
  /** The line itself, verbatim and untrusted. */
  readonly source: string
}

// ---------------------------------------------------------------- one run

export type ControlResult =
  | { readonly kind: 'passed'; readonly knowledge: ControlKnowledge }
  | {
      readonly kind: 'failed'
      readonly stage: 'first-boot' | 'second-boot' | 'data'
      /**
       * Whom the evidence points at: the process died, or it lives and the probe never passed, or a smoke test or a forbidden line,
       * which no boot has passed yet, was against one that was ready.
       */
      readonly blame: 'image' | 'probe' | 'check'
      /** What happened and what to do, in one or two sentences. */
      readonly message: string
      /** The boot that failed, with its log. */
      readonly boot: BootObservation
      /** As of a scenario that failed. */
      readonly diagnosis?: Diagnosis | undefined
      readonly location?: SourceLocation | undefined
    }

/** The smallest set of files that was found to be enough to break start-up for the same reason. */
export interface Reduction {
  /** Absolute paths. */
  readonly files: readonly string[]
  /**
   * `smallest`: every one of them is needed. `bounded`: perhaps fewer are enough, but the trials were used up.
   * `unrepeated`: not even all files together made it fail again.
   */
  readonly outcome: 'smallest' | 'bounded' | 'unrepeated'
  /** In a sentence without a full stop: `start-up dies if /data/index.json is cut in half`. */
  readonly finding: string
  /** What it cost. */
  readonly trials: number
  readonly seconds: number
}

/** One judged scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario
  readonly verdict: Verdict
  readonly observation: Observation
  /** Undefined when there is nothing to explain, or no signature matched. */
  readonly diagnosis: Diagnosis | undefined
  /** Undefined unless the log names a line that is proven to be the repository's own. */
  readonly location: SourceLocation | undefined
  /** Undefined unless it failed and its files were looked at one by one. */
  readonly reduction: Reduction | undefined
  /** Whether `expect-failures` lists its id, or the scenario file knows that it fails. */
  readonly expectedToFail: boolean
  /** Name of the container that `--keep` left, if any. */
  readonly keptContainer: string | undefined
  /** Set where it does not run any more, although the trial left it running. */
  readonly keptIsStopped?: true
  /** What the trial did when, removal included; of a trial that was run again, its second run. */
  readonly phases: readonly Phase[]
}

/** Everything that one run learned: what the report is made from. */
export interface RunRecord {
  /** Version of the tool. */
  readonly version: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly seconds: number
  readonly inputs: Inputs
  readonly facts: ImageFacts
  /** Engine version, e.g. `20.10.24`. */
  readonly engineVersion: string
  /** The readiness checks that were used, in words. */
  readonly probes: readonly string[]
  readonly control: ControlResult
  readonly controlTrace: ControlTrace
  /** Ids of all scenarios of the plan, those of other shards included, in order; empty when the control failed. */
  readonly planned: readonly string[]
  readonly omissions: readonly Omission[]
  /** Scenarios that were planned and not run, with the reason (fail-fast, cancelled). */
  readonly skipped: readonly { readonly scenario: Pick<Scenario, 'id'>; readonly reason: string }[]
  readonly results: readonly ScenarioResult[]
  /** How long the trials were estimated to take, and took; undefined when none was to run. */
  readonly trialsTook: { readonly estimatedSeconds: number; readonly seconds: number } | undefined
  /** Things that users should know: over a bound, an ignored flag, … */
  readonly notes: readonly string[]
}
