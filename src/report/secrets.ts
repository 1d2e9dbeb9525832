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

/**
 * A value and the forms in which it commonly leaks: each of its lines, Base64 (both alphabets, inside of other text, and folded
 * as `base64` does), URL-encoded in the ways of several languages, JSON, XML.
 */
export function secretForms(value: string): string[] {
  const lines = value.split(/\r?\n/)
  const forms = [
    value,
    value.trim(),
    ...lines.map((line) => line.trim()),
    ...base64Forms(value),
    ...urlForms(value),
    JSON.stringify(value).slice(1, -1),
    ...markupForms(value)
  ]
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_SECRET)
}

/** Languages differ in whether and how they escape quotes; without any, these are one form. */
function markupForms(value: string): string[] {
  const text = value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
  return ['"', '&quot;', '&#34;'].flatMap((double) =>
    ["'", '&apos;', '&#39;', '&#039;', '&#x27;'].map((single) =>
      text.replaceAll('"', double).replaceAll("'", single)
    )
  )
}

/** Shorter pieces of an encoded value would be found in innocent text. */
const SHORTEST_PIECE = 8
/** Where `base64` of GNU and PEM fold. */
const FOLDS = [76, 64] as const

function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value)
  const whole = bytes.toString('base64')
  // Three bytes make four characters, so within other text, as in `user:password`, a value has three forms. A character
  // counts where all of its six bits are the value's.
  const inside = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  const folded = FOLDS.flatMap((width) =>
    whole.length > width ? (whole.match(new RegExp(`.{1,${width}}`, 'g')) ?? []) : []
  )
  const pieces = [...inside, ...folded].filter((piece) => piece.length >= SHORTEST_PIECE)
  return [whole, ...pieces].flatMap((form) => [
    form,
    form.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  ])
}

/** Languages differ in what they leave as it is, in the blank, and in the case of the digits. */
function urlForms(value: string): string[] {
  const encoded = encodeURIComponent(value.replace(/\p{Cs}/gu, '\ufffd'))
  const strict = encoded.replace(
    /[!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  )
  return [encoded, strict, strict.replaceAll('%7E', '~')]
    .flatMap((form) => [form, form.replaceAll('%2F', '/')])
    .flatMap((form) => [form, form.replaceAll('%20', '+')])
    .flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())])
}

/**
 * @param values secrets; every form of each is taken out
 * @returns a function that replaces them by `***`
 */
export function masker(values: Iterable<string>): (text: string) => string {
  const forms = [...new Set([...values].flatMap(secretForms))].sort((a, b) => b.length - a.length)
  return (text) => forms.reduce((masked, form) => masked.replaceAll(form, '***'), text)
}
