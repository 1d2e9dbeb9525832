/** What must not be shown, and how it is taken out of a text. Pure. */

/** Shorter values are left: masking `1` or `{` would make a report unreadable and guess the value anyway. */
const SHORTEST_SECRET = 4
/** Values of secret-looking variables that are no secrets. */
const HARMLESS = /^(?:true|false|none|null|undefined|disabled|enabled|optional|required)$/i

/** Whether a variable's name says that its value is a secret. */
export function isSecretName(name: string): boolean {
  return /(?:SECRET|TOKEN|PASSWORD|PASSWD|KEY|CREDENTIAL)/i.test(name)
}

/**
 * Secret values by the name that stands for each.
 * @param env variables, of which those with a telling name count
 * @param secrets values that were declared as secrets, by id
 */
export function secretValues(
  env: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of Object.entries(env))
    if (isSecretName(name) && value.length >= SHORTEST_SECRET && !HARMLESS.test(value)) found.set(value, name)
  for (const [id, value] of Object.entries(secrets)) if (value !== '') found.set(value, id)
  return found
}

/** A value and the forms in which it commonly leaks: each of its lines, Base64 (both alphabets, also inside of something longer), URL-encoded, JSON. */
export function secretForms(value: string): string[] {
  const bytes = Buffer.from(value)
  const lines = value.split(/\r?\n/)
  const forms = [
    value,
    value.trim(),
    ...lines.map((line) => line.trim()),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    ...insideBase64(bytes),
    encodeURIComponent(value.replace(/\p{Cs}/gu, '\ufffd')),
    JSON.stringify(value).slice(1, -1)
  ]
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_SECRET)
}

/** Base64 of less would be met by chance. */
const SHORTEST_INSIDE = 8

/**
 * What is always there of a value in the Base64 of something longer: the groups of three bytes that are the value's alone,
 * wherever in a group it begins (the runner masks the three as well, src/Sdk/DTLogging/Logging/ValueEncoders.cs).
 */
function insideBase64(bytes: Buffer): string[] {
  return [0, 1, 2]
    .map((shift) => bytes.subarray(shift, shift + Math.floor(Math.max(0, bytes.length - shift) / 3) * 3))
    .flatMap((whole) => [whole.toString('base64'), whole.toString('base64url')])
    .filter((form) => form.length >= SHORTEST_INSIDE)
}

/**
 * @param values secrets; every form of each is taken out
 * @returns a function that replaces them by `***`
 */
export function masker(values: Iterable<string>): (text: string) => string {
  const forms = [...new Set([...values].flatMap(secretForms))].sort((a, b) => b.length - a.length)
  return (text) => forms.reduce((masked, form) => masked.replaceAll(form, '***'), text)
}
