import fc from 'fast-check'

/** Any text, rich in the pieces that commands and escape sequences are made of. */
export const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '::',
          ':',
          '#',
          '##[',
          '[',
          ']',
          'error',
          ' ',
          '\t',
          '\r',
          '\n',
          '\r\n',
          '\u001b[',
          '\u001b]',
          '\u0007'
        ],
        ...[
          'm',
          '2J',
          '\u200b',
          '\u00ad',
          '\ufe0f',
          '\u200d',
          '\u00a0',
          '\u0085',
          '\u2028',
          '\u009b',
          '\ud800',
          '\u202e',
          '🙂'
        ]
      ),
      fc.string({ unit: 'binary', maxLength: 4 })
    ),
    { maxLength: 30 }
  )
  .map((parts) => parts.join(''))
