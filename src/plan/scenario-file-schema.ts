import { z } from 'zod'

/**
 * The form of a scenario file. What is said of a wrong value is what would be right: the `error` of each part. What depends on
 * more than one value, or on the catalogue, is checked after it, in `scenario-file.ts`.
 */

const LONGEST_TEXT = 500

const text = (what: string): z.ZodString => {
  const error = `${what}, one line of 1 to ${LONGEST_TEXT} characters`
  return z
    .string({ error })
    .min(1, error)
    .max(LONGEST_TEXT, error)
    .regex(/^[^\p{Cc}]*$/u, error)
}
const oneOf = <const T extends readonly [string, ...string[]]>(
  values: T
): z.ZodEnum<z.core.util.ToEnum<T[number]>> => z.enum(values, { error: values.join(', ') })
const listOf = <T extends z.ZodType>(item: T, what: string, most: number): z.ZodArray<T> => {
  const error = `${what}, 1 to ${most} of them`
  return z.array(item, { error }).min(1, error).max(most, error)
}
/** An object whose unknown keys are told from the known ones. */
const object = <T extends z.core.$ZodShape>(shape: T): z.ZodObject<T, z.core.$strict> =>
  z.strictObject(shape, { error: `a mapping with ${Object.keys(shape).join(', ')}` })

const MODE = 'permission bits, octal and in quotes, e.g. "0644"'
const mode = z
  .string({ error: MODE })
  .regex(/^0?[0-7]{3,4}$/, MODE)
  .describe(
    'Permission bits, octal, in quotes: `"0644"`. By default as it was, else 0644, or 0755 for a directory.'
  )
const OWNER = 'app (the user that the image runs as), a uid, or "UID:GID"'
const owner = z
  .union([z.string().regex(/^(app|\d{1,9}(:\d{1,9})?)$/, OWNER), z.int().min(0).max(999_999_999)], {
    error: OWNER
  })
  .describe(`${OWNER}. By default as it was, else app.`)
const MODIFIED = 'a time such as 2024-01-31T12:00:00Z'
const modified = z.iso
  .datetime({ error: MODIFIED })
  .describe(`When it was last written: ${MODIFIED}. By default in November 2023.`)
const ENTRY_PATH = 'a path below the one that the fault is planted at, or "." for that one itself'
const path = z
  .string({ error: ENTRY_PATH })
  .min(1, ENTRY_PATH)
  .max(1_000, ENTRY_PATH)
  .describe(
    'Below the path that the fault is planted at, which is itself `.`; or absolute, where the fault has exactly one path in `paths`.'
  )

const LARGEST_FILE = 16 * 1024 * 1024
const SIZE = `a number of bytes from 0 to ${LARGEST_FILE}`
const LONGEST_CONTENT = 32_768

const entry = z
  .discriminatedUnion(
    'type',
    [
      object({
        type: z.literal('file'),
        path,
        content: z
          .string({ error: 'text; numbers in quotes' })
          .max(LONGEST_CONTENT)
          .optional()
          .describe('What is in it.'),
        base64: z
          .base64({ error: 'base64 as in RFC 4648' })
          .max(LONGEST_CONTENT)
          .optional()
          .describe('What is in it, where that is not text.'),
        size: z
          .int({ error: SIZE })
          .min(0, SIZE)
          .max(LARGEST_FILE, SIZE)
          .optional()
          .describe('Bytes, all of them zero.'),
        mode: mode.optional(),
        owner: owner.optional(),
        modified: modified.optional()
      }).describe('A regular file. Without content, base64 and size it keeps what start-up left in it.'),
      object({
        type: z.literal('directory'),
        path,
        mode: mode.optional(),
        owner: owner.optional(),
        modified: modified.optional()
      }).describe('A directory; what is in one that is there stays.'),
      object({
        type: z.literal('link'),
        path,
        to: text('where the link leads').describe('Where it leads, as readlink says it.'),
        owner: owner.optional()
      }).describe('A symbolic link.'),
      object({
        type: z.literal('fifo'),
        path,
        mode: mode.optional(),
        owner: owner.optional()
      }).describe('A named pipe: opening it to read waits for ever.'),
      object({ type: z.literal('missing'), path }).describe(
        'Nothing: what start-up left there is taken away.'
      )
    ],
    { error: 'file, directory, link, fifo or missing' }
  )
  .describe('One thing that is planted.')

const expectation = oneOf(['recover', 'recover-or-refuse', 'leave-alone']).describe(
  'What start-up must do. By default `recover`, and for data `recover-or-refuse`.'
)
const modes = listOf(oneOf(['recreate', 'restart', 'concurrent']), 'boot modes', 3).describe(
  'Boot modes; by default those that `boot-modes: auto` chooses.'
)
const DURATION = 'a duration from 1s to 1h, e.g. 90s, 2m'
const timeout = z
  .string({ error: DURATION })
  .regex(/^\d{1,9}(ms|s|m|h)$/, DURATION)
  .describe('How long a boot may take, e.g. `90s`; instead of `startup-timeout`.')
const knownToFail = text('why it fails').describe(
  'Why it fails today. It is run; a failure does not fail the job, and one that passes is reported.'
)
const containerPath = text('an absolute path in the container')

const fault = object({
  title: text('what is wrong, in a few words').describe('In a few words, for reports.'),
  plant: listOf(entry, 'things to plant', 200).optional(),
  mount: oneOf(['read-only']).optional().describe('Mounts the path read-only.'),
  paths: listOf(containerPath, 'absolute paths', 50)
    .optional()
    .describe('Where it is planted. By default at every cache and data path.'),
  modes: modes.optional(),
  expect: expectation.optional(),
  default: z
    .boolean({ error: 'true, false' })
    .optional()
    .describe('Whether `faults: default` includes it. By default true.'),
  remedy: text('what to do about it').optional().describe('What to do about it, for reports.')
}).describe('One kind of corruption.')

const scenario = object({
  fault: text('the id of a fault').describe('Id of a fault: of the catalogue, or of this file.'),
  path: containerPath.describe('Absolute path in the container; `container` for faults that have none.'),
  modes: modes.optional(),
  expect: expectation.optional(),
  timeout: timeout.optional(),
  'known-to-fail': knownToFail.optional()
}).describe('A fault at a path, whatever `cache-paths` and `data-paths` say.')

const rule = object({
  match: text('the id of a scenario, in which * stands for anything').describe(
    'Id of a scenario, `fault@path/mode`, in which `*` stands for anything.'
  ),
  'leave-out': text('why it is left out')
    .optional()
    .describe('Why such scenarios are not run; shown in the report.'),
  expect: expectation.optional(),
  timeout: timeout.optional(),
  'known-to-fail': knownToFail.optional()
}).describe('What holds for scenarios that match. Of rules that contradict each other, the last one holds.')

export const scenarioFileSchema = object({
  version: z.literal(1, { error: '1' }).describe('Version of this format.'),
  faults: z
    .record(z.string(), fault, { error: 'a mapping of ids to faults' })
    .optional()
    .describe('Faults of your own, by id. Ids are shared with the catalogue.'),
  scenarios: listOf(scenario, 'scenarios', 500).optional(),
  rules: listOf(rule, 'rules', 500).optional()
}).describe('Faults and scenarios of a repository for Cache Crash Test.')

/** A scenario file as it is written. */
export type WrittenScenarioFile = z.infer<typeof scenarioFileSchema>
export type WrittenFault = NonNullable<WrittenScenarioFile['faults']>[string]
/** What rules and scenarios say alike. */
export type WrittenTerms = Pick<
  NonNullable<WrittenScenarioFile['rules']>[number],
  'expect' | 'timeout' | 'known-to-fail'
>
export type WrittenEntry = z.infer<typeof entry>

/** The JSON Schema (draft 2020-12) by which editors complete and check a scenario file. */
export function scenarioFileJsonSchema(): object {
  return z.toJSONSchema(scenarioFileSchema, { io: 'input' })
}
