/** On paper: no controls, nothing cut off, addresses written out. The page's script opens what should be read. */
export const PRINT = `
@media print {
  :root, :root[data-theme] { color-scheme: light !important; }
  body { font-size: 10pt; }
  main, .masthead, footer { max-width: none; padding-left: 0; padding-right: 0; }
  .tools, .toolbar, .skip, .copy, .permalink, .phases, dialog, .scenario > details > summary::before { display: none !important; }
  .verdict { background: none; }
  .scroll, .lines { overflow: visible; max-height: none; }
  .many .scenario { content-visibility: visible; }
  .scenario, tr, .track, .command { break-inside: avoid; }
  .scenario:has(> details[open]) { break-inside: auto; }
  /* Also where a page is printed without its script. */
  section > details::details-content, :is(.failed, .inconclusive) > details::details-content { content-visibility: visible; }
  h2, h3, summary { break-after: avoid; }
  a { color: inherit; text-decoration: none; }
  a[href^="http"]::after { content: " (" attr(href) ")"; color: var(--muted); font-size: .85em; }
  .bar, .swatch, .proportions, .pill, .cell { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
