/**
 * Colours for light and dark: text on the page's ground and on `--raised` has a contrast of at least 4.5 to 1 (WCAG 2.2
 * AA). A reader's choice is in `data-theme`; paper is always white.
 */
export const TOKENS = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #0f1216);
  --raised: light-dark(#f6f7f9, #171b21);
  --line: light-dark(#d9dde3, #2d343d);
  --text: light-dark(#1b1f24, #e6e9ed);
  --muted: light-dark(#565f69, #9ea8b3);
  --link: light-dark(#0a53be, #7db3ff);
  --red: light-dark(#b3201a, #ff8d83);
  --green: light-dark(#13652f, #6fd08c);
  --amber: light-dark(#7a4e00, #e7b455);
  --blue: light-dark(#0a53be, #7db3ff);
  --purple: light-dark(#6a3aa8, #c6a4f7);
  --cyan: light-dark(#0b6068, #6bcbd5);
  --grey-bar: light-dark(#a9b1bb, #4f5965);
  --green-bar: light-dark(#8cc7a1, #2f6b46);
  --mark: light-dark(#ffe58a, #6b5600);
  --mono: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
.failed { --tone: var(--red); }
.inconclusive, .surprise { --tone: var(--amber); }
.expected-failure { --tone: var(--purple); }
.passed { --tone: var(--green); }
`
