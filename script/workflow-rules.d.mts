/** What is wrong with a workflow, and by which rule. */
export interface Violation {
  readonly rule:
    | 'permissions'
    | 'dangerous-trigger'
    | 'secrets-inherit'
    | 'unpinned'
    | 'template-injection'
    | 'credentials'
    | 'install-scripts'
  readonly message: string
}

/**
 * @param text of a workflow file
 * @returns empty when nothing is wrong with it
 */
export function violations(text: string): Violation[]
