// Applies the remembered theme and colours before the first paint. A file of its own, because inline script is forbidden.
// src/state/preferences.ts writes the value read here.
(() => {
  try {
    const { theme, colours, density } = JSON.parse(localStorage.getItem('thor.preferences') ?? '{}');
    const page = document.documentElement.dataset;
    if (theme === 'light' || theme === 'dark') page.theme = theme;
    if (typeof colours === 'string') page.colours = colours;
    if (typeof density === 'string') page.density = density;
  } catch {
    // Storage may be forbidden; the system's preference then stands.
  }
})();
