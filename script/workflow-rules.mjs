// What a workflow must not do, whatever it is for: the checks of zizmor and of the OpenSSF Scorecard that apply here, as a
// pure function, so that it can be tested both ways.
import { parse } from 'yaml'

/** `uses:` of another repository with a full commit SHA. */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/
/** A container action by digest. */
const PINNED_IMAGE = /^docker:\/\/.+@sha256:[0-9a-f]{64}$/
/** The action that the examples show cannot name its own commit. */
const OURS = /^cache-crash-test\/cache-crash-test@v1$/

/**
 * Expressions whose value somebody outside may choose: a title, a branch, an input. Put into a script, the value is code.
 * https://docs.github.com/en/actions/concepts/security/script-injections
 */
const FOREIGN =
  /\$\{\{(?:(?!\}\}).)*?\b(?:github\.(?:event\b|head_ref|ref_name|ref\b|base_ref|actor\b|triggering_actor)|inputs\.|matrix\.|steps\.[\w-]+\.outputs|needs\.[\w-]+\.outputs|env\.)/s

/**
 * @param {string} text of a workflow file
 * @returns {{ rule: string, message: string }[]} what is wrong with it; empty when nothing is
 */
export function violations(text) {
  const workflow = parse(text)
  const jobs = Object.entries(workflow.jobs ?? {})
  return [
    ...permissionsOf(workflow),
    ...triggersOf(workflow),
    ...jobs.flatMap(([id, job]) => [
      ...permissionsOf(job, id),
      ...(job.secrets === 'inherit' ? [finding('secrets-inherit', id, 'hands every secret on')] : []),
      ...usesOf(id, job),
      ...(job.steps ?? []).flatMap((step, index) => stepOf(`${id}, step ${index + 1}`, step))
    ])
  ]
}

function finding(rule, where, words) {
  return { rule, message: `${where} ${words}` }
}

/** A workflow that says nothing gets whatever the repository's default is, which may be everything. */
function permissionsOf({ permissions, jobs }, job) {
  const where = job ?? 'the workflow'
  if (permissions === undefined) {
    return jobs === undefined
      ? []
      : [finding('permissions', where, 'does not say which permissions it needs')]
  }
  if (typeof permissions === 'string') return [finding('permissions', where, `asks for ${permissions}`)]
  const written = Object.keys(permissions).filter((scope) => permissions[scope] === 'write')
  // What one job needs is no reason to give it to all of them.
  return job === undefined && written.length > 0
    ? [finding('permissions', where, `gives every job ${written.join(', ')}: write`)]
    : []
}

/** Both run with the repository's secrets on what somebody outside has written. */
function triggersOf({ on }) {
  const names = typeof on === 'string' ? [on] : Array.isArray(on) ? on : Object.keys(on ?? {})
  return names
    .filter((name) => name === 'pull_request_target' || name === 'workflow_run')
    .map((name) => finding('dangerous-trigger', 'the workflow', `is triggered by ${name}`))
}

function usesOf(where, { uses }) {
  if (uses === undefined || uses.startsWith('./') || OURS.test(uses)) return []
  if (PINNED.test(uses) || PINNED_IMAGE.test(uses)) return []
  return [finding('unpinned', where, `uses ${uses}, which is not pinned by its full commit SHA`)]
}

function stepOf(where, step) {
  const { run, uses, with: inputs = {} } = step
  const found = usesOf(where, step)
  const scripts = [run, uses?.startsWith('actions/github-script@') ? inputs.script : undefined]
  for (const script of scripts) {
    const [expression] = FOREIGN.exec(script ?? '') ?? []
    if (expression !== undefined)
      found.push(finding('template-injection', where, `has ${expression} … }} in a script: pass it by env`))
  }
  if (uses?.startsWith('actions/checkout@') && inputs['persist-credentials'] !== false)
    found.push(
      finding('credentials', where, 'leaves credentials in the checkout: persist-credentials: false')
    )
  if (/\bnpm (?:ci|install|i)\b/.test(run ?? '') && !run.includes('--ignore-scripts'))
    found.push(finding('install-scripts', where, 'lets packages run scripts of their own: --ignore-scripts'))
  return found
}
