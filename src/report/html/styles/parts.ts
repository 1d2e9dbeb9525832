/** Matrix, timelines, scenarios and logs. */
export const PARTS = `
.pill { color: var(--tone); background: color-mix(in srgb, var(--tone) 10%, var(--ground)); border-radius: 99px; padding: .1rem .6rem; font-size: .82rem; font-weight: 600; white-space: nowrap; }
.matrix td { padding: .2rem .75rem .2rem 0; }
.matrix thead th { min-width: 7rem; max-width: 16rem; vertical-align: bottom; }
.matrix tbody th { white-space: nowrap; padding-top: .4rem; }
.cell { display: inline-block; margin: .1rem .2rem .1rem 0; padding: .05rem .5rem; border-radius: 5px; font-size: .82rem; text-decoration: none; white-space: nowrap; color: var(--tone); background: color-mix(in srgb, var(--tone) 10%, var(--ground)); border: 1px solid color-mix(in srgb, var(--tone) 35%, var(--ground)); }
.cell.failed { font-weight: 650; }
.cell.omitted { --tone: var(--muted); background: none; border-style: dashed; border-color: var(--line); }
.cell:hover { border-color: var(--tone); }
.timelines { width: 100%; }
.timelines th { font-family: var(--mono); font-size: .8rem; max-width: 24rem; }
.timelines thead th { font-family: inherit; }
.bar-cell { width: 45%; min-width: 14rem; vertical-align: middle; }
.bars { display: block; width: 100%; background: var(--raised); border-radius: 3px; }
.bar.engine, .swatch.engine { fill: var(--grey-bar); background: var(--grey-bar); }
.bar.wait, .swatch.wait { fill: var(--line); background: var(--line); }
.bar.boot, .swatch.boot { fill: var(--blue); background: var(--blue); }
.bar.stable, .swatch.stable { fill: var(--green-bar); background: var(--green-bar); }
.bar.check, .swatch.check { fill: var(--purple); background: var(--purple); }
.bar.dead, .swatch.dead { fill: var(--red); background: var(--red); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: .4rem 0; padding: 0; font-size: .8rem; color: var(--muted); }
.swatch { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; vertical-align: -.05em; }
.timeline { margin: 1rem 0; }
.timeline figcaption { font-weight: 600; font-size: .87rem; margin-bottom: .25rem; }
.timeline figcaption span { font-weight: 400; }
.track { display: grid; grid-template-columns: 5.5rem minmax(0, 1fr); align-items: center; gap: .75rem; font-size: .82rem; padding: .1rem 0; }
.phases summary { font-size: .82rem; color: var(--muted); margin-top: .25rem; }
.toolbar { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .6rem; padding: .6rem 0; position: sticky; top: 0; background: var(--ground); z-index: 1; border-bottom: 1px solid var(--line); margin-bottom: .75rem; }
.toolbar fieldset { border: 0; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: .35rem; }
.toolbar p { margin: 0; font-size: .82rem; color: var(--muted); flex-basis: 100%; }
.search { flex: 1 1 16rem; position: relative; }
.search input { width: 100%; }
.search kbd { position: absolute; right: .5rem; top: .4rem; }
.search input:focus + kbd { display: none; }
.chip { font-size: .82rem; border: 1px solid var(--line); border-radius: 99px; padding: .2rem .65rem; cursor: pointer; display: inline-flex; align-items: center; gap: .3rem; }
.chip:has(:checked) { border-color: var(--link); background: color-mix(in srgb, var(--link) 10%, var(--ground)); }
.chip input { margin: 0; accent-color: var(--link); }
.choice { font-size: .82rem; color: var(--muted); display: inline-flex; align-items: center; gap: .35rem; }
.choice select { max-width: 14rem; }
.scenario { border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 6px; margin: .4rem 0; scroll-margin-top: 8rem; position: relative; }
.many .scenario { content-visibility: auto; contain-intrinsic-size: auto 2.6rem; }
.scenario > details > summary { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .75rem; padding: .5rem .9rem; list-style: none; }
.scenario > details > summary::-webkit-details-marker { display: none; }
.scenario > details > summary::before { content: "▸"; color: var(--muted); }
.scenario > details[open] > summary::before { content: "▾"; }
.scenario:target, .scenario:focus { outline: 2px solid var(--link); outline-offset: 1px; }
.leg { font-size: .82rem; border: 1px solid var(--line); border-radius: 5px; padding: .05rem .5rem; white-space: nowrap; max-width: 20rem; overflow: hidden; text-overflow: ellipsis; }
.name { flex: 1 1 18rem; min-width: 0; }
.timing { font-size: .85rem; color: var(--muted); font-variant-numeric: tabular-nums; white-space: nowrap; }
.body { padding: .25rem 1.1rem 1.1rem 1.1rem; }
.permalink { font-weight: 400; font-size: .82rem; margin-left: .5rem; }
.command { position: relative; margin: 1rem 0 0; }
.command p { margin: 0 0 .25rem; font-size: .82rem; }
.command pre, .source, .quote, .lines { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.command pre { padding-right: 5rem; }
.copy { position: absolute; right: .4rem; bottom: .4rem; font-size: .8rem; padding: .15rem .5rem; }
.files { margin: .2rem 0; padding-left: 1.2rem; max-height: 12rem; overflow-y: auto; }
.boots { margin: .75rem 0; }
details.log { margin: .6rem 0; }
details.log > summary, .empty { font-size: .87rem; margin-bottom: .25rem; }
.lines { max-height: 30rem; overflow-y: auto; line-height: 1.45; }
.line { display: block; padding-left: 3rem; min-height: 1.45em; }
.line::before { content: attr(data-n); float: left; width: 2.25rem; margin-left: -3rem; text-align: right; color: var(--muted); user-select: none; }
.gap { display: block; padding: .25rem 0 .25rem 3rem; color: var(--muted); font-style: italic; }
.ansi-bold { font-weight: 700; }
.ansi-faint { color: var(--muted); }
.ansi-italic { font-style: italic; }
.ansi-underline { text-decoration: underline; }
.ansi-red { color: var(--red); }
.ansi-green { color: var(--green); }
.ansi-yellow { color: var(--amber); }
.ansi-blue { color: var(--blue); }
.ansi-magenta { color: var(--purple); }
.ansi-cyan { color: var(--cyan); }
::highlight(found) { background: var(--mark); color: var(--text); }
::highlight(current) { background: var(--link); color: var(--ground); }
`
