import { jest } from '@jest/globals'

// Behaviour tests boot real containers; the limit only catches hangs, no assertion depends on it.
jest.setTimeout(300_000)
