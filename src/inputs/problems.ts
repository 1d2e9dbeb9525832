/** One thing that is wrong with what the user asked for. */
export interface InputProblem {
  /** The input, or the command line option, that is at fault. */
  readonly input: string
  /** What was given; undefined when nothing was, or when it may be a secret. */
  readonly value: string | undefined
  /** What is wrong with it, to be read after the value. */
  readonly complaint: string
  /** What would have been right; empty when the complaint says it. */
  readonly accepted: string
}

/** Every problem of one call, so that the user mends all of them at once. The message has one line for each. */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly problems: readonly InputProblem[]

  constructor(problems: readonly InputProblem[]) {
    super(problems.map(describeProblem).join('\n'))
    this.problems = problems
  }
}

/** Collects problems while parsing goes on. */
export class ProblemList {
  readonly #problems: InputProblem[] = []

  add(input: string, value: string | undefined, complaint: string, accepted = ''): void {
    this.#problems.push({ input, value, complaint, accepted })
  }

  /** @throws InputError when anything was added */
  throwIfAny(): void {
    if (this.#problems.length > 0) throw new InputError(this.#problems)
  }
}

/** @returns `input: "value" complaint; accepted: …` on one line */
function describeProblem({ input, value, complaint, accepted }: InputProblem): string {
  const subject = value === undefined ? complaint : `${quote(value)} ${complaint}`
  return escapeInvisible(`${input}: ${subject}${accepted === '' ? '' : `; accepted: ${accepted}`}`)
}

const QUOTED_LENGTH = 120

/** @returns the text in double quotes on one line, cut to a readable length, invisible characters escaped */
export function quote(text: string): string {
  const shown = text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text
  return escapeInvisible(JSON.stringify(shown))
}

/** Control characters could end the line or steer a terminal; format characters could turn the text around. */
function escapeInvisible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}
