const themeKey = 'wstap-theme';
const themeOrder = ['', 'dark', 'light'];

// setUpTheme makes a button that goes from the system's colors to dark to light
// and back. The choice is kept where the browser allows it: from file: it may not.
export function setUpTheme(toggle, changed) {
  let theme = '';
  try {
    theme = localStorage.getItem(themeKey) || '';
  } catch (refused) {
    theme = '';
  }
  const show = () => {
    if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    toggle.textContent = 'Theme: ' + (theme || 'system');
    changed();
  };
  toggle.addEventListener('click', () => {
    theme = themeOrder[(themeOrder.indexOf(theme) + 1) % themeOrder.length];
    try {
      localStorage.setItem(themeKey, theme);
    } catch (refused) {
      // It lasts as long as the page, then.
    }
    show();
  });
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  show();
}

const colorNames = ['bg', 'panel', 'raised', 'text', 'dim', 'line', 'accent', 'open', 'sent', 'received', 'ok', 'warn', 'bad'];

// themeColors are the style sheet's colors as canvases need them: resolved.
export function themeColors() {
  const probe = document.createElement('i');
  document.body.append(probe);
  const colors = {};
  for (const name of colorNames) {
    probe.style.color = 'var(--' + name + ')';
    colors[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colors;
}
