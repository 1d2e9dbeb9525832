import { micromark } from 'micromark'
import type { CompileContext, HtmlExtension } from 'micromark-util-types'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { type DefaultTreeAdapterTypes, parse, parseFragment } from 'parse5'

/** What a reader's program makes of a text: the elements, where they lead, and the words outside of code. */
export interface Shown {
  /** Elements in order, with the names of their attributes; those that text of others may add are left out. */
  readonly structure: readonly string[]
  /** Values of the attributes that make a browser ask for something or go somewhere. */
  readonly addresses: readonly string[]
  /** Names of attributes that run something. */
  readonly handlers: readonly string[]
  /** What scripts and styles consist of. */
  readonly code: readonly string[]
  /** Text that GitHub looks through for mentions, references and links: not in code, not in a link. */
  readonly prose: readonly string[]
  /** All text that a reader sees, in order, code included. */
  readonly text: readonly string[]
}

type Token = Parameters<CompileContext['sliceSerialize']>[0]

/** GFM's filter only disarms nine tags; here every tag of others must be seen. */
const unfiltered: HtmlExtension = {
  exit: {
    htmlFlowData(this: CompileContext, token: Token) {
      this.raw(this.sliceSerialize(token))
    },
    htmlTextData(this: CompileContext, token: Token) {
      this.raw(this.sliceSerialize(token))
    }
  }
}

/** GitHub-flavoured Markdown as a parser of CommonMark and GFM reads it, before GitHub takes out what it does not like. */
export function shownMarkdown(markdown: string): Shown {
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml(), unfiltered]
  })
  return shown(parseFragment(html))
}

/** A page as a browser's parser reads it. */
export function shownHtml(page: string): Shown {
  return shown(parse(page))
}

/** Paths in prose are set as code, with places where they may break; whether a line has a link depends on its name. */
const MAY_COME_AND_GO = new Set(['code', 'wbr', 'a'])
const ADDRESSES = new Set(['href', 'src', 'srcset', 'action', 'formaction', 'data', 'poster', 'background'])

function shown(root: DefaultTreeAdapterTypes.ParentNode): Shown {
  const found = {
    structure: [] as string[],
    addresses: [] as string[],
    handlers: [] as string[],
    code: [] as string[],
    prose: [] as string[],
    text: [] as string[]
  }
  const visit = (node: DefaultTreeAdapterTypes.Node, isCode: boolean): void => {
    if ('value' in node) {
      found.text.push(node.value)
      if (!isCode) found.prose.push(node.value)
      return
    }
    if (node.nodeName === '#comment') found.structure.push('comment')
    if ('tagName' in node) {
      const names = node.attrs.map(({ name }) => name).sort()
      // A fence's language decides what GitHub makes of it: a diagram, for one.
      const language = node.tagName === 'code' ? node.attrs.map(({ value }) => value) : []
      if (!MAY_COME_AND_GO.has(node.tagName) || language.length > 0)
        found.structure.push([node.tagName, ...names, ...language].join(' '))
      for (const { name, value } of node.attrs) {
        if (ADDRESSES.has(name)) found.addresses.push(value)
        if (name.startsWith('on')) found.handlers.push(name)
      }
      if (node.tagName === 'script' || node.tagName === 'style')
        found.code.push(node.childNodes.map((child) => ('value' in child ? child.value : '')).join(''))
    }
    const inside = isCode || ['a', 'code', 'pre', 'script', 'style'].includes(node.nodeName)
    if ('childNodes' in node) for (const child of node.childNodes) visit(child, inside)
  }
  visit(root, false)
  return found
}

/**
 * What GitHub makes of words after Markdown was read: mentions, references to issues, links, emoji
 * (docs.github.com, "Autolinked references and URLs", "Mentioning people and teams"). A reference may have a name before it.
 */
export function livePartsOf({ prose }: Pick<Shown, 'prose'>): string[] {
  return prose.flatMap((text) => text.match(LIVE) ?? [])
}

const LIVE =
  /@[a-z0-9][\w-]*|#\d+|\bGH-\d+|\b(?:https?|ftp):\/\/\S+|\bwww\.\w\S*|\b(?:mailto|xmpp):\S+|:[\w+-]+:(?!:)/gi
