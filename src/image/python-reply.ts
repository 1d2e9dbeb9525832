import { parseJson } from '../json.js'

/**
 * How Python code in a container of the image under test answers: JSON in base64, cut into lines that begin with a random
 * token. Each line stays under the 16 KiB at which Docker's log drivers split lines, so that nothing that the image prints
 * beside it can end up inside of one.
 */

const pieceLength = 8000

/**
 * Defines `reply(value)`. The modules that the answer needs come from the standard library alone: with `-c`, Python would
 * prefer a `json.py` of the working directory. `original_path` keeps what `sys.path` was.
 */
export const replyScript = `
import sys
original_path = list(sys.path)
import os
standard = os.path.dirname(os.path.abspath(os.__file__))
sys.path[:] = [
    entry for entry in original_path
    if entry == standard or entry.endswith('.zip')
    or (entry.startswith(standard + os.sep) and '-packages' not in entry)
]
import base64, json
def reply(value):
    text = base64.b64encode(json.dumps(value).encode('ascii')).decode('ascii')
    pieces = [text[at:at + ${pieceLength}] for at in range(0, len(text), ${pieceLength})]
    lines = ['%s %d/%d %s\\n' % (sys.argv[1], number + 1, len(pieces), piece) for number, piece in enumerate(pieces)]
    sys.stdout.write('\\n' + ''.join(lines))
    sys.stdout.flush()
`

/**
 * Finds the answer in what a container printed.
 * @returns the parsed JSON, not yet validated; undefined when there is no whole answer
 */
export function readReply(token: string, output: string): unknown {
  const pieces: string[] = []
  for (const line of output.split('\n')) {
    const at = line.indexOf(`${token} `)
    const [, number, total, piece] =
      at < 0 ? [] : (/^(\d{1,6})\/(\d{1,6}) ([\w+/=]*)\r?$/.exec(line.slice(at + token.length + 1)) ?? [])
    if (piece === undefined || Number(number) !== pieces.length + 1) continue
    pieces.push(piece)
    // What is no JSON is not the answer of our script.
    if (Number(total) === pieces.length)
      return parseJson(Buffer.from(pieces.join(''), 'base64').toString('utf8'))
  }
  return undefined
}
