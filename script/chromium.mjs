// Headless Chromium for the scripts that take pictures.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

/** Where distributions put it; the environment variable CHROMIUM is for everybody else. */
const places = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome'
]

/** Starts it. @throws Error where there is none */
export async function launchChromium() {
  const executablePath = places.find((place) => place !== undefined && existsSync(place))
  if (executablePath === undefined) throw new Error('no Chromium: run script/setup-chromium')
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}
