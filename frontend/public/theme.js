// Applies the remembered theme before the first paint. A file of its own, because inline script is forbidden.
// src/state/theme.ts writes the value read here.
(() => {
  try {
    const theme = localStorage.getItem('thor.theme');
    if (theme === 'light' || theme === 'dark') {
      document.documentElement.dataset.theme = theme;
    }
  } catch {
    // Storage may be forbidden; the system's preference then stands.
  }
})();
