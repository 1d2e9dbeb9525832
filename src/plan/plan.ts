import { isWithin } from '../paths.js'
import { covered, inTheWay, type ContainerMounts } from './mounts.js'
import { inOrder } from './order.js'
import type { Pace } from './pace.js'
import { lockTargets, wholeTargets } from './whole-targets.js'
import { idleRules, onTerms, ruled } from './rules.js'
import {
  expand,
  isMountPoint,
  subtree,
  targets,
  unusedOmissions,
  type Candidate,
  type LayerState
} from './targets.js'
import type {
  BootMode,
  ControlKnowledge,
  Fault,
  Omission,
  Plan,
  PlanInputs,
  PlantContext,
  Scenario,
  ScenarioRule,
  ScenarioTerms,
  Target,
  VolumeState
} from '../model.js'

/** A fault that is asked for at one path. */
export interface Pair {
  readonly fault: Fault
  /** Absolute, or `container`. */
  readonly path: string
  /** Undefined leaves them to `boot-modes`. */
  readonly modes: readonly BootMode[] | undefined
  /** What holds for the scenarios that it leads to, unless a rule overrules it. */
  readonly terms: ScenarioTerms
}

/** What a plan is made from, beside the candidates. */
export interface PlanRequest extends Pick<PlanInputs, 'bootModes'> {
  /** Faults for every path that they can be at; those that have their own are in `pairs`. */
  readonly faults: readonly Fault[]
  /** Faults at certain paths, by the scenario file. */
  readonly pairs: readonly Pair[]
  readonly rules: readonly ScenarioRule[]
  readonly candidates: readonly Candidate[]
  readonly control: ControlKnowledge
  readonly layer: LayerState
  readonly mounts: ContainerMounts
  readonly context: PlantContext
  readonly pace: Pace
}

/**
 * Decides what is tried: every selected fault at every target, in every boot mode that makes sense, what most likely fails
 * soonest first. Every pair that is not tried is in `omissions` with its reason.
 */
export function plan(request: PlanRequest): Plan {
  const { faults, control, context, layer, mounts } = request
  const mountPoints = [
    ...control.volumes.map(({ mount }) => mount),
    ...context.facts.volumes,
    ...mounts.tmpfs
  ]
  const found = targets(request.candidates, control, layer)
  const aims: Aim[] = [
    ...faults.flatMap((fault) =>
      targetsFor(fault, found.targets, request).map((target) => ({
        fault,
        target,
        modes: undefined,
        terms: {}
      }))
    ),
    ...request.pairs.flatMap((pair) => aimsOf(pair, found.all, request))
  ]
  const scenarios = new Map<string, Scenario>()
  const agreed = new Map<string, ScenarioTerms>()
  const omissions = new Map<string, Omission>()
  const ids: string[] = []
  for (const { fault, target, modes: asked, terms } of aims) {
    const omit = (reason: string): void => {
      omissions.set(`${fault.id}@${target.path}: ${reason}`, { fault: fault.id, path: target.path, reason })
    }
    const applies = isBareMount(fault, target)
      ? { reason: `${target.path} is a mount point, and start-up wrote nothing in it that could be replaced` }
      : (covered(fault, target, mounts) ?? fault.applies(target, context))
    if (applies !== true) {
      omit(applies.reason)
      continue
    }
    const modes = modesFor(fault, target, request, asked)
    if (modes.length === 0) {
      omit(noModeReason(fault, target, asked, request.bootModes))
      continue
    }
    for (const mode of asked ?? [])
      if (!modes.includes(mode)) omit(noModeReason(fault, target, [mode], request.bootModes))
    const plant = fault.plant(target, context)
    const obstacle = inTheWay(plant, mountPoints)
    if (obstacle !== undefined) {
      omit(obstacle.reason)
      continue
    }
    const { concurrent } = context.rehearsed
    for (const mode of modes) {
      if (mode === 'concurrent' && concurrent !== true) {
        omit(concurrent.reason)
        continue
      }
      const id = `${fault.id}@${target.path}/${mode}`
      const expectation = fault.expects(target.role)
      // Asked for twice, it is planned once, on the terms of both.
      const all = { ...agreed.get(id), ...terms }
      agreed.set(id, all)
      const scenario = onTerms({ id, fault: fault.id, mode, target, plant, expectation }, all)
      const ruling = ruled(scenario, request.rules)
      ids.push(id)
      if (ruling.kind === 'run') scenarios.set(id, ruling.scenario)
      else omit(`the scenario file leaves out the mode ${mode}: ${ruling.reason}`)
    }
  }
  const pathFaults = faults
    .filter(({ aim }) => !['bytecode', 'container', 'user', 'volumes'].includes(aim))
    .map(({ id }) => id)
  const weighed = [...faults, ...request.pairs.map(({ fault }) => fault)]
  return {
    scenarios: inOrder([...scenarios.values()], weighed, request.pace),
    omissions: [...omissions.values(), ...unusedOmissions(found.unused, pathFaults)],
    notes: idleRules(request.rules, ids).map(
      (match) => `The rule for ${match} in the scenario file matches no scenario of this plan.`
    )
  }
}

/** A fault and what it is aimed at. */
interface Aim {
  readonly fault: Fault
  readonly target: Target
  readonly modes: readonly BootMode[] | undefined
  readonly terms: ScenarioTerms
}

/** What a fault is aimed at, at one path: at a mount point, what start-up wrote in it. */
function aimsOf({ fault, path, modes, terms }: Pair, found: readonly Target[], request: PlanRequest): Aim[] {
  const here = found.filter((target) => target.path === path)
  const aimed = targetsFor(fault, here, request).filter(
    (target) => path === 'container' || isWithin(target.path, path)
  )
  // At a path that is nothing to the fault (bytecode in data), the fault itself says so.
  return (aimed.length > 0 ? aimed : here).map((target) => ({ fault, target, modes, terms }))
}

/** What faults without a path are aimed at. */
const CONTAINER: Target = {
  path: 'container',
  role: 'cache',
  source: 'the container as a whole',
  volume: undefined,
  entry: undefined,
  tree: new Map(),
  parentExists: true,
  used: true,
  inImage: true,
  complete: true,
  learned: []
}

/** All volumes as one target: named by its path where there is only one. */
function allVolumes({ control: { volumes } }: PlanRequest): Target {
  const [first, ...others] = volumes
  const path = first !== undefined && others.length === 0 ? first.mount : 'volumes'
  return { ...CONTAINER, path, source: 'the volumes together', volume: first?.mount }
}

function targetsFor(fault: Fault, found: readonly Target[], request: PlanRequest): Target[] {
  switch (fault.aim) {
    case 'container':
    case 'user':
      return [CONTAINER]
    case 'volumes':
      return [allVolumes(request)]
    case 'mount':
    case 'state':
      return [...found]
    case 'path':
      return found.flatMap((target) => {
        const inMount = expand(target, request.control)
        if (inMount.length === 0) return [target]
        // What was asked for itself keeps its own role: a cache in a mount point of data.
        return inMount.filter(({ path }) => !found.some((other) => other !== target && other.path === path))
      })
    case 'bytecode':
      return bytecodeTargets(found, request)
    case 'files':
      return orContainer(wholeTargets(found, request.control))
    case 'lock': {
      const whole = wholeTargets(found, request.control)
      const elsewhere = lockTargets(whole, request.control).filter(
        (target) => fault.applies(target, request.context) === true
      )
      return orContainer([...whole, ...elsewhere])
    }
  }
}

/** Where there is nothing to look for files in, that is said of the container: a fault that was asked for is never dropped. */
function orContainer(found: readonly Target[]): Target[] {
  return found.length > 0 ? [...found] : [{ ...CONTAINER, used: false }]
}

/**
 * Places where bytecode outlives a deploy: cache paths that hold some, cache paths in the container's own layer, and every
 * volume that holds some elsewhere or none at all. That a volume holds none is worth a line in the report.
 */
function bytecodeTargets(found: readonly Target[], request: PlanRequest): Target[] {
  const { imports, facts } = request.context
  const bytecode = imports.kind === 'known' ? imports.bytecode : []
  const places = [...bytecode.map(({ cached }) => cached), ...(facts.python?.sysPath ?? [])]
  const holds = (path: string): boolean => places.some((place) => isWithin(place, path))
  const caches = found.filter(
    ({ role, volume, path }) => role === 'cache' && (volume === undefined || holds(path))
  )
  const isCovered = (place: string): boolean => caches.some(({ path }) => isWithin(place, path))
  const volumes = request.control.volumes.filter(({ mount }) => {
    const here = places.filter((place) => isWithin(place, mount))
    return !isCovered(mount) && !(here.length > 0 && here.every(isCovered))
  })
  return [...caches, ...volumes.map(volumeTarget)]
}

function volumeTarget({ mount, tree, truncated }: VolumeState): Target {
  return {
    path: mount,
    role: 'cache',
    source: 'volume',
    volume: mount,
    entry: tree.get(mount),
    tree: subtree(tree, mount),
    parentExists: true,
    used: true,
    inImage: true,
    complete: !truncated,
    learned: []
  }
}

function isBareMount(fault: Fault, target: Target): boolean {
  return fault.aim === 'path' && isMountPoint(target)
}

/**
 * The boot modes of a pair. `auto`: what the fault says, else `recreate` on a volume and `restart` in the container's own
 * layer, because a new container has a fresh layer.
 */
function modesFor(
  fault: Fault,
  target: Target,
  request: PlanRequest,
  asked: readonly BootMode[] | undefined
): BootMode[] {
  const { bootModes, context } = request
  const possible = (mode: BootMode): boolean => {
    switch (mode) {
      case 'restart':
        return fault.modes?.includes('restart') ?? true
      case 'recreate':
        // Without a volume there is no old state that a new container could meet.
        return (
          (fault.modes?.includes('recreate') ?? target.volume !== undefined) &&
          (fault.aim !== 'lock' || target.volume !== undefined) &&
          (fault.aim !== 'container' || context.volumes.length > 0)
        )
      case 'concurrent':
        return (
          fault.modes?.includes('concurrent') ??
          (target.role === 'cache' && target.volume !== undefined && fault.aim !== 'container')
        )
      case 'upgrade':
        return fault.modes?.includes('upgrade') ?? false
    }
  }
  const natural: readonly BootMode[] = fault.modes ?? [target.volume === undefined ? 'restart' : 'recreate']
  const wanted = asked ?? (bootModes === 'auto' ? natural : bootModes)
  return wanted.filter((mode) => (bootModes === 'auto' || bootModes.includes(mode)) && possible(mode))
}

function noModeReason(
  fault: Fault,
  target: Target,
  wanted: readonly BootMode[] | undefined,
  bootModes: PlanInputs['bootModes']
): string {
  if (fault.aim === 'container') return 'no boot mode that was asked for keeps state of a killed container'
  const place =
    target.volume === undefined ? 'in the container’s own layer' : `on the volume ${target.volume}`
  const asked = bootModes === 'auto' ? 'auto' : bootModes.join(', ')
  if (wanted !== undefined)
    return `in the scenario file, modes: ${wanted.join(', ')} (with boot-modes: ${asked}) has no mode in which a boot meets this fault ${place}`
  return `boot-modes: ${asked} has no mode in which a boot meets this fault ${place}`
}
