/** The page as a whole: type, links, tables, the top. */
export const PAGE = `
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 var(--sans); overflow-wrap: anywhere; }
main, .masthead, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; }
h1 { font-size: 1.65rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; }
section > h3 { margin: 1.5rem 0 .25rem; }
h2 + h3 { margin-top: 0; }
h4 { font-size: .85rem; }
p { margin: .5rem 0; }
code, pre, kbd, .name { font-family: var(--mono); font-size: .87em; }
pre { margin: 0; }
a { color: var(--link); text-underline-offset: .15em; }
summary { cursor: pointer; }
section > details { margin: .5rem 0; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
[hidden] { display: none !important; }
.muted { color: var(--muted); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: .5rem 1rem; z-index: 2; }
.scroll { overflow-x: auto; position: relative; }
button, select, input { font: inherit; font-size: .87rem; color: var(--text); background: var(--ground); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .6rem; }
button, select { cursor: pointer; }
button:hover, select:hover { border-color: var(--muted); }
kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 .35em; background: var(--raised); color: var(--muted); }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: normal; }
th.number, td.number { text-align: right; padding-right: 0; padding-left: 1rem; }
thead th { color: var(--muted); font-weight: 500; font-size: .82rem; }
tbody th { font-weight: 400; }
.masthead { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; padding-top: 1rem; padding-bottom: 1rem; font-size: .87rem; }
.masthead p { margin: 0; }
.brand { font-weight: 650; }
.tools { margin-left: auto; display: flex; gap: .5rem; }
footer { margin-top: 3rem; padding-top: 1rem; padding-bottom: 2rem; font-size: .82rem; color: var(--muted); }
.verdict { border: 1px solid var(--line); border-top: 4px solid var(--tone); border-radius: 8px; padding: 1.25rem 1.5rem 1rem; background: var(--raised); }
.verdict h2 { margin: 1.25rem 0 .5rem; }
.sign { color: var(--tone); }
.proportions { display: block; width: 100%; height: 8px; border-radius: 4px; margin: 1rem 0 .5rem; }
.proportions rect { fill: var(--tone); }
.counts { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0; padding: 0; }
.counts li > span { color: var(--tone); font-weight: 700; }
.steps { margin: 0; padding-left: 1.4rem; }
.steps li { margin: .6rem 0; }
.steps p { margin: 0; }
.where { list-style: none; padding: 0; margin: .1rem 0 0; font-size: .87rem; }
.where li { margin: 0; }
.where a, .where code { font-family: var(--mono); font-size: .8rem; }
dl.facts { margin: .75rem 0; }
dl.facts > div { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: 0 1rem; padding: .2rem 0; }
dt { color: var(--muted); }
dd { margin: 0; }
dialog { background: var(--ground); color: var(--text); border: 1px solid var(--line); border-radius: 8px; padding: 1.25rem 1.5rem; max-width: 30rem; }
dialog::backdrop { background: #0008; }
dialog td { border: 0; padding: .15rem 1rem .15rem 0; }
@media (max-width: 40rem) {
  body { font-size: 14px; }
  main, .masthead, footer { padding-left: .75rem; padding-right: .75rem; }
  .verdict { padding: 1rem; }
  h1 { font-size: 1.35rem; }
  .tools { margin-left: 0; }
  .toolbar { position: static !important; }
  dl.facts > div { grid-template-columns: minmax(0, 1fr); }
}
`
