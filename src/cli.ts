import { parseCommandLine } from './cli-options.js'
import { perform } from './perform.js'
import { terminalPublisher, type TerminalClock } from './publish-terminal.js'
import { VERSION } from './version.js'
import { messageOf } from './thrown.js'

const { stdout, stderr, env: environment } = process
const setExitCode = (code: 1 | 2): void => {
  process.exitCode = code
}
const clock: TerminalClock = {
  now: () => performance.now(),
  every: (milliseconds, tick) => {
    const timer = setInterval(tick, milliseconds).unref()
    return () => {
      clearInterval(timer)
    }
  }
}
const publisher = terminalPublisher({ stdout, stderr, environment, clock, setExitCode })
try {
  const commandLine = parseCommandLine(process.argv.slice(2), VERSION)
  if (commandLine.kind === 'run') await perform({ ...commandLine, environment }, publisher)
  else stdout.write(commandLine.text)
} catch (error) {
  publisher.fail(messageOf(error))
  publisher.close()
}
